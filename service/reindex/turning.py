"""From one encoder to another at once, in every process: announced, waited for, and then one fact of the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from msgspec import structs

from embeddings.encoder import Encoder
from service.encoders import (
    Encoded,
    EncoderError,
    Ledger,
    Report,
    State,
    announced,
    question,
    refuse_under_way,
    renewed,
)
from service.polyglot import load_foreign
from service.reindex.encoding import encode_missing
from service.store import Store

OnFollowers = Callable[[Sequence[Report]], None]
"""Told what the processes of the store say, whenever that has changed."""

_SPEAK_UP_S: Final = 3.0
"""Every process looks four times a second: whoever has said nothing by then is not there."""
_DEAD_S: Final = 10.0
_FOLLOWED_S: Final = 8.0
_BEAT_S: Final = 2.0
_LOOK_EVERY_S: Final = 0.1
_DROPPED: Final = 1_000
_NOTICED_S: Final = 2.0
"""Within a second of work a process sees that the vectors that it searches by are going."""


class Dropped(NamedTuple):
    """What was let go of.

    Attributes:
        records: by model, of how many records vectors were.
        users: processes that answer with such a model, and were not waited for.
    """

    records: dict[str, int]
    users: list[Report]


def turn(  # noqa: PLR0913 - each is a part of what a turn is
    store: Store,
    encoder: Encoder,
    to: Encoded,
    present: Encoded,
    *,
    actor: str = "cli",
    wait_s: float = 120.0,
    force: bool = False,
    on_followers: OnFollowers = lambda _: None,
) -> list[Report]:
    """Let another encoder answer, in every process that serves the store.

    Args:
        store: encoded with both.
        encoder: the other one, for what was written since it was encoded.
        to: what the store says of it.
        present: the one that answers.
        actor: who is named in the access log.
        wait_s: how long processes may take to make the other one ready.
        force: change though some cannot follow, or not yet: those go on with the encoder that they have.
        on_followers: told what the processes say.

    Returns:
        What each process that was there says in the end.

    Raises:
        EncoderError: a process cannot follow, or is not ready in time; nothing has changed then.
    """
    ledger = Ledger(store)
    encode_missing(store, encoder, to.model, quiet=False)
    ledger.forget()
    mine = announced(to)
    ledger.change(lambda state: structs.replace(state, turn=mine))
    waiting = _Waiting(ledger, mine.id, on_followers)
    try:
        _refuse_behind(waiting.until(lambda reports: all(map(_settled, reports)), wait_s), force=force)
        encode_missing(store, encoder, to.model, quiet=False)
        ledger.change(
            lambda state: _turned(state, mine.id, present),
            told=lambda _: (actor, to.model, f"from {present.model}{', forced' if force else ''}"),
        )
    except BaseException:
        ledger.change(lambda state: _withdrawn(state, mine.id))
        raise

    def done(reports: Sequence[Report]) -> bool:
        return all(one.model == to.model or one.trouble is not None for one in reports)

    followed = waiting.until(done, _FOLLOWED_S, over=True)
    ledger.forget()
    return followed


def drop(store: Store, present: Encoded, *, only_next: bool = False, force: bool = False) -> Dropped:
    """Let go of the vectors of every encoder but the one that answers, and of the one for other languages.

    Every process that serves the store is asked first what it answers with: some may be pinned to an encoder, or unable
    to follow. Who does not serve, a long import for example, is not heard of.

    Args:
        store: holds them.
        present: the encoder that answers.
        only_next: keep the former one, so that it can be gone back to.
        force: let go of them though a process answers with them. In memory it goes on with what it has; where the
            database searches, it refuses to answer until it is started again.

    Returns:
        What was let go of. What is interrupted is finished by the next call.

    Raises:
        EncoderError: a switch is under way, or a process answers with what is to go.
    """
    ledger = Ledger(store)
    reports = _asked(ledger, present)
    going: set[str] = set()
    users: list[Report] = []

    def decide(state: State) -> State:
        refuse_under_way(state)
        going.update(_going(state, only_next=only_next))
        users[:] = [one for one in reports if one.model in going]
        if not force:
            _refuse_used(users)
        former = state.former if only_next else None
        return structs.replace(state, next=None, former=former, stale=tuple(sorted({*state.stale, *going})))

    ledger.change(decide)
    return Dropped(sweep(store, {one.model for one in reports} - going), users)


def _going(state: State, *, only_next: bool) -> set[str]:
    """The models whose vectors are let go of."""
    chosen = [state.next] if only_next else [state.next, state.former]
    return {one.model for one in chosen if one is not None} | (set() if only_next else set(state.stale))


def _asked(ledger: Ledger, present: Encoded) -> list[Report]:
    """What the processes say that serve the store."""
    asking = question(present)

    def ask(state: State) -> State:
        refuse_under_way(state)
        return structs.replace(state, turn=asking)

    ledger.forget()
    ledger.change(ask)
    try:
        return _Waiting(ledger, asking.id, lambda _: None).until(lambda _: True, _SPEAK_UP_S + _BEAT_S)
    finally:
        ledger.change(lambda state: _withdrawn(state, asking.id))
        ledger.forget()


def _refuse_used(users: Sequence[Report]) -> None:
    if users:
        said = "; ".join(f"process {one.pid} on {one.host} answers with {one.model}" for one in users)
        raise EncoderError(
            f"Nothing was let go of: {said}. Start it again without REJOINDER_ENCODER, or let go all the same with "
            "--force: it then goes on with what it has in memory, or refuses to answer where the database searches."
        )


def sweep(store: Store, spare: Collection[str] = ()) -> dict[str, int]:
    """Let go of the vectors of encoders that nobody goes back to.

    Before the first of them goes it is said, and a moment is left to notice it in: a process that has said nothing of
    itself may answer with one of them all the same, and where the database searches it would find too little.

    Args:
        store: holds them.
        spare: models that a process answers with: their turn comes with a later call.

    Returns:
        Of how many records, by model.
    """
    ledger = Ledger(store)
    state = ledger.state()
    going = [model for model in state.stale if model not in spare]
    droppable = [model for model in going if _droppable(state, model)]
    for model in droppable:
        store.encodings.drop(model, 0)
    if droppable:
        time.sleep(_NOTICED_S)
    dropped = {model: _drop(store, model) for model in droppable}
    if going:
        ledger.change(lambda now: structs.replace(now, stale=tuple(one for one in now.stale if one not in going)))
    return dropped


def _drop(store: Store, model: str) -> int:
    """In pieces, so that nobody who writes waits long."""
    total = 0
    while gone := store.encodings.drop(model, _DROPPED):
        total += gone
    return total


def _droppable(state: State, model: str) -> bool:
    """Claims in other languages are searched with vectors of an encoder that may have been tried for all of them."""
    return state.of(model) is None and model.partition("@")[0] != load_foreign().encoder


class _Waiting:
    """Waits for what processes say of a turn, and shows that whoever announced it is alive."""

    def __init__(self, ledger: Ledger, token: str, on_followers: OnFollowers) -> None:
        self._ledger = ledger
        self._token = token
        self._on_followers = on_followers
        self._began = time.monotonic()
        self._beat = self._began
        self._seen: dict[str, tuple[Report, float]] = {}

    def until(self, done: Callable[[Sequence[Report]], bool], seconds: float, *, over: bool = False) -> list[Report]:
        """Wait until it is so of every process that is alive, at most so long. Returns what they say.

        Args:
            done: whether there is nothing to wait for any more.
            seconds: how long at most.
            over: the turn has been made, and there is nothing to keep alive.
        """
        until = time.monotonic() + seconds
        while True:
            reports, changed = self._alive()
            if changed and not over:
                self._on_followers(reports)
            now = time.monotonic()
            if now > until or (now - self._began > _SPEAK_UP_S and done(reports)):
                return reports
            if not over and now - self._beat > _BEAT_S:
                self._beat = now
                self._ledger.change(self._renewed)
            time.sleep(_LOOK_EVERY_S)

    def _alive(self) -> tuple[list[Report], bool]:
        """What the processes say that are alive, and whether that is news."""
        now = time.monotonic()
        said = self._ledger.reports(self._token)
        changed = {name: one for name, one in said.items() if name not in self._seen or self._seen[name][0] != one}
        self._seen = {name: kept for name, kept in self._seen.items() if name in said}
        self._seen |= {name: (one, now) for name, one in changed.items()}
        reports = [one for one, at in self._seen.values() if now - at < _DEAD_S]
        return reports, bool(changed)

    def _renewed(self, state: State) -> State:
        if state.turn is None or state.turn.id != self._token:
            raise EncoderError("Somebody else has begun a switch meanwhile; nothing was changed here.")
        return structs.replace(state, turn=renewed(state.turn))


def _settled(report: Report) -> bool:
    return report.ready or report.trouble is not None


def _refuse_behind(reports: Sequence[Report], *, force: bool) -> None:
    behind = [one for one in reports if not one.ready]
    if behind and not force:
        said = "; ".join(f"process {one.pid} on {one.host}: {one.trouble or 'not ready in time'}" for one in behind)
        raise EncoderError(f"Not switched: {len(behind)} of {len(reports)} processes cannot follow. {said}")


def _turned(state: State, token: str, present: Encoded) -> State:
    if state.turn is None or state.turn.id != token:
        raise EncoderError("Somebody else has begun a switch meanwhile; nothing was changed here.")
    to, former = state.turn.to, structs.replace(present, whole=True)
    left = [state.former] if state.former is not None and state.former.model not in (to.model, former.model) else []
    waiting = state.next if state.next is not None and state.next.model != to.model else None
    stale = {*state.stale, *(one.model for one in left)} - {to.model, former.model}
    return structs.replace(state, active=to, former=former, next=waiting, turn=None, stale=tuple(sorted(stale)))


def _withdrawn(state: State, token: str) -> State:
    mine = state.turn is not None and state.turn.id == token
    return structs.replace(state, turn=None) if mine else state
