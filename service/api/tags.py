"""Entity tags of answers that are no record (RFC 9110, 8.8.3): made of what the answer depends on."""

from __future__ import annotations

import hashlib
from typing import Final

from service.api.bodies import Asked

_DIGITS: Final = 16


def tag_of(*parts: str | int) -> str:
    """A strong tag, quotes included: another one as soon as any part is another."""
    text = "\n".join(str(part) for part in parts)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"'


def is_known(request: Asked, tag: str) -> bool:
    """Whether `If-None-Match` says that the caller has what the tag names; compared weakly, as for any read."""
    given = request.headers.get("if-none-match", "").strip()
    return given == "*" or _strong(tag) in {_strong(one.strip()) for one in given.split(",")}


def _strong(tag: str) -> str:
    return tag.removeprefix("W/")
