"""The examples of the OpenAPI document and the docs page: the gem-ore story. The tests send every one."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

Json = dict[str, Any]


class Example(Struct, frozen=True):
    """A request body, and what it is answered with (left out where it would only repeat the request)."""

    summary: str
    request: object
    answer: object = None


Examples = dict[str, Example]

VERIFY_CITATIONS: Final[Examples] = {
    "record": Example("The pages of one record.", {"rebuttal_id": "cn-mfa-pakistan-rare-earth-samples-us"})
}

_RUMOR: Final = (
    "Pakistan presented rare earth samples to the US president and is exporting rare earths to America "
    "with Chinese equipment and technology."
)
_STATEMENT: Final = (
    "The stones that Pakistani leaders displayed and handed to the US leader were raw gem ore samples that "
    "staff had bought in Pakistan; the spokesperson said the stories of rare earth exports made with Chinese "
    "technology have no foundation."
)
_RECORD: Final[Json] = {
    "id": "cn-mfa-gem-ore-example",
    "rumor": _RUMOR,
    "statement": _STATEMENT,
    "quote": "The reported stories are either misinformed or invented, or even designed to drive a wedge "
    "between China and Pakistan.",
    "language": "en",
    "authority": {"name": "Ministry of Foreign Affairs of China", "kind": "ministry", "country": "CN"},
    "speaker": {"name": "Lin Jian", "role": "Foreign Ministry spokesperson"},
    "rating": "false",
    "stated_on": "2025-10-13",
    "topics": ["rare earths", "Pakistan", "China", "United States"],
    "citations": [
        {
            "url": "https://www.globaltimes.cn/page/202510/1345518.shtml",
            "title": "Chinese FM slams relevant reports on alleged Pakistan rare-earths exports to US as "
            "baseless, or even attempt to sow discord",
            "publisher": "Global Times",
            "published_on": "2025-10-13",
            "kind": "report",
            "language": "en",
        }
    ],
}
_STORED: Final[Json] = {
    **_RECORD,
    "id": "cn-mfa-pakistan-rare-earth-samples-us",
    "revision": 1,
    "created_at": "2025-11-01T09:00:00Z",
    "updated_at": "2025-11-01T09:00:00Z",
}
_VERDICT: Final[Json] = {
    "label": "rebutted",
    "confidence": 0.93,
    "summary": f"Denied by Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025): {_STATEMENT}",
    "according_to": "Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025)",
}
_MATCH: Final[Json] = {
    "rebuttal": _STORED,
    "stance": "asserts",
    "score": 0.93,
    "why": {
        "field": "variant",
        "text": "Pakistan gifts rare earths to Trump using Chinese tech",
        "similarity": 0.84,
        "words": 0.61,
        "probabilities": {"asserts": 0.95, "denies": 0.02, "other": 0.03},
        "differs": [],
    },
}

_STORY: Final = "A delegation from Islamabad was at the White House on Thursday."
_VERDICT_ID: Final = "v1~rebutted~171~qH1Yc2VfT0dZb0xhU3R4~cn-mfa-pakistan-rare-earth-samples-us~m1bPzQx7Kc0t"

CHECK: Final[Examples] = {
    "rumor": Example(
        "A rumor that a ministry has denied",
        {"claim": "Pakistan handed rare earth samples to the US president", "limit": 1},
        {
            "claim": "Pakistan handed rare earth samples to the US president",
            "verdict": _VERDICT,
            "matches": [_MATCH],
            "model": "claims-minilm-l6+stance",
            "store_version": 171,
            "took_ms": 14.2,
            "verdict_id": _VERDICT_ID,
        },
    ),
    "document": Example(
        "A text of several sentences",
        {"claim": f"{_STORY} Pakistan handed rare earth samples to the US president.", "mode": "document", "limit": 1},
        {
            "mode": "document",
            "verdict": _VERDICT,
            "verdict_id": _VERDICT_ID,
            "findings": [
                {
                    "text": "Pakistan handed rare earth samples to the US president.",
                    "start": len(_STORY) + 1,
                    "end": len(_STORY) + 56,
                    "read": {"start": len(_STORY) + 1, "end": len(_STORY) + 56},
                    "verdict": _VERDICT,
                    "matches": [_MATCH],
                    "verdict_id": _VERDICT_ID,
                    "note": None,
                }
            ],
            "sentences": 2,
            "checked": 2,
            "truncated": False,
            "model": "claims-minilm-l6+stance",
            "store_version": 171,
            "took_ms": 31.0,
        },
    ),
    "notify": Example(
        "A claim whose verdict is remembered, to be told when it would be another one",
        {"claim": "Pakistan handed rare earth samples to the US president", "notify": {}},
    ),
    "question": Example(
        "A question, answered from what had been stated by a day",
        {"claim": "Did Pakistan give rare earth samples to Trump?", "language": "en", "as_of": "2025-12-31"},
    ),
}
BATCH: Final[Examples] = {
    "headlines": Example(
        "Headlines of a page",
        {
            "claims": [
                {"id": "h1", "text": "Pakistan handed rare earth samples to the US president"},
                {"id": "h2", "text": "Local bakery wins prize for its sourdough"},
            ],
            "limit": 1,
        },
        {
            "results": [
                {"id": "h1", "verdict": _VERDICT, "matches": [_MATCH]},
                {
                    "id": "h2",
                    "verdict": {"label": "unmatched", "confidence": 0.99, "summary": ""},
                    "matches": [],
                },
            ],
            "model": "claims-minilm-l6+stance",
            "store_version": 171,
            "took_ms": 21.7,
        },
    )
}
COMPARE: Final[Examples] = {
    "denial": Example(
        "A headline that reports the denial",
        {
            "claim": "China denies that Pakistan gave rare earth samples to Trump",
            "rumor": _RUMOR,
            "statement": _STATEMENT,
        },
        {"stance": "denies", "probabilities": {"asserts": 0.03, "denies": 0.94, "other": 0.03}},
    )
}
SEARCH: Final[Examples] = {
    "rare earths": Example(
        "What ministries have said on a matter",
        {
            "query": "Pakistan rare earths",
            "limit": 5,
            "filters": {"country": "CN", "stated_from": "2025-01-01"},
        },
        {"results": [{"rebuttal": _STORED, "score": 0.78}]},
    )
}
FEEDBACK: Final[Examples] = {
    "wrong": Example(
        "A denial that was taken for the rumor; the claim is given, so that it can be learned from",
        {
            "verdict_id": _VERDICT_ID,
            "rating": "wrong",
            "expected": "consistent",
            "comment": "The headline reports the ministry's denial.",
            "claim": "Rare earths for Trump? Gem ores, says Beijing",
        },
        {
            "number": 1,
            "at": "2025-11-01T09:00:00Z",
            "verdict_id": _VERDICT_ID,
            "label": "rebutted",
            "rebuttal_id": "cn-mfa-pakistan-rare-earth-samples-us",
            "store_version": 171,
            "rating": "wrong",
            "expected": "consistent",
            "comment": "The headline reports the ministry's denial.",
            "claim": "Rare earths for Trump? Gem ores, says Beijing",
        },
    ),
    "right": Example("A verdict that is right", {"verdict_id": _VERDICT_ID, "rating": "right"}),
}
_DRAFT: Final[Json] = {
    **_RECORD,
    "id": "cn-mfa-gem-ore-draft",
    "rumor": "Islamabad gave Trump a box of rare earth minerals.",
    "status": "draft",
    "citations": [
        {
            "url": "https://www.arabnews.com/node/2618745/world",
            "publisher": "Arab News",
            "published_on": "2025-10-14",
            "kind": "report",
        }
    ],
}
CREATE: Final[Examples] = {
    "gem ores": Example("A ministry's denial", _RECORD),
    "draft": Example("The same statement as another outlet reports it, as a draft", _DRAFT),
}
CITE: Final[Examples] = {
    "another outlet": Example(
        "Another outlet that reports the statement",
        {
            "citations": [
                {
                    "url": "https://www.example.org/world/gem-ores?utm_source=feed",
                    "publisher": "Example News",
                    "published_on": "2025-10-13",
                    "quote": "They were samples of gem ores, the spokesperson said.",
                }
            ],
            "reason": "A second source.",
        },
    )
}
PUBLISH: Final[Examples] = {
    "read": Example("A draft that somebody has read", {"reason": "Checked against the source."})
}
MERGE: Final[Examples] = {
    "one statement": Example(
        "Two outlets reported one statement",
        {"other": "cn-mfa-gem-ore-draft", "reason": "The same briefing."},
    )
}
SIMILAR: Final[Examples] = {
    "a rumor": Example(
        "Before it is entered",
        {
            "rumor": "Pakistan handed the US president samples of rare earths.",
            "statement": "The ministry says that they were gem ores.",
        },
        {
            "items": [
                {
                    "rebuttal": _STORED,
                    "duplicate": True,
                    "same_rumor": 0.96,
                    "near": 0.99,
                    "statement_near": 0.93,
                    "same_authority": False,
                    "same_page": False,
                }
            ]
        },
    )
}
UPDATE: Final[Examples] = {
    "another wording": Example(
        "The same denial, with another wording of the rumor",
        {**_RECORD, "variants": ["Islamabad gave Trump a box of rare earth minerals"]},
    )
}
RETRACT: Final[Examples] = {
    "withdrawn": Example("The source withdrew its report", {"reason": "The source withdrew its report."})
}
SUPERSEDE: Final[Examples] = {
    "fuller record": Example(
        "A fuller record exists",
        {
            "by": "cn-mfa-pakistan-rare-earth-samples-us",
            "reason": "The other record has the ministry's own transcript.",
        },
    )
}
IMPORT: Final[Examples] = {
    "one line": Example(
        "A file of one line, its record cut to the required fields",
        '{"rumor": "Pakistan gave the US president rare earth samples.", '
        '"statement": "They were gem ore samples.", '
        '"authority": {"name": "Ministry of Foreign Affairs of China", "kind": "ministry", "country": "CN"}, '
        '"citations": [{"url": "https://www.globaltimes.cn/page/202510/1345518.shtml", '
        '"publisher": "Global Times"}]}\n',
        {"created": 1, "updated": 0, "unchanged": 0, "rejected": [], "rejected_total": 0},
    )
}
