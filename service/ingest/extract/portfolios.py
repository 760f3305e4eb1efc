"""What ministers and ministries are for: "Minister for Finance" is one role, "foreign ministry" one body."""

from __future__ import annotations

from typing import Final

from service.ingest.extract.who import Piece, Token

KINDS: Final = frozenset(
    {
        *("foreign", "defence", "defense", "finance", "health", "interior", "justice", "trade", "commerce"),
        *("education", "energy"),
    }
)
"""What stands before "ministry" and belongs to it."""
_PORTFOLIOS: Final = KINDS | frozenset(
    {
        *("affairs", "home", "information", "agriculture", "transport", "environment", "culture", "labour", "labor"),
        *("tourism", "communications", "industry", "works", "water", "mines", "petroleum", "planning", "security"),
        *("external", "and", "&"),
    }
)
_HOLDERS: Final = frozenset({"minister", "secretary"})


def with_portfolios(tokens: list[Token], pieces: list[Piece]) -> list[Piece]:
    """The pieces, "Minister for Finance" as one role: what a minister is for is no body and no name."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last and last.sort == "role" and piece.sort == "name" and tokens[last.last - 1].bare in _HOLDERS:
            between = [token.bare for token in tokens[last.last : piece.first]]
            end = piece.first
            while end < piece.last and tokens[end].bare in _PORTFOLIOS:
                end += 1
            if between in (["for"], ["of"], ["for", "the"], ["of", "the"]) and end > piece.first:
                found[-1] = last._replace(last=end)
                if end < piece.last:
                    found.append(piece._replace(first=end))
                continue
        found.append(piece)
    return found
