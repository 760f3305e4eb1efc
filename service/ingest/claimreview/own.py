"""The way back from `writing.to_jsonld`: field by field and exactly, as nothing in it needs to be guessed."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from service.domain import RebuttalContent
from service.ingest.claimreview.writing import OWN, VERSION
from service.ingest.ndjson import to_content

Json = dict[str, Any]

_LACKING: Final = ("rating", "rating_words", "stated_on", "contested_with", "superseded_by")


def own_content(node: Json) -> RebuttalContent:
    """The record that an export of ours was made from.

    Raises:
        msgspec.ValidationError: it is not as `to_jsonld` writes it.
    """
    block = _object(node, OWN)
    if block.get("version") != VERSION:
        raise msgspec.ValidationError(f"The block {OWN} is of a version that this program does not read - at `$.{OWN}`")
    statement = _object(node, "isBasedOn")
    speaker = _object(statement, "spokenByCharacter")
    return to_content(
        {
            "id": node.get("identifier"),
            "rumor": node.get("claimReviewed"),
            "variants": _object(node, "itemReviewed").get("alternateName"),
            "statement": node.get("reviewBody"),
            "quote": statement.get("text"),
            "language": node.get("inLanguage"),
            "authority": _authority(_object(statement, "creator"), block),
            "speaker": {"name": speaker.get("name"), "role": speaker.get("jobTitle")}
            if "spokenByCharacter" in statement
            else None,
            "topics": node.get("keywords"),
            "citations": _citations(node, block),
            "status": node.get("creativeWorkStatus"),
            **{name: block.get(name) for name in _LACKING},
        }
    )


def _authority(creator: Json, block: Json) -> Json:
    country = _object(creator, "address").get("addressCountry")
    return {"name": creator.get("name"), "kind": block.get("authority_kind"), "country": country}


def _citations(node: Json, block: Json) -> list[Json]:
    public, own = node.get("citation"), block.get("citations")
    if not isinstance(public, list) or not isinstance(own, list) or len(public) != len(own):
        raise msgspec.ValidationError(f"The citations are not those that the block {OWN} tells of - at `$.citation`")
    return [_citation(_part(one), _part(rest)) for one, rest in zip(public, own, strict=True)]


def _citation(public: Json, own: Json) -> Json:
    return {
        "url": public.get("url"),
        "title": public.get("name"),
        "publisher": _object(public, "publisher").get("name"),
        "published_on": public.get("datePublished"),
        "language": public.get("inLanguage"),
        "archived_url": public.get("archivedAt"),
        **{name: own[name] for name in ("kind", "quote", "content_sha256", "last_checked") if name in own},
    }


def _object(node: Json, name: str) -> Json:
    return _part(node.get(name))


def _part(value: object) -> Json:
    return value if isinstance(value, dict) else {}
