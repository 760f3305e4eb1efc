"""Other forms at the command line: what comes in, what goes out, and the same again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.reviews import rated, review
from support.warm import clean_environment

from service.store.sqlite import SqliteStore

BIN = Path(sys.executable).parent / "rejoinder"
SHEET = "claim;verdict;explanation;source;url\nThe dam has burst.;Fake;It stands.;Check;https://check.example/dam\n"
Ran = subprocess.CompletedProcess[str]
Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    environment = clean_environment(tmp_path, REJOINDER_MULTILINGUAL="off")

    def run(*arguments: str, stdin: str = "", **more: str) -> Ran:
        return subprocess.run(
            [BIN, *arguments],
            cwd=tmp_path,
            env={**environment, **more},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert run("init", "--empty", "--db", "s.db").returncode == 0
    return run


def test_a_table_becomes_drafts_with_their_source(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text(SHEET, encoding="utf-8")
    ran = run("import", "--db", "s.db", "--as-draft", "sheet.csv")
    assert (ran.returncode, ran.stdout) == (0, "sheet.csv: 1 created, 0 updated, 0 unchanged, 0 rejected\n"), ran.stderr
    with SqliteStore.open(tmp_path / "s.db") as store:
        (record,) = store.scan()
        assert record.status == "draft"
        assert [one.source for one in store.provenances.of(record.id)] == ["sheet.csv"]


def test_the_form_and_the_source_can_be_said(run: Run, tmp_path: Path) -> None:
    page = f'<script type="application/ld+json">{json.dumps([review(url="/1"), rated("True")])}</script>'
    more = ("--format", "html", "--source", "https://check.example/page", "--json")
    ran = run("import", "--db", "s.db", *more, "-", stdin=page)
    assert ran.returncode == 1
    report = json.loads(ran.stdout)
    assert (report["created"], report["rejected_total"]) == (1, 1)
    assert report["rejected"][0]["line"] == 2
    with SqliteStore.open(tmp_path / "s.db") as store:
        (record,) = store.scan()
        assert record.citations[0].url == "https://check.example/1"
        assert store.provenances.of(record.id)[0].source == "https://check.example/page"


def test_what_goes_out_comes_in_and_goes_out_the_same(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text(SHEET, encoding="utf-8")
    run("import", "--db", "s.db", "sheet.csv")
    out = ("export", "--format", "claimreview", "--base", "https://facts.example")
    assert run(*out, "--db", "s.db", "-o", "feed.json").stderr == "Wrote 1 records to feed.json.\n"
    assert run("import", "--db", "t.db", "feed.json", REJOINDER_STARTER="false").returncode == 0
    first = (tmp_path / "feed.json").read_text(encoding="utf-8")
    assert run(*out, "--db", "t.db", REJOINDER_STARTER="false").stdout == first
    named = run(*out, "--db", "s.db", REJOINDER_PUBLISHER_NAME="The Desk").stdout
    assert json.loads(named)["dataFeedElement"][0]["item"]["author"]["name"] == "The Desk"


def test_a_review_needs_the_address_of_its_page(run: Run) -> None:
    ran = run("export", "--format", "claimreview", "--db", "s.db")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--base" in ran.stderr
    assert (
        run("export", "--format", "claimreview", "--db", "s.db", REJOINDER_PUBLIC_URL="https://f.example").returncode
        == 0
    )


def test_an_archive_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_bytes(b"\x1f\x8b\x08\x00" + b"x" * 100)
    ran = run("import", "--db", "s.db", "feed.json")
    assert ran.returncode == 2
    assert ran.stderr == "rejoinder: This is a gzip archive; unpack it and import what is inside.\n"
