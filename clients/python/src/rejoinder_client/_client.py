"""The two clients: the same methods, once to call and once to await."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx

from rejoinder_client._access import Keys, People
from rejoinder_client._checks import Checks
from rejoinder_client._citations import Citations
from rejoinder_client._drafts import Drafts
from rejoinder_client._feedback import Feedback
from rejoinder_client._index import Index
from rejoinder_client._methods import R
from rejoinder_client._rebuttals import Rebuttals
from rejoinder_client._retries import Retries
from rejoinder_client._runners import AsyncRunner, SyncRunner
from rejoinder_client._watches import Watches

_RETRIES: Final = Retries()
_TIMEOUT_S: Final = 30.0


class _Service(Checks[R]):
    """Every method, and the groups of those that belong together.

    Attributes:
        rebuttals: the records.
        index: the signed index, for programs that check claims by themselves.
        drafts: articles in, drafts out.
        citations: the pages that records cite.
        feedback: what readers say of verdicts.
        watches: standing questions.
        keys: keys of programs.
        people: people who may sign in.
    """

    def __init__(self, runner: R) -> None:
        super().__init__(runner)
        self.rebuttals: Rebuttals[R] = Rebuttals(runner)
        self.index: Index[R] = Index(runner)
        self.drafts: Drafts[R] = Drafts(runner)
        self.citations: Citations[R] = Citations(runner)
        self.feedback: Feedback[R] = Feedback(runner)
        self.watches: Watches[R] = Watches(runner)
        self.keys: Keys[R] = Keys(runner)
        self.people: People[R] = People(runner)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._runner.base!r})"


class Client(_Service[SyncRunner]):
    """Speaks to a service. To be closed, or used with ``with``; safe to share between threads.

    Args:
        base_url: where the service answers, such as ``http://127.0.0.1:8000``; a path before its routes may follow.
        key: an API key, where one is needed.
        timeout: seconds that may pass without anything coming before a call fails.
        retries: when a call is sent again.
        http: sends the requests, where proxies or certificates have to be set; whoever made it closes it.

    Raises:
        ValueError: the address is none.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        timeout: float = _TIMEOUT_S,
        retries: Retries = _RETRIES,
        http: httpx.Client | None = None,
    ) -> None:
        base, headers = _address(base_url), _headers(key)
        self._http = http or httpx.Client()
        self._own = http is None
        super().__init__(SyncRunner(self._http, base, headers, timeout, retries))

    def close(self) -> None:
        """Close the connections."""
        if self._own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(_Service[AsyncRunner]):
    """As `Client`, with every method to be awaited, and lists to go through with ``async for``."""

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        timeout: float = _TIMEOUT_S,
        retries: Retries = _RETRIES,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        base, headers = _address(base_url), _headers(key)
        self._http = http or httpx.AsyncClient()
        self._own = http is None
        super().__init__(AsyncRunner(self._http, base, headers, timeout, retries))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _address(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{base_url!r} is no address of a service, such as http://127.0.0.1:8000.")
    return base_url.rstrip("/")


def _headers(key: str | None) -> dict[str, str]:
    try:
        number = version("rejoinder-client")
    except PackageNotFoundError:  # run from source
        number = "0"
    headers = {"Accept": "application/json, application/problem+json", "User-Agent": f"rejoinder-client/{number}"}
    return {**headers, "Authorization": f"Bearer {key}"} if key else headers
