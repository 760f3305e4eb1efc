"""What a sentence denies: reports that it names and rejects, what it negates, one thing that it says is another."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from service.ingest.extract.frames import Frame
from service.ingest.extract.grammar import affirm, be_for, cut, is_modest, present, without_shortening
from service.ingest.extract.lexicon import any_of, english
from service.ingest.extract.reading import Line

Sort = Literal["report", "contrast", "negation", "mention", "whole"]

_LONGEST_CLAUSE: Final = 600
_TOO_FEW: Final = 2
"""Words that claim nothing."""
_AFTER_VERB: Final = 8
_LONGEST_ASIDE: Final = 70
"""Characters between a reporting verb and its "that": "told reporters on Sunday, 7 June, that"."""
_COPULA: Final = (
    r"\b(?:is|are|was|were|shows?|showed|depicts?|depicted|contains?|contained|concerns?|concerned|involves?|involved"
    r"|came|dates?|dated)\b"
)


# "a letter that appeared to …": a relative clause, not what the letter says.
_NO_SUBJECT: Final = re.compile(
    r"(?:is|are|was|were|has|have|had|will|would|could|can|may|might|went|came|spread|said|began|made|got|ran|took|shows?"
    r"|\w+ed|\w+s\s+(?:to|that|its|the|a|an))\b",
    re.IGNORECASE,
)

_ADDRESSED: Final = frozenset({"told", "tells", "assured", "assures", "reassured"})
_ASIDE: Final = re.compile(r"(?:on|in|at|during|via|to|through|late|early|,|\w+day|yesterday|today)\b", re.IGNORECASE)
_MASS: Final = frozenset({"involvement", "wrongdoing", "contact", "knowledge"})
_NOUN_DENIED: Final = re.compile(
    r"\s+(?:any|all|a|an)\s+((?:links?|connections?|involvement|role|deal|ties|wrongdoing|contact|knowledge)\b)",
    re.IGNORECASE,
)


class Denial(NamedTuple):
    """Something that a sentence denies, or a rumor that it names.

    Attributes:
        sort: ``report``: "rejected reports that …"; ``contrast``: "is A, not B"; ``negation``: "will never …";
            ``mention``: "claims that …", not denied here; ``whole``: "the reports are false", whatever they say.
        rumor: the clause, affirmative, without a full stop; empty for ``whole``.
        statement: the clause as it was said; empty where nothing but the rumor is given.
        start: place of the clause in the sentence.
        end: behind it.
    """

    sort: Sort
    rumor: str
    statement: str
    start: int
    end: int


class _Patterns(NamedTuple):
    report_clause: re.Pattern[str]
    mention: re.Pattern[str]
    false: re.Pattern[str]
    whole: re.Pattern[str]
    denied_clause: re.Pattern[str]
    no_truth: re.Pattern[str]
    contrary: re.Pattern[str]
    that_is_false: re.Pattern[str]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    table = english()
    reports, links, false = any_of(table["reports"]), any_of(table["reporting"]), any_of(table["false"])
    nominal = any_of(table["concerning"])
    some = rf"(?:[\w’'\"-]+,?\s+){{0,{_AFTER_VERB}}}?"
    aside = r"(?:\s+[\w’'-]+){0,6}?,?"
    adverbs = (
        r"(?:(?:either|just|simply|completely|entirely|totally|utterly|absolutely|wholly|all|also|\w{2,20}ly)\s+){0,3}"
    )
    copula = rf"(?:is|are|was|were|as|being|be)\s+{adverbs}"
    falsehood = rf"{copula}(?:\w+,?\s+or\s+)?{false}"
    pronoun = r"(?:it|they|he|she|we|there|the|its|his|her|their|any|(?-i:[A-Z])[\w’-]*)"
    finite = r"(?:has|had|have|is|are|was|were|will|would|could|can)"
    led = rf"{some}{reports}{aside}\s+(?P<link>{links}|{nominal})\s+"
    forms = {
        "report_clause": rf"\s+{some}\b{reports}{aside}\s+(?P<link>{links}|{nominal})\s+",
        "mention": rf"\b{reports}{aside}\s+(?P<link>{links})\s+",
        "false": rf"\b{copula}(?P<false>{false})\b",
        "whole": rf"\b(?:{reports}|they|it|this|that|these|those)\s+{falsehood}\b"
        r"|\bno\s+(?:such\s+\w+|truth|basis|foundation)\b|^\W*(?:false|no|untrue|not true|nonsense)\b[.,!]",
        "denied_clause": r"(?:(?:\s+(?:on|in|at|late|earlier)\b[^.;]{1,60}?|\s+\w+day)?\s+that\s+"
        rf"|\s+(?={pronoun}\b[^,;.]{{0,80}}?\b{finite}\b))",
        "no_truth": r"\b(?:no|not\s+any)\s+(?:truth|basis|substance|foundation|merit)\s+(?:whatsoever\s+)?"
        rf"(?:to|in|for|behind)\s+{led}",
        "contrary": rf"\bcontrary\s+to\s+{led}",
        "that_is_false": rf"\bit\s+(?:is|was)\s+{adverbs}(?:{false})\s+(?:to\s+(?:say|claim|suggest)\s+)?that\s+"
        r"|\bno\s+evidence\s+(?:whatsoever\s+)?(?:that|to\s+suggest\s+that)\s+",
    }
    return _Patterns(**{name: re.compile(form, re.IGNORECASE) for name, form in forms.items()})


def denials_in(line: Line, *, speaks: bool) -> list[Denial]:
    """What a sentence denies or names as a rumor, in the order of the kinds above.

    Args:
        line: the sentence.
        speaks: whether it is somebody's who is named: only then its own negations count.
    """
    body = _without_attribution(line)
    found = _reports(line, body)
    found += [mention for mention in _mentions(body) if not _covered(mention, found)]
    if speaks:
        found += [
            denial for denial in (*_contrasts(line, body), *_negations(line, body)) if not _covered(denial, found)
        ]
        if not any(denial.sort in {"report", "contrast", "negation"} for denial in found) and _patterns().whole.search(
            line.flat
        ):
            found.append(Denial("whole", "", body.strip(), 0, len(body)))
    return found


def _reports(line: Line, body: str) -> list[Denial]:
    """Reports that are named and rejected."""
    known = _patterns()
    found: list[Denial] = []
    for frame in line.frames:
        if frame.denies and frame.where == "before":
            found += _rejected(body, frame)
    for pattern in (known.no_truth, known.contrary, known.that_is_false):
        for match in pattern.finditer(body):
            link = match.groupdict().get("link") or "that"
            end = body.find(",", match.end()) if pattern is known.contrary else -1
            said = _plain(body[end + 1 :]) if end >= 0 else ""
            found += [
                one._replace(statement=said)
                for one in _clause(body if end < 0 else body[:end], match.end(), link, "report")
            ]
    for match in known.mention.finditer(body):
        false = known.false.search(body, match.end())
        called = known.false.search(body[: match.start()])
        if called and line.frames and called[0].lower().startswith("as "):
            found += _clause(body, match.end(), match["link"], "report")
        elif false and not _covered_at(match.end(), found):
            found += _clause(body[: false.start()], match.end(), match["link"], "report")
    false = known.false.search(body)
    opening = re.match(
        rf"\s*(?:[\w’-]+\s+){{0,3}}?{any_of(english()['reports'])}\s+(?P<link>{any_of(english()['concerning'])})\s+",
        body,
        re.IGNORECASE,
    )
    if false and opening and opening.end() < false.start() and not found:
        found += _clause(body[: false.start()], opening.end(), opening["link"], "report")
    return found


def _rejected(body: str, frame: Frame) -> list[Denial]:
    known = _patterns()
    if match := known.report_clause.match(body, frame.end):
        return _clause(body, match.end(), match["link"], "report")
    if frame.verb not in english()["denies_clauses"]:
        return []
    if match := known.denied_clause.match(body, frame.end):
        return _clause(body, match.end(), "that", "report")
    if match := re.compile(r"\s+(?:having\s+)?(\w{2,20}ing|having\s+\w+)\b(?!\s+(?:is|are|was)\b)").match(
        body, frame.end
    ):
        clause, end = _to_end(body, match.start() + 1)
        have = re.match(r"having\s+(.*)", clause, re.DOTALL)
        return [Denial("report", f"it has {have[1]}" if have else f"it has been {clause}", "", match.start() + 1, end)]
    if match := _NOUN_DENIED.match(body, frame.end):
        clause, end = _to_end(body, match.start(1))
        article = "" if match[1].lower() in _MASS or match[1].endswith("s") else "a "
        rumor = f"there is a {clause}" if " between " in f" {clause} " else f"it had {article}{clause}"
        return [Denial("report", rumor, "", match.start(1), end)]
    return []


def _clause(body: str, start: int, link: str, sort: Sort) -> list[Denial]:
    """The clause behind "reports that", or what can be made of "reports of"."""
    clause, end = _to_end(body, start)
    clause = without_shortening(re.sub(r"^that\s+", "", clause))
    nominal = link.lower().split()[0] in english()["concerning"]
    rumor = _of_noun(clause, link.lower()) if nominal else present(clause)
    if not rumor or len(rumor.split()) <= _TOO_FEW or not _has_verb(rumor) or _NO_SUBJECT.match(rumor):
        return []
    return [Denial(sort, rumor, "", start, end)]


def _of_noun(clause: str, link: str) -> str | None:
    """A noun phrase as a sentence: "Pakistan shipping ore to the US", "a bank run"."""
    doing = re.match(r"(?P<who>(?:[\w’'.-]+\s+){1,6}?)(?P<doing>\w{3,20}ing)\b\s+(?P<rest>.*)", clause)
    if doing and not re.search(r"\b(?:the|a|an|of|and)\s*$", doing["who"]):
        return f"{doing['who'].strip()} {be_for(doing['who'])} {doing['doing']} {doing['rest']}"
    if link == "of" and clause:
        plain = clause.split(" in ", maxsplit=1)[0].split(" at ", maxsplit=1)[0]
        return f"there {be_for(plain)} {clause}"
    if link in {"linking", "tying"} and re.search(r"\s(?:to|with)\s", clause):
        return re.sub(
            r"\s(?:to|with)\s", lambda _: f" {be_for(clause.split(' to ', maxsplit=1)[0])} linked to ", clause, count=1
        )
    return None


def _mentions(body: str) -> list[Denial]:
    """Rumors that are named and not rejected in the same sentence."""
    found: list[Denial] = []
    for match in _patterns().mention.finditer(body):
        found += _clause(body, match.end(), match["link"], "mention")
    # "saying that the stories were invented" names no rumor.
    return [mention for mention in found if not _patterns().whole.search(mention.rumor)]


def _contrasts(line: Line, body: str) -> list[Denial]:
    """One thing said to be another: "were gem ores, not rare earths", "not a bomb but a gas leak"."""
    found = []
    for match in re.finditer(
        rf"{_COPULA}(?P<is>[^.;]{{3,250}}?)(?:,\s+(?:and\s+)?not|—\s*not|\s+rather\s+than|\s+instead\s+of|,\s+rather\s+than)\s+(?P<not>[^.;]{{3,250}})",
        body,
    ):
        start = _clause_start(line, body, match.start())
        subject = body[start : match.start()].strip()
        other = cut(match["not"])
        if (
            not subject
            or re.match(r"(?:only|just|yet|because\s+(?!of)|to|simply|as)\b", other)
            or re.search(r"\bany\b", other)
        ):
            continue
        copula = re.match(_COPULA, body[match.start() :])
        form = copula[0] if copula else "is"
        led = re.match(r"\s*(?P<led>\w+(?:ed|en|n|t|de)\s+(?P<prep>by|from|in|at|on|with|of|for|to)\b)", match["is"])
        lead = (
            ""
            if not led
            else f"{led['led'].rsplit(None, 1)[0]} "
            if re.match(r"(?:because of|due to|by|in|at|for|on|with|from)\b", other)
            else (led["led"].rsplit(None, 1)[0] if other.startswith(led["prep"] + " ") else led["led"]) + " "
        )
        rumor = f"{subject} {form} {lead}{other}"
        end = match.start("not") + match["not"].find(other[-10:]) + len(other[-10:])
        found.append(Denial("contrast", _plain(rumor), _plain(body[start:end]), start, end))
    return found


def _negations(line: Line, body: str) -> list[Denial]:
    """Clauses with a negation that can be taken back."""
    found: list[Denial] = []
    at = 0
    while match := _next_negation(body, at):
        start = _clause_start(line, body, match.start())
        clause, end = _to_end(body, start)
        if end <= match.start():  # what `cut` takes for the narrator's stands before the negation
            clause, end = _to_end(body, match.start())
            clause = f"{body[start : match.start()]}{clause}"
        clause = without_shortening(clause)
        denied = (
            re.split(r",\s+and\s+(?!\w+\s+(?:to|of|in|for)\b)", clause)[0]
            if match.start() - start < clause.find(",")
            else clause
        )
        rumor = None if is_modest(denied) or _calls_false(denied) else affirm(denied)
        if rumor and _is_whole(rumor):
            found.append(Denial("negation", _plain(rumor), _plain(clause), start, end))
        at = max(end, match.end())
    return found


_ANY_NEGATION: Final = re.compile(
    r"\b(?:not|never|no|nothing|neither|none|cannot|unrelated|unconnected|in no way|by no means)\b|\b\w{2,8}n[’']t\b",
    re.IGNORECASE,
)


def _calls_false(clause: str) -> bool:
    """Whether a negation says no more than that something is false: "was not genuine"."""
    words = any_of(word for word in english()["false"] if word.startswith("not "))
    return re.search(rf"\b(?:is|are|was|were)\s+(?:\w+ly\s+)?{words}\W*$", clause) is not None


def _next_negation(body: str, at: int) -> re.Match[str] | None:
    return _ANY_NEGATION.search(body, at)


def _clause_start(line: Line, body: str, at: int) -> int:
    """Where the clause begins that a place lies in: behind the last "that", colon, full stop or reporting verb."""
    starts = [0]
    starts += [
        match.end()
        for match in re.finditer(
            r"(?<=[a-z0-9”’)%])[.!?]\s+|[;:]\s+|\bthat\s+(?=\S)|,\s+(?:and|but)\s+(?=(?:the|it|they|he|she|there|no|its|[A-Z])\b)|—\s*|\bwhether\s+|\bwhile\s+",
            body,
        )
        if _complements(line, body, match)
    ]
    for frame in line.frames:
        if frame.where == "before":
            behind = re.match(r"\s*(?::|,)?\s*(?:that\s+)?", body[frame.end :])
            starts.append(frame.end + (behind.end() if behind else 0))
            told = next((e for e in line.entities if frame.end <= e.start <= frame.end + 5), None)
            if told is not None and frame.verb in _ADDRESSED:
                starts.append(told.end + 1)
    return max((start for start in starts if start < at and _names_something(body[start:at])), default=0)


def _complements(line: Line, body: str, match: re.Match[str]) -> bool:
    """Whether a "that" leads into what is said, and not into a relative clause ("the samples that they showed")."""
    if not match[0].startswith("that"):
        return True
    frames = [frame for frame in line.frames if frame.where == "before" and frame.end <= match.start()]
    if frames:
        between = body[frames[-1].end : match.start()].strip()
        addressed = frames[-1].verb in _ADDRESSED or not between or _ASIDE.match(between) is not None
        if addressed and len(between) <= _LONGEST_ASIDE and " that " not in between:
            return True
    last = body[: match.start()].rstrip(" ,").rsplit(None, 1)[-1].lower() if body[: match.start()].strip() else ""
    return (
        last in _verbs_of_saying()
        or last in {"clear", "and", "added", "denial", "statement", "reporters", "evidence", "but"}
        or last[:1] == ""
    )


@lru_cache(maxsize=1)
def _verbs_of_saying() -> frozenset[str]:
    table = english()
    return frozenset(word.split()[-1] for name in ("says", "denies") for word in table[name])


def _names_something(subject: str) -> bool:
    return re.search(r"\w", subject) is not None or subject == ""


def _to_end(body: str, start: int) -> tuple[str, int]:
    """The clause from a place on, and where it ends."""
    rest = body[start : start + _LONGEST_CLAUSE]
    clause = cut(rest).rstrip(" ,.")
    lead = len(rest) - len(rest.lstrip(" ,:"))
    return clause, start + lead + len(clause)


def _without_attribution(line: Line) -> str:
    """The sentence with spaces where "…, he said" stands, of equal length."""
    body = line.flat
    for frame in line.frames:
        if frame.where != "before" and frame.verb != "according to":
            start, end = (
                len(re.sub(r"(?:\b(?:the|a|an|its|their)\s+)?$", "", body[: frame.start], flags=re.IGNORECASE)),
                frame.end,
            )
            end = end if frame.where == "within" else len(body)
            keep = re.search(r"[.!?]\s*$", body)
            body = body[:start] + " " * (end - start) + body[end:]
            if frame.where == "behind" and keep:
                body = f"{body[: len(body) - 1]}."
    return body


def _is_whole(rumor: str) -> bool:
    """Whether a clause has a subject, a verb and something to say."""
    return len(rumor.split()) > _TOO_FEW + 1 and not re.match(
        r"(?:i|my|and|or|but|which|who|to|if|because|by|with|for|of|what|how|why|when)\b", rumor, re.IGNORECASE
    )


def _has_verb(clause: str) -> bool:
    return (
        re.search(
            r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|might|must|do|does|did|be)\b|\b\w{2,}(?:ed|s)\b",
            clause,
        )
        is not None
    )


def _plain(clause: str) -> str:
    return " ".join(clause.split()).strip(" ,;:")


def _covered(denial: Denial, found: list[Denial]) -> bool:
    return any(other.start < denial.end and denial.start < other.end for other in found)


def _covered_at(at: int, found: list[Denial]) -> bool:
    return any(other.start <= at <= other.end for other in found)
