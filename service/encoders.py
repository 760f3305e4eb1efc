"""Which encoder answers: a fact of the store, which every process of it follows."""

from __future__ import annotations

import datetime as dt
import os
import time
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, structs

from service.calibration import Calibration
from service.errors import RejoinderError, StoreError, StoreLockedError
from service.store import Store

_ASKING: Final = "asks-"
_TRIES: Final = 20
_PAUSE_S: Final = 0.01  # longer from try to try: a read may come from a replica that is a little behind


class EncoderError(RejoinderError):
    """An encoder cannot be used, or a change of encoders cannot be made."""


class Compared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the verdicts of an encoder agree with those of the one that answered when they were compared.

    Attributes:
        claims: how many were checked with both.
        agreement: share of the claims with the same label and the same nearest record, of the group where it is lowest.
        at: when.
        version: of the store, number of the last event.
        against: model that answered then, ``name@revision``.
    """

    claims: Annotated[int, Meta(ge=0)]
    agreement: Annotated[float, Meta(ge=0, le=1)]
    at: dt.datetime
    version: int
    against: str


class Encoded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An encoder that the store's texts were read by.

    Attributes:
        encoder: what `embeddings.encoder.load_encoder` is given; None for the one that ships.
        model: ``name@revision`` of the one that was found there.
        dim: length of its vectors.
        run: number of the run that encoded the store; 0 for an encoder that was there before any. Names index files.
        calibration: what was fitted for it, where that does not ship.
        whole: the vectors of every record were there once; what is written since may lack them for a moment.
        compared: with the encoder that answered; None where nobody has compared.
    """

    encoder: str | None
    model: str
    dim: Annotated[int, Meta(ge=1)]
    run: Annotated[int, Meta(ge=0)] = 0
    calibration: Calibration | None = None
    whole: bool = False
    compared: Compared | None = None


class Turn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of encoders that has been announced: processes make the other one ready, and say so.

    Attributes:
        id: names it; reports of other turns are passed over.
        to: the encoder that is to answer.
        beat: counted up while whoever announced it is at work. Nobody waits for a turn that stands still.
    """

    id: str
    to: Encoded
    beat: int = 0

    @property
    def asks(self) -> bool:
        """Nothing is to change: somebody only wants to hear who answers with what."""
        return self.id.startswith(_ASKING)


class State(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a store says of its encoders.

    Attributes:
        active: the one that answers; None: the one that ships, and nobody has ever chosen.
        former: the one that answered before, whose vectors are still there.
        next: the one that is being encoded or waits for the switch.
        turn: a change that is under way.
        runs: how many have begun.
        stale: models that nobody goes back to, whose vectors are still to be let go of.
    """

    active: Encoded | None = None
    former: Encoded | None = None
    next: Encoded | None = None
    turn: Turn | None = None
    runs: int = 0
    stale: tuple[str, ...] = ()

    def of(self, model: str) -> Encoded | None:
        """What is known of a model."""
        known = (self.active, self.former, self.next)
        return next((one for one in known if one is not None and one.model == model), None)


class Report(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a process says of a turn.

    Attributes:
        id: of the turn.
        host: the machine's name.
        pid: the process's number there.
        beat: counted up while the process is alive.
        model: answers with it now.
        ready: could answer with the other one at once.
        trouble: why it never will, or not yet.
    """

    id: str
    host: str
    pid: int
    beat: int
    model: str
    ready: bool
    trouble: str | None = None


_STATE: Final = msgspec.json.Decoder(State)
_REPORT: Final = msgspec.json.Decoder(Report)


class Ledger:
    """Reads and changes what a store says of its encoders. Safe from any thread and process."""

    def __init__(self, store: Store) -> None:
        self._encodings = store.encodings
        self._read: tuple[str | None, State] = (None, State())

    def state(self) -> State:
        """What it says now. Raises `StoreError` where that was written by a newer version."""
        return self._decoded(self._encodings.state())

    def change(
        self, decide: Callable[[State], State], *, told: Callable[[State], tuple[str, str, str]] | None = None
    ) -> State:
        """Decide on the state as it stands and write what was decided; decided again where somebody was quicker.

        Args:
            decide: makes the new state of the one that there is.
            told: makes of the one before who, which model and what is entered in the access log.
        """
        for tries in range(_TRIES):
            time.sleep(tries * _PAUSE_S)
            text = self._encodings.state()
            before = self._decoded(text)
            after = decide(before)
            entry = told(before) if told else None
            if self._encodings.exchange(text, msgspec.json.encode(after).decode(), told=entry):
                return after
        raise StoreLockedError("Others keep changing which encoder answers; try again in a moment.")

    def report(self, process: str, report: Report | None) -> None:
        """Say what a process has to say of a turn; None: nothing any more."""
        self._encodings.report(process, None if report is None else msgspec.json.encode(report).decode())

    def reports(self, token: str) -> dict[str, Report]:
        """What processes say of a turn, by process."""
        said = {process: _report(text) for process, text in self._encodings.reports().items()}
        return {process: one for process, one in said.items() if one is not None and one.id == token}

    def forget(self) -> None:
        """Let go of every report: of processes that have died, and of turns that are over."""
        for process in self._encodings.reports():
            self._encodings.report(process, None)

    def _decoded(self, text: str | None) -> State:
        known, state = self._read
        if text == known:
            return state
        if text is None:
            return State()
        try:
            state = _STATE.decode(text)
        except msgspec.DecodeError as error:
            raise StoreError(f"What the store says of its encoders cannot be read; is it newer? {error}") from None
        self._read = (text, state)
        return state


def announced(to: Encoded) -> Turn:
    """A turn to an encoder."""
    return Turn(id=uuid.uuid4().hex, to=structs.replace(to, whole=True))


def question(present: Encoded) -> Turn:
    """A turn to the encoder that answers anyway: every process that serves says what it answers with."""
    return Turn(id=f"{_ASKING}{uuid.uuid4().hex}", to=present)


def refuse_under_way(state: State) -> None:
    """Raise `EncoderError` where a change was announced and is not made yet."""
    if state.turn is not None and not state.turn.asks:
        raise EncoderError("A switch is under way: finish it with `rejoinder reindex switch`, or `reindex back`.")


def refuse_foreign(name: str, own: Collection[str]) -> None:
    """Raise `EncoderError` for an encoder that the store names and nobody here has chosen: a store may be a stranger's.

    Args:
        name: what the store says that an encoder is loaded by.
        own: names, folders, and folders that hold such folders, that the operator of this process has named.
    """
    place = Path(name)
    folders = {Path(os.path.abspath(Path(one).expanduser())) for one in own}  # noqa: PTH100 - links keep their names
    direct = place.is_absolute() and ".." not in place.parts  # no way out of a folder and into another
    if name in own or (direct and not folders.isdisjoint((place, place.parent))):
        return
    raise EncoderError(
        f"The store names the encoder {name}, and a store may be a stranger's: nothing is loaded that was not allowed "
        "here. Add it, or the folder that it lies in, to REJOINDER_ENCODERS."
    )


def renewed(turn: Turn) -> Turn:
    """The turn, one beat later."""
    return structs.replace(turn, beat=turn.beat + 1)


def _report(text: str) -> Report | None:
    try:
        return _REPORT.decode(text)
    except msgspec.DecodeError:
        return None
