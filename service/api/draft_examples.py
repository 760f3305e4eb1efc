"""Examples of articles that drafts are taken from. The tests send every one."""

from __future__ import annotations

from typing import Any, Final

from service.api.examples import Example, Examples

_QUOTE: Final = "No withdrawal has been stopped, and none will be"
_TEXT: Final = (
    "Nordbank on Friday denied reports that it had halted withdrawals.\n\n"
    f"“{_QUOTE},” said Eva Holm, a spokeswoman for Nordbank."
)
_STATEMENT: Final = "No withdrawal has been stopped, and none will be."
_RUMOR: Final = "Nordbank has halted withdrawals."
_AT: Final = _TEXT.index(_QUOTE)

_ANSWER: Final[dict[str, Any]] = {
    "drafts": [
        {
            "rumor": _RUMOR,
            "statement": _STATEMENT,
            "variants": [],
            "quote": _QUOTE,
            "language": "en",
            "speaker": {"name": "Eva Holm", "role": "spokeswoman"},
            "authority": {"name": "Nordbank", "kind": "company", "country": None},
            "stated_on": "2026-03-06",
            "citations": [
                {
                    "source": 0,
                    "url": "https://news.example/nordbank",
                    "publisher": "News Example",
                    "title": None,
                    "published_on": "2026-03-07",
                    "stated_on": "2026-03-06",
                    "kind": "report",
                    "language": "en",
                    "quote": _QUOTE,
                }
            ],
            "offsets": {"quote": [{"source": 0, "start": _AT, "end": _AT + len(_QUOTE)}]},
            "missing": [],
            "conflicts": [],
            "notes": [],
        }
    ],
    "source": {
        "text": _TEXT,
        "address": "https://news.example/nordbank",
        "publisher": "News Example",
        "published_on": "2026-03-07",
        "title": None,
        "language": "en",
        "remark": None,
        "name": None,
    },
    "notes": [],
    "saved": [],
}
EXTRACT: Final[Examples] = {
    "article": Example(
        "The text of an article",
        {
            "text": _TEXT,
            "address": "https://news.example/nordbank",
            "publisher": "News Example",
            "published_on": "2026-03-07",
        },
        _ANSWER,
    ),
    "page": Example(
        "A page's markup; title, publisher and date are taken from it",
        {
            "html": "<html><head><title>Nordbank denies a run</title></head><body><article><p>"
            "Nordbank on Friday denied reports that it had halted withdrawals.</p></article></body></html>",
            "published_on": "2026-03-07",
        },
    ),
}
