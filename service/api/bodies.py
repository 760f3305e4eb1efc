"""Requests in, answers out: msgspec decodes bodies and parameters, strictly; every fault names its field."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from service.api.headers import header
from service.api.problems import FieldError, ProblemError
from service.domain import ClaimText, Language, RebuttalId, WebAddress

T = TypeVar("T")
Asked = Request[Any, Any, Any]

JSON: Final = "application/json"
NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_MOST_PARAMETERS: Final = 50
_PATIENCE_S: Final = 60.0
_KEPT: Final = "body"

_ENCODER: Final = msgspec.json.Encoder()
_PATH: Final = re.compile(r" - at `(?P<path>.*)`$", re.DOTALL)
_NAMED: Final = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>.*)`$", re.DOTALL)
_PATTERNS: Final = (
    (ClaimText, "Must hold some text, and no NUL character."),
    (Language, "Must be a BCP 47 language tag, for example `en` or `zh-Hans`."),
    (WebAddress, "Must be an http or https address."),
    (RebuttalId, "Must be a slug: letters, digits and . _ : - only."),
)


class Encoded:
    """A JSON answer that is bytes already, as an ASGI application: nothing of it is looked up or copied."""

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  as ASGI has it
        """Send it."""
        headers = [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(self._body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> ASGIResponse:
    """A value as a JSON answer, encoded once and straight to bytes."""
    return ASGIResponse(body=_ENCODER.encode(value), status_code=status, headers=dict(headers or {}), media_type=JSON)


async def read_json(request: Asked, decoder: msgspec.json.Decoder[T], limit: int) -> T:
    """The request's body as a value.

    Args:
        request: whose body is read.
        decoder: decides what is valid.
        limit: bytes that the body may have.

    Raises:
        ProblemError: wrong content type, too large, not JSON, or a field breaks a rule.
    """
    require_type(request, JSON)
    return decode(await read_body(request, limit), decoder)


async def read_body(request: Asked, limit: int) -> bytes:
    """The request's body, whole. Raises `ProblemError` where it has more bytes than the limit."""
    announced = header(request.scope, b"content-length") or ""
    _require_small(int(announced) if announced.isdecimal() else 0, limit)
    body, more = await _piece(request)
    if more:
        whole = bytearray(body)
        while more and len(whole) <= limit:
            piece, more = await _piece(request)
            whole += piece
        body = bytes(whole)
    _require_small(len(body), limit)
    return body


async def keep_body(request: Asked, limit: int) -> bytes:
    """As `read_body`, for whoever looks at the body before its handler does, who then reads it as if it came now."""
    body = await read_body(request, limit)
    request.scope["state"][_KEPT] = body
    return body


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """JSON bytes as a value. Raises `ProblemError`."""
    try:
        try:
            return decoder.decode(body)
        except msgspec.ValidationError as error:
            # The rule is broken before the end is read: what is no JSON at all is told first.
            msgspec.json.decode(body)
            fault = explain(error)
        raise ProblemError("invalid-body", f"{fault.field}: {fault.detail}", errors=(fault,))
    except UnicodeDecodeError:
        raise ProblemError("malformed-body", "A text in the body is not valid UTF-8.") from None
    except msgspec.DecodeError as error:
        raise ProblemError("malformed-body", _malformed(body, error)) from None
    except RecursionError:
        raise ProblemError("malformed-body", "The body is nested too deeply.") from None


def read_query(request: Asked, sort: type[T]) -> T:
    """The query string as a struct; unknown and repeated parameters are refused. Raises `ProblemError`."""
    try:
        text = request.scope["query_string"].decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise ProblemError("bad-request", "The query string cannot be read; encode it as UTF-8 with %XX.") from None
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ProblemError("bad-request", "A parameter is given more than once.")
    try:
        return msgspec.convert(values, sort, strict=False)
    except msgspec.ValidationError as error:
        fault = explain(error)
        fault = FieldError(fault.field.removeprefix("$."), fault.detail)
        raise ProblemError("invalid-parameter", f"{fault.field}: {fault.detail}", errors=(fault,)) from None


def require_type(request: Asked, *wanted: str) -> None:
    """Refuse a body of another content type, or one that is compressed. Raises `ProblemError`."""
    given = (header(request.scope, b"content-type") or "").partition(";")[0].strip().lower()
    if given not in wanted:
        raise ProblemError("unsupported-media-type", f"Send the body with `Content-Type: {wanted[0]}`.")
    encoding = header(request.scope, b"content-encoding")
    if encoding is not None and encoding.lower() != "identity":
        raise ProblemError("unsupported-media-type", "Send the body uncompressed, without `Content-Encoding`.")


def explain(error: msgspec.ValidationError) -> FieldError:
    """Which field is at fault and what it should be; never what was sent."""
    message = str(error)
    found = _PATH.search(message)
    path = found["path"] if found else "$"
    message = message[: found.start()] if found else message
    if named := _NAMED.match(message):
        detail = "Is required." if named["what"] == "missing required" else "Is not a known field."
        return FieldError(f"{path}.{named['name'][:100]}", detail)
    for pattern, words in _patterns():
        if repr(pattern) in message:
            return FieldError(path, words)
    return FieldError(path, f"{message}.")


def _patterns() -> Iterator[tuple[str, str]]:
    for text, words in _PATTERNS:
        yield text.__metadata__[0].pattern, words  # type: ignore[attr-defined]  # what Annotated keeps


def _malformed(body: bytes, error: msgspec.DecodeError) -> str:
    if not body:
        return "The body is empty."
    if body.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return "The body begins with a byte order mark; send plain UTF-8."
    if re.search(rb"\\u[dD][89a-fA-F]", body):
        return f"{error}. An escape such as \\ud83d is half a character: both halves must be there."
    return f"{error}."


async def chunks(request: Asked) -> AsyncIterator[bytes]:
    """The body as it arrives, without a limit.

    Raises:
        ProblemError: the client went away before the end, or sends nothing.
    """
    more = True
    while more:
        piece, more = await _piece(request)
        if piece:
            yield piece


async def _piece(request: Asked) -> tuple[bytes, bool]:
    """What has come of the body, and whether more is to come. Raises as `chunks`."""
    kept = request.scope["state"].get(_KEPT)
    if kept is not None:
        return kept, False
    try:
        async with asyncio.timeout(_PATIENCE_S):
            event = await request.receive()
    except TimeoutError:
        detail = f"Nothing of the body came for {_PATIENCE_S:.0f} seconds."
        raise ProblemError("too-slow", detail, headers={"Connection": "close"}) from None
    if event["type"] != "http.request":
        raise ProblemError("upload-cut-off", "The connection ended before the body did.")
    return event["body"], event.get("more_body", False)


def _require_small(size: int, limit: int) -> None:
    if size > limit:
        # What is still on its way will not be read, so the connection cannot be used again.
        raise ProblemError(
            "body-too-large", f"The body has more than {limit:,} bytes.", headers={"Connection": "close"}
        )
