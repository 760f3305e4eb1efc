"""Finding the right record, and keeping silent where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from evaluation.corpora import Case, known
from evaluation.measures import Figure, auroc, average_precision, figure, recall, reciprocal_rank, share
from evaluation.searching import VectorSearch, WordSearch, cleaned
from evaluation.tables import Row, Table
from evaluation.workbench import Workbench, check, search
from service.postings import WordHit
from service.runtime import Runtime

DEEP = 20
_MATCHED = (
    "Matched: the verdict is `rebutted`, `consistent` or `contested`. AUROC: of the score of the first match, 0 where "
    "none is offered; of the others, of their best score."
)
_NONE = "not measured: install the extra `models`"


def retrieval(bench: Workbench) -> list[Table]:
    """Rankings of task 2A and task 2B dev."""
    tweets, debates = bench.over_tweets, bench.over_debates
    return [
        _ranked(bench, "tweets (task 2A dev)", tweets, bench.tweets[1], bench.plain_over_tweets),
        _ranked(bench, "debate sentences (task 2B dev)", debates, bench.debates[1], bench.plainly(debates)),
    ]


def _ranked(bench: Workbench, what: str, runtime: Runtime, cases: list[Case], plain: VectorSearch | None) -> Table:
    texts = [case.text for case in cases]
    clean = [cleaned(text) for text in texts]
    rankings = {
        "service": search(runtime.checker, texts, limit=DEEP),
        "words alone (BM25)": _names(WordSearch(runtime), clean),
        "vectors alone": _names(VectorSearch.of_store(runtime, bench.encoder), clean),
        "plain MiniLM": _names(plain, clean) if plain else None,
    }
    return Table(
        title=f"Retrieval, {what}",
        note=f"{runtime.store.count():,} fact checks. Vectors: of the rumor, the statement and the title of each; "
        "plain MiniLM: of the rumor and the title. The service fuses words and vectors.",
        columns=("ranking", "MAP@5", "MRR", "R@1", "R@5", "R@10"),
        rows=tuple(Row(name, quality(ranked, cases)) for name, ranked in rankings.items()),
    )


def _names(by: VectorSearch | WordSearch, texts: Sequence[str]) -> list[list[str]]:
    return [[hit.key for hit in hits] for hits in by.hits(texts, DEEP)]


def quality(rankings: list[list[str]] | None, cases: Sequence[Case]) -> tuple[Figure | str, ...]:
    """MAP@5, MRR, and recall at 1, 5 and 10; for None a word on why there is no figure."""
    if rankings is None:
        return (_NONE, "", "", "", "")
    pairs = [(ranked, case.gold) for ranked, case in zip(rankings, cases, strict=True)]
    return (
        share([average_precision(*pair) for pair in pairs]),
        share([reciprocal_rank(*pair) for pair in pairs]),
        *(share([recall(*pair, deep) for pair in pairs]) for deep in (1, 5, 10)),
    )


def abstention(bench: Workbench) -> list[Table]:
    """Task 2A dev with the fact checks of half of the tweets taken out of the store."""
    runtime, plain = bench.over_tweets, bench.plain_over_tweets
    gone = known.removed(bench.data) & {record.id for record in bench.tweets[0]}
    without_gold(runtime, gone)
    cases = bench.tweets[1]
    present = [bool(case.gold - gone) for case in cases]
    clean = [cleaned(case.text) for case in cases]
    rows = [_service(runtime, cases, present)]
    rows.append(_scored("words alone (BM25)", _top(WordSearch(runtime), clean), present))
    ours = VectorSearch.of_store(runtime, bench.encoder)
    rows.append(_scored("vectors alone", _top(ours, clean), present))
    if plain:
        plain.index.remove(gone)
        rows.append(_scored("plain MiniLM", _top(plain, clean), present))
    note = f"{len(gone)} fact checks taken out. {_MATCHED}"
    columns = ("system", "right when present", "false match when absent", "AUROC")
    return [Table(title="Abstention, tweets (task 2A dev)", note=note, columns=columns, rows=tuple(rows))]


def without_gold(runtime: Runtime, gone: frozenset[str]) -> None:
    """Take records out of use; those that are already are left as they are."""

    async def run() -> None:
        for name, record in runtime.store.get_many(sorted(gone)).items():
            if record.status == "published":
                await runtime.catalog.retract(name, reason="abstention", expected_revision=None, actor="evaluate")

    asyncio.run(run())


def _service(runtime: Runtime, cases: Sequence[Case], present: Sequence[bool]) -> Row:
    answers = check(runtime.checker, [case.text for case in cases], limit=1)
    matched = [answer.verdict.label in ("rebutted", "consistent", "contested") for answer in answers]
    right, wrong = [], []
    for case, has, answer, said in zip(cases, present, answers, matched, strict=True):
        if has:
            right.append(said and answer.matches[0].rebuttal.id in case.gold)
        else:
            wrong.append(said)
    scores = [answer.matches[0].score if answer.matches else 0.0 for answer in answers]
    return Row("service", (share(right), share(wrong), figure(list(zip(scores, present, strict=True)), auroc)))


def _scored(name: str, scores: Sequence[float], present: Sequence[bool]) -> Row:
    return Row(name, ("–", "–", figure(list(zip(scores, present, strict=True)), auroc)))


def _top(by: VectorSearch | WordSearch, texts: Sequence[str]) -> list[float]:
    """The score of the first hit of each text, BM25 or cosine; 0 where there is none."""
    return [
        hits[0].bm25 if isinstance(hits[0], WordHit) else hits[0].cosine if hits else 0.0 for hits in by.hits(texts, 1)
    ]
