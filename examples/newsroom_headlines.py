#!/usr/bin/env python3
"""Check a day's headlines from RSS and Atom feeds against official rebuttals, and write a report.

Needs a running Rejoinder service and four packages: rejoinder-client, feedparser, httpx and rich.
"""

from __future__ import annotations

import argparse
import calendar
import datetime as dt
import io
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import feedparser
import httpx
from newsroom_report import ORDER, Finding, Headline, Report, as_csv, as_html, web, write
from rejoinder_client import Client, RejoinderError
from rich.console import Console
from rich.progress import track

DONE: Final = 0
DONE_IN_PART: Final = 1
NOT_DONE: Final = 2
INTERRUPTED: Final = 130

EXPLAINED: Final = """\
examples:
  newsroom_headlines.py https://www.example.org/rss.xml https://news.example.com/atom
  newsroom_headlines.py --hours 48 --out reports/today saved-feed.xml
  REJOINDER_KEY=... newsroom_headlines.py --service https://facts.example.org feeds/*.xml

It writes report.html, to be read, and report.csv, to be sorted; what was there is replaced. A headline is shown when
an official statement bears on it, and always with that statement's source: the report says who stated what, not what
is true. A feed may be saved first and given as a file.

exit codes: 0 done; 1 done, but a feed or a headline was left out, as the report says; 2 not done; 130 interrupted
"""
USER_AGENT: Final = "rejoinder-newsroom-example/1 (reads each feed once; see the operator of this address)"
SECONDS_A_FEED: Final = 30
SECONDS_BETWEEN: Final = 1.0
AT_ONCE: Final = 64
LONGEST: Final = 5_000
LONGEST_AGO: Final = 100 * 366 * 24


class FeedError(Exception):
    """A feed that cannot be read, and why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script; the exit code."""
    asked = options().parse_args(arguments)
    console = Console(stderr=True)
    try:
        headlines, left_out = gather(asked.feeds, asked.hours, asked.most, asked.most_bytes, console)
        if not headlines and len(left_out) >= len(asked.feeds):
            console.print("No feed could be read; nothing was written.", style="red")
            return NOT_DONE
        with asked.service as client:
            findings = list(check(client, headlines, asked.language, console))
    except RejoinderError as error:
        console.print(f"{error}", style="red", markup=False, soft_wrap=True)
        return NOT_DONE
    except KeyboardInterrupt:
        console.print("Interrupted; nothing was written.")
        return INTERRUPTED
    left_out += [_refusal(finding) for finding in findings if finding.result.error]
    report = Report(dt.datetime.now().astimezone(), findings, left_out)
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
        write(asked.out / "report.html", as_html(report))
        write(asked.out / "report.csv", as_csv(report))
    except OSError as error:
        console.print(f"{error.filename}: {error.strerror}", style="red", markup=False, soft_wrap=True)
        return NOT_DONE
    counts = Counter(finding.label for finding in findings)
    told = ", ".join(f"{counts[label]} {label}" for label in (*ORDER, "unmatched"))
    console.print(f"{len(findings)} headlines: {told}. See {asked.out / 'report.html'}.", markup=False, soft_wrap=True)
    return DONE_IN_PART if left_out else DONE


def options() -> argparse.ArgumentParser:
    """What can be chosen."""
    parser = argparse.ArgumentParser(
        description="Check a day's headlines from RSS and Atom feeds against official rebuttals, and write a report.",
        epilog=EXPLAINED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("feeds", metavar="FEED", nargs="+", help="address (http, https) or file of an RSS or Atom feed")
    parser.add_argument(
        "--service",
        metavar="URL",
        type=_service,
        default="http://127.0.0.1:8000",
        help="where Rejoinder answers [%(default)s]; the key, where one is needed, is read from REJOINDER_KEY",
    )
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, default=Path(), help="where the report goes [the current folder]"
    )
    parser.add_argument("--hours", metavar="N", type=_count, default=24, help="how far back a headline counts [24]")
    parser.add_argument("--language", metavar="TAG", help="what the headlines are in, such as en [found out]")
    parser.add_argument("--most", metavar="N", type=_count, default=2_000, help="headlines to check at most [2000]")
    parser.add_argument(
        "--most-bytes", metavar="N", type=_count, default=2_000_000, help="bytes that a feed may have [2000000]"
    )
    return parser


def gather(
    feeds: Iterable[str], hours: int, most: int, most_bytes: int, console: Console
) -> tuple[list[Headline], list[str]]:
    """The headlines of all feeds, each text once; and what was left out and why."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(hours=min(hours, LONGEST_AGO))
    found: dict[str, Headline] = {}
    left_out: list[str] = []
    asked: dict[str, float] = {}
    for feed in track(list(feeds), "Reading feeds", console=console, transient=True, disable=not console.is_terminal):
        try:
            for headline in headlines_of(feed, read(feed, most_bytes, asked)):
                if headline.published is None or headline.published >= since:
                    found.setdefault(headline.text.casefold(), headline)
        except FeedError as error:
            left_out.append(f"{feed}: {plain(str(error))}")
            console.print(left_out[-1], style="yellow", markup=False, soft_wrap=True)
    if len(found) > most:
        left_out.append(f"{len(found) - most} headlines past the first {most} (see --most)")
    return list(found.values())[:most], left_out


def read(feed: str, most: int, asked: dict[str, float]) -> bytes:
    """A feed's content. ``asked`` says when each host was asked last, so that none is asked in haste."""
    try:
        place = urlsplit(feed)
    except ValueError:
        raise FeedError("is no address") from None
    if place.scheme not in {"http", "https"}:
        try:
            with Path(feed).open("rb") as file:
                return _whole(iter(lambda: file.read(65_536), b""), most)
        except OSError as error:
            raise FeedError(error.strerror or "cannot be read") from None
    time.sleep(max(0.0, asked.get(place.netloc, 0.0) + SECONDS_BETWEEN - time.monotonic()))
    try:
        with (
            httpx.Client(follow_redirects=True, max_redirects=5, timeout=10) as client,
            client.stream(
                "GET", feed, headers={"User-Agent": USER_AGENT, "Accept": "application/xml, */*;q=0.5"}
            ) as answer,
        ):
            answer.raise_for_status()
            return _whole(answer.iter_bytes(), most)
    except httpx.HTTPStatusError as error:
        raise FeedError(f"answers {error.response.status_code} {error.response.reason_phrase}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FeedError(f"cannot be fetched: {error or type(error).__name__}") from None
    finally:
        asked[place.netloc] = time.monotonic()


def headlines_of(feed: str, content: bytes) -> Iterator[Headline]:
    """The headlines in a feed. Raises `FeedError` where it is none."""
    # As a stream: of a text, feedparser would try whether it is the name of a file.
    parsed = feedparser.parse(io.BytesIO(content))
    if not parsed.version and not parsed.entries:
        raise FeedError("is neither RSS nor Atom")
    name = plain(parsed.feed.get("title", ""))[:200] or feed
    for entry in parsed.entries:
        text = plain(entry.get("title", ""))[:LONGEST]
        if text:
            yield Headline(text, web(entry.get("link", "")), name, _published(entry))


def check(client: Client, headlines: Sequence[Headline], language: str | None, console: Console) -> Iterator[Finding]:
    """Check headlines, some at a time. Raises `RejoinderError` where the service does not answer."""
    parts = [headlines[first : first + AT_ONCE] for first in range(0, len(headlines), AT_ONCE)]
    for part in track(parts, "Checking headlines", console=console, transient=True, disable=not console.is_terminal):
        results = client.check_batch([headline.text for headline in part], language=language, limit=1)
        yield from map(Finding, part, results)


def plain(markup: str) -> str:
    """A text without markup, scripts, control characters and line breaks."""
    reader = _Text()
    reader.feed(markup[: 4 * LONGEST])
    reader.close()
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+", " ", "".join(reader.seen)).split())


class _Text(HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where script and style begin."""
        del attrs
        self._hidden += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        """Note where they end."""
        self._hidden = max(0, self._hidden - (tag in {"script", "style"}))

    def handle_data(self, data: str) -> None:
        """Take what is seen."""
        if not self._hidden:
            self.seen.append(data)


def _whole(pieces: Iterator[bytes], most: int) -> bytes:
    content, until = bytearray(), time.monotonic() + SECONDS_A_FEED
    for piece in pieces:
        content += piece
        if len(content) > most:
            raise FeedError(f"has more than {most:,} bytes (see --most-bytes)")
        if time.monotonic() > until:
            raise FeedError(f"takes longer than {SECONDS_A_FEED} seconds")
    return bytes(content)


def _published(entry: feedparser.FeedParserDict) -> dt.datetime | None:
    given = entry.get("published_parsed") or entry.get("updated_parsed")
    try:
        return dt.datetime.fromtimestamp(calendar.timegm(given), dt.UTC) if given else None
    except (ValueError, OverflowError, OSError):  # the year 0, or 99999
        return None


def _refusal(finding: Finding) -> str:
    error = finding.result.error
    return f"{finding.headline.text[:80]}: {error.detail if error else ''}"


def _service(address: str) -> Client:
    try:
        return Client(address, os.environ.get("REJOINDER_KEY"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return number


if __name__ == "__main__":
    sys.exit(main())
