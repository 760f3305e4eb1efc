"""The store read by another encoder, while it answers and is written to. What was done stays done."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from embeddings.encoder import Encoder
from service.calibration import Calibration
from service.domain import Rebuttal
from service.encoders import Encoded, EncoderError, Ledger, State, refuse_under_way
from service.errors import StoreFullError
from service.passages import passages
from service.places import Place
from service.store import Store
from service.store.encodings import Made

OnProgress = Callable[[int, int], None]
"""Told how many records have their vectors, and how many there are."""

_CHUNK: Final = 128
_GROUP: Final = 64
_HALF: Final = 2  # bytes of a number
_USUAL: Final = 6  # passages of a record, where no other model's vectors tell
# Pages are not full, the write-ahead log holds what is not yet in the file, and the index is written beside it.
_SLACK: Final = 2.5
_LEAST_FREE: Final = 32 * 1024 * 1024


class Begun(NamedTuple):
    """A run.

    Attributes:
        encoded: what the store says of the encoder.
        resumed: whether an earlier run had begun it.
    """

    encoded: Encoded
    resumed: bool


def begin(store: Store, encoder: Encoder, name: str | None, calibration: Calibration | None) -> Begun:
    """Note in the store that this encoder is being encoded, or that it goes on.

    Args:
        store: holds the texts.
        encoder: loaded from ``name``.
        name: what to load it by; None for the one that ships.
        calibration: what was fitted for it, if anything was.

    Raises:
        EncoderError: it answers already, or another one is under way.
    """
    model = f"{encoder.name}@{encoder.revision}"
    resumed = False

    def decide(state: State) -> State:
        nonlocal resumed
        _refuse(state, model, name)
        resumed = state.next is not None
        if state.next is not None:
            kept = state.next.calibration if calibration is None else calibration
            return structs.replace(state, next=structs.replace(state.next, encoder=name, calibration=kept))
        begun = Encoded(encoder=name, model=model, dim=encoder.dim, run=state.runs + 1, calibration=calibration)
        return structs.replace(state, next=begun, runs=begun.run)

    after = Ledger(store).change(decide)
    if after.next is None:
        raise AssertionError("the state was just decided")
    return Begun(after.next, resumed)


def _refuse(state: State, model: str, name: str | None) -> None:
    refuse_under_way(state)
    if state.active.model == model if state.active else name is None:
        raise EncoderError(f"The encoder {model} answers already.")
    if state.former is not None and state.former.model == model:
        raise EncoderError(f"The store is encoded with {model} still: `rejoinder reindex back` returns to it.")
    if state.next is not None and state.next.model != model:
        raise EncoderError(f"{state.next.model} is being encoded: go on with it, or let go of it: reindex drop --next")


def require_room(place: Place, store: Store, encoded: Encoded) -> None:
    """Refuse to begin what the disk cannot hold. A server's disk is not ours to see: there, writing says it.

    Raises:
        StoreFullError: there is too little room; says how much is wanted.
    """
    if not isinstance(place, Path):
        return
    kept = store.encodings.kept()
    mine = kept.pop(encoded.model, None)
    left = store.encodings.due() - (mine.records if mine else 0)
    others = [one.size / one.records for one in kept.values() if one.records]
    each = max(others, default=_USUAL * _HALF * encoded.dim)
    wanted = int(left * each * _SLACK)
    free = shutil.disk_usage(place.absolute().parent).free
    if wanted + _LEAST_FREE > free:
        detail = f"{left:,} records want some {wanted / 1e6:,.0f} MB beside {place}, and {free / 1e6:,.0f} MB are free."
        raise StoreFullError(f"{detail} Nothing was begun.")


def encode_missing(
    store: Store, encoder: Encoder, model: str, *, quiet: bool, on_progress: OnProgress = lambda *_: None
) -> int:
    """Make the vectors that are missing, a chunk of records in each transaction. May be killed at any time.

    Args:
        store: holds the texts.
        encoder: reads them.
        model: ``name@revision``.
        quiet: leave the records where they are in the feed; see `service.store.encodings.Encodings.put`.
        on_progress: told after each chunk.

    Returns:
        How many records were encoded.

    Raises:
        StoreError: the store cannot be written, for example because the disk is full; what was done is kept.
    """
    kept = store.encodings.kept().get(model)
    before, total, done = kept.records if kept else 0, store.encodings.due(), 0
    on_progress(before, total)
    for records in _missing(store, model):
        made = [
            (record.id, record.revision, rows) for record, rows in zip(records, _vectors(encoder, records), strict=True)
        ]
        done += _put(store, model, made, quiet=quiet)
        on_progress(before + done, max(total, before + done))
    return done


def _put(store: Store, model: str, made: Sequence[Made], *, quiet: bool) -> int:
    return store.encodings.put(model, made, quiet=quiet)


def _missing(store: Store, model: str) -> Iterator[list[Rebuttal]]:
    """Records without vectors, until there are none: what is written meanwhile comes in the next round."""
    found_any = True
    while found_any:
        found_any, since = False, 0
        while piece := store.encodings.missing(model, since, _CHUNK):
            found_any, since = True, piece[-1][0]
            yield [record for _, record in piece]


def _vectors(encoder: Encoder, records: Sequence[Rebuttal]) -> list[NDArray[np.float32]]:
    """Vectors of each record's passages, encoded in groups of similar length."""
    texts = [[passage.text for passage in passages(record)] for record in records]
    flat = [text for own in texts for text in own]
    order = sorted(range(len(flat)), key=lambda at: len(flat[at]))
    vectors = np.empty((len(flat), encoder.dim), np.float32)
    for start in range(0, len(order), _GROUP):
        group = order[start : start + _GROUP]
        vectors[group] = encoder.encode([flat[at] for at in group])
    ends = np.cumsum([len(own) for own in texts])
    return list(np.split(vectors, ends[:-1]))
