"""JSON-LD inside a page: nothing in a record can end the script element that carries it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

# JSON may write any character as an escape. Without these no tag, comment or entity can begin in it, and the two
# separators cannot end a line where the text is read as a script.
_ESCAPES: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def embeddable(document: dict[str, Any]) -> str:
    """A JSON-LD document as text that may stand within ``<script type="application/ld+json">``, as it is."""
    return msgspec.json.encode(document).decode().translate(_ESCAPES)


def script(document: dict[str, Any]) -> str:
    """The whole script element."""
    return f'<script type="application/ld+json">{embeddable(document)}</script>'
