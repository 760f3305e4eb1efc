"""The newsroom script, run as a newsroom runs it: against a real service, some of the feeds hostile."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from email.utils import format_datetime
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from support.service import Service, serving

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "newsroom_headlines.py"
CLAIM = "Pakistan handed rare earth samples to the US president"
NOW = dt.datetime.now(dt.UTC)
MEGABYTE = 1_000_000


def item(title: str, link: str = "https://news.example/1", at: dt.datetime | str = NOW) -> str:
    """An item of an RSS feed."""
    date = at if isinstance(at, str) else format_datetime(at)
    return f"<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate></item>"


def rss(*items: str, title: str = "Example Daily") -> bytes:
    """An RSS feed."""
    return f'<rss version="2.0"><channel><title>{title}</title>{"".join(items)}</channel></rss>'.encode()


ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Example Wire</title>
<entry><title type="html">China &lt;b&gt;denies&lt;/b&gt; that Pakistan handed rare earth samples to
the US president</title><link href="https://wire.example/2"/><updated>{NOW.isoformat()}</updated></entry></feed>""".encode()


class Feeds(ThreadingHTTPServer):
    """Serves feeds by their path; a number of megabytes where a number is asked for, or as much of it as is taken."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.feeds: dict[str, bytes] = {}
        self.packed: dict[str, bytes] = {}
        self.agents: list[str] = []
        self.sent = 0

    def at(self, path: str, content: bytes | None = None) -> str:
        """The address of a path, which gives this content from now on."""
        if content is not None:
            self.feeds[path] = content
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Feeds

    def do_GET(self) -> None:
        """Answer it."""
        self.server.agents.append(self.headers["User-Agent"])
        if self.path.startswith("/huge/"):
            self._huge(int(self.path.rpartition("/")[2]))
        elif self.path in self.server.packed:
            self._answer(self.server.packed[self.path], {"Content-Encoding": "gzip"})
        elif self.path in self.server.feeds:
            self._answer(self.server.feeds[self.path], {})
        else:
            self.send_error(404)

    def _answer(self, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(200)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _huge(self, megabytes: int) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(megabytes):
                self.wfile.write(b"<item>" + b" " * (MEGABYTE - 6))
                self.server.sent += MEGABYTE
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


class Ran(NamedTuple):
    """How the script ended, what it said, and the folder it wrote to."""

    code: int
    said: str
    out: Path

    @property
    def page(self) -> str:
        """The report to read."""
        return (self.out / "report.html").read_text("utf-8")

    @property
    def table(self) -> list[dict[str, str]]:
        """The report to sort."""
        text = (self.out / "report.csv").read_bytes().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("newsroom")) as service:
        yield service


@pytest.fixture
def feeds() -> Iterator[Feeds]:
    with Feeds() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def run(out: Path, *arguments: str) -> Ran:
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments, "--out", str(out)],
        env={**os.environ, "COLUMNS": "300", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    return Ran(done.returncode, done.stdout, out)


def test_a_day_s_headlines_become_a_report(service: Service, feeds: Feeds, tmp_path: Path) -> None:
    old = NOW - dt.timedelta(days=3)
    daily = rss(
        item("Bakery wins a prize", "https://news.example/3"),
        item(CLAIM),
        item(CLAIM.upper()),
        item("Yesterday's news", at=old),
        item("A headline of no day", at=""),
        item("A headline of the year 0", at="Sat, 01 Jan 0000 00:00:00 GMT"),
    )
    ran = run(
        tmp_path / "new" / "folder", "--service", service.address, feeds.at("/rss", daily), feeds.at("/atom", ATOM)
    )
    assert ran.code == 0, ran.said
    assert "5 headlines: 1 rebutted, 0 contested, 1 consistent" in ran.said
    assert [row["verdict"] for row in ran.table] == ["rebutted", "consistent", *["unmatched"] * 3]
    first = ran.table[0]
    assert (first["headline"], first["feed"], first["link"]) == (CLAIM, "Example Daily", "https://news.example/1")
    assert first["source"].startswith("https://")
    assert first["source"] in ran.page
    assert "China denies that Pakistan" in ran.page
    assert "Bakery" not in ran.page
    assert sorted(path.name for path in ran.out.iterdir()) == ["report.csv", "report.html"]
    assert all("rejoinder-newsroom-example" in agent for agent in feeds.agents)


class Page(HTMLParser):
    """What a page holds that could do something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


HOSTILE = (
    f"<![CDATA[<script>alert(1)</script>{CLAIM}]]>",
    f"&lt;img src=x onerror=alert(1)&gt;{CLAIM}!",
    f'&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt; "{CLAIM}"',
    f"=HYPERLINK(1) {CLAIM}",
    f"  @SUM(1) {CLAIM}",
    f"-2+3 {CLAIM}",
    f"＝1 {CLAIM}",
    f"\u202e{CLAIM}\u2028second line",
)


def test_nothing_in_a_hostile_feed_runs(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    links = ["javascript:alert(1)", "data:text/html,x", 'https://x.example/"onmouseover="alert(1)', "https://[", "//x"]
    items = [item(title, links[at % len(links)].replace('"', "&quot;")) for at, title in enumerate(HOSTILE)]
    file.write_bytes(rss(*items, title="&lt;script&gt;alert(1)&lt;/script&gt;=1+1"))
    ran = run(tmp_path / "out", "--service", service.address, str(file))
    assert ran.code == 0, ran.said
    page = Page(ran.page)
    assert len(ran.table) == len(HOSTILE)
    assert page.tags <= {"html", "meta", "title", "style", "h1", "h2", "p", "ul", "li", "br", "small", "a"}
    assert page.handlers == []
    assert page.links
    assert all(link.startswith("https://") for link in page.links)
    assert "default-src 'none'" in ran.page
    for row in ran.table:
        for cell in row.values():
            assert not cell.lstrip()[:1] or cell.lstrip()[0] not in "=+-@＝＋－＠", cell
            assert "\u202e" not in cell


@pytest.mark.parametrize(
    "content",
    [
        b"/etc/passwd",
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss(item("&x; headline")),
        b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
        + b"]>"
        + rss(item("&j; headline")),
    ],
)
def test_a_feed_cannot_make_it_read_files_or_grow(content: bytes, service: Service, tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(content)
    ran = run(tmp_path / "out", "--service", service.address, str(file))
    told = ran.said + "".join(path.read_text("utf-8") for path in (tmp_path / "out").glob("*"))
    assert "root:" not in told
    assert len(told) < 10_000


def test_a_feed_without_end_is_left(service: Service, feeds: Feeds, tmp_path: Path) -> None:
    feeds.packed["/bomb"] = gzip.compress(rss("<item>" + " " * 50 * MEGABYTE + "</item>"))
    many = rss(*(item(f"Headline {n}") for n in range(100_000)))
    ran = run(
        tmp_path / "out",
        *("--service", service.address, feeds.at("/huge/50"), feeds.at("/bomb"), feeds.at("/many", many)),
        feeds.at("/good", rss(item(CLAIM))),
    )
    assert ran.code == 1, ran.said
    assert ran.said.count("has more than 2,000,000 bytes") == 3
    assert ran.page.count("has more than 2,000,000 bytes") == 3
    assert feeds.sent < 50 * MEGABYTE
    assert [row["verdict"] for row in ran.table] == ["rebutted"]


def test_only_so_many_headlines_are_checked(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(rss(*(item(f"Headline number {n}") for n in range(3_000))))
    ran = run(tmp_path / "out", "--service", service.address, "--most", "150", str(file))
    assert ran.code == 1
    assert len(ran.table) == 150
    assert "2850 headlines past the first 150" in ran.page


def test_what_cannot_be_read_is_said_and_the_rest_is_done(service: Service, feeds: Feeds, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<html><body>no feed</body></html>")
    bad = [feeds.at("/none"), str(file), str(tmp_path / "missing.xml"), "http://127.0.0.1:9/", "http://[", "ftp://x/y"]
    good = feeds.at("/good", rss(item(CLAIM)))
    ran = run(tmp_path / "out", "--service", service.address, *bad, good)
    assert ran.code == 1, ran.said
    for feed, why in zip(
        bad, ["404", "neither", "No such file", "fetched", "is no address", "No such file"], strict=True
    ):
        assert f"{feed}: " in ran.said
        assert why in ran.page
    nothing = run(tmp_path / "none", "--service", service.address, *bad)
    assert nothing.code == 2
    assert not nothing.out.exists()


def test_without_a_service_nothing_is_written(feeds: Feeds, tmp_path: Path) -> None:
    good = feeds.at("/good", rss(item(CLAIM)))
    for address, why in {"http://127.0.0.1:9": "No answer in 4 attempts", "127.0.0.1": "no address"}.items():
        ran = run(tmp_path / "out", "--service", address, good)
        assert ran.code == 2
        assert why in ran.said
        assert not ran.out.exists()


def test_the_help_teaches(tmp_path: Path) -> None:
    ran = run(tmp_path, "--help")
    assert ran.code == 0
    for word in ("examples:", "exit codes:", "REJOINDER_KEY", "--most-bytes", "https://"):
        assert word in ran.said
    assert run(tmp_path).code == 2
    assert run(tmp_path, "--hours", "0", "x").code == 2
