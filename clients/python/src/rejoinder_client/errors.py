"""What can go wrong, as exceptions: each says what to do, and carries what the service said."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class FieldError(Struct, frozen=True, kw_only=True):
    """A field at fault: a JSON path into the body, or a parameter's name."""

    field: str = ""
    detail: str = ""


class Problem(Struct, frozen=True, kw_only=True):
    """A problem document (RFC 9457).

    Attributes:
        type: leads to its paragraph in the service's docs page.
        title: the sort of problem.
        status: the HTTP status.
        detail: what is wrong in this request.
        instance: the path that was asked.
        errors: the fields at fault.
        current_revision: where the record is now, after a lost update.
        waiting_for: what is not ready yet.
    """

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    instance: str | None = None
    errors: tuple[FieldError, ...] = ()
    current_revision: int | None = None
    waiting_for: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The name of the sort of problem, such as ``invalid-body``; "" where the document names none."""
        return self.type.rpartition("#")[2] if "#" in self.type else ""


class RejoinderError(Exception):
    """Every error that a client raises by itself."""


class UnreachableError(RejoinderError):
    """No answer came: no connection, or it broke off, or nothing came in time. ``__cause__`` says which."""


class UnexpectedAnswerError(RejoinderError):
    """What answers does not speak as this service does: another program, or one between it and us."""


class ProblemError(RejoinderError):
    """The service says no.

    Attributes:
        problem: its problem document.
        retry_after: seconds after which to try again, where it names them.
    """

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        super().__init__(f"{problem.status} {problem.title}: {problem.detail}".rstrip(": "))
        self.problem = problem
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def fields(self) -> dict[str, str]:
        """What is wrong with which field."""
        return {error.field: error.detail for error in self.problem.errors}


class InvalidRequestError(ProblemError):
    """400, 413, 415, 422: the request breaks a rule; ``fields`` says which."""


class KeyNeededError(ProblemError):
    """401: no key, or one that opens nothing."""


class NotAllowedError(ProblemError):
    """403: the key's role does not reach."""


class NotFoundError(ProblemError):
    """404: there is nothing of this name."""


class ConflictError(ProblemError):
    """409: the record's status or id forbids it."""


class ChangedError(ProblemError):
    """412: the record has changed since it was read; ``problem.current_revision`` is where it is now."""


class TooManyError(ProblemError):
    """429: more than is allowed in a minute."""


class ServerError(ProblemError):
    """5xx: the service failed; nothing of a write was kept."""


class UnavailableError(ServerError):
    """503: starting, overloaded or busy; try again after ``retry_after`` seconds."""


_BY_STATUS: Final[dict[int, type[ProblemError]]] = {
    400: InvalidRequestError,
    401: KeyNeededError,
    403: NotAllowedError,
    404: NotFoundError,
    409: ConflictError,
    412: ChangedError,
    413: InvalidRequestError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    429: TooManyError,
    503: UnavailableError,
}
_SERVER_ERROR: Final = 500


def error_of(problem: Problem, retry_after: float | None) -> ProblemError:
    """The exception that a problem is raised as."""
    other = ServerError if problem.status >= _SERVER_ERROR else ProblemError
    return _BY_STATUS.get(problem.status, other)(problem, retry_after)
