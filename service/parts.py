"""What one encoder answers with. A running service replaces it as a whole: nothing of two encoders is ever mixed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from embeddings.encoder import Encoder
from embeddings.stance import StanceModel
from service.calibration import Calibration, load_calibration
from service.catalog import Catalog
from service.check import Checker
from service.domain import Profile
from service.encoders import Encoded
from service.finder import Finder
from service.polyglot import PolyglotChecker, World, load_foreign
from service.similar import Neighbours


class Fitted(NamedTuple):
    """The numbers for an encoder.

    Attributes:
        calibration: the numbers.
        own: whether they were fitted for it; else they are those of the encoder that ships.
    """

    calibration: Calibration
    own: bool


class Parts:
    """The first stage of one encoder, and what stands on it.

    Attributes:
        finder: searches with it.
        checker: judges claims.
        catalog: writes records, with its vectors.
        neighbours: finds records like one.
        encoded: what the store says of it.
        uncalibrated: what to tell an operator where nothing was fitted for it; else empty.
        users: requests and workers that hold it: it is not closed before they have let go. Of the event loop alone.
    """

    def __init__(self, finder: Finder, checker: Checker, catalog: Catalog, encoded: Encoded | None = None) -> None:
        self.finder = finder
        self.checker = checker
        self.catalog = catalog
        self.neighbours = Neighbours(finder, checker)
        self.encoded = encoded or Encoded(encoder=None, model=finder.model, dim=finder.encoder.dim)
        self.uncalibrated = ""
        self.users = 0

    def close(self) -> None:
        """Stop its workers; requests still waiting get an error."""
        self.checker.close()
        self.finder.close()


class Around(NamedTuple):
    """What parts of any encoder share.

    Attributes:
        stance: reads pairs.
        world: for claims that are not in English, where there is one.
        max_line: bytes of one line of an import.
        cache_size: answers that a checker keeps.
    """

    stance: StanceModel
    world: Finder | None
    max_line: int
    cache_size: int


def make_parts(finder: Finder, fitted: Fitted, around: Around, encoded: Encoded) -> Parts:
    """Put parts together."""
    world, stance, size = around.world, around.stance, around.cache_size
    numbers = fitted.calibration
    if world is None:
        checker = Checker(finder, stance, numbers, cache_size=size)
    else:
        checker = PolyglotChecker(finder, stance, numbers, world=World(world, load_foreign()), cache_size=size)
    catalog = Catalog(finder, max_line=around.max_line, also=(world,) if world else ())
    parts = Parts(finder, checker, catalog, encoded)
    parts.uncalibrated = "" if fitted.own else uncalibrated(finder.model)
    return parts


def uncalibrated(model: str) -> str:
    """What to say of an encoder that nothing was fitted for."""
    return (
        f"Nothing was fitted for the encoder {model}: verdicts stand on the numbers of the one that ships, "
        "and `confidence` is no probability. See docs/how-to/change-the-model.md."
    )


def fitted_for(encoder: Encoder, known: Encoded | None, profile: Profile) -> Fitted:
    """The numbers for an encoder: those that it was given, those that ship for it, or at worst another encoder's."""
    shipped = load_calibration(profile)
    given = known.calibration if known is not None else None
    # After an upgrade another stance model may read the pairs than the one that the numbers were fitted for.
    if given is not None and given.stance == shipped.stance:
        return Fitted(structs.replace(given, profile=profile), own=True)
    if encoder.name == shipped.encoder:
        return Fitted(shipped, own=True)
    foreign = load_foreign()
    if encoder.name == foreign.encoder:
        return Fitted(foreign.beside(shipped), own=True)
    return Fitted(shipped, own=False)


def index_path(beside: Path, run: int) -> Path:
    """Where the index of a run is kept: a name of its own, for a file knows only which changes of the feed it has.

    Args:
        beside: the store's file, or what stands for it where the store is on a server.
        run: see `Encoded`.
    """
    return beside.with_name(f"{beside.name}.{run}.index" if run else f"{beside.name}.index")
