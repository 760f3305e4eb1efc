"""The signed index and the models, for programs that check claims by themselves and ask nobody."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

from litestar import Litestar, get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from msgspec import Meta, Struct

from service.api.auth import reads
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, read_query
from service.api.openapi import IF_NONE_MATCH, documented
from service.api.problems import ProblemError
from service.api.tags import is_known, tag_of
from service.errors import NotFoundError
from service.packed import MEDIA_TYPE, BusyError, Offer, Ready, build, models_offered, reach
from service.packed.ready import Prepared

_FILE_TYPE: Final = "application/octet-stream"
_PIECE: Final = 256 * 1024
LEVEL: Final = 6
"""Of gzip. A higher one finds nothing more: codes of vectors hardly get smaller."""
_A_YEAR: Final = "public, max-age=31536000, immutable"
_AS_GZIP: Final = 16 + zlib.MAX_WBITS
_SHA256: Final = {
    "name": "sha256",
    "in": "path",
    "required": True,
    "description": "The SHA-256 of the file's content, as the header of the index names it.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "example": "0111d19df96d4c1d9f02fd1e00ba00e6da14b8a77953ca9b0fcbab5ba85c7bd4",
}


class IndexQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/index``."""

    since: Annotated[int, Meta(ge=0, description="`position` of the document before; 0 for the whole.")] = 0


class Indexing:
    """The documents of an application, as long as one encoder answers."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._model = ""
        self._documents: Documents | None = None

    @property
    def documents(self) -> Documents:
        """Those of the encoder that answers now. Raises `ProblemError` where that is not the one that ships."""
        parts = self._backend.runtime.parts
        if self._documents is None or self._model != parts.checker.model:
            profile = self._backend.settings.profile
            offer = models_offered(parts.finder.encoder, model=parts.checker.model, profile=profile)
            if offer is None:
                detail = f"Private mode needs the encoder that ships; this service runs {parts.finder.model}."
                raise ProblemError("no-index", detail)
            self._documents, self._model = Documents(self._backend, offer), parts.checker.model
        return self._documents

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Leave nothing half made behind when the application stops."""
        yield
        if self._documents is not None:
            await self._documents.close()


class Documents:
    """The documents of one encoder: made in a thread when they are first asked for, and kept.

    Attributes:
        offer: what can be offered.
    """

    def __init__(self, backend: Backend, offer: Offer) -> None:
        self.offer = offer
        self._offered = offer.digest()
        self._backend = backend
        self._ready = Ready(self._make)

    def tag(self, since: int, position: int) -> str:
        """The tag of a document: a weak one, for its time differs between processes that made the same."""
        return "W/" + tag_of(self._backend.runtime.store.id, since, position, self._offered)

    async def document(self, since: int, position: int) -> Prepared:
        """The document that goes on from ``since``. Raises `ProblemError` (503) where too many others are made."""
        try:
            return await self._ready.get(since, position)
        except BusyError:
            detail = "Other documents are being made."
            raise ProblemError("overloaded", detail, headers={"Retry-After": "5"}) from None

    async def close(self) -> None:
        """Let go of what is being made."""
        await self._ready.close()

    async def _make(self, since: int) -> Prepared:
        return await self._backend.call(self._prepare, self.offer, since)

    def _prepare(self, offer: Offer, since: int) -> Prepared:
        made = build(self._backend.runtime.store, offer, since)
        packed = gzip.compress(made.data, LEVEL, mtime=0)
        return Prepared(made.header.since, made.header.position, packed, len(made.data))


@get(
    "/v1/index",
    guards=[reads],
    opt=documented("transfer", query=IndexQuery, parameters=(IF_NONE_MATCH,), answers={200: MEDIA_TYPE, 304: None}),
)
async def read_index(request: Asked) -> ASGIResponse:
    """Read every published record with its vectors, signed, or what has changed since.

    With the models that its header names, a program checks claims by itself and asks nobody. `since` takes the
    `position` of the document before: only records that changed come then, and the ids of those to drop as `removed`.
    Where the header's `since` is 0, the document is whole and stands for all that was there. The format and the
    signature are described in `docs/reference/index-format.md`.
    """
    backend = backend_of(request)
    documents: Documents = request.app.state["index"].documents  # said before any work is done
    since = _since(request)
    position = await backend.call(backend.runtime.store.position)
    since = reach(since, position)
    if is_known(request, tag := documents.tag(since, position)):
        return ASGIResponse(status_code=304, headers=_headers(tag))
    found = await documents.document(since, position)
    headers = _headers(documents.tag(found.since, found.position))
    pieces, size = _slices(found.packed), len(found.packed)
    if takes_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
    else:
        pieces, size = _unpacked(backend, found.packed), found.size
    return ASGIStreamingResponse(
        iterator=pieces, headers={**headers, "Content-Length": str(size)}, media_type=MEDIA_TYPE
    )


@get(
    "/v1/index/files/{sha256:str}",
    guards=[reads],
    opt=documented("transfer", parameters=(_SHA256, IF_NONE_MATCH), answers={200: _FILE_TYPE, 304: None}),
)
async def read_index_file(request: Asked, sha256: FromPath[str]) -> ASGIResponse:
    """Read a file of the models that the index names, by the SHA-256 of its content.

    It never changes under this address, so it may be kept for good. Compare its hash all the same.
    """
    backend = backend_of(request)
    indexing: Indexing = request.app.state["index"]
    path = indexing.documents.offer.files.get(sha256)
    if path is None:
        raise NotFoundError("The index names no such file.")
    headers = {"ETag": f'"{sha256}"', "Cache-Control": _A_YEAR}
    if is_known(request, headers["ETag"]):
        return ASGIResponse(status_code=304, headers=headers)
    size = (await backend.call(path.stat)).st_size
    pieces = _pieces_of(backend, path, size)
    return ASGIStreamingResponse(
        iterator=pieces, headers={**headers, "Content-Length": str(size)}, media_type=_FILE_TYPE
    )


def takes_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` lets an answer be compressed with gzip (RFC 9110, 12.5.3)."""
    wanted: dict[str, bool] = {}
    for one in header.lower().split(","):
        name, _, weight = one.partition(";")
        wanted[name.strip()] = not _is_zero(weight)
    return wanted.get("gzip", wanted.get("*", False))


def _is_zero(weight: str) -> bool:
    name, _, value = weight.strip().partition("=")
    return name.strip() == "q" and value.strip().rstrip("0") in {"", "0.", "."}


def _since(request: Asked) -> int:
    """The position asked from. Raises `ProblemError`: it is none, or another parameter is not known."""
    try:
        return read_query(request, IndexQuery).since
    except ProblemError as error:
        if [fault.field for fault in error.errors] != ["since"]:
            raise
        detail = "since: Must be the `position` of a document, a whole number from 0."
        raise ProblemError("bad-request", detail, errors=error.errors) from None


def _headers(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}


async def _slices(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), _PIECE):
        yield data[at : at + _PIECE]


async def _unpacked(backend: Backend, packed: bytes) -> AsyncIterator[bytes]:
    """What gzip has packed, a piece at a time: what is kept is kept once."""
    opened = zlib.decompressobj(_AS_GZIP)
    async for piece in _slices(packed):
        yield await backend.call(opened.decompress, piece)
    yield opened.flush()


async def _pieces_of(backend: Backend, path: Path, size: int) -> AsyncIterator[bytes]:
    """A file, a piece at a time; opened for each, so that nothing stays open for whoever hangs up."""
    for at in range(0, size, _PIECE):
        yield await backend.call(_piece, path, at)


def _piece(path: Path, at: int) -> bytes:
    with path.open("rb") as file:
        file.seek(at)
        return file.read(_PIECE)
