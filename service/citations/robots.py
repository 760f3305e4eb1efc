"""What a site asks of programs (RFC 9309), read once in a run."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from service.errors import OutboundError
from service.outbound import Outbound

AGENT: Final = "Rejoinder"
_MOST: Final = 512_000
_SECONDS: Final = 10.0
_LONGEST_DELAY: Final = 30.0
_SERVER_ERROR: Final = 500
_OK: Final = 200


class Manners(NamedTuple):
    """How a site wants to be asked: nothing at all where ``rules`` is None, for it could not be asked for them."""

    rules: RobotFileParser | None
    failure: OutboundError | None = None

    def allow(self, url: str) -> bool:
        """Whether the page may be asked for."""
        return self.rules is not None and self.rules.can_fetch(AGENT, url)

    def delay(self) -> float:
        """Seconds between two requests that the site asks for, 30 at most; 0 where it does not say."""
        given = self.rules.crawl_delay(AGENT) if self.rules else None
        return float(min(int(given or 0), _LONGEST_DELAY))


class Robots:
    """Reads the rules of each origin once."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._known: dict[str, Manners] = {}

    async def of(self, url: str) -> Manners:
        """The rules of the page's origin."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return Manners(None, OutboundError("This is not an address.", reason="forbidden"))
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._known:
            self._known[origin] = await self._ask(origin)
        return self._known[origin]

    async def _ask(self, origin: str) -> Manners:
        try:
            got = await self._outbound.fetch(f"{origin}/robots.txt", most=_MOST, seconds=_SECONDS)
        except OutboundError as error:
            # A file that is too large, or leads in circles, forbids nothing; a host that does not answer is down.
            lost = error.reason in {"unreachable", "too-slow", "forbidden"}
            return Manners(None, error) if lost else Manners(_rules(""))
        if got.status >= _SERVER_ERROR:
            return Manners(None, OutboundError("The site cannot tell its rules.", reason="too-slow"))
        text = got.body.decode("utf-8", errors="replace") if got.status == _OK else ""
        return Manners(await asyncio.to_thread(_rules, text))  # a large file takes longer than the event loop may stand


def _rules(text: str) -> RobotFileParser:
    lines = text.splitlines()
    try:
        return _parsed(lines)
    except ValueError:  # the parser gives up at numbers and addresses that are none: its other lines still count
        return _parsed([line for line in lines if _is_readable(line)])


def _is_readable(line: str) -> bool:
    try:
        _parsed(["User-agent: *", line])
    except ValueError:
        return False
    return True


def _parsed(lines: list[str]) -> RobotFileParser:
    rules = RobotFileParser()
    rules.parse(lines)
    return rules
