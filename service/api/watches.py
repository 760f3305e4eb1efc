"""Standing questions: ask, list, end; their feed, and what became of each delivery."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.api import watch_examples as examples
from service.api.auth import actor_of, needs
from service.api.backend import backend_of
from service.api.bodies import Asked, answer, read_json, read_query
from service.api.openapi import documented
from service.api.watch_examples import DELIVERY_ID, WATCH_ID
from service.api.watch_shapes import (
    LONGEST_WORDS,
    Deliveries,
    Delivery,
    DeliveryQuery,
    Feed,
    FeedEvent,
    PageQuery,
    WatchAnswer,
    WatchBody,
    WatchList,
    WebhookState,
)
from service.api.watching import watching_of
from service.errors import InvalidRecordError
from service.store.watches import EventPage, Watch, WatchContent, WatchEvent
from service.watches.asking import Kept
from service.watches.messages import VerdictBrief, WatchMessage, of_test

_MOST_BYTES: Final = 100_000
_BODY: Final = msgspec.json.Decoder(WatchBody)
_MESSAGE: Final = msgspec.json.Decoder(WatchMessage)


@post(
    "/v1/watches",
    guards=[needs("reader")],
    opt=documented("watches", body=WatchBody, answers={201: WatchAnswer}, examples=examples.WATCH, needs="reader"),
)
async def create_watch(request: Asked) -> ASGIResponse:
    """Ask a standing question.

    Whenever a record that fits is published, changed, superseded or retracted, an event goes into the feed of the watch
    and, where a webhook is given, to its address, signed by the Standard Webhooks scheme with the `secret` of this
    answer, which is shown this once. The watch belongs to the key. Its text is stored until it is deleted.
    """
    body = await read_json(request, _BODY, min(_MOST_BYTES, backend_of(request).settings.max_body))
    kept = await ask(request, body)
    return answer(_with_secret(kept), 201, {"Location": f"/v1/watches/{kept.watch.id}"})


@get(
    "/v1/watches",
    guards=[needs("reader")],
    opt=documented("watches", query=PageQuery, answers={200: WatchList}, needs="reader"),
)
async def list_watches(request: Asked) -> ASGIResponse:
    """List the watches of the key, in the order in which they were asked for."""
    backend, query = backend_of(request), read_query(request, PageQuery)
    watches = backend.runtime.store.watches
    page = await backend.call(watches.page, owner=actor_of(request), cursor=query.cursor, limit=query.limit)
    return answer(WatchList(items=[view(one) for one in page.items], next_cursor=page.next_cursor))


@get(
    "/v1/watches/{watch_id:str}",
    guards=[needs("reader")],
    opt=documented("watches", parameters=(WATCH_ID,), answers={200: WatchAnswer}, needs="reader"),
)
async def read_watch(request: Asked, watch_id: FromPath[str]) -> ASGIResponse:
    """Read a watch, and how its claim stands as it was told last."""
    return answer(view(await _mine(request, watch_id)))


@delete(
    "/v1/watches/{watch_id:str}",
    status_code=200,  # what the framework takes a handler that answers by itself to give; it answers 204
    guards=[needs("reader")],
    opt=documented("watches", parameters=(WATCH_ID,), answers={204: None}, needs="reader"),
)
async def delete_watch(request: Asked, watch_id: FromPath[str]) -> ASGIResponse:
    """Delete a watch with its text, its events and what waits for delivery, for good."""
    backend = backend_of(request)
    await backend.call(backend.runtime.store.watches.remove, watch_id, owner=actor_of(request))
    return ASGIResponse(status_code=204)


@post(
    "/v1/watches/{watch_id:str}/test",
    status_code=202,
    guards=[needs("reader")],
    opt=documented("watches", parameters=(WATCH_ID,), answers={202: Delivery}, needs="reader"),
)
async def test_watch(request: Asked, watch_id: FromPath[str]) -> ASGIResponse:
    """Send a test event, of the type `watch.test`, to the watch's webhook and into its feed."""
    backend = backend_of(request)
    watch = await _mine(request, watch_id)
    event = await backend.call(backend.runtime.store.watches.tell, of_test(watch, dt.datetime.now(dt.UTC)))
    watching_of(request).wake()
    return answer(delivery(event), 202)


@post(
    "/v1/watches/{watch_id:str}/rotate-secret",
    status_code=200,
    guards=[needs("reader")],
    opt=documented("watches", parameters=(WATCH_ID,), answers={200: WatchAnswer}, needs="reader"),
)
async def rotate_secret(request: Asked, watch_id: FromPath[str]) -> ASGIResponse:
    """Give a watch a new secret, which is shown this once.

    For 24 hours webhooks carry a signature by each of the two, so that a receiver can change over without a gap.
    """
    kept = await watching_of(request).asking.rotate(watch_id, owner=actor_of(request))
    return answer(_with_secret(kept))


@post(
    "/v1/watches/{watch_id:str}/enable",
    status_code=200,
    guards=[needs("reader")],
    opt=documented("watches", parameters=(WATCH_ID,), answers={200: WatchAnswer}, needs="reader"),
)
async def enable_watch(request: Asked, watch_id: FromPath[str]) -> ASGIResponse:
    """Send to a webhook again that was stopped, because its receiver had answered 410.

    What has not been delivered meanwhile stays dead until each is retried.
    """
    backend = backend_of(request)
    return answer(view(await backend.call(backend.runtime.store.watches.enable, watch_id, owner=actor_of(request))))


@get(
    "/v1/watches/{watch_id:str}/events",
    guards=[needs("reader")],
    opt=documented("watches", parameters=(WATCH_ID,), query=PageQuery, answers={200: Feed}, needs="reader"),
)
async def read_watch_events(request: Asked, watch_id: FromPath[str]) -> ASGIResponse:
    """Read the feed of a watch, the oldest event first.

    It holds what its webhook was sent, whether that came through or not; the last 1,000 events are kept. Keep
    `next_cursor` and send it as `cursor` the next time.
    """
    return await _feed(request, watch_id)


@get(
    "/v1/events/watches",
    guards=[needs("reader")],
    opt=documented("watches", query=PageQuery, answers={200: Feed}, needs="reader"),
)
async def read_events(request: Asked) -> ASGIResponse:
    """Read the events of all watches of the key in one feed, the oldest first."""
    return await _feed(request, None)


@get(
    "/v1/watches/{watch_id:str}/deliveries",
    guards=[needs("reader")],
    opt=documented("watches", parameters=(WATCH_ID,), query=DeliveryQuery, answers={200: Deliveries}, needs="reader"),
)
async def list_deliveries(request: Asked, watch_id: FromPath[str]) -> ASGIResponse:
    """List what became of the webhooks of a watch; `state=dead` are those that were given up."""
    backend, query = backend_of(request), read_query(request, DeliveryQuery)
    page: EventPage = await backend.call(
        backend.runtime.store.watches.deliveries,
        watch_id=watch_id,
        owner=actor_of(request),
        state=query.state,
        cursor=query.cursor,
        limit=query.limit,
    )
    items = [delivery(event) for event in page.items]
    return answer(Deliveries(items=items, next_cursor=page.next_cursor, more=page.more))


@post(
    "/v1/watches/{watch_id:str}/deliveries/{delivery_id:str}/retry",
    status_code=202,
    guards=[needs("reader")],
    opt=documented("watches", parameters=(WATCH_ID, DELIVERY_ID), answers={202: Delivery}, needs="reader"),
)
async def retry_delivery(request: Asked, watch_id: FromPath[str], delivery_id: FromPath[str]) -> ASGIResponse:
    """Send a webhook again, now, with as many attempts as a new one; under the same `webhook-id`."""
    backend = backend_of(request)
    retry = backend.runtime.store.watches.retry
    event = await backend.call(retry, delivery_id, watch_id=watch_id, owner=actor_of(request))
    watching_of(request).wake()
    return answer(delivery(event), 202)


async def ask(request: Asked, body: WatchBody) -> Kept:
    """Keep a standing question of whoever asks. Raises `InvalidRecordError`, `WatchesFullError`."""
    _check(body)
    content = WatchContent(
        owner=actor_of(request),
        kind=body.kind,
        text=body.text,
        language=body.language,
        authority=body.authority,
        url=body.webhook.url if body.webhook else None,
    )
    return await watching_of(request).asking.keep(content)


def view(watch: Watch) -> WatchAnswer:
    """A watch as it is shown to its owner."""
    hook, stand = None, watch.stand
    if watch.url is not None:
        hook = WebhookState(url=watch.url, disabled_at=watch.disabled_at, disabled_why=watch.disabled_why)
    return WatchAnswer(
        id=watch.id,
        kind=watch.kind,
        text=watch.text,
        language=watch.language,
        authority=watch.authority,
        webhook=hook,
        verdict=None if stand is None else VerdictBrief.of(stand),
        created_at=watch.created_at,
    )


def delivery(event: WatchEvent) -> Delivery:
    """What became of an event's webhook."""
    return Delivery(**{name: getattr(event, name) for name in Delivery.__struct_fields__})


def _with_secret(kept: Kept) -> WatchAnswer:
    return msgspec.structs.replace(view(kept.watch), secret=kept.secret)


def _check(body: WatchBody) -> None:
    """The rules that go beyond one field. Raises `InvalidRecordError`."""
    if body.kind != "claim" and len(body.text) > LONGEST_WORDS:
        raise InvalidRecordError(f"Expected `str` of length <= {LONGEST_WORDS} for this kind.", field="$.text")
    if body.kind != "topic" and body.authority is not None:
        raise InvalidRecordError("Only a topic is watched for one authority.", field="$.authority")


async def _mine(request: Asked, watch_id: str) -> Watch:
    backend = backend_of(request)
    return await backend.call(backend.runtime.store.watches.get, watch_id, owner=actor_of(request))


async def _feed(request: Asked, watch_id: str | None) -> ASGIResponse:
    backend, query = backend_of(request), read_query(request, PageQuery)
    feed = backend.runtime.store.watches.feed
    page = await backend.call(feed, watch_id=watch_id, owner=actor_of(request), cursor=query.cursor, limit=query.limit)
    items = [_told(event) for event in page.items]
    return answer(Feed(items=items, next_cursor=page.next_cursor, more=page.more))


def _told(event: WatchEvent) -> FeedEvent:
    message = _MESSAGE.decode(event.body)
    return FeedEvent(id=event.id, type=message.type, timestamp=message.timestamp, data=message.data)
