"""A browser on its way to the OpenID provider and back, and what is said where that goes wrong."""

from __future__ import annotations

import base64
import logging
import time
from typing import Final, NamedTuple

import msgspec

from service.api.cookies import derived, new_token
from service.api.problems import ProblemError

LONGEST_S: Final = 600
"""How long somebody may take at the provider."""

_LOGGER: Final = logging.getLogger("rejoinder.oidc")


class Flow(NamedTuple):
    """A browser on its way to the provider and back.

    Nothing of it is stored: the browser keeps it in a cookie, and state, nonce and verifier are made from the secret.

    Attributes:
        secret: 256 random bits, known to this browser alone.
        until: Unix time from when it is too late to come back.
        leads_to: the page to go on to.
    """

    secret: str
    until: int
    leads_to: str

    @classmethod
    def begin(cls, leads_to: str, *, seconds: int) -> Flow:
        """A new one."""
        return cls(new_token(), int(time.time()) + seconds, leads_to)

    @classmethod
    def read(cls, cookie: str) -> Flow | None:
        """What `cookie` holds; None where it is no flow of ours, or too old."""
        try:
            found = msgspec.convert(msgspec.json.decode(base64.urlsafe_b64decode(cookie)), cls)
        except (ValueError, msgspec.MsgspecError, RecursionError):
            return None
        # A cookie can be anybody's work: one of ours never ends later than this.
        return found if 0 < found.until - time.time() <= LONGEST_S else None

    def cookie(self) -> str:
        """As the value of a cookie."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()

    @property
    def state(self) -> str:
        """Comes back in the address: only this browser's flow has it, and only with this page to go on to."""
        return derived(self.secret, f"state {self.until} {self.leads_to}")

    @property
    def nonce(self) -> str:
        """Comes back in the ID token, which so belongs to this flow alone."""
        return derived(self.secret, "nonce")

    @property
    def verifier(self) -> str:
        """Shown to the provider with the code, which so is worth nothing to whoever else gets hold of it."""
        return derived(self.secret, "verifier")


def is_trusted(address: object) -> bool:
    """Whether an address of the provider is https, or on this very machine."""
    local = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")
    return isinstance(address, str) and address.startswith(("https://", *local))


def unbelieved(why: str) -> ProblemError:
    """Somebody is not let in; the operator's log says why."""
    _LOGGER.warning("Nobody was signed in through OpenID Connect: %s.", why)
    return ProblemError("sign-in-failed", f"The OpenID provider does not vouch for anybody: {why}.")


def failed(why: str) -> ProblemError:
    """The provider does not work, or is not set up as the settings say."""
    _LOGGER.error("The OpenID provider cannot be used: %s.", why.rstrip("."))
    return ProblemError("provider-failed", f"The OpenID provider cannot be used: {why.rstrip('.')}.")
