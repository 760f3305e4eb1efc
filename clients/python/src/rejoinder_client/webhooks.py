"""Webhooks as they are received, by the Standard Webhooks scheme: is this from the service, and is it new?

The scheme: https://www.standardwebhooks.com, version 1.0.0.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import msgspec

from rejoinder_client.errors import RejoinderError
from rejoinder_client.models.watches import WatchEvent

_PREFIX: Final = "whsec_"
_SCHEME: Final = "v1"
_TOLERANCE: Final = dt.timedelta(minutes=5)


class WebhookError(RejoinderError):
    """A webhook that must not be believed. Answer it with 400, and nothing else."""


def verify_webhook(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: dt.timedelta = _TOLERANCE,
    now: dt.datetime | None = None,
) -> WatchEvent:
    """The event of a webhook, once its signature and its age are found good.

    Args:
        secret: of the watch, ``whsec_…``.
        headers: of the request, in whatever case.
        body: of the request, exactly as it came.
        tolerance: how far its time may be from ours.
        now: the time; the clock's if missing.

    Returns:
        The event. The same `id` may come more than once: keep those that you have seen.

    Raises:
        WebhookError: it is not signed with this secret, too old, or no event.
        ValueError: the secret is none.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id = given.get("webhook-id", "")
    timestamp = given.get("webhook-timestamp", "")
    signatures = given.get("webhook-signature", "").split()
    if not (message_id and timestamp and signatures):
        raise WebhookError("It is not signed: webhook-id, webhook-timestamp or webhook-signature is missing.")
    _check_age(timestamp, tolerance, now or dt.datetime.now(dt.UTC))
    expected = _signature(secret, f"{message_id}.{timestamp}.".encode() + body)
    if not any(hmac.compare_digest(expected, one.encode()) for one in signatures):
        raise WebhookError("It is signed with another secret, or was changed on the way.")
    try:
        event = msgspec.json.decode(body, type=WatchEvent)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WebhookError(f"It is no event of a watch: {error}") from None
    return msgspec.structs.replace(event, id=message_id)


def _check_age(timestamp: str, tolerance: dt.timedelta, now: dt.datetime) -> None:
    try:
        at = dt.datetime.fromtimestamp(int(timestamp), dt.UTC)
    except (ValueError, OverflowError, OSError):
        raise WebhookError("webhook-timestamp is no time.") from None
    if abs(now - at) > tolerance:
        raise WebhookError(f"It was signed at {at:%Y-%m-%d %H:%M:%S} UTC, too far from now.")


def _signature(secret: str, content: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("A webhook's secret is `whsec_` and base64.") from None
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"{_SCHEME},".encode() + base64.b64encode(digest)
