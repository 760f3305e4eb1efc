"""Query strings of forms that are sent with GET: an empty field is one that was not filled in."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from service.api.bodies import Asked
from service.api.problems import ProblemError

_MOST: Final = 50


def fields_of(request: Asked) -> dict[str, str]:
    """The parameters that hold something. Raises `ProblemError` where they cannot be read."""
    try:
        text = request.scope["query_string"].decode("ascii")
        pairs = parse_qsl(text, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise ProblemError("bad-request", "The address cannot be read; encode it as UTF-8 with %XX.") from None
    return {name: value.strip() for name, value in pairs if value.strip()}
