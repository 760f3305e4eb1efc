"""Standing questions."""

from __future__ import annotations

from typing import Final

from rejoinder_client import _routes as routes
from rejoinder_client._calls import Call
from rejoinder_client._methods import Group, R, call, listing
from rejoinder_client._pages import Pages
from rejoinder_client.models.bodies import PageQuery, StateQuery, WatchBody, Webhook
from rejoinder_client.models.page import Page
from rejoinder_client.models.watches import Delivery, Watch, WatchEvent
from rejoinder_client.models.words import DeliveryState, WatchKind

_PAGE: Final = 100


class Watches(Group[R]):
    """The watches of the key: whoever asked is told, by webhook and in a feed."""

    @call
    def create(
        self,
        kind: WatchKind,
        text: str,
        *,
        url: str | None = None,
        language: str | None = None,
        authority: str | None = None,
    ) -> Call[Watch]:
        """Ask a standing question.

        Args:
            kind: ``claim``, ``query`` or ``topic``.
            text: the claim, the words, or the topic.
            url: where to send webhooks; the feed has the events in any case.
            language: what the claim or query is in; of a topic, the records' language.
            authority: of a topic, the name of the authority.

        Returns:
            The watch, with the secret that signs its webhooks, this once: see `verify_webhook`.
        """
        webhook = Webhook(url=url) if url is not None else None
        body = WatchBody(kind=kind, text=text, language=language, authority=authority, webhook=webhook)
        return routes.CREATE_WATCH(body=body)

    @listing
    def list(self, *, page_size: int = _PAGE) -> Pages[Watch]:
        """Every watch of the key, in the order in which they were asked for."""
        return Pages(routes.LIST_WATCHES, PageQuery(limit=page_size))

    @call
    def get(self, watch_id: str) -> Call[Watch]:
        """A watch, and how its claim stood when it was told last."""
        return routes.READ_WATCH(watch_id)

    @call
    def delete(self, watch_id: str) -> Call[None]:
        """Delete a watch with its text and its events, for good."""
        return routes.DELETE_WATCH(watch_id)

    @call
    def test(self, watch_id: str) -> Call[Delivery]:
        """Send a test event, to see whether webhooks come through."""
        return routes.TEST_WATCH(watch_id)

    @call
    def rotate_secret(self, watch_id: str) -> Call[Watch]:
        """Give a watch a new secret, which is shown this once; the one before signs as well for 24 hours."""
        return routes.ROTATE_WATCH(watch_id)

    @call
    def enable(self, watch_id: str) -> Call[Watch]:
        """Send to a webhook again that was stopped."""
        return routes.ENABLE_WATCH(watch_id)

    @call
    def events(
        self, watch_id: str | None = None, *, cursor: str | None = None, limit: int = _PAGE
    ) -> Call[Page[WatchEvent]]:
        """A piece of the feed, the oldest event first.

        Args:
            watch_id: of this watch; of all watches of the key if missing.
            cursor: ``next_cursor`` of the piece before. Keep the last one, and ask with it again later.
            limit: how many events at most.
        """
        query = PageQuery(cursor=cursor, limit=limit)
        if watch_id is None:
            return routes.READ_ALL_WATCH_EVENTS(query=query)
        return routes.READ_WATCH_EVENTS(watch_id, query=query)

    @listing
    def deliveries(
        self, watch_id: str, *, state: DeliveryState | None = None, page_size: int = _PAGE
    ) -> Pages[Delivery]:
        """What became of the webhooks; the state ``dead`` are those that were given up."""
        return Pages(routes.LIST_DELIVERIES, StateQuery(state=state, limit=page_size), watch_id)

    @call
    def retry(self, watch_id: str, delivery_id: str) -> Call[Delivery]:
        """Send a webhook again, now."""
        return routes.RETRY_DELIVERY(watch_id, delivery_id)
