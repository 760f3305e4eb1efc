"""What the workers of one service hold together; a service of one process holds it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from service.api.rates import Buckets, Left

if TYPE_CHECKING:
    from prometheus_client import Metric


class Shared(Protocol):
    """What a worker asks of whoever stands above all workers."""

    async def take(self, name: str, most: int) -> Left:
        """Take one from a bucket, as `service.api.rates.Buckets.take`."""
        ...

    async def families(self) -> dict[int, list[Metric]] | None:
        """The metrics of every worker that answers, by its number; None where there is one process alone."""
        ...


class Alone:
    """One process counts for itself."""

    def __init__(self) -> None:
        self.take = Buckets().take_here

    async def families(self) -> None:
        """There is nobody else to ask."""
