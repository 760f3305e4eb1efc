"""Every error as a problem document (RFC 9457), whoever raised it: handler, store, model or framework."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException
from litestar.response import Response
from msgspec import Struct

from embeddings.batcher import Closed, Overloaded
from service.errors import (
    AlreadyExistsError,
    FeedbackFullError,
    InvalidRecordError,
    InvalidTransitionError,
    NotAllowedError,
    NotFoundError,
    RejoinderError,
    RevisionMismatchError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreSlowError,
    StoreUnreachableError,
    UnreadableFileError,
    WatchesFullError,
)

MEDIA_TYPE: Final = "application/problem+json"
_LOGGER: Final = logging.getLogger("rejoinder.api")
_SERVER_ERROR: Final = 500
_RETRY_LATER: Final = {"Retry-After": "1"}


class Kind(NamedTuple):
    """A sort of problem: its status, its title, and what to do about it."""

    status: int
    title: str
    remedy: str


KINDS: Final[dict[str, Kind]] = {
    "bad-request": Kind(400, "The request cannot be read", "Correct what the detail names."),
    "malformed-body": Kind(400, "The body is not valid JSON", "Send one JSON value, encoded in UTF-8."),
    "upload-cut-off": Kind(
        400, "The upload ended early", "Send the file again: lines already kept are left as they are."
    ),
    "key-needed": Kind(
        401, "An API key is needed", "Send `Authorization: Bearer KEY`; `rejoinder keys create` makes one."
    ),
    "sign-in-failed": Kind(401, "Nobody is signed in", "Check name and password; an administrator can reset them."),
    "not-allowed": Kind(403, "The key does not allow this", "Use a key with the role that the detail names."),
    "forged": Kind(403, "This does not come from our pages", "Reload the page; scripts send `X-CSRF-Token`, or a key."),
    "not-found": Kind(404, "There is nothing here", "Check the address and the id."),
    "no-index": Kind(404, "There is no index to take away", "Run the service with the encoder that ships."),
    "method-not-allowed": Kind(405, "Not with this method", "Use a method that the header `Allow` lists."),
    "too-slow": Kind(408, "The body does not come", "Send it again, without pauses."),
    "conflict": Kind(409, "The record does not allow this", "Read the record as it stands and decide again."),
    "revision-mismatch": Kind(412, "The record has changed", "Read it again, repeat the change, send the new ETag."),
    "body-too-large": Kind(413, "The body is too large", "Send less at once; imports are not limited."),
    "unsupported-media-type": Kind(415, "Wrong content type", "Send the content type that the detail names."),
    "invalid-body": Kind(422, "The body breaks a rule", "Correct the fields listed under `errors`."),
    "invalid-parameter": Kind(422, "A parameter breaks a rule", "Correct the parameters listed under `errors`."),
    "too-many": Kind(429, "Too much feedback", "Try again after the seconds in `Retry-After`, or send a key."),
    "rate-limited": Kind(429, "Too many requests", "Try again after the seconds in `Retry-After`."),
    "too-many-attempts": Kind(429, "Too many attempts to sign in", "Try again after the seconds in `Retry-After`."),
    "if-match-needed": Kind(428, "If-Match is needed", "Send the ETag of the revision that you have read, or `*`."),
    "internal-error": Kind(
        500, "The service failed", "Nothing is wrong with the request; the operator's log says more."
    ),
    "store-corrupt": Kind(500, "The store is damaged", "The operator restores it from a backup."),
    "provider-failed": Kind(
        502, "The OpenID provider does not work", "Try again, or sign in with a password; the operator's log says more."
    ),
    "overloaded": Kind(503, "Too much is waiting", "Try again after the seconds in `Retry-After`."),
    "not-ready": Kind(503, "The service is starting or stopping", "Try again after the seconds in `Retry-After`."),
    "store-locked": Kind(503, "The store is busy", "Try again after the seconds in `Retry-After`."),
    "store-unreachable": Kind(503, "The store does not answer", "Try again after the seconds in `Retry-After`."),
    "feedback-full": Kind(507, "No more feedback is kept", "The operator exports and clears it, or raises the bound."),
    "watches-full": Kind(507, "No more watches are kept", "Delete some of yours, or the operator raises the bound."),
    "store-full": Kind(507, "The disk is full", "Nothing of the write was kept; the operator makes room."),
}

_BY_STATUS: Final = {
    401: "key-needed",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
    503: "overloaded",
}
_BY_ERROR: Final[tuple[tuple[type[RejoinderError], str], ...]] = (
    (NotFoundError, "not-found"),
    (AlreadyExistsError, "conflict"),
    (InvalidTransitionError, "conflict"),
    (NotAllowedError, "not-allowed"),
    (RevisionMismatchError, "revision-mismatch"),
    (InvalidRecordError, "invalid-body"),
    (FeedbackFullError, "feedback-full"),
    (WatchesFullError, "watches-full"),
    (UnreadableFileError, "unsupported-media-type"),
    (StoreLockedError, "store-locked"),
    (StoreUnreachableError, "store-unreachable"),
    (StoreFullError, "store-full"),
    (StoreCorruptError, "store-corrupt"),
    (StoreError, "internal-error"),
    (RejoinderError, "bad-request"),
)


class FieldError(Struct, frozen=True):
    """A field at fault: a JSON path into the body, or a parameter's name."""

    field: str
    detail: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document; ``type`` leads to its paragraph in the docs page."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: tuple[FieldError, ...] = ()
    current_revision: int | None = None
    waiting_for: tuple[str, ...] = ()


class ProblemError(Exception):
    """Raised by handlers: a problem of a known kind.

    Attributes:
        kind: a key of `KINDS`.
        detail: what is wrong in this request.
        errors: the fields at fault.
        headers: what the answer carries beside the document.
        waiting_for: what is not ready yet.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
        waiting_for: tuple[str, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.waiting_for = waiting_for


class Described(NamedTuple):
    """A problem document and the headers that go with it."""

    problem: Problem
    headers: dict[str, str]


def describe(error: Exception, instance: str | None = None) -> Described:
    """The problem document for any exception; one that nobody foresaw becomes a 500 that keeps its inside."""
    if isinstance(error, ProblemError):
        problem = _problem(error.kind, error.detail, instance, errors=error.errors, waiting_for=error.waiting_for)
        return Described(problem, error.headers)
    if isinstance(error, Overloaded):
        wait = max(1, round(error.retry_after))
        detail = "More claims are waiting than can be answered in time."
        return Described(_problem("overloaded", detail, instance), {"Retry-After": str(wait)})
    if isinstance(error, Closed):
        return Described(_problem("not-ready", "The service is stopping.", instance), dict(_RETRY_LATER))
    if isinstance(error, RejoinderError):
        return _of_ours(error, instance)
    if isinstance(error, HTTPException):
        return _of_framework(error, instance)
    return Described(_problem("internal-error", "An unexpected error; it has been logged.", instance), {})


def encode(problem: Problem) -> bytes:
    """The document as it goes over the wire."""
    return msgspec.json.encode(problem)


def told(request: Request[Any, Any, Any], error: Exception) -> Described:
    """As `describe`; what is the service's own fault goes to the log."""
    described = describe(error, request.scope["path"])
    if described.problem.status >= _SERVER_ERROR and not isinstance(
        error, ProblemError | Overloaded | Closed | StoreLockedError
    ):
        _log(request, error)
    return described


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's exception handler, for every exception there is."""
    described = told(request, error)
    return Response(
        encode(described.problem),
        status_code=described.problem.status,
        media_type=MEDIA_TYPE,
        headers=described.headers,
    )


def _problem(kind: str, detail: str, instance: str | None, **more: Any) -> Problem:  # noqa: ANN401  its fields
    known = KINDS[kind]
    return Problem(
        type=f"/docs#{kind}", title=known.title, status=known.status, detail=detail, instance=instance, **more
    )


def _of_ours(error: RejoinderError, instance: str | None) -> Described:
    kind = next(kind for sort, kind in _BY_ERROR if isinstance(error, sort))
    errors = (FieldError(error.field, error.detail),) if error.field else ()
    current = error.current if isinstance(error, RevisionMismatchError) else None
    problem = _problem(kind, error.detail, instance, errors=errors, current_revision=current)
    later = isinstance(error, StoreLockedError | StoreUnreachableError) and not isinstance(error, StoreSlowError)
    return Described(problem, dict(_RETRY_LATER) if later else {})


def _of_framework(error: HTTPException, instance: str | None) -> Described:
    status = error.status_code
    kind = _BY_STATUS.get(status, "bad-request" if status < _SERVER_ERROR else "internal-error")
    detail = KINDS[kind].remedy if kind in {"not-found", "method-not-allowed", "internal-error"} else error.detail
    return Described(_problem(kind, detail, instance), dict(error.headers or {}))


def _log(request: Request[Any, Any, Any], error: Exception) -> None:
    """Log where it happened. An exception's own words may quote a claim: only our errors tell theirs."""
    said = f": {error.detail}" if isinstance(error, RejoinderError) else ""
    where = "".join(traceback.format_tb(error.__traceback__))
    _LOGGER.error("%s %s failed: %s%s\n%s", request.method, request.scope["path"], type(error).__name__, said, where)
