"""The few files that pages load: a style sheet, htmx, and a handful of lines beside it. Read once, kept in memory.

An asset's address carries the hash of its bytes, so a browser may keep it for ever. htmx comes out of an installed
package; what runs on an editor's screen is checked against the hash of the release that was read.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from litestar import get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.api.bodies import Asked
from service.errors import NotFoundError
from service.web.marks import PAGE

_HERE: Final = Path(__file__).parent / "static"
_HTMX_PACKAGE: Final = "js_lib_htmx"
_HTMX_SHA256: Final = "491955cd1810747d7d7b9ccb936400afb760e06d25d53e4572b64b6563b2784e"
"""Of htmx.min.js 2.0.3, as its authors published it."""
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """A file as it is sent.

    Attributes:
        address: with the hash that changes when the bytes do.
        tag: its ETag.
    """

    address: str
    tag: str
    kind: str
    body: bytes
    packed: bytes


@cache
def assets() -> dict[str, Asset]:
    """Every asset by its name. Raises `RuntimeError` where htmx is missing or is not the release that is expected."""
    files = {path.name: path.read_bytes() for path in sorted(_HERE.iterdir()) if path.suffix in _TYPES}
    return {name: _asset(name, body) for name, body in (files | {"htmx.js": _htmx()}).items()}


def address_of(name: str) -> str:
    """Where a page loads an asset from."""
    return assets()[name].address


@get("/static/{name:str}", opt=PAGE)
async def read_asset(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """One of the files that pages load."""
    asset = assets().get(name)
    if asset is None:
        raise NotFoundError(f"There is no file {name[:100]} here.")
    exact = request.scope["query_string"].decode("latin-1") == asset.address.partition("?")[2]
    headers = {
        "ETag": asset.tag,
        "Cache-Control": _FOR_EVER if exact else "public, no-cache",
        "Vary": "Accept-Encoding",
    }
    if asset.tag in request.headers.get("if-none-match", ""):
        return ASGIResponse(status_code=304, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers |= {"Content-Type": asset.kind} | ({"Content-Encoding": "gzip"} if packed else {})
    return ASGIResponse(body=asset.packed if packed else asset.body, headers=headers)


def _asset(name: str, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:16]
    kind = _TYPES[Path(name).suffix]
    return Asset(f"/static/{name}?v={digest}", f'"{digest}"', kind, body, gzip.compress(body, 9, mtime=0))


def _htmx() -> bytes:
    # The package is a Django application: it is looked up, and never imported.
    found = importlib.util.find_spec(_HTMX_PACKAGE)
    places = list(found.submodule_search_locations or ()) if found else []
    if not places:
        raise RuntimeError("The package django-js-lib-htmx is not installed; the pages need the file it brings.")
    body = (Path(places[0]) / "static" / "htmx" / "htmx.min.js").read_bytes()
    if hashlib.sha256(body).hexdigest() != _HTMX_SHA256:
        raise RuntimeError("htmx.min.js is not the file of htmx 2.0.3: install django-js-lib-htmx==2.0.3.1 again.")
    return body
