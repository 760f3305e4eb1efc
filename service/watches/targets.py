"""Which addresses a webhook may have: what can be told from the address itself, before anything is sent.

Where its name leads is checked at each delivery, by `service.outbound`, where the connection is made.
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from service.errors import InvalidRecordError
from service.outbound.addresses import is_public, may_connect

# Names that lead nowhere on the public internet: RFC 6761, RFC 6762, RFC 8375, and ICANN's name for private use.
_INSIDE: Final = ("localhost", "local", "internal", "home.arpa", "test", "invalid", "example", "onion")
_ANYWHERE: Final = "1.1.1.1"
"""Stands for every public address: which ports are open does not depend on it."""


def check_target(url: str, *, private: bool, field: str) -> None:
    """Refuse an address that no webhook may go to.

    Args:
        url: an http or https address.
        private: the operator allows private networks, and plain http with them.
        field: the field at fault, as a JSON path.

    Raises:
        InvalidRecordError: says what is wrong with it.
    """
    fault = _fault(url, private=private)
    if fault:
        raise InvalidRecordError(fault, field=field)


def _fault(url: str, *, private: bool) -> str | None:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or 443
    except ValueError:
        return "This is not an address."
    if parts.username is not None or parts.password is not None:
        return "An address with a name or password in it is not taken: the signature tells who sends."
    if parts.scheme.lower() != "https" and not private:
        return "Must begin with https://, so that nobody reads along."
    if not host:
        return "The address names no host."
    return None if private else _inside(host, port)


def _inside(host: str, port: int) -> str | None:
    if not _is_outside(host):
        return "Must be a host on the public internet."
    return None if may_connect(_ANYWHERE, port, private=False) else "Must be at a port where web servers listen."


def _is_outside(host: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        pass
    labels = host.lower().split(".")
    # The old spellings of IPv4 addresses (127.1, 0x7f.0.0.1, 2130706433) end in a number; no public name does.
    numeric = labels[-1].isdecimal() or labels[-1].startswith("0x")
    return len(labels) > 1 and not numeric and not any(host.lower().endswith(f".{name}") for name in _INSIDE)
