"""Signatures of webhooks, by the Standard Webhooks scheme: https://www.standardwebhooks.com, version 1.0.0."""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Final

_BYTES: Final = 32
"""Of a secret: the scheme asks for 24 to 64."""


def new_secret() -> str:
    """A signing secret as it is shown to its owner: ``whsec_`` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signed(message_id: str, body: str, at: dt.datetime, using: Sequence[str]) -> dict[str, str]:
    """The headers that a webhook is sent with.

    Args:
        message_id: the same for every attempt.
        body: exactly what is sent.
        at: the moment of this attempt, in UTC.
        using: each secret signs; after a rotation the receiver may still have the old one.
    """
    from standardwebhooks import Webhook  # noqa: PLC0415 - only what sends pays for it

    signatures = [Webhook(secret).sign(message_id, at, body) for secret in using]
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": f"{int(at.timestamp())}",
        "webhook-signature": " ".join(signatures),
    }
