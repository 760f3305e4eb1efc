"""From one encoder to another at once, in every process: announced, waited for, and then one fact of the store."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import structs

from embeddings.encoder import Encoder
from service.encoders import Encoded, EncoderError, Ledger, Report, State, Turn, renewed
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
    announced = Turn(id=uuid.uuid4().hex, to=structs.replace(to, whole=True))
    ledger.change(lambda state: structs.replace(state, turn=announced))
    waiting = _Waiting(ledger, announced.id, on_followers)
    try:
        _refuse_behind(waiting.until(lambda reports: all(map(_settled, reports)), wait_s), force=force)
        encode_missing(store, encoder, to.model, quiet=False)
        ledger.change(
            lambda state: _turned(state, announced.id, present),
            told=lambda _: (actor, to.model, f"from {present.model}{', forced' if force else ''}"),
        )
    except BaseException:
        ledger.change(lambda state: _withdrawn(state, announced.id))
        raise

    def done(reports: Sequence[Report]) -> bool:
        return all(one.model == to.model or one.trouble is not None for one in reports)

    followed = waiting.until(done, _FOLLOWED_S, over=True)
    ledger.forget()
    return followed


def drop(store: Store, *, only_next: bool = False) -> dict[str, int]:
    """Let go of the vectors of every encoder but the one that answers, and of the one for other languages.

    Args:
        store: holds them.
        only_next: keep the former one, so that it can be gone back to.

    Returns:
        By model of how many records vectors were let go of. What is interrupted is finished by the next call.

    Raises:
        EncoderError: a switch is under way.
    """
    ledger = Ledger(store)

    def decide(state: State) -> State:
        if state.turn is not None:
            raise EncoderError("A switch is under way: finish it with `rejoinder reindex switch`, or `reindex back`.")
        going = [state.next] if only_next else [state.next, state.former]
        stale = {*state.stale, *(one.model for one in going if one is not None)}
        former = state.former if only_next else None
        return structs.replace(state, next=None, former=former, stale=tuple(sorted(stale)))

    ledger.change(decide)
    return sweep(store)


def sweep(store: Store) -> dict[str, int]:
    """Let go of the vectors of encoders that nobody goes back to. Returns of how many records, by model."""
    ledger = Ledger(store)
    state = ledger.state()
    dropped = {model: _drop(store, model) for model in state.stale if _droppable(state, model)}
    if state.stale:
        ledger.change(lambda now: structs.replace(now, stale=tuple(one for one in now.stale if one not in state.stale)))
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
