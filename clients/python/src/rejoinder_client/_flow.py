"""From a plan to what it comes to: attempts, pauses, answers. Written once; a runner only sends and waits.

The way of `httpx.Auth.auth_flow`: a generator says what to do next and is told what came of it, so that it does not
matter to it whether somebody awaits.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx
import msgspec

from rejoinder_client._calls import Call, Planned
from rejoinder_client._retries import Retries, retry_after
from rejoinder_client.errors import (
    Problem,
    ProblemError,
    RejoinderError,
    UnexpectedAnswerError,
    UnreachableError,
    error_of,
)

T = TypeVar("T")

Reply = httpx.Response | httpx.TransportError
NOT_MODIFIED: Final = 304
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Send:
    """Send this, and tell what came of it."""

    call: Call[Any]


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so many seconds."""

    seconds: float


Steps = Generator[Send | Wait, Reply | None, T]


def steps(plan: Planned[T], retries: Retries) -> Steps[T]:
    """The steps that carry out a plan; returns its outcome, or raises `RejoinderError`."""
    calls = iter(plan)
    try:
        call = next(calls)
        while True:
            try:
                answer = yield from _answered(call, retries)
            except RejoinderError as error:
                call = calls.throw(error)
            else:
                call = calls.send(answer)
    except StopIteration as done:
        outcome: T = done.value
        return outcome
    finally:
        calls.close()


def _answered(call: Call[T], retries: Retries) -> Steps[T | None]:
    attempt = 0
    while True:
        attempt += 1
        reply = yield Send(call)
        assert reply is not None  # noqa: S101 - what is sent is answered; the type speaks of waiting too
        pause = retries.pause(call, reply, attempt)
        if pause is None:
            return _read(call, reply, attempt)
        yield Wait(pause)


def _read(call: Call[T], reply: Reply, attempts: int) -> T | None:
    """The answer of a call; None where there is nothing in it."""
    if isinstance(reply, httpx.TransportError):
        times = "" if attempts == 1 else f" in {attempts} attempts"
        said = str(reply) or type(reply).__name__
        raise UnreachableError(f"No answer{times} from {reply.request.method} {reply.request.url}: {said}") from reply
    if reply.status_code == NOT_MODIFIED or (reply.is_success and (call.sink or call.route.answer is None)):
        return None
    if not reply.is_success:
        raise _problem(reply)
    assert call.route.answer is not None  # noqa: S101 - said three lines above
    try:
        return msgspec.json.decode(reply.content, type=call.route.answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        detail = f"{call.route.method} {reply.url} does not answer as Rejoinder does: {error}"
        raise UnexpectedAnswerError(detail) from None


def _problem(response: httpx.Response) -> ProblemError | UnexpectedAnswerError:
    if response.is_redirect:
        to = response.headers.get("location", "")
        return UnexpectedAnswerError(f"The service is at another address: {response.url} leads to {to}.")
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = " ".join(response.text[:_SHOWN].split())
        problem = Problem(title=response.reason_phrase, detail=f"Not a problem document: {said}" if said else "")
    # The status line is what every program between has seen and agreed on.
    return error_of(msgspec.structs.replace(problem, status=response.status_code), retry_after(response))
