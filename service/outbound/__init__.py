"""The only way out to the network: http and https to public addresses, bounded in size, time and redirects.

Every address that comes from outside (a citation, an article, a webhook) goes through here. What is refused, and
why, stands in ``docs/decisions/0011-outbound-requests.md``.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, NamedTuple

from service.errors import OutboundError

if TYPE_CHECKING:
    import httpcore
    import httpx

    from service.outbound.network import Resolve

__all__ = ["USER_AGENT", "Fetched", "Outbound", "OutboundError", "Posted"]


def _version() -> str:
    try:
        return version("rejoinder")
    except PackageNotFoundError:  # run from source
        return "0"


USER_AGENT: Final = f"Rejoinder/{_version()} (keeper of official rebuttals)"
_LAST_PORT: Final = 65_535
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Fetched(NamedTuple):
    """What came back.

    Attributes:
        url: the final address.
        status: of the final answer.
        headers: of the final answer, names in lower case, repeated ones joined with a comma.
        body: decoded.
        hops: of each redirect its status and the address that it led to.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    hops: tuple[tuple[int, str], ...]


class Posted(NamedTuple):
    """The answer to a post; of the decoded body only the beginning where it is longer than asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outbound:
    """Sends requests. Holds no connection between them, so one may be shared by tasks and event loops.

    The proxies that environment variables name are ignored: behind one, the address that is checked would not be the
    one that is asked.

    Args:
        private: allow loopback and private networks too, and any port; link-local addresses stay closed.
        hosts: the only names allowed, each with its subdomains; None for every public host.
        user_agent: how the service names itself.
        resolve: instead of the system's resolver.
    """

    def __init__(
        self,
        *,
        private: bool = False,
        hosts: tuple[str, ...] | None = None,
        user_agent: str = USER_AGENT,
        resolve: Resolve | None = None,
    ) -> None:
        self._private = private
        self._hosts = None if hosts is None else tuple(_plain(host) for host in hosts)
        self._user_agent = user_agent
        self._resolve = resolve
        self._tls: ssl.SSLContext | None = None

    async def fetch(
        self,
        url: str,
        *,
        most: int,
        seconds: float = 20,
        redirects: int = 5,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Get a page; each address on the way is checked like the first.

        Args:
            url: http or https.
            most: decoded bytes that the body may have.
            seconds: for everything together, redirects included.
            redirects: how many are followed.
            headers: sent with every request, for example ``If-None-Match``.

        Raises:
            OutboundError: its ``reason`` says which bound or rule was met. A page of any status is no error.
        """
        hops: list[tuple[int, str]] = []
        sent = {"Accept": "*/*", **(headers or {})}
        async with self._bounded(seconds) as pool:
            while True:
                at = self._allowed(url)
                async with self._exchange(pool, "GET", at, sent, None) as response:
                    known = _headers(response)
                    if response.status not in _REDIRECTS or "location" not in known:
                        body = await _body(response, known, most)
                        return Fetched(str(at), response.status, known, body, tuple(hops))
                if len(hops) >= redirects:
                    raise OutboundError(f"It redirects more than {redirects} times.", reason="too-many-redirects")
                url = _joined(at, known["location"])
                hops.append((response.status, url))

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, most: int = 65_536, seconds: float = 10
    ) -> Posted:
        """Send a body; a redirect is an answer like any other and is not followed.

        Args:
            url: http or https.
            body: the bytes to send.
            headers: ``Content-Type`` and the like.
            most: decoded bytes of the answer that are kept.
            seconds: for everything together.

        Raises:
            OutboundError: its ``reason`` says which bound or rule was met.
        """
        async with self._bounded(seconds) as pool:
            async with self._exchange(pool, "POST", self._allowed(url), headers, body) as response:
                known = _headers(response)
                kept = await _body(response, known, most, cut=True)
            return Posted(response.status, known, kept)

    @asynccontextmanager
    async def _bounded(self, seconds: float) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        """Connections for one exchange, and an end to it; trouble of the network comes out as ours."""
        context = self._tls or await asyncio.to_thread(self._context)
        import httpcore  # noqa: PLC0415 - only what goes out pays for it

        from service.outbound.network import CheckedNetwork, resolve  # noqa: PLC0415 - as above

        network = CheckedNetwork(private=self._private, resolve=self._resolve or resolve)
        try:
            async with asyncio.timeout(seconds):
                async with httpcore.AsyncConnectionPool(context, network_backend=network) as pool:
                    yield pool
        except (TimeoutError, httpcore.TimeoutException):
            raise OutboundError(f"Nothing complete came within {seconds:g} seconds.", reason="too-slow") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise OutboundError(_said(error), reason="unreachable") from error

    @asynccontextmanager
    async def _exchange(
        self,
        pool: httpcore.AsyncConnectionPool,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> AsyncIterator[httpcore.Response]:
        import httpcore  # noqa: PLC0415 - only what goes out pays for it

        address = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        own = {"Host": url.netloc.decode("ascii"), "User-Agent": self._user_agent, "Accept-Encoding": "gzip"}
        sent = [(name.encode("ascii"), value.encode("latin-1")) for name, value in (own | dict(headers)).items()]
        async with pool.stream(method, address, headers=sent, content=body) as response:
            yield response

    def _allowed(self, url: str) -> httpx.URL:
        """The address taken apart. Raises `OutboundError` where it may not be asked, whoever it resolves to."""
        import httpx  # noqa: PLC0415 - only what goes out pays for it

        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise OutboundError("This is not an address.", reason="forbidden") from None
        if parsed.scheme not in {"http", "https"}:
            raise OutboundError("Only http and https are asked.", reason="forbidden")
        if parsed.userinfo:
            raise OutboundError("An address with a name or password in it is not asked.", reason="forbidden")
        host = _plain(parsed.raw_host.decode("ascii"))
        if not host or "%" in host or (parsed.port or 80) > _LAST_PORT:
            raise OutboundError("The address names no host that can be asked.", reason="forbidden")
        if self._hosts is not None and not any(host == one or host.endswith(f".{one}") for one in self._hosts):
            raise OutboundError("The host is not among those that may be asked.", reason="forbidden")
        return parsed.copy_with(fragment=None)

    def _context(self) -> ssl.SSLContext:
        """Whom to trust. Reads files and loads the libraries, a tenth of a second: not for the event loop."""
        import httpx  # noqa: PLC0415 - only what goes out pays for it

        import service.outbound.network  # noqa: F401, PLC0415 - as above

        self._tls = httpx.create_ssl_context()
        return self._tls


def _plain(host: str) -> str:
    """A host's name as it is compared: in lower case, without the root's dot."""
    return host.strip().lower().rstrip(".")


def _joined(base: httpx.URL, location: str) -> str:
    import httpx  # noqa: PLC0415 - only what goes out pays for it

    try:
        return str(base.join(location))
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise OutboundError("It redirects to what is not an address.", reason="forbidden") from None


def _headers(response: httpcore.Response) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw, value in response.headers:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


async def _body(response: httpcore.Response, headers: Mapping[str, str], most: int, *, cut: bool = False) -> bytes:
    from service.outbound.bodies import read  # noqa: PLC0415 - only what goes out pays for it

    return await read(response.aiter_stream(), headers.get("content-encoding", ""), most, cut=cut)


def _said(error: Exception) -> str:
    """What went wrong, without a word of the other side's."""
    certificate = "certificate" in str(error).lower()
    return "The host's certificate is not trusted." if certificate else f"The host cannot be spoken to: {_name(error)}."


def _name(error: Exception) -> str:
    return {
        "ConnectError": "no connection",
        "ReadError": "it hung up",
        "RemoteProtocolError": "it breaks the protocol",
    }.get(type(error).__name__, "the connection failed")
