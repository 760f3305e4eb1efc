"""People, keys and the access log, on every engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from support.engines import Engine

from service.errors import AlreadyExistsError, NotFoundError, StoreCorruptError
from service.store import Store
from service.store.people import Identity, Tried
from service.store.sql import sessions

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
WHO = Identity("https://id.example.org", "248289761001")


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    with engine.open() as store:
        yield store


def test_each_name_address_and_identity_belongs_to_one_person(store: Store) -> None:
    people = store.people
    people.create("ann", "editor", actor="cli", email="ann@example.org", identity=WHO)
    for name, email, identity in (
        ("ann", None, None),
        ("other", "ann@example.org", None),
        ("other", None, WHO),
    ):
        with pytest.raises(AlreadyExistsError):
            people.create(name, "admin", actor="cli", email=email, identity=identity)
    assert [person.role for person in people.every()] == ["editor"]
    found = people.identified(WHO)
    assert found is not None
    assert found.name == "ann"
    assert people.identified(Identity(WHO.issuer, "another")) is None
    assert people.identified(Identity("https://elsewhere.example", WHO.subject)) is None


def test_only_somebody_without_a_password_or_an_identity_is_invited(store: Store) -> None:
    people = store.people
    people.create("with-password", "editor", actor="cli", email="a@example.org", password="$argon2id$x")  # noqa: S106
    people.create("invited", "editor", actor="cli", email="b@example.org")
    assert people.invited("a@example.org") is None
    found = people.invited("b@example.org")
    assert found is not None
    people.link(found.name, WHO, actor="oidc")
    assert people.invited("b@example.org") is None
    assert people.get("invited").issuer == WHO.issuer


@pytest.mark.parametrize("name", ["nobody", "\ud800", ""])
def test_who_is_not_there_cannot_be_changed(store: Store, name: str) -> None:
    people = store.people
    for change in (
        lambda: people.get(name),
        lambda: people.set_role(name, "admin", actor="cli"),
        lambda: people.set_password(name, "hash", actor="cli"),
        lambda: people.disable(name, actor="cli"),
        lambda: people.open_session("d", name, now=NOON, ends_at=NOON, most=1),
    ):
        with pytest.raises(NotFoundError):
            change()
    assert people.credentials(name) is None
    assert people.log(0, 10) == []


def test_each_failure_doubles_the_wait_up_to_a_quarter_of_an_hour(store: Store) -> None:
    tried, now, waits = [Tried("name:x", 3)], NOON, []
    assert [store.people.attempt(tried, now=now) for _ in range(3)] == [0, 0, 0], "three are free"
    for _ in range(12):
        wait = store.people.attempt(tried, now=now)
        waits.append(wait)
        assert store.people.attempt(tried, now=now + dt.timedelta(seconds=wait / 2)) == pytest.approx(wait / 2)
        now += dt.timedelta(seconds=wait)
        assert store.people.attempt(tried, now=now) == 0
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) == sessions.LONGEST_WAIT_S
    assert store.people.attempt(tried, now=now + dt.timedelta(days=1, seconds=1)) == 0
    assert store.people.attempt([Tried("name:y", 3)], now=NOON) == 0, "another name does not wait"


def test_waiting_attempts_do_not_count_and_a_success_forgives_the_name(store: Store) -> None:
    people, name, address = store.people, Tried("name:x", 1), Tried("address:192.0.2.1", 2)
    assert people.attempt([name, address], now=NOON) == 0
    assert people.attempt([name, address], now=NOON) == 1
    assert people.attempt([Tried("name:y", 1), address], now=NOON) == 0, "the attempt that had to wait did not count"
    assert people.attempt([Tried("name:z", 1), address], now=NOON) == 1
    people.succeeded([name, address])
    assert people.attempt([name, address], now=NOON) == 0
    assert people.attempt([Tried("name:w", 1), address], now=NOON) == 1, "of the address one attempt is taken back"


def test_a_clock_that_was_set_back_locks_nobody_out(store: Store) -> None:
    tried = [Tried("name:x", 1)]
    store.people.attempt(tried, now=NOON)
    assert store.people.attempt(tried, now=NOON - dt.timedelta(days=2)) <= 1


def test_so_many_names_are_counted_and_those_that_were_guessed_at_most_stay(
    store: Store, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_COUNTED", 5)
    hunted = [Tried("name:hunted", 2)]
    for _ in range(2):
        store.people.attempt(hunted, now=NOON)
    for number in range(20):
        store.people.attempt([Tried(f"name:{number}", 2)], now=NOON + dt.timedelta(milliseconds=number))
    with engine.shell() as shell:
        kept = {row[0] for row in shell.execute("SELECT what FROM sign_in_attempt")}
    assert len(kept) == 5
    assert "name:hunted" in kept
    assert store.people.attempt(hunted, now=NOON) == 1


def test_a_browser_comes_back_once(store: Store) -> None:
    until = NOON + dt.timedelta(minutes=10)
    assert store.people.use_flow("d", now=NOON, until=until)
    assert not store.people.use_flow("d", now=NOON, until=until)
    assert store.people.use_flow("e", now=NOON, until=until)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE access_log SET detail = 'role reader' WHERE number = 2",
        "UPDATE access_log SET actor = 'key:somebody' WHERE number = 2",
        "DELETE FROM access_log WHERE number = 2",
    ],
)
def test_an_access_log_that_was_changed_is_noticed(store: Store, engine: Engine, damage: str) -> None:
    for name in ("a", "b", "c"):
        store.create_key(name, "admin", actor="key:root")
    assert store.people.verify_log() == 3
    with engine.shell() as shell, pytest.raises(engine.refused, match="append-only"):
        shell.execute(damage)
    with engine.shell(armed=False) as shell:
        shell.execute(damage)
    with pytest.raises(StoreCorruptError, match=r"entry 2\b"):
        store.people.verify_log()


def test_a_failed_change_leaves_no_entry(store: Store) -> None:
    store.create_key("a", "reader")
    with pytest.raises(AlreadyExistsError):
        store.create_key("a", "admin")
    with pytest.raises(NotFoundError):
        store.limit_key("b", per_minute=1, expires_at=None)
    assert [entry.action for entry in store.people.log(0, 10)] == ["key-created"]


def test_the_sessions_that_have_ended_are_cleared_away(store: Store, engine: Engine) -> None:
    store.people.create("ann", "reader", actor="cli")
    for number in range(3):
        now = NOON + dt.timedelta(days=number)
        store.people.open_session(f"{number}", "ann", now=now, ends_at=now + dt.timedelta(hours=1), most=10)
    with engine.shell() as shell:
        assert shell.execute("SELECT sha256 FROM session").fetchall() == [("2",)]
