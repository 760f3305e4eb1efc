"""People: who may sign in, as what, for administrators; and the password of whoever has signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar import get, post, put
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Struct

from service import passwords
from service.api import access_examples as examples
from service.api.auth import actor_of, needs, signed_in
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, answer, read_json
from service.api.openapi import documented
from service.api.problems import ProblemError
from service.api.sessions import NEVER_KEPT, SignedInAs, address_of, open_session, session_cookie, sign_in, told
from service.domain import Role
from service.people import Email, Password, Person, PersonName

_MOST_BYTES: Final = 20_000
_NAME: Final = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The person's name.",
    "schema": {"type": "string"},
    "example": "ann@example.org",
}


class NewPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/people``. Without a password a person is invited to sign in through OpenID Connect."""

    name: PersonName
    role: Role
    email: Email | None = None
    password: Password | None = None


class NewRole(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``PUT /v1/people/{name}/role``."""

    role: Role


class NewPassword(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``PUT /v1/people/{name}/password``."""

    password: Password


class OwnPassword(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``PUT /v1/session/password``: the password of now, and the one from now on."""

    password: Password
    new_password: Password


class PersonList(Struct, frozen=True, kw_only=True):
    """Everybody who was ever let in, in the order in which they came."""

    items: list[Person]


_NEW: Final = msgspec.json.Decoder(NewPerson)
_ROLE: Final = msgspec.json.Decoder(NewRole)
_OWN_PASSWORD: Final = msgspec.json.Decoder(OwnPassword)
_PASSWORD: Final = msgspec.json.Decoder(NewPassword)


@get("/v1/people", guards=[needs("admin")], opt=documented("people", answers={200: PersonList}, needs="admin"))
async def list_people(request: Asked) -> ASGIResponse:
    """List people.

    Everybody who was ever let in, in the order in which they came.
    """
    backend = backend_of(request)
    return answer(PersonList(items=await backend.call(backend.runtime.store.people.every)))


@post(
    "/v1/people",
    guards=[needs("admin")],
    opt=documented("people", body=NewPerson, answers={201: Person}, examples=examples.CREATE_PERSON, needs="admin"),
)
async def create_person(request: Asked) -> ASGIResponse:
    """Let somebody sign in.

    With a password they sign in by name; without one they are invited: the first time that the OpenID provider vouches
    for their `email`, the entry becomes theirs.
    """
    backend = backend_of(request)
    body = await read_json(request, _NEW, _MOST_BYTES)
    made = None if body.password is None else await hashed(backend, body.password, body.name)
    create = backend.runtime.store.people.create
    email = body.email.lower() if body.email else None
    person = await backend.call(create, body.name, body.role, email=email, password=made, actor=actor_of(request))
    return answer(person, 201)


@put(
    "/v1/people/{name:str}/role",
    guards=[needs("admin")],
    opt=documented(
        "people",
        body=NewRole,
        parameters=(_NAME,),
        answers={200: Person},
        examples=examples.SET_ROLE,
        needs="admin",
    ),
)
async def set_person_role(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """Give a person another role.

    It holds from their next request on.
    """
    body = await read_json(request, _ROLE, _MOST_BYTES)
    backend = backend_of(request)
    return answer(await backend.call(backend.runtime.store.people.set_role, name, body.role, actor=actor_of(request)))


@put(
    "/v1/people/{name:str}/password",
    guards=[needs("admin")],
    opt=documented(
        "people",
        body=NewPassword,
        parameters=(_NAME,),
        answers={200: Person},
        examples=examples.SET_PASSWORD,
        needs="admin",
    ),
)
async def set_person_password(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """Set a person's password.

    Every session of theirs ends.
    """
    backend = backend_of(request)
    body = await read_json(request, _PASSWORD, _MOST_BYTES)
    made = await hashed(backend, body.password, name)
    return answer(await backend.call(backend.runtime.store.people.set_password, name, made, actor=actor_of(request)))


@post(
    "/v1/people/{name:str}/disable",
    status_code=200,
    guards=[needs("admin")],
    opt=documented("people", parameters=(_NAME,), answers={200: Person}, needs="admin"),
)
async def disable_person(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """Let a person in no more.

    Every session of theirs ends at once. The entry stays, so that the log of what they did stays theirs.
    """
    people = backend_of(request).runtime.store.people
    return await _changed(request, people.disable, name)


@post(
    "/v1/people/{name:str}/enable",
    status_code=200,
    guards=[needs("admin")],
    opt=documented("people", parameters=(_NAME,), answers={200: Person}, needs="admin"),
)
async def enable_person(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """Let a person in again.

    They sign in as before; sessions that were ended stay ended.
    """
    people = backend_of(request).runtime.store.people
    return await _changed(request, people.enable, name)


@put(
    "/v1/session/password",
    guards=[needs("reader")],
    opt=documented(
        "people", body=OwnPassword, answers={200: SignedInAs}, examples=examples.OWN_PASSWORD, needs="reader"
    ),
)
async def change_own_password(request: Asked) -> ASGIResponse:
    """Change the password of whoever is signed in.

    The one of now is asked for, and a wrong one counts as an attempt to sign in. Every session of theirs ends; this
    browser gets a new one.
    """
    backend, found = backend_of(request), signed_in(request)
    body = await read_json(request, _OWN_PASSWORD, _MOST_BYTES)
    if found is None:
        raise ProblemError("not-allowed", "A key has no password: sign in to change yours.")
    name = found.session.person.name
    passwords.check(body.new_password, name)
    await sign_in(backend, name, body.password, address_of(request))
    made = await hashed(backend, body.new_password, name)
    await backend.call(backend.runtime.store.people.set_password, name, made, actor=actor_of(request))
    session = await open_session(backend, name)
    return answer(told(session), headers={"Set-Cookie": session_cookie(backend, session), **NEVER_KEPT})


async def hashed(backend: Backend, password: str, name: str) -> str:
    """The hash of a new password. Raises `InvalidRecordError` where it is too easy to guess."""
    passwords.check(password, name)
    return await backend.hashing.run(lambda: passwords.hash_(password))


async def _changed(request: Asked, change: Callable[..., Any], name: str) -> ASGIResponse:
    return answer(await backend_of(request).call(change, name, actor=actor_of(request)))
