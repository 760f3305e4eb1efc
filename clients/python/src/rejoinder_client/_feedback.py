"""What readers say of verdicts."""

from __future__ import annotations

from typing import Final, Literal

from rejoinder_client import _routes as routes
from rejoinder_client._calls import Call
from rejoinder_client._methods import Group, R, call, listing
from rejoinder_client._pages import Pages
from rejoinder_client.models.bodies import FeedbackBody, PageQuery
from rejoinder_client.models.verdicts import Feedback as Said
from rejoinder_client.models.words import Label

_PAGE: Final = 100


class Feedback(Group[R]):
    """Given by anybody, read by editors."""

    @call
    def give(  # noqa: PLR0913 - each is a part of what can be said
        self,
        verdict_id: str,
        rating: Literal["right", "wrong"],
        *,
        expected: Label | None = None,
        about: str | None = None,
        comment: str | None = None,
        claim: str | None = None,
    ) -> Call[Said]:
        """Say whether a verdict is right.

        Args:
            verdict_id: of the answer that this is about.
            rating: whether it is right.
            expected: the label that it should have had.
            about: the record that it should have stood on.
            comment: for the editors.
            claim: the text that was checked; it is stored only because it is given here.
        """
        body = FeedbackBody(
            verdict_id=verdict_id, rating=rating, expected=expected, about=about, comment=comment, claim=claim
        )
        return routes.GIVE_FEEDBACK(body=body)

    @listing
    def list(self, *, page_size: int = _PAGE) -> Pages[Said]:
        """What was said, the newest first."""
        return Pages(routes.LIST_FEEDBACK, PageQuery(limit=page_size))
