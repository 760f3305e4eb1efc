"""The shared statements, which are written as SQLite spells them, as PostgreSQL spells them.

Only what is listed here differs; all else in `service.store.sql` keeps to what both understand. The contract tests run
every statement on both engines.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_RULES: Final = (
    # A list bound as JSON, as rows of one column that is called `value`.
    (re.compile(r"json_each\(\?\)"), "json_array_elements_text(CAST(? AS json))"),
    # A record's JSON is decoded from text as well as from bytes.
    (re.compile(r"CAST\((\w+\.\w+) AS BLOB\)"), r"\1"),
    (re.compile(r"json_extract\((\w+\.\w+), '\$\.(\w+)'\)"), r"(CAST(\1 AS json) ->> '\2')"),
)
# A colon that begins a name stands behind a blank, a bracket or a comparison; the colons in literals do not.
_PLACE: Final = re.compile(r"%|\?(\d*)|(?<=[ (=<>]):([a-z_]+)")


@functools.lru_cache(maxsize=1_024)
def spelled(sql: str) -> bytes:
    """The statement for psycopg: ``?`` as ``%s``, ``?1`` as ``%(p1)s``, ``:name`` as ``%(name)s``."""
    for pattern, ours in _RULES:
        sql = pattern.sub(ours, sql)
    return _PLACE.sub(_place, sql).encode()


def _place(found: re.Match[str]) -> str:
    if found[0] == "%":
        return "%%"
    if found[0] == "?":
        return "%s"
    return f"%(p{found[1]})s" if found[1] else f"%({found[2]})s"


def bound(query: bytes, parameters: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
    """The values as the spelled statement names them."""
    if b"%(p1)s" in query and not isinstance(parameters, Mapping):
        return {f"p{number}": value for number, value in enumerate(parameters, 1)}
    return parameters
