"""Forms as browsers send them: bounded, decoded strictly, line ends put right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from service.api.bodies import Asked, read_body, require_type
from service.api.problems import ProblemError

_TYPE: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 2_000
TOKEN: Final = "csrf_token"  # noqa: S105  the field's name


class Form:
    """The fields of a form, each with all the values it was sent with."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """The first value of a field, without white space around it; empty where there is none."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """The first value of a field as it was typed."""
        return self._fields.get(name, [""])[0]

    def maybe(self, name: str) -> str | None:
        """As `text`, None for an empty field."""
        return self.text(name) or None

    def every(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        return [value.strip() for value in self._fields.get(name, [])]

    def lines(self, name: str) -> list[str]:
        """The lines of a field that hold something."""
        return [line.strip() for line in self.raw(name).splitlines() if line.strip()]

    def __contains__(self, name: str) -> bool:
        return name in self._fields


async def read_form(request: Asked, limit: int) -> Form:
    """The fields of the form that a request brings.

    Args:
        request: whose body is read.
        limit: bytes that the body may have.

    Raises:
        ProblemError: wrong content type, too large, not UTF-8, or more fields than any form of ours has.
    """
    require_type(request, _TYPE)
    return parse(await read_body(request, limit))


def parse(body: bytes) -> Form:
    """The fields of an encoded form. Raises `ProblemError`."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise ProblemError("bad-request", "The form cannot be read; send it in UTF-8.") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        # A browser ends the lines of a text area with CR LF, whatever was pasted.
        fields.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\r", "\n"))
    return Form(fields)
