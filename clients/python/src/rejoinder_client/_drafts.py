"""Articles in, drafts out."""

from __future__ import annotations

import datetime as dt

from rejoinder_client import _routes as routes
from rejoinder_client._calls import Call
from rejoinder_client._methods import Group, R, call
from rejoinder_client.models.bodies import ExtractBody
from rejoinder_client.models.drafts import DraftSource, Extracted


class Drafts(Group[R]):
    """Drafts that the service proposes; an editor publishes them, or not."""

    @call
    def extract(  # noqa: PLR0913 - each is a part of what is known of an article
        self,
        *,
        text: str | None = None,
        html: str | None = None,
        url: str | None = None,
        address: str | None = None,
        publisher: str | None = None,
        published_on: dt.date | None = None,
        title: str | None = None,
        language: str | None = None,
        save: bool = False,
    ) -> Call[Extracted]:
        """Propose rebuttals from an article, given as one of ``text``, ``html`` and ``url``.

        Args:
            text: plain text.
            html: the page's markup.
            url: a page that the service fetches, if its operator allows the host.
            address: where the article can be read: the citation.
            publisher: who published it.
            published_on: when; what "on Tuesday" is counted back from.
            title: its headline.
            language: what it is in, a BCP 47 tag.
            save: keep the drafts as records of the status ``draft``.
        """
        body = ExtractBody(
            text=text,
            html=html,
            url=url,
            address=address,
            publisher=publisher,
            published_on=published_on,
            title=title,
            language=language,
            save=save,
        )
        return (routes.EXTRACT_AND_SAVE if save else routes.EXTRACT)(body=body)

    @call
    def source(self, rebuttal_id: str) -> Call[DraftSource]:
        """The article that a kept draft was taken from, and the place of each field in it."""
        return routes.READ_DRAFT_SOURCE(rebuttal_id)
