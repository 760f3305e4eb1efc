"""The work of ``rejoinder reindex``: encode, compare, switch; what is said meanwhile goes to standard error."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from service.cli.store import note, store_alone
from service.errors import RejoinderError

if TYPE_CHECKING:
    from service.encoders import Compared, Encoded, Report
    from service.reindex import Comparison
    from service.settings import Settings
    from service.store import Store
    from service.store.sql import SqlStore

_MOST_HEADLINES: Final = 100_000
_GONE: Final = "Somebody else has let go of the encoder meanwhile."


class Texts(NamedTuple):
    """What to compare on.

    Attributes:
        claims: how many texts of the store.
        sample: headlines, one a line.
        cases: how many claims to list that differ.
    """

    claims: int
    sample: Path | None
    cases: int


class Read(NamedTuple):
    """What became of encoding.

    Attributes:
        model: ``name@revision``.
        encoded: records that were read now.
        resumed: an earlier run had begun it.
        calibrated: there are numbers that were fitted for the encoder.
    """

    model: str
    encoded: int
    resumed: bool
    calibrated: bool


@contextmanager
def alone(settings: Settings) -> Iterator[Callable[[], None]]:
    """Be the only one who changes the store's encoders; see `service.store.base.Store.alone`.

    Two that encode at once would each add vectors, quietly, to what the other has made its index of.
    """
    with store_alone(settings) as store, store.alone() as held:
        yield held


def encode(settings: Settings, named: str | None, calibration: Path | None, held: Callable[[], None]) -> Read:
    """Encode what is missing, from where an earlier run was interrupted.

    Args:
        settings: which store.
        named: what the encoder is loaded by; see `loaded_by`.
        calibration: the numbers that were fitted for it.
        held: raises where somebody else may have begun as well.
    """
    from service.parts import fitted_for, uncalibrated
    from service.reindex import begin, encode_missing, read_calibration, require_room
    from service.runtime import encoded_by, load_named

    with store_alone(settings) as store:
        encoder = load_named(named, threads=settings.threads)
        if calibration is not None and named is None:
            raise RejoinderError("The encoder that ships has the calibration that ships; leave out --calibration.")
        numbers = None if calibration is None else read_calibration(calibration, encoder.name)
        require_room(settings.db, store, encoded_by(encoder, named))
        begun = begin(store, encoder, named, numbers)
        encoded = begun.encoded
        if begun.resumed:
            note(f"Going on with {encoded.model}.")
        with _progress("Encoding records") as told:

            def tell(done: int, total: int) -> None:
                held()
                told(done, total)

            made = encode_missing(store, encoder, encoded.model, quiet=not encoded.whole, on_progress=tell)
        own = fitted_for(encoder, encoded, settings.profile).own
        _note_of(store, encoded, whole=True)
        if not own:
            note(f"Warning: {uncalibrated(encoded.model)}")
        note(f"Encoded {made:,} records with {encoded.model}.")
    return Read(encoded.model, made, begun.resumed, own)


def compare_verdicts(settings: Settings, model: str, texts: Texts) -> Comparison:
    """Compare the verdicts of both encoders, and keep how far they agree."""
    import datetime as dt

    from service.encoders import Compared, EncoderError, Ledger
    from service.reindex import compare, read_sample, sampled
    from service.runtime import Runtime

    headlines = read_sample(texts.sample, _MOST_HEADLINES) if texts.sample else []
    runtime = Runtime.open(settings)
    try:
        encoded = Ledger(runtime.store).state().next
        if encoded is None or encoded.model != model:
            raise EncoderError(_GONE)
        parts = runtime.prepare(encoded)
        try:
            own = sampled(runtime.store, texts.claims) if texts.claims else []
            with _progress("Comparing verdicts") as on_progress:
                found = compare(
                    runtime.checker, parts.checker, own + headlines, cases=texts.cases, on_progress=on_progress
                )
            # Whoever follows maps this file and need not build the index by itself.
            parts.finder.save()
            compared = Compared(
                claims=found.claims,
                agreement=found.agreement,
                at=dt.datetime.now(dt.UTC).replace(microsecond=0),
                version=parts.finder.version,
                against=runtime.finder.model,
            )
        finally:
            parts.close()
        _note_of(runtime.store, encoded, compared=compared)
    finally:
        runtime.close()
    return found


def _note_of(store: Store, encoded: Encoded, **known: object) -> None:
    """Add to what the store says of the encoder that is next, if it is still this one."""
    from msgspec import structs

    from service.encoders import EncoderError, Ledger, State

    def decide(state: State) -> State:
        if state.next is None or (state.next.model, state.next.run) != (encoded.model, encoded.run):
            raise EncoderError(_GONE)
        return structs.replace(state, next=structs.replace(state.next, **known))

    Ledger(store).change(decide)


def switch_to_next(settings: Settings, *, agree: float, force: bool, wait: float) -> list[Report]:
    """Switch to what was encoded next, if it may be."""
    from service.encoders import EncoderError, Ledger
    from service.runtime import present_of

    with store_alone(settings) as store:
        state = Ledger(store).state()
        to = state.next
        if to is None or not to.whole:
            raise EncoderError("There is nothing to switch to: begin with `rejoinder reindex --encoder …`, to its end.")
        if not force:
            _refuse(to.compared, present_of(state).model, agree)
        return turn_to(store, settings, to, force=force, wait=wait)


def _refuse(compared: Compared | None, present: str, agree: float) -> None:
    from service.encoders import EncoderError

    again = "Compare again with the same `rejoinder reindex --encoder …`, or switch with --force."
    if compared is None or not compared.claims:
        raise EncoderError(f"Not switched: nobody has compared the verdicts. {again}")
    if compared.against != present:
        raise EncoderError(f"Not switched: compared with {compared.against}, but {present} answers now. {again}")
    if compared.agreement < agree:
        raise EncoderError(
            f"Not switched: {agreed(compared)}; the bound is {agree:.1%}. Look at the cases that differ; "
            "--agree sets another bound, --force switches all the same."
        )


def turn_to(store: SqlStore, settings: Settings, to: Encoded, *, force: bool, wait: float) -> list[Report]:
    """Let an encoder answer in every process, and let go of what nobody can go back to any more."""
    from msgspec import structs

    from service.encoders import Ledger
    from service.reindex import sweep, turn
    from service.runtime import encoded_by, load_encoded, present_of

    state = Ledger(store).state()
    encoder = load_encoded(to, settings)
    # The one that ships may be another revision by now; its vectors are then made here.
    found = encoded_by(encoder, to.encoder)
    to = to if found.model == to.model else structs.replace(to, model=found.model, dim=found.dim, run=0)
    present = present_of(state, threads=settings.threads)
    told: list[str] = []

    def tell(reports: Sequence[Report]) -> None:
        if counted(reports) not in told[-1:]:
            told.append(counted(reports))
            note(f"{told[-1]}.")

    followed = turn(store, encoder, to, present, wait_s=wait, force=force, on_followers=tell)
    # Who could not follow still answers with what it has.
    sweep(store, {one.model for one in followed})
    return followed


def loaded_by(name: str) -> str | None:
    """What an encoder is loaded by, from wherever a process stands: a folder by its whole path."""
    from embeddings.encoder import SHIPPED

    if name == SHIPPED:
        return None
    folder = Path(name).expanduser()
    if folder.is_dir():
        return os.path.abspath(folder)  # noqa: PTH100 - a link's own name is what the model is called by
    if folder.is_absolute() or name.startswith((".", "~")):
        raise RejoinderError(f"There is no folder {name}.")
    return name


def counted(reports: Sequence[Report]) -> str:
    """How many processes are ready."""
    return f"{sum(one.ready for one in reports)} of {len(reports)} processes are ready"


def agreed(compared: Compared) -> str:
    """How far verdicts agree."""
    return f"{compared.agreement:.1%} of claims agree with {compared.against} ({compared.claims:,} compared)"


@contextmanager
def _progress(what: str) -> Iterator[Any]:
    """A bar on a terminal's standard error; nothing in a pipe or a log."""
    import sys

    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
