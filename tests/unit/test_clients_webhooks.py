"""Webhooks, as the Python client verifies them, against the scheme's own library."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from rejoinder_client import WebhookError, verify_webhook
from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
BODY = (
    b'{"type":"watch.test","timestamp":"2026-01-05T09:00:00Z",'
    b'"data":{"watch":{"id":"watch_1","kind":"topic","text":"x"},"from_the_future":[1]}}'
)
AT = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)


def signed(body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    """Headers as the scheme's own library makes them."""
    signature = Webhook(secret).sign("msg_1", AT, body.decode())
    return {
        "Webhook-Id": "msg_1",
        "webhook-timestamp": str(int(AT.timestamp())),
        "WEBHOOK-SIGNATURE": f"v1,b3RoZXI= {signature}",
    }


def test_a_webhook_that_the_published_library_signed_is_good() -> None:
    event = verify_webhook(SECRET, signed(), BODY, now=AT + dt.timedelta(minutes=4))
    assert (event.id, event.type, event.data.watch.text) == ("msg_1", "watch.test", "x")


@pytest.mark.parametrize(
    ("headers", "body", "after", "reason"),
    [
        (signed(), BODY + b" ", 0, "another secret"),
        (signed(secret="whsec_" + base64.b64encode(b"x" * 32).decode()), BODY, 0, "another secret"),
        (signed() | {"webhook-id": "msg_2"}, BODY, 0, "another secret"),
        (signed(), BODY, 301, "too far"),
        (signed(), BODY, -301, "too far"),
        ({}, BODY, 0, "not signed"),
        (signed() | {"webhook-timestamp": "9" * 30}, BODY, 0, "no time"),
        (signed() | {"webhook-timestamp": "now"}, BODY, 0, "no time"),
        (signed() | {"WEBHOOK-SIGNATURE": "v1,ü v2,x"}, BODY, 0, "another secret"),
        (signed(b"[]"), b"[]", 0, "no event"),
    ],
)
def test_a_webhook_that_must_not_be_believed(headers: dict[str, str], body: bytes, after: int, reason: str) -> None:
    if "webhook-id" in headers and "Webhook-Id" in headers:
        del headers["Webhook-Id"]
    with pytest.raises(WebhookError, match=reason):
        verify_webhook(SECRET, headers, body, now=AT + dt.timedelta(seconds=after))


def test_what_is_no_secret_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="whsec_"):
        verify_webhook("whsec_not base64", signed(), BODY, now=AT)
