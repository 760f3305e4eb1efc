"""Random names for what has no slug of its own."""

from __future__ import annotations

import secrets
from typing import Final

_BYTES: Final = 16


def random_id(sort: str) -> str:
    """A name with 128 random bits: ``watch_3f…``. Hexadecimal, so that it goes into an address or a header as it is."""
    return f"{sort}_{secrets.token_hex(_BYTES)}"
