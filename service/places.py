"""Where a store is: a file, or a database on a server."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_SCHEMES: Final = ("postgresql://", "postgres://")


class Address:
    """The address of a PostgreSQL database, as libpq takes it.

    As text it is safe to show: no user, no password, no options. `text` is the whole of it.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        body = self.text.partition("://")[2].partition("?")[0]
        hosts, slash, database = body.rpartition("@")[2].partition("/")
        return f"{_SCHEMES[0]}{hosts}{slash}{database}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


Place = Path | Address


def place_of(text: str) -> Place:
    """What the text names: a database where it begins like an address, else a file."""
    return Address(text) if text.startswith(_SCHEMES) else Path(text).expanduser()
