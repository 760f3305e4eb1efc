"""Keys with limits, people and the access log on the command line."""

from __future__ import annotations

import datetime as dt
import io
import json
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from service import passwords
from service.cli import main
from service.store.sqlite import SqliteStore


class Ran(NamedTuple):
    """What a run of the program gave."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The program in this process, on an empty store."""
    path = tmp_path / "ours.db"
    SqliteStore.open(path).close()
    monkeypatch.setenv("REJOINDER_STARTER", "false")
    handler = signal.getsignal(signal.SIGINT)

    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--db", str(path)])
        signal.signal(signal.SIGINT, handler)
        return Ran(int(str(ended.value.code)), *capfd.readouterr())

    return run


def opens(tmp_path: Path, key: str, days: int = 0) -> bool:
    with SqliteStore.open(tmp_path / "ours.db") as store:
        return store.find_key(key, now=dt.datetime.now(dt.UTC) + dt.timedelta(days=days)) is not None


def test_a_key_gets_its_limits_and_they_are_listed(run: Run, tmp_path: Path) -> None:
    day = f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=10):%Y-%m-%d}"
    made = run("keys", "create", "cms", "--role", "editor", "--per-minute", "5", "--expires", day)
    assert made.out.strip().startswith("rj_")
    assert (opens(tmp_path, made.out.strip()), opens(tmp_path, made.out.strip(), days=11)) == (True, False)
    assert run("keys", "list").out.splitlines()[1].endswith(f" 5          in use, expires {day} 00:00Z")
    (key,) = [json.loads(line) for line in run("keys", "list", "--json").out.splitlines()]
    assert (key["per_minute"], key["expires_at"]) == (5, f"{day}T00:00:00Z")
    late = run("keys", "create", "late", "--role", "editor", "--expires", "2020-01-01")
    assert (late.code, late.out, "in the past" in late.err) == (2, "", True)


def test_a_rotated_key_is_alone_on_standard_output(run: Run, tmp_path: Path) -> None:
    first = run("keys", "create", "cms", "--role", "editor").out.strip()
    second = run("keys", "rotate", "cms").out.strip()
    assert second.startswith("rj_")
    assert (opens(tmp_path, first), opens(tmp_path, second), opens(tmp_path, first, days=2)) == (True, True, False)
    assert "the secret before until" in run("keys", "list").out
    third = run("keys", "rotate", "cms", "--grace", "0").out.strip()
    assert (opens(tmp_path, second), opens(tmp_path, third)) == (False, True)
    assert run("keys", "revoke", "cms").code == 0
    refused = run("keys", "rotate", "cms")
    assert (refused.code, refused.out, "is revoked" in refused.err) == (2, "", True)
    assert run("keys", "rotate", "nobody").code == 2


def test_people_are_let_in_and_out(run: Run, tmp_path: Path) -> None:
    made = run("people", "create", "ann", "--role", "editor", "--password-stdin", stdin=b"a gem ore in a shop\r\nmore")
    assert (made.code, made.err) == (0, "ann (editor) may sign in.\n")
    with SqliteStore.open(tmp_path / "ours.db") as store:
        found = store.people.credentials("ann")
        assert found is not None
        assert passwords.verify(found.password, "a gem ore in a shop")
    assert run("people", "set-role", "ann", "--role", "admin").code == 0
    assert run("people", "disable", "ann").code == 0
    (person,) = [json.loads(line) for line in run("people", "list", "--json").out.splitlines()]
    assert (person["role"], person["disabled_at"] is not None, "password" in person) == ("admin", True, False)
    assert "disabled 20" in run("people", "list").out
    assert run("people", "enable", "ann").code == 0
    reset = run("people", "reset-password", "ann", "--password-stdin", stdin="другой пароль".encode())
    assert reset.code == 0
    log = [json.loads(line) for line in run("keys", "log", "--json").out.splitlines()]
    actions = ["person-created", "person-role", "person-disabled", "person-enabled", "password-set"]
    assert [entry["action"] for entry in log] == actions
    assert {(entry["actor"], entry["subject"]) for entry in log} == {("cli", "person:ann")}
    assert len(run("keys", "log", "--json", "--since", "3").out.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        (("create", "Ann Smith", "--role", "editor", "--password-stdin"), b"a gem ore in a shop", "a-z"),
        (("create", "ann", "--role", "editor", "--password-stdin"), b"short\n", "at least 12"),
        (("create", "ann", "--role", "editor", "--password-stdin"), b"", "at least 12"),
        (("create", "ann", "--role", "editor", "--password-stdin"), b"\xff" * 20, "not UTF-8"),
        (("create", "ann", "--role", "editor", "--password-stdin"), b"xyzw" * 100_000, "at most"),
        (("create", "ann", "--role", "editor", "--invite"), b"", "--invite needs --email"),
        (("create", "ann", "--role", "editor", "--invite", "--email", "nowhere"), b"", "e-mail"),
        (("disable", "nobody"), b"", "There is no person named nobody"),
        (("reset-password", "nobody", "--password-stdin"), b"a gem ore in a shop", "There is no person"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    run: Run, arguments: tuple[str, ...], stdin: bytes, says: str
) -> None:
    ran = run("people", *arguments, stdin=stdin)
    assert (ran.code, ran.out, says in ran.err) == (2, "", True), ran.err
    assert run("keys", "log", "--json").out == ""
    assert "There is nobody" in run("people", "list").err


def test_a_log_that_was_changed_is_told(run: Run, tmp_path: Path) -> None:
    run("keys", "create", "cms", "--role", "editor")
    assert run("keys", "log", "--verify").err == "The access log is whole: 1 entry.\n"
    with closing(sqlite3.connect(tmp_path / "ours.db")) as db:
        db.execute("DROP TRIGGER access_log_no_update")
        db.execute("UPDATE access_log SET actor = 'nobody'")
        db.commit()
    ran = run("keys", "log", "--verify")
    assert (ran.code, ran.out, "broken at entry 1" in ran.err) == (2, "", True)
