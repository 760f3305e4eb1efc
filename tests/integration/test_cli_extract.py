"""`rejoinder extract`: files, standard input, addresses and lists of sources; what is shown, saved and refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.program import run_here
from support.warm import clean_environment, warm_store

ARTICLES = Path(__file__).resolve().parents[1] / "data" / "articles"
BIN = Path(sys.executable).parent / "rejoinder"


def run(home: Path, *arguments: str, given: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    environment = clean_environment(home, PATH=os.environ["PATH"], COLUMNS="100", **more)
    return run_here(["extract", *arguments], environment, given)


def test_a_list_beside_the_files_says_what_is_known_of_them(tmp_path: Path) -> None:
    for name in ("ministry-question.txt", "ministry-report.txt"):
        (tmp_path / name).write_bytes((ARTICLES / name).read_bytes())
    entries = [
        {"file": "ministry-question.txt", "url": None, "publisher": None, "published_on": None, "unknown": 1},
        {
            "file": "ministry-report.txt",
            "url": "https://news.example/kelp",
            "publisher": "News Example",
            "published_on": "2026-05-12",
            "note": "says Tuesday where others say Monday 11 May",
        },
    ]
    (tmp_path / "sources.json").write_text(json.dumps(entries))
    done = run(tmp_path, "--json", str(tmp_path / "ministry-question.txt"), str(tmp_path / "ministry-report.txt"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["drafts"]) == 3
    for draft in told["drafts"]:
        assert draft["stated_on"] == "2026-05-12"
        assert [citation["url"] for citation in draft["citations"]] == [None, "https://news.example/kelp"]
        assert any("2026-05-11 (Monday)" in conflict["detail"] for conflict in draft["conflicts"])
        for place in draft["offsets"].get("quote", []):
            text = told["sources"][place["source"]]["text"]
            assert text[place["start"] : place["end"]] == draft["quote"]


def test_the_quotation_is_shown_in_its_place_and_terminals_are_safe(tmp_path: Path) -> None:
    text = (ARTICLES / "airline.txt").read_text("utf-8").replace("fake", "fa\x1b[31mke")
    done = run(tmp_path, "-", given=text.encode())
    assert done.returncode == 0
    shown = done.stdout.decode()
    assert '"No aircraft has been taken out of service' in shown
    assert "missing    citations.url" in shown
    assert "\x1b" not in shown


def test_html_is_recognised(tmp_path: Path) -> None:
    page = (ARTICLES / "page.html").read_bytes()
    for arguments in ((str(ARTICLES / "page.html"),), ("-",), ("--html", "-")):
        told = json.loads(run(tmp_path, "--json", *arguments, given=page).stdout)
        assert told["sources"][0]["publisher"] == "The Northern Post"
        assert len(told["drafts"]) == 1


def test_saving_keeps_drafts_and_incomplete_ones_are_named(tmp_path: Path) -> None:
    warm_store(tmp_path / "data" / "rejoinder")
    article = str(ARTICLES / "central-bank.txt")
    refused = run(tmp_path, article, "--save")
    assert refused.returncode == 2
    assert b"citations.url" in refused.stderr
    done = run(tmp_path, article, "--save", "--json", "--address", "https://news.example/notes")
    assert done.returncode == 0, done.stderr
    (name,) = json.loads(done.stdout)["saved"]
    environment = clean_environment(tmp_path, PATH=os.environ["PATH"])
    exported = subprocess.run([BIN, "export"], capture_output=True, env=environment, check=True).stdout
    (record,) = [line for line in map(json.loads, exported.splitlines()) if line["id"] == name]
    assert record["status"] == "draft"
    again = run(tmp_path, article, "--save", "--address", "https://news.example/notes")
    assert again.returncode == 2
    assert b"already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "given", "code", "said"),
    [
        (("-",), b"It rained.", 1, b""),
        (("-",), b"", 2, b"no text"),
        (("-",), b"\xff\xfe", 2, b"UTF-8"),
        (("-",), b"x" * 6_000_000, 2, b"5,000,000"),
        (("-",), b"x " * 200_000, 2, b"200,000"),
        (("no-such-file.txt",), b"", 2, b"no-such-file.txt"),
        (("https://news.example/a",), b"", 2, b"REJOINDER_FETCH_HOSTS"),
        (("-", "--address", "file:///etc/passwd"), b"It rained.", 2, b"address"),
        (("a", "b", "--address", "https://news.example"), b"", 2, b"--sources"),
        (("-", "--published-on", "0000-01-01"), b"It rained.", 2, b"0000-01-01"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_line(
    tmp_path: Path, arguments: tuple[str, ...], given: bytes, code: int, said: bytes
) -> None:
    done = run(tmp_path, *arguments, given=given)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


def test_private_addresses_are_not_fetched(tmp_path: Path) -> None:
    done = run(tmp_path, "http://127.0.0.1:9/a", REJOINDER_FETCH_HOSTS="127.0.0.1")
    assert done.returncode == 2
    assert b"closed" in done.stderr
