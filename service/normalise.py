"""What a claim says, without what a web page or a post puts around it. The first step of the cascade."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal, NamedTuple

Junk = Literal["no words", "page furniture", "too short"]

_LINK: Final = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/|t\.co/)\S+", re.IGNORECASE)
# The signature that an embedded post carries: "— Name (@handle) January 6, 2020".
# It begins where its spaces do: tried from each of them, a long run of spaces would take the square of its length.
_SIGNATURE: Final = re.compile(r"(?<!\s)\s+[—–-]\s+([^—–\n]{0,80})\(@\w{1,30}\)\s+\w+\s+\d{1,2},\s+\d{4}\s*$")
_HANDLE: Final = "(@"
_MENTION: Final = re.compile(r"[@#](\w+)")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)")
_WORD: Final = re.compile(r"[^\W_]+")
# Scripts written without spaces: one run of letters there is a phrase, not a word.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_FEWEST_LETTERS_UNSPACED: Final = 4

# Cc, Cf: bidirectional overrides, zero-width joints, terminal escapes. Co, Cs: private use, surrogates. So: emoji.
_DROPPED: Final = frozenset({"Cc", "Cf", "Co", "Cs", "So", "Sk"})

# Words that pages use to speak of themselves. A short text made of nothing else is no claim, whatever their order.
_FURNITURE: Final = frozenset(
    """
    a about account ad ads advert advertisement advertising alert alerts all also and app apps archive article articles
    author authors back best book bookmark breaking browse by cart categories category channel click close comment
    comments contact contents continue cookie cookies copyright copy corrections day days download edition editions
    editor editors email enable events explore facebook faq featured feed follow for free from full gallery get help
    here home homepage hour hours in instagram invite join jump just latest learn less like link linkedin listen live
    load log login logout main manage menu min mins minute minutes month more most my navigation new newest news
    newsletter newsletters next no now of off on open opinion our out page pages pause photos picks play podcast
    podcasts policy popular preferences premium previous print privacy promoted ranked read reading recommended
    register related reply report reserved rights rss save script search section sections see send settings share
    shared shop show sign signup site sitemap skip sponsored stories story subscribe subscriber subscribers
    subscription support terms the this to today top topic topics trending tweet twitter unsubscribe up updated us use
    video videos view viewed watch week weeks whatsapp with x year years you your youtube ago am pm accept agree
    """.split()  # noqa: SIM905 - a list of one word a line would hide that it is one vocabulary
)
_LONGEST_FURNITURE: Final = 8


class Normalised(NamedTuple):
    """A claim as the models see it; ``junk`` says why it is not worth their time, if it is not."""

    text: str
    junk: Junk | None


def normalise(text: str) -> Normalised:
    """Clean a claim: NFKC, links and signatures dropped, hashtags and names split into words, emoji left out.

    Args:
        text: any string, lone surrogates included.

    Returns:
        One line of text without control characters, and whether anything is left to check.
    """
    cleaned = clean(text)
    return Normalised(cleaned, junk_of(cleaned))


def sought(text: str) -> str:
    """What to search with: the claim as `clean` leaves it, and who said it where a post's signature names them.

    Fact-checks name the speaker: on CheckThat! 2A this is worth two points of MAP@5. What is said is unchanged by it,
    so the stance model reads the claim without.
    """
    signed = _SIGNATURE.search(text) if _HANDLE in text else None
    if signed is None or not signed[1].strip():
        return clean(text)
    return clean(f"{text[: signed.start()]} — {signed[1]}")


def clean(text: str) -> str:
    """The text on one line, without links, control characters, emoji or a post's signature."""
    # A look for what each pattern cannot do without spares most headlines the pattern.
    if _HANDLE in text:
        text = _SIGNATURE.sub("", text)
    if "/" in text or "www." in text.lower():
        text = _LINK.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "@" in text or "#" in text:
        text = _MENTION.sub(lambda tag: _CAMEL.sub(" ", tag[1]), text)
    if not (text.isascii() and text.isprintable()):
        text = text.translate({ord(letter): _kept(letter) for letter in set(text) if not " " <= letter <= "~"})
    return " ".join(text.split())


def _kept(letter: str) -> str:
    # Inside a word of Hindi or Persian a joiner is spelling: U+200C and U+200D stay.
    if letter in "\u200c\u200d":
        return letter
    if letter.isspace():
        return " "
    category = unicodedata.category(letter)
    if category in _DROPPED:
        return "" if category == "Cf" else " "
    return letter


def junk_of(text: str) -> Junk | None:
    """Why a text that `clean` has cleaned is not worth the models' time; None where it is."""
    words = _WORD.findall(text.casefold())
    if not any(letter.isalpha() for letter in text):
        return "no words"
    if len(words) <= _LONGEST_FURNITURE and all(word in _FURNITURE or word.isdigit() for word in words):
        return "page furniture"
    letters = len(_UNSPACED.findall(text))
    if len(words) < 2 and letters < _FEWEST_LETTERS_UNSPACED:  # noqa: PLR2004 - one word names a thing and claims nothing
        return "too short"
    return None
