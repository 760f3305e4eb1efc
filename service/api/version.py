"""Has anything changed? The cheapest question there is, for whoever keeps answers."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.response.base import ASGIResponse
from msgspec import Struct

from service.api.auth import reads
from service.api.backend import backend_of
from service.api.bodies import Asked, answer
from service.api.examples import Example, Examples
from service.api.openapi import IF_NONE_MATCH, documented
from service.api.tags import is_known, tag_of
from service.domain import Profile

_EXAMPLES: Final[Examples] = {
    "now": Example(
        "What answers depend on.",
        None,
        {
            "store_version": 171,
            "model": "claims-minilm-l6-int8@0111d19df96d+stance-mpnet-l9@cf62f938e4d5",
            "profile": "balanced",
        },
    )
}


class Version(Struct, frozen=True, kw_only=True):
    """What an answer depends on beside its claim; checks carry the first two as well."""

    store_version: int
    model: str
    profile: Profile


@get(
    "/v1/version",
    guards=[reads],
    opt=documented("checks", parameters=(IF_NONE_MATCH,), answers={200: Version, 304: None}, examples=_EXAMPLES),
)
async def read_version(request: Asked) -> ASGIResponse:
    """Read what answers depend on: the store's version, the models, the profile.

    An answer that was kept holds for as long as none of them changes: after a retraction `store_version` is another
    one. Ask again with the `ETag` as `If-None-Match`: 304 while nothing has changed.
    """
    backend = backend_of(request)
    parts = backend.runtime.parts  # at once: another encoder may answer after the wait
    version = Version(
        store_version=await parts.finder.keep_up(), model=parts.checker.model, profile=backend.settings.profile
    )
    finders = [parts.finder, *filter(None, [backend.runtime.world])]
    for finder in finders[1:]:
        await finder.keep_up()
    positions = [finder.reached.position for finder in finders]
    tag = tag_of(version.store_version, *positions, version.model, version.profile)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if is_known(request, headers["ETag"]):
        return ASGIResponse(status_code=304, headers=headers)
    return answer(version, headers=headers)
