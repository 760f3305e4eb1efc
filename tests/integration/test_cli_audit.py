"""`rejoinder audit`: the log as a person reads it, and what it says of a store that somebody has altered."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.records import content
from support.stores import put
from support.warm import clean_environment

from service.cli.app import cli
from service.store import Write
from service.store.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two records and four events."""
    path = tmp_path / "store.db"
    with SqliteStore.open(path) as store:
        store.write(put(content("gem-ore"), content("other")), actor="key:desk")
        write = Write(content=content("gem-ore", rating="scam"), action="update", reason="The ministry's \x1b[31mword.")
        store.write([write], actor="person:ana")
        store.write([Write(content=content("other", status="retracted"), action="retract")], actor="key:desk")
    return path


def run(*arguments: str, path: Path) -> Result:
    return CliRunner().invoke(cli, ["audit", *arguments, "--db", str(path)], standalone_mode=False)


def tamper(path: Path, *statements: str) -> None:
    """What somebody with the file can do: the triggers that forbid it are dropped first."""
    with sqlite3.connect(path) as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            db.execute(statement)
    db.close()


def test_a_whole_log_says_so_and_where_it_ends(path: Path) -> None:
    ran = run("verify", path=path)
    told = json.loads(run("verify", "--json", path=path).output)
    assert ran.return_value == 0
    assert (told["whole"], told["events"]) == (True, 4)
    assert f"4 events. The last one is 4:{told['hash']}" in ran.output


@pytest.mark.parametrize(
    ("statement", "event", "record"),
    [
        ("UPDATE event SET actor = 'key:other' WHERE number = 3", 3, None),
        ("UPDATE event SET at = 'yesterday' WHERE number = 2", 2, None),
        ("UPDATE revision SET record = replace(record, 'scam', 'false') WHERE event = 3", 3, "gem-ore"),
        ("UPDATE revision SET record = '{' WHERE event = 1", 1, "gem-ore"),
        ("DELETE FROM revision WHERE event = 2", 2, "other"),
        ("UPDATE rebuttal SET status = 'published' WHERE id = 'other'", None, "other"),
    ],
)
def test_a_broken_log_names_the_first_event_that_does_not_fit(
    path: Path, statement: str, event: int | None, record: str | None
) -> None:
    tamper(path, statement)
    ran = run("verify", "--json", path=path)
    told = json.loads(ran.output)
    assert (ran.return_value, told["whole"], told["event"], told["rebuttal_id"]) == (1, False, event, record)
    assert (str(event) if event else str(record)) in run("verify", path=path).stderr


def test_the_exit_code_tells_a_script(path: Path, tmp_path: Path) -> None:
    program = "import sys; from service.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "audit", "verify", "--db", str(path)]
    environment = clean_environment(tmp_path)
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    tamper(path, "DELETE FROM event WHERE number = 3")
    ran = subprocess.run(command, env=environment, capture_output=True, check=False, text=True)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "rejoinder: The event log is broken at event 3, which is missing or was changed.\n"


def test_a_log_that_was_made_anew_does_not_fit_what_was_seen(path: Path, tmp_path: Path) -> None:
    seen = json.loads(run("verify", "--json", path=path).output)
    assert run("verify", "--seen", f"4:{seen['hash']}", path=path).return_value == 0
    anew = tmp_path / "anew.db"
    with SqliteStore.open(anew) as store:
        store.write(put(content("gem-ore"), content("other")), actor="key:desk")
    assert run("verify", path=anew).return_value == 0
    ran = run("verify", "--seen", f"4:{seen['hash']}", path=anew)
    assert (ran.return_value, "Event 4 is missing" in ran.stderr) == (1, True)
    assert run("verify", "--seen", f"2:{seen['hash']}", path=anew).return_value == 1


def test_the_log_is_read_by_a_person(path: Path) -> None:
    lines = run("log", path=path).output.splitlines()
    assert lines[0].split() == ["EVENT", "AT", "BY", "DID", "RECORD"]
    assert lines[3].split()[0] == "3"
    assert lines[3].endswith(
        "person:ana           update    gem-ore revision 2 (The ministry's \N{REPLACEMENT CHARACTER}[31mword.)"
    )
    assert len(lines) == 5


def test_the_log_of_one_record_or_of_late(path: Path) -> None:
    def numbers(*arguments: str) -> list[int]:
        lines = run("log", "--json", *arguments, path=path).output.splitlines()
        return [json.loads(line)["number"] for line in lines]

    assert numbers("--record", "gem-ore") == [1, 3]
    assert numbers("--since", "2") == [3, 4]
    assert numbers("--record", "other", "--since", "2") == [4]
    assert "There is no record nowhere" in str(run("log", "--record", "nowhere", path=path).exception)


def test_the_log_can_be_verified_by_hand(path: Path) -> None:
    previous = None
    for line in run("log", "--json", path=path).output.splitlines():
        event: dict[str, Any] = json.loads(line)
        sealed = {name: value for name, value in event.items() if name != "hash" and value is not None}
        text = json.dumps(sealed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == event["hash"]
        assert previous in (None, event["previous"])
        previous = event["hash"]
    assert previous is not None


def test_looking_changes_nothing_and_makes_no_store(path: Path, tmp_path: Path) -> None:
    with SqliteStore.open(path) as store:
        before = store.head()
    assert run("verify", path=path).return_value == 0
    with SqliteStore.open(path) as store:
        assert store.head() == before
    assert "There is no store" in str(run("verify", path=tmp_path / "misspelt.db").exception)
    assert not (tmp_path / "misspelt.db").exists()


@pytest.mark.parametrize("seen", ["4", "x:abc", "0:abc", f"{10**20}:abc", "4:"])
def test_what_was_seen_is_a_number_and_a_hash(path: Path, seen: str) -> None:
    assert "must be NUMBER:HASH" in str(run("verify", "--seen", seen, path=path).exception)
