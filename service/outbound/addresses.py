"""Which network addresses may be spoken to. Decides on the number itself, after every name and spelling is resolved."""

from __future__ import annotations

import ipaddress
from typing import Final

_WEB_PORTS: Final = frozenset({80, 443, *range(8000, 9000)})
"""Where web servers listen. Other ports speak line protocols (mail, Redis, printers) that a request could command."""

_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
# Both carry an IPv4 address that the gateway, not we, would connect to; both are out of use.
_TUNNELS: Final = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NOBODYS: Final = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments, which Python calls global in part
    ipaddress.IPv4Network("192.88.99.0/24"),  # the relays of 6to4
    ipaddress.IPv4Network("168.63.129.16/32"),  # a cloud's host agent behind a global address (Azure)
)
_INSIDE: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
_UNIQUE_LOCAL: Final = ipaddress.IPv6Network("fc00::/7")


def may_connect(address: str, port: int, *, private: bool) -> bool:
    """Whether a connection may be made.

    Args:
        address: an IPv4 or IPv6 address, not a name; any other text is refused.
        port: of the server.
        private: allow loopback and private networks too, there on any port. Link-local addresses (where clouds keep
            their credentials), multicast and reserved ones stay closed.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if is_public(ip):
        return port in _WEB_PORTS or (private and port > 0)
    return private and _is_inside(ip)


def is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether anybody on the internet could reach it; an IPv4 address within an IPv6 one decides for it."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not (ip.is_multicast or ip.is_reserved or any(ip in network for network in _NOBODYS))
    if ip.scope_id is not None:
        return False
    inner = _embedded(ip)
    if inner is not None:
        return is_public(inner)
    return ip in _GLOBAL_UNICAST and ip.is_global and not any(ip in tunnel for tunnel in _TUNNELS)


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None


def _is_inside(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Loopback, RFC 1918, shared (RFC 6598) or unique local (RFC 4193)."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return _is_inside(ip.ipv4_mapped)
        return ip.scope_id is None and (ip.is_loopback or ip in _UNIQUE_LOCAL)
    return any(ip in network for network in _INSIDE)
