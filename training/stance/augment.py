"""Pairs made from other pairs: swapped names and numbers, frames of attribution and denial, the noise of real pages.

Frames are general devices of English news writing. They are kept few beside written text, or the model would learn the
frames instead of reading.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sources import ASSERTS, DENIES, OTHER, Pair

if TYPE_CHECKING:
    from random import Random

PHRASES = tomllib.loads((Path(__file__).parent / "phrases.toml").read_text(encoding="utf-8"))
ASSERT_FRAMES: tuple[str, ...] = tuple(PHRASES["assert_frames"])
DENY_FRAMES: tuple[str, ...] = tuple(PHRASES["deny_frames"])
CHROME: tuple[str, ...] = tuple(PHRASES["chrome"])
FUNCTION_WORDS = frozenset(PHRASES["function_words"].split())
COUNTRIES: list[str] = PHRASES["countries"].split()
COUNTRY = re.compile(r"\b(" + "|".join(COUNTRIES) + r")\b")
NUMBER = re.compile(r"(?<![\w.,])\d[\d,.]*\d|(?<![\w.,])\d")
WORD_NUMBER = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million|billion)\b",
    re.IGNORECASE,
)
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
YEAR = re.compile(r"(?:19|20)\d\d$")


def names(texts: list[str]) -> list[str]:
    """Capitalised words inside sentences, the pool that replacements are drawn from."""
    return sorted({match.group() for text in texts for match in NAME.finditer(text)})


def swapped(pair: Pair, pool: list[str], random: Random) -> Pair | None:
    """The claim with one name, country or number exchanged, as `other`; None if nothing stands in both texts."""
    slots = _slots(pair.claim, pair.rumor)
    if not slots:
        return None
    kind, old = random.choice(slots)
    new = _replacement(kind, old, pool, random)
    claim = re.sub(rf"\b{re.escape(old)}\b", lambda _: new, pair.claim)
    if new.lower() == old.lower() or new in pair.rumor or claim == pair.claim:
        return None
    return replace(pair, claim=claim, label=OTHER, source="swap", kind=f"{kind}:{pair.kind}")


def _slots(claim: str, rumor: str) -> list[tuple[str, str]]:
    """(kind, text) of what can be exchanged: it must stand in both texts, so that the exchange matters."""
    patterns = (("country", COUNTRY), ("number", NUMBER), ("word_number", WORD_NUMBER), ("name", NAME))
    found = [(kind, match.group()) for kind, pattern in patterns for match in pattern.finditer(claim)]
    known = {text for kind, text in found if kind == "country"}
    return [(kind, text) for kind, text in found if text in rumor and not (kind == "name" and text in known)]


def _replacement(kind: str, old: str, pool: list[str], random: Random) -> str:
    if kind == "country":
        return random.choice(COUNTRIES)
    if kind == "word_number":
        return random.choice(("two", "three", "five", "seven", "nine", "eleven", "twenty", "sixty", "ninety"))
    if kind == "name":
        same = [name for name in pool if name.count(" ") == old.count(" ")]
        return random.choice(same or pool)
    if YEAR.match(old):
        return str(int(old) + random.choice((-12, -7, -5, -3, -2, -1, 1, 2, 4)))
    digits = re.sub(r"\D", "", old)
    return f"{max(1, int(int(digits) * random.choice((0.2, 0.4, 0.5, 1.5, 2, 3, 5, 10)))) + random.randint(1, 3)}"


def framed(pair: Pair, random: Random) -> Pair:
    """An asserting pair put into a frame of attribution or question (asserts) or of denial (denies)."""
    label = random.choice((ASSERTS, DENIES, DENIES))
    frame = random.choice(ASSERT_FRAMES if label == ASSERTS else DENY_FRAMES)
    text = pair.claim.strip().rstrip(".!?")
    if frame.startswith(("{r} ", "No, {r}")) or "{r} " in frame:
        text = text if "{r}?" in frame or "{r}'" in frame or "{c}" in frame else f"{text}."
    first, _, rest = text.partition(" ")
    lowered = f"{first.lower()} {rest}" if first.lower() in FUNCTION_WORDS else text
    claim = frame.format(r=text, c=lowered)
    return replace(pair, claim=claim, label=label, source="frame", kind=("assert", "deny")[label])


def noisy(claim: str, random: Random) -> str:
    """The same words as they arrive from a page or a social network: links, names, hashtags, site names, capitals."""
    tag = random.choice(("News", "BreakingNews", "FactCheck", "Politics", "World", "viral"))
    link = f"https://t.co/{random.getrandbits(40):x}"
    sites = ("BBC News", "Reuters", "The Daily Post", "CNN", "Al Jazeera", "The Hindu", "AP News", "Metro")
    site = random.choice(sites)
    return random.choice(
        (
            f"{claim} {link}",
            f"{claim} #{tag}",
            f"@user {claim}",
            f"{claim} - {site}",
            f"{claim} | {site}",
            claim.upper(),
            f"RT @{tag.lower()}24: {claim}",
            f"{claim} pic.twitter.com/{random.getrandbits(40):x}",
            claim.lower().rstrip("."),
            f"{claim} 😱",
            f"{site}: {claim}",
            f"{claim} — {site} (@{tag}) March 3, 2020",
            f"“{claim}”",
            f"{claim} #{tag} {link}",
        )
    )
