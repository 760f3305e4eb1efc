"""Webhooks to real receivers: signed, tried again, given up, never sent where they must not go."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from support.api import Api, open_api
from support.receiver import HANG, Receiver, receiving
from support.records import GEM_ORE

from service.settings import Settings
from service.store.watches import Bounds, Due, NewWatch, Outcome, WatchContent, WatchEvent
from service.watches.delivery import Deliverer, Rules
from service.watches.signing import new_secret, signed

QUICK = (0.05, 0.05, 0.05)


@contextmanager
def watched(folder: Path, receiver: Receiver, **settings: Any) -> Iterator[tuple[Api, dict[str, Any]]]:  # noqa: ANN401 - the settings' own types
    """An application with one watch whose webhooks go to a receiver; schedules are short."""
    chosen = {"outbound_private": True, "webhook_backoff": QUICK, "webhook_seconds": 0.5, **settings}
    with open_api(folder, **chosen) as api:
        body = {"kind": "topic", "text": "rare earths", "webhook": {"url": receiver.url}}
        watch: dict[str, Any] = api.client.post("/v1/watches", json=body, headers=api.key("reader")).json()
        yield api, watch


def deliveries(api: Api, watch: dict[str, Any], state: str, count: int) -> list[dict[str, Any]]:
    """Deliveries of the watch in a state, once there are so many."""
    until = time.monotonic() + 20
    while True:
        path = f"/v1/watches/{watch['id']}/deliveries?state={state}"
        items: list[dict[str, Any]] = api.client.get(path, headers=api.key("reader")).json()["items"]
        if len(items) >= count:
            return items
        assert time.monotonic() < until, f"{len(items)} of {count} are {state}"
        time.sleep(0.02)


def post(api: Api, path: str) -> dict[str, Any]:
    answer = api.client.post(path, headers=api.key("reader"))
    assert answer.is_success, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_webhook_comes_signed_and_says_what_the_feed_says(tmp_path: Path) -> None:
    with receiving(204) as receiver, watched(tmp_path, receiver) as (api, watch):
        api.put_in(GEM_ORE)
        (got,) = receiver.wait(1)
        document = got.verified(watch["secret"])
        assert (document["type"], document["data"]["rebuttal"]["id"]) == ("rebuttal.published", "gem-ore")
        assert got.headers["content-type"] == "application/json"
        (told,) = api.client.get(f"/v1/watches/{watch['id']}/events", headers=api.key("reader")).json()["items"]
        assert told == {"id": got.headers["webhook-id"], **document}
        with pytest.raises(WebhookVerificationError):
            Webhook(new_secret()).verify(got.body, got.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(watch["secret"]).verify(got.body.replace(b"gem-ore", b"gem-or3"), got.headers)
        (delivered,) = deliveries(api, watch, "delivered", 1)
        assert (delivered["attempts"], delivered["error"]) == (1, None)


def test_a_receiver_that_fails_gets_the_same_again_until_it_takes_it(tmp_path: Path) -> None:
    with (
        receiving(500, 503, 301, 200, location="http://127.0.0.1:1/") as receiver,
        watched(tmp_path, receiver) as (
            api,
            watch,
        ),
    ):
        api.put_in(GEM_ORE)
        got = receiver.wait(4)
        assert len({one.headers["webhook-id"] for one in got}) == len({one.body for one in got}) == 1
        assert all(one.verified(watch["secret"]) for one in got)
        (delivered,) = deliveries(api, watch, "delivered", 1)
        assert delivered["attempts"] == 4
        assert len(receiver.got) == 4


def test_what_is_given_up_stays_visible_and_can_be_sent_again(tmp_path: Path) -> None:
    with receiving(500, 500, 500, 500, 200) as receiver, watched(tmp_path, receiver) as (api, watch):
        api.put_in(GEM_ORE)
        (dead,) = deliveries(api, watch, "dead", 1)
        assert (dead["attempts"], dead["error"], dead["next_at"]) == (4, "The receiver answered 500.", None)
        again = post(api, f"/v1/watches/{watch['id']}/deliveries/{dead['id']}/retry")
        assert (again["state"], again["attempts"]) == ("pending", 0)
        assert receiver.wait(5)[4].headers["webhook-id"] == dead["id"]
        deliveries(api, watch, "delivered", 1)


def test_gone_means_that_nothing_more_is_sent_until_somebody_says_so(tmp_path: Path) -> None:
    with receiving(410, 200) as receiver, watched(tmp_path, receiver) as (api, watch):
        place = f"/v1/watches/{watch['id']}"
        post(api, f"{place}/test")
        (dead,) = deliveries(api, watch, "dead", 1)
        shown = api.client.get(place, headers=api.key("reader")).json()["webhook"]
        assert shown["disabled_at"] is not None
        assert shown["disabled_why"] == "The receiver answered 410: it wants no more."
        refused = api.client.post(f"{place}/deliveries/{dead['id']}/retry", headers=api.key("reader"))
        assert (refused.status_code, refused.json()["type"]) == (409, "/docs#conflict")
        api.put_in(GEM_ORE)
        deliveries(api, watch, "dead", 2)
        assert len(receiver.got) == 1
        assert post(api, f"{place}/enable")["webhook"]["disabled_at"] is None
        post(api, f"{place}/deliveries/{dead['id']}/retry")
        assert receiver.wait(2)[1].verified(watch["secret"])["type"] == "watch.test"


def test_a_receiver_that_hangs_holds_up_nobody_else(tmp_path: Path) -> None:
    with receiving(HANG) as hanging, receiving(200) as other:
        # Another name, so another host: deliveries take turns by host.
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        with watched(tmp_path, hanging, webhook_seconds=20.0) as (api, watch):
            for _ in range(20):
                post(api, f"/v1/watches/{watch['id']}/test")
            hanging.wait(2)
            body = {"kind": "topic", "text": "x", "webhook": {"url": elsewhere}}
            second = api.client.post("/v1/watches", json=body, headers=api.key("reader")).json()
            post(api, f"/v1/watches/{second['id']}/test")
            assert other.wait(1)[0].verified(second["secret"])
            assert len(hanging.got) == 2


def test_a_receiver_that_hangs_is_left_after_its_time(tmp_path: Path) -> None:
    with receiving(HANG) as receiver, watched(tmp_path, receiver, webhook_backoff=(0.05,)) as (api, watch):
        post(api, f"/v1/watches/{watch['id']}/test")
        (dead,) = deliveries(api, watch, "dead", 1)
        assert dead["attempts"] == 2
        assert dead["error"] == "Nothing complete came within 0.5 seconds."


def test_where_nobody_listens_is_tried_again(tmp_path: Path) -> None:
    with receiving() as receiver:
        pass  # its port is free again
    with watched(tmp_path, receiver, webhook_backoff=(0.1, 0.1, 60.0)) as (api, watch):
        post(api, f"/v1/watches/{watch['id']}/test")
        (pending,) = deliveries(api, watch, "pending", 1)
        while pending["attempts"] < 3:
            time.sleep(0.05)
            (pending,) = deliveries(api, watch, "pending", 1)
        assert pending["error"].startswith("The host cannot be spoken to")
        wait = dt.datetime.fromisoformat(pending["next_at"]) - dt.datetime.now(dt.UTC)
        assert 50 < wait.total_seconds() <= 72  # a fifth at most is added


def test_an_address_that_turns_out_to_be_private_is_not_asked_twice(tmp_path: Path) -> None:
    """The name looks public when the watch is made; where it leads is seen when the connection would be made."""
    with receiving() as receiver, open_api(tmp_path, webhook_backoff=QUICK) as api:
        content = WatchContent(owner="key:reader-key", kind="topic", text="x", url=receiver.url)
        watches = api.runtime.store.watches
        kept = watches.add(NewWatch(content, new_secret(), 0), bounds=Bounds(9, 9))
        assert kept is not None
        post(api, f"/v1/watches/{kept.id}/test")
        (dead,) = deliveries(api, {"id": kept.id}, "dead", 1)
        assert dead["attempts"] == 1
        assert receiver.got == []


def test_a_new_secret_signs_beside_the_old_one(tmp_path: Path) -> None:
    with receiving() as receiver, watched(tmp_path, receiver) as (api, watch):
        rotated = post(api, f"/v1/watches/{watch['id']}/rotate-secret")
        assert rotated["secret"] != watch["secret"]
        post(api, f"/v1/watches/{watch['id']}/test")
        (got,) = receiver.wait(1)
        assert got.verified(watch["secret"]) == got.verified(rotated["secret"])
        assert len(got.headers["webhook-signature"].split()) == 2
        again = post(api, f"/v1/watches/{watch['id']}/rotate-secret")
        post(api, f"/v1/watches/{watch['id']}/test")
        newest = receiver.wait(2)[1]
        assert newest.verified(rotated["secret"]) == newest.verified(again["secret"])
        with pytest.raises(WebhookVerificationError):
            newest.verified(watch["secret"])


def test_a_deleted_watch_sends_nothing_more(tmp_path: Path) -> None:
    with receiving(500) as receiver, watched(tmp_path, receiver, webhook_backoff=(0.3,)) as (api, watch):
        post(api, f"/v1/watches/{watch['id']}/test")
        receiver.wait(1)
        assert api.client.delete(f"/v1/watches/{watch['id']}", headers=api.key("reader")).status_code == 204
        time.sleep(0.8)
        assert len(receiver.got) == 1
        assert api.runtime.store.watches.backlog().due_at is None


def due(attempts: int = 0) -> Due:
    at = dt.datetime.now(dt.UTC)
    event = WatchEvent(
        id="msg_1",
        number=1,
        watch_id="watch_1",
        type="watch.test",
        at=at,
        body="{}",
        state="pending",
        attempts=attempts,
    )
    return Due(event, "https://example.org/", "example.org", (new_secret(),))


def outcome(status: int, attempts: int = 0, **headers: str) -> Outcome:
    deliverer = Deliverer(None, None, Rules(Settings().webhook_backoff, 1), lambda: None)  # type: ignore[arg-type]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return deliverer.answered(due(attempts), status, named)


def seconds(outcome: Outcome) -> float:
    assert outcome.next_at is not None
    return (outcome.next_at - dt.datetime.now(dt.UTC)).total_seconds()


def test_the_schedule_is_the_one_that_the_scheme_suggests() -> None:
    minute, hour = 60, 3_600
    suggested = [5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour]
    for attempts, wait in enumerate(suggested):
        assert wait - 1 < seconds(outcome(500, attempts)) <= wait * 1.2
    assert outcome(500, len(suggested)).state == "dead"


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_success_counts(status: int) -> None:
    assert outcome(status) == Outcome("delivered")


def test_a_receiver_may_ask_for_time() -> None:
    assert 119 < seconds(outcome(429, retry_after="120")) <= 120
    in_an_hour = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert 3_590 < seconds(outcome(503, retry_after=in_an_hour)) <= 3_600
    assert seconds(outcome(503, retry_after="99999999999999")) <= 86_400
    for nonsense in ("", "soon", "-1", "²", "Wed, 99 Foo 2025"):
        assert seconds(outcome(503, retry_after=nonsense)) <= 6


def test_the_signature_is_that_of_the_attempt() -> None:
    secret, at = new_secret(), dt.datetime.now(dt.UTC)
    headers = signed("msg_1", '{"a":1}', at, [secret])
    assert headers["webhook-timestamp"] == f"{int(at.timestamp())}"
    assert Webhook(secret).verify('{"a":1}', headers) == {"a": 1}
    old = signed("msg_1", "{}", at - dt.timedelta(minutes=6), [secret])
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify("{}", old)


@pytest.mark.parametrize("wish", ["Mon, 01 Jan 2024 00:00:00 +99999999999999", "1 Jan 99999999999999 00:00:00 GMT"])
def test_a_wish_that_is_no_date_counts_for_nothing(wish: str) -> None:
    assert 1 <= seconds(outcome(503, **{"retry-after": wish})) < 10
