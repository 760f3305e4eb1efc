"""The pages that records cite."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from rejoinder_client import _routes as routes
from rejoinder_client._calls import Call
from rejoinder_client._methods import Group, R, call, listing
from rejoinder_client._pages import Pages
from rejoinder_client.models.bodies import StateQuery, VerificationBody
from rejoinder_client.models.records import CitationReport, VerifiedCitations
from rejoinder_client.models.words import LinkState

_PAGE: Final = 100


class Citations(Group[R]):
    """Whether the pages are there, and whether they still say what they are cited for."""

    @listing
    def list(self, *, state: LinkState | None = None, page_size: int = _PAGE) -> Pages[CitationReport]:
        """The citations of published records, with the state of their pages."""
        return Pages(routes.LIST_CITATIONS, StateQuery(state=state, limit=page_size))

    @call
    def of(self, rebuttal_id: str) -> Generator[Call[Any], Any, tuple[CitationReport, ...]]:
        """The citations of one record."""
        return (yield from routes.READ_CITATIONS(rebuttal_id)).items

    @call
    def verify(self, rebuttal_id: str, *, save_hashes: bool = False) -> Call[VerifiedCitations]:
        """Ask the pages of one record, twenty at most; while ``left`` is not 0, the same call again goes on."""
        return routes.VERIFY_CITATIONS(body=VerificationBody(rebuttal_id=rebuttal_id, save_hashes=save_hashes))
