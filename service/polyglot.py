"""Claims in other languages than the store's own go to a second finder, whose encoder knows many."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from importlib import resources
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct, structs

from embeddings.stance import StanceModel
from service.calibration import Calibration, Nearness
from service.check import Checker, Lens
from service.domain import CheckResult, Claim, Filters, Hit
from service.finder import Finder
from service.language import language_of, primary
from service.normalise import clean
from service.verdict_id import VerdictIds

FILE: Final = "multilingual.json"
_HOME: Final = "en"
_WORD: Final = re.compile("[a-z]+")
# Words that are frequent in English and in no other language that is written in plain Latin letters. Two of them spare
# a claim the detector: nearly every English headline has them.
_ENGLISH: Final = frozenset(
    "the and of with that this from has have had was were will would are been says said not their they after".split()  # noqa: SIM905 - reads as what it is: words
)


class Foreign(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was fitted for the multilingual encoder: ``training/multilingual/calibrate.py`` writes it.

    Attributes:
        encoder: name of the encoder whose cosines these are.
        nearness: the fusion of cosine and words.
        related: nearness from which a record is offered as background.
    """

    encoder: str
    nearness: Nearness
    related: Annotated[float, Meta(ge=0, le=1)]

    def beside(self, calibration: Calibration) -> Calibration:
        """The calibration of the service with these numbers in the place of those of the other encoder."""
        own = {"encoder": self.encoder, "nearness": self.nearness, "gate": self.related, "related": self.related}
        return structs.replace(calibration, **own)


class World(NamedTuple):
    """The second finder, and what was fitted for it."""

    finder: Finder
    fitted: Foreign


class PolyglotChecker(Checker):
    """A `Checker` for claims in its own language, and one over a second finder for all others.

    Claims in English take the same way at the same price as without it: one look at their words is added.

    Args:
        finder: for claims in English.
        stance: reads the pairs that it can read.
        calibration: of that finder.
        world: for claims in any other language.
        cache_size: answers that each of the two keeps.
    """

    def __init__(
        self,
        finder: Finder,
        stance: StanceModel,
        calibration: Calibration,
        *,
        world: World,
        cache_size: int,
    ) -> None:
        super().__init__(finder, stance, calibration, cache_size=cache_size)
        self._world = Checker(world.finder, stance, world.fitted.beside(calibration), cache_size=cache_size)
        self.model = self._world.model = f"{finder.model}|{world.finder.model}+{stance.name}@{stance.revision}"
        # A name is read by whoever does not know which of the two gave the answer.
        self.ids = self._world.ids = VerdictIds(finder.store.id, calibration, world.fitted)

    async def check_many(self, claims: Sequence[Claim]) -> list[CheckResult]:
        """Judge claims together, in order, each by the models that know its language."""
        abroad = [at for at, claim in enumerate(claims) if not at_home(claim.claim, claim.language)]
        if not abroad:
            return await super().check_many(claims)
        home = [at for at in range(len(claims)) if at not in set(abroad)]
        answers = await asyncio.gather(
            super().check_many([claims[at] for at in home]),
            self._world.check_many([claims[at] for at in abroad]),
        )
        placed = dict(zip(home + abroad, [*answers[0], *answers[1]], strict=True))
        return [placed[at] for at in range(len(claims))]

    async def check_encoded(self, claim: Claim) -> tuple[CheckResult, bytes]:
        """See `Checker.check_encoded`; by the models that know the claim's language."""
        if at_home(claim.claim, claim.language):
            return await super().check_encoded(claim)
        return await self._world.check_encoded(claim)

    async def search(self, query: str, *, limit: int, filters: Filters) -> list[Hit]:
        """The nearest records, by the encoder that knows the language of the query."""
        if at_home(query, None):
            return await super().search(query, limit=limit, filters=filters)
        return await self._world.search(query, limit=limit, filters=filters)

    def lens(self, text: str, language: str | None = None) -> Lens:
        """That of the checker which knows the language."""
        return super().lens(text, language) if at_home(text, language) else self._world.lens(text, language)

    def close(self) -> None:
        """Stop the workers of both."""
        super().close()
        self._world.close()


def at_home(text: str, language: str | None) -> bool:
    """Whether a claim is in the language that the store's own encoder reads.

    Args:
        text: as it was sent.
        language: what the sender says of it, a BCP 47 tag; None to find out.
    """
    if language:
        return primary(language) == _HOME
    if len(_ENGLISH.intersection(_WORD.findall(text.lower()))) > 1:
        return True
    return language_of(clean(text)) == _HOME


def load_foreign() -> Foreign:
    """The numbers that ship."""
    return msgspec.json.decode((resources.files("service") / FILE).read_bytes(), type=Foreign)
