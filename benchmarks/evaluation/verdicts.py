"""Verdicts end to end, beside what a user would write in an afternoon: a cosine and a threshold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from evaluation.corpora import Case, known, probes
from evaluation.measures import Figure, figure, macro_f1, share
from evaluation.searching import VectorSearch, cleaned
from evaluation.tables import Row, Table
from evaluation.workbench import Workbench, check
from service.check import Checker
from service.domain import CheckResult
from service.runtime import Runtime

LABELS = ("rebutted", "consistent", "neither")
WANTED = {"asserts": "rebutted", "denies": "consistent", "other": "neither"}
# The classes that a reader can tell apart: the line between background and silence is soft.
SETTLED = {"related": "neither", "unmatched": "neither", "contested": "rebutted"}
AFTERNOON = 0.70
_OTHER_LANGUAGE = re.compile("_[a-z]{2}$")
COLUMNS = ("claims", "macro F1", "false accusations", "right record")


class Said(NamedTuple):
    """A verdict, one of `LABELS`, and the record that it speaks of."""

    label: str
    record: str | None


def verdicts(bench: Workbench) -> list[Table]:
    """Probes on the starter corpus, and rumors by other hands among the records that ship."""
    starter, gem_ore = bench.some(probes("starter.tsv")), bench.some(probes("gem_ore.tsv"))
    written = other_hands(bench)
    plain = bench.plainly(bench.over_starter)
    ours = by_service(bench.over_starter.checker, starter)
    news = by_service(bench.over_news.checker, written)
    sets = [
        ("starter probes", starter, ours, plain),
        ("starter probes, English", *_english(starter, ours), plain),
        ("gem-ore probes", gem_ore, by_service(bench.over_starter.checker, gem_ore), plain),
        *_by_register(bench, written, news, bench.over_news),
    ]
    rows = []
    for name, cases, said, search in sets:
        rows.append(Row(f"{name}: service", scores(cases, said)))
        if search:
            rows.append(Row(f"{name}: plain MiniLM, cosine ≥ {AFTERNOON:.2f}", scores(cases, by_cosine(search, cases))))
    return [
        Table(
            title="Verdicts",
            note="Macro F1 over rebutted, consistent and neither (`contested` counts as rebutted). False accusations: "
            "claims that do not assert the rumor and are called rebutted. Right record: of verdicts on claims that a "
            "record is about. Probes: in the starter corpus. Other hands: the half that no number was fitted on, in "
            f"{bench.over_news.store.count()} records; *distant* claims share no words with the record but names.",
            columns=COLUMNS,
            rows=tuple(rows),
        ),
        _by_kind("Starter probes, by kind", starter, ours),
        _by_kind("Other hands, by kind", written, news),
    ]


def other_hands(bench: Workbench) -> list[Case]:
    """Claims by other hands on which nothing was fitted."""
    return bench.some(list(known.other_hand_cases("score")))


def by_service(checker: Checker, cases: Sequence[Case]) -> list[Said]:
    """What the service says."""
    return [said(answer) for answer in check(checker, [case.text for case in cases])]


def said(answer: CheckResult) -> Said:
    """A verdict in the classes that are scored."""
    label = answer.verdict.label
    return Said(SETTLED.get(label, label), answer.matches[0].rebuttal.id if answer.matches else None)


def by_cosine(search: VectorSearch, cases: Sequence[Case], threshold: float = AFTERNOON) -> list[Said]:
    """What is near is called rebutted, as every service does that knows no stance."""
    found = search.hits([cleaned(case.text) for case in cases], 1)
    return [Said("rebutted", hits[0].key) if hits and hits[0].cosine >= threshold else NOTHING for hits in found]


NOTHING = Said("neither", None)


def scores(cases: Sequence[Case], given: Sequence[Said]) -> tuple[Figure, Figure, Figure]:
    """Macro F1, false accusations, and right records of the verdicts that speak of one."""
    pairs = [(WANTED[case.stance], one.label) for case, one in zip(cases, given, strict=True)]
    spoken = [
        one.record in case.gold
        for case, one in zip(cases, given, strict=True)
        if case.stance != "other" and one.label != "neither"
    ]
    return (
        figure([(LABELS.index(want), LABELS.index(got)) for want, got in pairs], macro_f1(len(LABELS))),
        share([got == "rebutted" for want, got in pairs if want != "rebutted"]),
        share(spoken),
    )


def _english(cases: Sequence[Case], given: Sequence[Said]) -> tuple[list[Case], list[Said]]:
    """Without the probes whose kind ends in a language: those need the extra `multilingual`."""
    mine = [both for both in zip(cases, given, strict=True) if not _OTHER_LANGUAGE.search(both[0].kind)]
    return [case for case, _ in mine], [one for _, one in mine]


def _by_register(
    bench: Workbench, cases: Sequence[Case], given: Sequence[Said], runtime: Runtime
) -> list[tuple[str, list[Case], list[Said], VectorSearch | None]]:
    plain = bench.plainly(runtime)
    sets: list[tuple[str, list[Case], list[Said], VectorSearch | None]] = []
    for register in ("everyday", "distant"):
        mine = [(case, one) for case, one in zip(cases, given, strict=True) if case.kind.startswith(register)]
        sets.append((f"other hands, {register}", [case for case, _ in mine], [one for _, one in mine], plain))
    return sets


def _by_kind(title: str, cases: Sequence[Case], given: Sequence[Said]) -> Table:
    rows = []
    for kind in sorted({case.kind for case in cases}):
        mine = [(case, one) for case, one in zip(cases, given, strict=True) if case.kind == kind]
        right = share([WANTED[case.stance] == one.label for case, one in mine])
        accused = share([one.label == "rebutted" for _, one in mine])
        rows.append(Row(kind.replace(": ", ":").replace(":", ", "), (right, accused)))
    note = "Share with the right verdict, and the share that is called rebutted."
    return Table(title=title, note=note, columns=("kind", "right", "called `rebutted`"), rows=tuple(rows))
