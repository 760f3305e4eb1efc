"""Which side a text takes: the stance model alone, on pairs that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.stance import STANCES, StancePair
from evaluation.corpora import sources
from evaluation.measures import Figure, f1_of, figure, macro_f1, share
from evaluation.tables import Row, Table
from evaluation.workbench import Workbench, compare

ASSERTS, DENIES, OTHER = range(3)
Said = list[tuple[int, int]]
REGISTERS = ("everyday", "distant")


def stance(bench: Workbench) -> list[Table]:
    """Debunk headlines, news headlines towards rumors, and pairs by other hands; no store is involved."""
    emergent = _read(bench, sources.emergent(bench.data, held_out=True))
    headlines = _read(bench, sources.debunk_headlines(bench.data, held_out=True))
    written = sources.written_held_out()
    registers = {name: [pair for pair in written if pair.kind.startswith(name)] for name in REGISTERS}
    read = {name: _read(bench, pairs) for name, pairs in registers.items()}
    kinds = {
        kind: [said for said, pair in zip(read[name], bench.some(pairs), strict=True) if pair.kind == kind]
        for name, pairs in registers.items()
        for kind in sorted({pair.kind for pair in pairs})
    }
    return [
        Table(
            title="Debunk headlines",
            note="Headlines that report a debunk of the claim beside them; the half that the model was not trained on.",
            columns=("pairs", "read as `denies`", "called `asserts`"),
            rows=(Row("debunk headlines, held-out half", (_called(headlines, DENIES), _called(headlines, ASSERTS))),),
        ),
        Table(
            title="Stance of headlines and of pairs by other hands",
            note="Emergent: rumors that were held out whole; `observing` counts as asserting, `denies` is the "
            "*against* of the published task. Other hands: rumors and claims by one who wrote no training pair, with "
            "the statement; *distant* ones share no words with the record but names.",
            columns=("pairs", *(f"F1 `{label}`" for label in STANCES), "macro F1", "denial called assertion"),
            rows=(
                Row("Emergent, held-out rumors", _scores(emergent, labels=2)),
                *(Row(f"other hands, {name}", _scores(said, labels=3)) for name, said in read.items()),
            ),
        ),
        Table(
            title="Pairs by other hands, by kind",
            note="Share that is read rightly, and the share that is read as an assertion.",
            columns=("register and kind", "right", "called `asserts`"),
            rows=tuple(_kind(name, said) for name, said in kinds.items() if said),
        ),
    ]


def _read(bench: Workbench, pairs: Sequence[sources.Pair]) -> Said:
    """(wanted, read) of each pair."""
    asked = bench.some(pairs)
    read = compare(bench.over_starter.checker, [StancePair(one.claim, one.rumor, one.statement) for one in asked])
    return [(one.label, STANCES.index(got.stance)) for one, got in zip(asked, read, strict=True)]


def _called(said: Said, label: int) -> Figure:
    return share([got == label for _, got in said])


def _scores(said: Said, *, labels: int) -> tuple[Figure | str, ...]:
    each = [figure(said, f1_of(label)) if label < labels else "–" for label in range(len(STANCES))]
    denials = [pair for pair in said if pair[0] == DENIES]
    return (*each, figure(said, macro_f1(labels)), _called(denials, ASSERTS))


def _kind(name: str, said: Said) -> Row:
    return Row(name.replace(":", ", "), (share([want == got for want, got in said]), _called(said, ASSERTS)))
