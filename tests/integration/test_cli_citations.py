"""`rejoinder citations`, as a program: also when it is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.records import content
from support.stores import put
from support.web import Asking, Send, Site, page, redirect, site

from service.cli import main
from service.domain import Citation
from service.store.sqlite import SqliteStore

REJOINDER = Path(sys.executable).parent / "rejoinder"
TEXT = (
    b"<html><body><article><p>"
    + b"The samples are gem ores, the spokesperson said. " * 9
    + b"</p></article></body></html>"
)


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        served.pages |= {"/story": page(200, TEXT), "/old": redirect("/story", 301)}
        yield served


def fill(folder: Path, *urls: str, name: str = "a") -> Path:
    path = folder / "store.db"
    citations = tuple(Citation(url=url, publisher="P", quote="gem ores") for url in urls)
    with SqliteStore.open(path) as store:
        store.write(put(content(name, citations=citations)), actor="test")
    return path


def environment() -> dict[str, str]:
    return {**os.environ, "REJOINDER_OUTBOUND_PRIVATE": "1", "REJOINDER_STARTER": "0"}


class Ran(NamedTuple):
    """How a run ended: exit code and both outputs."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def rejoinder(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program in this process."""
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    handler = signal.getsignal(signal.SIGINT)

    def run(*arguments: str | Path) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(["citations", *map(str, arguments)])
        signal.signal(signal.SIGINT, handler)
        out, err = capsys.readouterr()
        return Ran(int(str(ended.value.code)), out, err)

    return run


def test_what_is_wrong_is_listed_and_counted(rejoinder: Run, tmp_path: Path, web: Site) -> None:
    db = fill(tmp_path, web.url("/story"), web.url("/old"), web.url("/gone"))
    done = rejoinder("verify", "--db", db)
    assert done.code == 1, done.err
    lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["dead", "not-there"], ["moved", "moved-for-good"]]
    assert lines[1].endswith(f"{web.url('/old')} -> {web.url('/story')}")
    assert lines[-1] == "Checked 3 addresses: 1 fine, 1 moved, 1 dead."
    listed = rejoinder("list", "--state", "dead", "--json", "--db", db)
    assert [json.loads(line)["citation"]["url"] for line in listed.out.splitlines()] == [web.url("/gone")]
    again = rejoinder("verify", "--db", db)
    assert (again.code, again.out) == (0, "Checked 0 addresses.\n")


def test_json_is_an_object_for_each_citation(rejoinder: Run, tmp_path: Path, web: Site) -> None:
    db = fill(tmp_path, web.url("/story"))
    done = rejoinder("verify", "--json", "--save-hashes", "--record", "a", "--db", db)
    facts = json.loads(done.out)
    assert done.code == 0
    assert (facts["rebuttal_id"], facts["place"], facts["state"], facts["status"]) == ("a", 0, "fine", 200)
    with SqliteStore.open(db) as store:
        kept = store.links.of("a")[0].link
    assert kept.kept_sha256 == kept.content_sha256 is not None


def test_a_record_or_store_that_is_not_there_is_named(rejoinder: Run, tmp_path: Path, web: Site) -> None:
    db = fill(tmp_path, web.url("/story"))
    assert rejoinder("verify", "--record", "nobody", "--db", db).err == "rejoinder: There is no record nobody.\n"
    assert rejoinder("verify", "--db", tmp_path / "none.db").code == 2


def test_lines_of_the_list_are_for_people(rejoinder: Run, tmp_path: Path, web: Site) -> None:
    db = fill(tmp_path, web.url("/story"))
    assert rejoinder("list", "--db", db).out.split() == ["unchecked", "a", web.url("/story")]
    assert rejoinder("list", "--state", "dead", "--db", db).out == ""


def test_a_terminal_sees_a_bar(rejoinder: Run, tmp_path: Path, web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    db = fill(tmp_path, web.url("/story"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    done = rejoinder("verify", "--db", db)
    assert "Asking pages" in done.err
    assert done.out == "Checked 1 address: 1 fine.\n"


def test_a_host_that_wants_to_be_left_alone_is_told_of(rejoinder: Run, tmp_path: Path, web: Site) -> None:
    web.pages |= {f"/{n}": page(429, b"", "Retry-After: 600") for n in range(2)}
    db = fill(tmp_path, *(web.url(f"/{n}") for n in range(2)))
    done = rejoinder("verify", "--db", db)
    expected = "Checked 1 address: 1 blocked. 1 left for later, as their hosts asked for."
    assert done.out.splitlines()[-1] == expected


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path: Path, web: Site, how: signal.Signals) -> None:
    def slow(asking: Asking, send: Send) -> None:
        time.sleep(30 if asking.path == "/3" else 0)
        send(page(200, TEXT))

    web.pages |= {f"/{n}": slow for n in range(5)}
    web.pages["/robots.txt"] = page(404, b"")
    db = fill(tmp_path, *(web.url(f"/{n}") for n in range(5)))
    with subprocess.Popen(
        [REJOINDER, "citations", "verify", "--db", db],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until = time.monotonic() + 40
        while "/3" not in web.paths():
            assert time.monotonic() < until, "the third page was never asked"
            time.sleep(0.05)
        process.send_signal(how)
        _, errors = process.communicate(timeout=20)
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert "the same command goes on" in errors
    web.asked.clear()
    web.pages |= {"/3": page(200, TEXT)}
    command = [REJOINDER, "citations", "verify", "--db", db]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert done.stdout == "Checked 2 addresses: 2 fine.\n", done.stderr
    assert web.paths() == ["/robots.txt", "/3", "/4"]
