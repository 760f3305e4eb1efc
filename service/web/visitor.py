"""Who looks at a page: the public, or a person who has signed in."""

from __future__ import annotations

from msgspec import Struct

from service.api.auth import RANKS, csrf_of, principal_of, signed_in
from service.api.bodies import Asked
from service.domain import Role


class Visitor(Struct, frozen=True, kw_only=True):
    """The reader of a page.

    Attributes:
        name: of the person; None for the public.
        role: what the person may do.
        token: what every form of a person's must carry (CSRF).
    """

    name: str | None = None
    role: Role | None = None
    token: str | None = None

    def may(self, role: Role) -> bool:
        """Whether the person's role is this one or above it."""
        return self.role is not None and RANKS.index(self.role) >= RANKS.index(role)


def visitor_of(request: Asked) -> Visitor:
    """Whom a guard has recognised; the public where there is no session, or one that has ended."""
    session = signed_in(request)
    if session is not None:
        person = session.session.person
        return Visitor(name=person.name, role=person.role, token=csrf_of(request))
    principal = principal_of(request)
    return Visitor(name=principal.name, role=principal.role) if principal else Visitor()
