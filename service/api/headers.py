"""A header of a request by its name, without the table of all of them that a request would otherwise make."""

from __future__ import annotations

from litestar.types import Scope


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a request's header, the first where it was sent twice; None where it was not.

    Args:
        scope: of the request.
        name: in small letters, as servers hand names on (ASGI, "HTTP Connection Scope").
    """
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return None
