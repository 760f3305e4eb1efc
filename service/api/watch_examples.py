"""Examples of the watches for the OpenAPI document, and the parameters of their paths."""

from __future__ import annotations

from typing import Any, Final

from service.api.examples import Example, Examples

_ID: Final = "watch_5f1c0b7a9d3e4c2b8a6f0d1e2c3b4a59"

WATCH_ID: Final[dict[str, Any]] = {
    "name": "watch_id",
    "in": "path",
    "required": True,
    "description": "The id of the watch.",
    "schema": {"type": "string", "maxLength": 200},
    "example": _ID,
}
DELIVERY_ID: Final[dict[str, Any]] = {
    "name": "delivery_id",
    "in": "path",
    "required": True,
    "description": "The id of the delivery: the `webhook-id` that it is sent under.",
    "schema": {"type": "string", "maxLength": 200},
    "example": "msg_0c9a7e5d3b1f48628d4a6c8e0f1b3d57",
}
WATCH: Final[Examples] = {
    "claim": Example(
        "Tell when a ministry denies, or stops denying, this",
        {
            "kind": "claim",
            "text": "Pakistan handed rare earth samples to the US president",
            "webhook": {"url": "https://newsroom.example.org/hooks/rejoinder"},
        },
        {
            "id": _ID,
            "kind": "claim",
            "text": "Pakistan handed rare earth samples to the US president",
            "language": None,
            "authority": None,
            "webhook": {
                "url": "https://newsroom.example.org/hooks/rejoinder",
                "disabled_at": None,
                "disabled_why": None,
            },
            "verdict": {"label": "unmatched", "rebuttal_id": None, "summary": "", "according_to": None},
            "created_at": "2025-10-12T09:00:00Z",
            "secret": "whsec_bm90IGEgc2VjcmV0LCBidXQgYW4gZXhhbXBsZSBvZiBvbmU=",
        },
    ),
    "topic": Example(
        "Everything that one ministry says on a topic, in the feed alone",
        {"kind": "topic", "text": "rare earths", "authority": "Ministry of Foreign Affairs of China"},
    ),
    "query": Example(
        "Whatever is near these words", {"kind": "query", "text": "rare earth exports with Chinese equipment"}
    ),
}
