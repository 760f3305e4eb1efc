"""Keys over HTTP, for administrators: make, list, limit, rotate, revoke; and the log of who did so."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final

import msgspec
from litestar import get, post, put
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api import access_examples as examples
from service.api.auth import actor_of, needs
from service.api.backend import backend_of
from service.api.bodies import Asked, answer, read_json, read_query
from service.api.openapi import documented
from service.api.problems import FieldError, ProblemError
from service.domain import ApiKey, Role
from service.people import AccessEvent, KeyName

_MOST_BYTES: Final = 10_000
_NEVER_KEPT: Final = {"Cache-Control": "no-store"}
_A_DAY_S: Final = 86_400
_NAME: Final = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The key's name.",
    "schema": {"type": "string"},
    "example": "newsroom-cms",
}

PerMinute = Annotated[
    Annotated[int, Meta(ge=0, le=1_000_000)] | None,
    Meta(
        description="Requests that the key may make in a minute; 0 for any number, null for what the setting "
        "`REJOINDER_KEY_PER_MINUTE` says."
    ),
]
ExpiresAt = Annotated[
    Annotated[dt.datetime, Meta(tz=True)] | None, Meta(description="From when the key opens nothing; null for never.")
]


class KeyLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits of a key, both: one that is left out is no limit of its own."""

    per_minute: PerMinute = None
    expires_at: ExpiresAt = None


class NewKey(KeyLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/keys``."""

    name: KeyName
    role: Role


class Rotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/keys/{name}/rotate``."""

    grace: Annotated[
        int,
        Meta(ge=0, le=30 * _A_DAY_S, description="Seconds for which the secret before still opens; 0 for none."),
    ] = _A_DAY_S


class KeyList(Struct, frozen=True, kw_only=True):
    """Every key ever made, the oldest first."""

    items: list[ApiKey]


class Secret(Struct, frozen=True, kw_only=True):
    """A key, this once, and what is known of it."""

    key: str
    details: ApiKey


class LogQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/keys/log``."""

    since: Annotated[int, Meta(ge=0, le=2**53, description="`number` of the last entry that the caller has.")] = 0
    limit: Annotated[int, Meta(ge=1, le=1_000, description="How many at most.")] = 100


class AccessLog(Struct, frozen=True, kw_only=True):
    """Part of the log, oldest first; the last `number` is where to go on from."""

    items: list[AccessEvent]


_NEW: Final = msgspec.json.Decoder(NewKey)
_LIMITS: Final = msgspec.json.Decoder(KeyLimits)
_ROTATION: Final = msgspec.json.Decoder(Rotation)


@get("/v1/keys", guards=[needs("admin")], opt=documented("keys", answers={200: KeyList}, needs="admin"))
async def list_keys(request: Asked) -> ASGIResponse:
    """List keys.

    Every key ever made, the oldest first, with its role, limits and last use; the keys themselves are not known.
    """
    backend = backend_of(request)
    return answer(KeyList(items=await backend.call(backend.runtime.store.keys)))


@post(
    "/v1/keys",
    guards=[needs("admin")],
    opt=documented("keys", body=NewKey, answers={201: Secret}, examples=examples.CREATE_KEY, needs="admin"),
)
async def create_key(request: Asked) -> ASGIResponse:
    """Make a key.

    The answer shows it this once: the store keeps nothing but its hash. A name that was used before, even by a key
    that is revoked, is a conflict (409).
    """
    backend = backend_of(request)
    body = await read_json(request, _NEW, _MOST_BYTES)
    if body.expires_at is not None and body.expires_at <= dt.datetime.now(dt.UTC):
        fault = FieldError("$.expires_at", "Must be in the future.")
        raise ProblemError("invalid-body", f"{fault.field}: {fault.detail}", errors=(fault,))
    made = await backend.call(
        backend.runtime.store.create_key,
        body.name,
        body.role,
        per_minute=body.per_minute,
        expires_at=body.expires_at,
        actor=actor_of(request),
    )
    return await _shown(request, body.name, made, 201)


@put(
    "/v1/keys/{name:str}/limits",
    guards=[needs("admin")],
    opt=documented(
        "keys",
        body=KeyLimits,
        parameters=(_NAME,),
        answers={200: ApiKey},
        examples=examples.LIMIT_KEY,
        needs="admin",
    ),
)
async def limit_key(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """Replace the limits of a key.

    They hold within seconds. What a key may do cannot be changed: make another one.
    """
    backend = backend_of(request)
    body = await read_json(request, _LIMITS, _MOST_BYTES)
    limited = await backend.call(
        backend.runtime.store.limit_key,
        name,
        per_minute=body.per_minute,
        expires_at=body.expires_at,
        actor=actor_of(request),
    )
    return answer(limited)


@post(
    "/v1/keys/{name:str}/rotate",
    status_code=200,
    guards=[needs("admin")],
    opt=documented(
        "keys",
        body=Rotation,
        parameters=(_NAME,),
        answers={200: Secret},
        examples=examples.ROTATE_KEY,
        needs="admin",
    ),
)
async def rotate_key(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """Give a key a new secret.

    The one before goes on for `grace` seconds, so that programs can change over one by one; 0 ends it at once. A second
    rotation ends what the first one let go on.
    """
    backend = backend_of(request)
    body = await read_json(request, _ROTATION, _MOST_BYTES)
    grace = dt.timedelta(seconds=body.grace)
    made = await backend.call(backend.runtime.store.rotate_key, name, grace, actor=actor_of(request))
    return await _shown(request, name, made, 200)


@post(
    "/v1/keys/{name:str}/revoke",
    status_code=200,
    guards=[needs("admin")],
    opt=documented("keys", parameters=(_NAME,), answers={200: ApiKey}, needs="admin"),
)
async def revoke_key(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """Revoke a key.

    It opens nothing within seconds, and for ever. Its name stays taken, so that the log of what it did stays its own.
    """
    backend = backend_of(request)
    return answer(await backend.call(backend.runtime.store.revoke_key, name, actor=actor_of(request)))


@get(
    "/v1/keys/log",
    guards=[needs("admin")],
    opt=documented("keys", query=LogQuery, answers={200: AccessLog}, needs="admin"),
)
async def read_access_log(request: Asked) -> ASGIResponse:
    """Read the access log.

    Who made, limited, rotated or revoked which key, and who let which person in or out, oldest first. Each entry seals
    the one before with its hash, so what is missing or was changed shows.
    """
    backend = backend_of(request)
    query = read_query(request, LogQuery)
    return answer(AccessLog(items=await backend.call(backend.runtime.store.people.log, query.since, query.limit)))


async def _shown(request: Asked, name: str, secret: str, status: int) -> ASGIResponse:
    backend = backend_of(request)
    details = next(key for key in await backend.call(backend.runtime.store.keys) if key.name == name)
    return answer(Secret(key=secret, details=details), status, _NEVER_KEPT)
