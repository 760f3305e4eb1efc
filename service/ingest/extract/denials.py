"""What a sentence denies: reports that it names and rejects, what it negates, one thing that it says is another."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from service.ingest.extract.clauses import TOO_FEW, Denial, Sort, denying, has_verb, plain, to_end, without_attribution
from service.ingest.extract.grammar import be_for, present, was_for, without_polarity, without_shortening
from service.ingest.extract.lexicon import any_of, english
from service.ingest.extract.negated import contrasts_in, negations_in
from service.ingest.extract.reading import Line

_AFTER_VERB: Final = 8


# "a letter that appeared to …": a relative clause, not what the letter says.
_NO_SUBJECT: Final = re.compile(
    r"(?:is|are|was|were|has|have|had|will|would|could|can|may|might|went|came|spread|said|began|made|got|ran|took|shows?"
    r"|\w+ed|\w+s\s+(?:to|that|its|the|a|an))\b",
    re.IGNORECASE,
)


_MASS: Final = frozenset({"involvement", "wrongdoing", "contact", "knowledge"})
_NOUN_DENIED: Final = re.compile(
    r"\s+(?:any|all|a|an)\s+((?:links?|connections?|involvement|role|deal|ties|wrongdoing|contact|knowledge)\b)",
    re.IGNORECASE,
)


class _Patterns(NamedTuple):
    report_clause: re.Pattern[str]
    mention: re.Pattern[str]
    false: re.Pattern[str]
    whole: re.Pattern[str]
    denied_clause: re.Pattern[str]
    no_truth: re.Pattern[str]
    contrary: re.Pattern[str]
    that_is_false: re.Pattern[str]
    rejected: re.Pattern[str]
    said_false: re.Pattern[str]
    bare: re.Pattern[str]


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
        "rejected": rf"\b(?:(?:was|were)|(?:has|have|had)\s+(?:also\s+)?been)\s+{adverbs}"
        r"(?:dismissed|denied|rejected|refuted|rebutted|debunked|disputed)\b",
        "said_false": r"\bit\s+(?:was|is|has\s+been)\s+(?:also\s+)?(?:being\s+)?(?:alleged|claimed|reported|rumou?red)"
        rf"\s+that\s+(?P<clause>[^,;.]{{10,300}}),\s+(?:which|something)\b[^,;.]{{0,80}}\b{copula}(?:{false})\b",
        "bare": r"\b(?:claims|reports|rumou?rs|allegations|suggestions|speculation)\s+"
        r"(?P<clause>(?:the|an?|its|their|his|her|(?-i:[A-Z])[\w’-]*)\s[^,;.]{1,80}?"
        rf"\b(?:would|will|had|has|have|is|was|were|are)\s[^,;.]{{1,150}}?)\s+{falsehood}\b",
    }
    return _Patterns(**{name: re.compile(form, re.IGNORECASE) for name, form in forms.items()})


def denials_in(line: Line, *, speaks: bool) -> list[Denial]:
    """What a sentence denies or names as a rumor, in the order of the kinds above.

    Args:
        line: the sentence.
        speaks: whether it is somebody's who is named: only then its own negations count.
    """
    body = without_attribution(line)
    found = _reports(line, body)
    found += [mention for mention in _mentions(body) if not _covered(mention, found)]
    if speaks:
        found += [
            denial for denial in (*contrasts_in(line, body), *negations_in(line, body)) if not _covered(denial, found)
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
            found += _rejected(body, frame.end, frame.verb)
    for on in denying().finditer(body) if line.frames else ():
        if not _covered_at(on.end(), found):
            found += _rejected(body, on.end(), on["verb"].lower())
    for pattern in (known.no_truth, known.contrary, known.that_is_false):
        for match in pattern.finditer(body):
            found += _untrue(body, match, pattern)
    for pattern in (known.said_false, known.bare):
        for match in pattern.finditer(line.flat):
            found += _clause(line.flat[: match.end("clause")], match.start("clause"), "that", "report")
    found += _named(line, body, found)
    return found or _opening(body)


def _named(line: Line, body: str, before: list[Denial]) -> list[Denial]:
    """Reports that are named with what they say, and called false or rejected in the same sentence."""
    known = _patterns()
    found = list(before)
    for match in known.mention.finditer(body):
        end = _called_false(line, body, match)
        if end is not None and not (end < len(body) and _covered_at(match.end(), found)):
            found += _clause(body[:end], match.end(), match["link"], "report")
    return found[len(before) :]


def _untrue(body: str, match: re.Match[str], pattern: re.Pattern[str]) -> list[Denial]:
    """What stands behind "no truth in reports that", "contrary to claims that", "it is wrong to say that"."""
    link = match.groupdict().get("link") or "that"
    end = body.find(",", match.end()) if pattern is _patterns().contrary else -1
    said = plain(body[end + 1 :]) if end >= 0 else ""
    clauses = _clause(body if end < 0 else body[:end], match.end(), link, "report")
    return [one._replace(statement=said) for one in clauses]


def _called_false(line: Line, body: str, match: re.Match[str]) -> int | None:
    """Where the clause of a named report ends at the latest if the same sentence rejects it; None if it does not."""
    known = _patterns()
    called = known.false.search(body[: match.start()])
    if called and line.frames and called[0].lower().startswith("as "):
        return len(body)
    rejected = known.rejected.search(body, match.end()) or known.false.search(body, match.end())
    return rejected.start() if rejected else None


def _opening(body: str) -> list[Denial]:
    """A sentence that begins with a report, and calls it false: "Reports of a bank run are false"."""
    false = _patterns().false.search(body)
    opening = re.match(
        rf"\s*(?:[\w’-]+\s+){{0,3}}?{any_of(english()['reports'])}\s+(?P<link>{any_of(english()['concerning'])})\s+",
        body,
        re.IGNORECASE,
    )
    if false and opening and opening.end() < false.start():
        return _clause(body[: false.start()], opening.end(), opening["link"], "report")
    return []


def _rejected(body: str, end: int, verb: str) -> list[Denial]:
    known = _patterns()
    denies_clause = verb in english()["denies_clauses"]
    # "denied that he had left, calling the reports on television false": the clause stands first.
    said = known.denied_clause.match(body, end) if denies_clause else None
    if (match := known.report_clause.match(body, end)) and not (said and "that" in said[0].split()):
        return _clause(body, match.end(), match["link"], "report")
    if not denies_clause:
        return []
    if said:
        return _clause(body, said.end(), "that", "report")
    if match := re.compile(r"\s+(?:having\s+)?(\w{2,20}ing|having\s+\w+)\b(?!\s+(?:is|are|was)\b)").match(body, end):
        clause, last = to_end(body, match.start() + 1)
        have = re.match(r"having\s+(.*)", clause, re.DOTALL)
        return [Denial("report", f"it has {have[1]}" if have else f"it has been {clause}", "", match.start() + 1, last)]
    if match := _NOUN_DENIED.match(body, end):
        clause, last = to_end(body, match.start(1))
        article = "" if match[1].lower() in _MASS or match[1].endswith("s") else "a "
        rumor = f"there is a {clause}" if " between " in f" {clause} " else f"it had {article}{clause}"
        return [Denial("report", rumor, "", match.start(1), last)]
    return []


def _clause(body: str, start: int, link: str, sort: Sort) -> list[Denial]:
    """The clause behind "reports that", or what can be made of "reports of"."""
    clause, end = to_end(body, start)
    clause = without_polarity(without_shortening(re.sub(r"^that\s+", "", clause)))
    nominal = link.lower().split()[0] in english()["concerning"]
    rumor = _of_noun(clause, link.lower()) if nominal else present(clause)
    if not rumor or len(rumor.split()) <= TOO_FEW or not has_verb(rumor) or _NO_SUBJECT.match(rumor):
        return []
    return [Denial(sort, rumor, "", start, end)]


def _of_noun(clause: str, link: str) -> str | None:
    """A noun phrase as a sentence: "Pakistan shipping ore to the US", "a bank run"."""
    doing = re.match(r"(?P<who>(?:[\w’'.-]+\s+){1,6}?)(?P<doing>\w{3,20}ing)\b\s+(?P<rest>.*)", clause)
    if doing and not re.search(r"\b(?:the|a|an|of|and)\s*$", doing["who"]):
        return f"{doing['who'].strip()} {be_for(doing['who'])} {doing['doing']} {doing['rest']}"
    given = re.match(
        r"(?P<who>(?:[\w’'.-]+\s+){1,6}?)(?P<done>\w{2,20}(?:ed|en))\s+(?P<rest>(?:to|by|in|at|from|for|with)\s.*)",
        clause,
    )
    if given:
        return f"{given['who'].strip()} {was_for(given['who'])} {given['done']} {given['rest']}"
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


def _covered(denial: Denial, found: list[Denial]) -> bool:
    return any(other.start < denial.end and denial.start < other.end for other in found)


def _covered_at(at: int, found: list[Denial]) -> bool:
    return any(other.start <= at <= other.end for other in found)
