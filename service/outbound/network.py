"""Connections of httpcore that go to the very address that was checked. Imported late: httpcore takes its time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import httpcore

from service.errors import OutboundError
from service.outbound.addresses import may_connect

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_CONNECT_S: Final = 5.0
_MOST_ADDRESSES: Final = 4
# The system's resolver cannot be broken off, and who owns a name decides how long it takes: in threads of their own,
# names that nobody answers for hold up other names alone, and not the store's work.
_RESOLVING: Final = ThreadPoolExecutor(16, thread_name_prefix="resolve")


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a name once, refuses it if any of its addresses is closed, and connects to one of those it checked.

    A name that answers otherwise a moment later (DNS rebinding) gains nothing: nobody asks it again. TLS still
    verifies the name, because only the connection below it is made by number.

    Args:
        private: see `service.outbound.addresses.may_connect`.
        resolve: from a name and a port to addresses; raises `OSError`.
    """

    def __init__(self, *, private: bool, resolve: Resolve) -> None:
        self._private = private
        self._resolve = resolve
        self._below = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See `httpcore.AsyncNetworkBackend.connect_tcp`. Raises `OutboundError` for a closed address."""
        try:
            addresses = list(dict.fromkeys(await self._resolve(host, port)))
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise OutboundError("The host's name cannot be resolved.", reason="unreachable")
        if not all(may_connect(address, port, private=self._private) for address in addresses):
            raise OutboundError(
                "The address is closed: only web ports of public addresses may be asked, no loopback, private or "
                "reserved network.",
                reason="forbidden",
            )
        return await self._connect(
            addresses[:_MOST_ADDRESSES], port, timeout or _CONNECT_S, local_address, socket_options
        )

    async def _connect(
        self,
        addresses: list[str],
        port: int,
        seconds: float,
        local_address: str | None,
        options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        for address in addresses[:-1]:
            try:
                return await self._below.connect_tcp(address, port, seconds, local_address, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._below.connect_tcp(addresses[-1], port, seconds, local_address, options)


async def resolve(host: str, port: int) -> list[str]:
    """What the system's resolver answers, every spelling of a number included. Raises `OSError`."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVING, ask)
    return [str(entry[4][0]) for entry in found]
