"""The event log: sealed, append-only, and telling of any change made behind the store's back."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest
from support.engines import Engine
from support.records import GEM_ORE, content
from support.stores import put, with_vectors

from service.errors import StoreCorruptError
from service.store import Write


@pytest.fixture
def written(engine: Engine) -> Engine:
    """A store of three records, one of them changed twice; closed."""
    with engine.open() as store:
        store.write([with_vectors(GEM_ORE), *put(content("b"), content("c"))], actor="ed")
        store.write(put(content("b", rating="scam")), actor="jo")
        retract = Write(
            content=content("b", rating="scam", status="retracted"), action="retract", reason="nach Prüfung"
        )
        store.write([retract], actor="jo")
    return engine


def verify(engine: Engine) -> int:
    with engine.open(create=False) as store:
        return store.verify_events()


def test_events_tell_who_did_what_and_are_read_in_pieces(written: Engine) -> None:
    with written.open() as store:
        events = store.events(0, 100)
        assert store.events(2, 2) == events[2:4]
        assert store.events(5, 100) == []
        assert store.head() == 5
    told = [(event.number, event.rebuttal_id, event.revision, event.action, event.actor) for event in events]
    assert told == [
        (1, "gem-ore", 1, "create", "ed"),
        (2, "b", 1, "import", "ed"),
        (3, "c", 1, "import", "ed"),
        (4, "b", 2, "import", "jo"),
        (5, "b", 3, "retract", "jo"),
    ]
    assert [event.reason for event in events[3:]] == [None, "nach Prüfung"]


def canonical(value: object) -> bytes:
    """The documented form, made with nothing but the standard library."""

    def pruned(part: object) -> object:
        if isinstance(part, dict):
            kept = {name: pruned(value) for name, value in part.items()}
            return {name: value for name, value in kept.items() if value not in (None, [], {})}
        return [pruned(value) for value in part] if isinstance(part, list) else part

    return json.dumps(pruned(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_the_chain_can_be_checked_by_a_stranger_with_what_the_api_shows(written: Engine) -> None:
    with written.open() as store:
        previous = hashlib.sha256(store.id.encode()).hexdigest()
        shown = json.loads(msgspec.json.encode(store.events(0, 100)))
        for event in shown:
            assert event["previous"] == previous
            previous = event.pop("hash")
            assert hashlib.sha256(canonical(event)).hexdigest() == previous
        last = json.loads(msgspec.json.encode(store.get("b")))
    for own in ("revision", "created_at", "updated_at"):
        del last[own]
    assert hashlib.sha256(canonical(last)).hexdigest() == shown[-1]["content_sha256"]


@pytest.mark.parametrize("table", ["event", "revision"])
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE {table} SET revision = 9",
        "DELETE FROM {table}",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE revision = 1",
    ],
)
def test_the_engine_itself_refuses_to_rewrite_history(written: Engine, table: str, sql: str) -> None:
    if "OR REPLACE" in sql and written.name != "sqlite":
        sql = "TRUNCATE {table} CASCADE"
    with written.shell() as shell, pytest.raises(written.refused, match="append-only"):
        shell.execute(sql.format(table=table))


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE event SET actor = 'eve' WHERE number = 2", "event 2"),
        ("UPDATE event SET reason = 'other' WHERE number = 5", "event 5"),
        ("UPDATE event SET hash = previous WHERE number = 3", "event 3"),
        ("DELETE FROM event WHERE number = 1", "event 1"),
        ("DELETE FROM event WHERE number = 5", "The record b"),
        ("DELETE FROM revision WHERE event = 3", "cannot be read|The record c"),
        ("UPDATE revision SET record = replace(record, 'gem ores', 'rare earths') WHERE event = 3", "The record c"),
        (
            "UPDATE revision SET record = replace(record, '\"revision\":2', '\"revision\":7') WHERE event = 4",
            "record b",
        ),
        ("UPDATE revision SET record = '{' WHERE event = 1", "cannot be read"),
        ("UPDATE revision SET record = CAST(x'7b22ff' AS TEXT) WHERE event = 1", "cannot be read"),
        ("UPDATE rebuttal SET event = 4, revision = 2, status = 'published' WHERE id = 'b'", "The record b"),
        ("UPDATE rebuttal SET status = 'published' WHERE id = 'b'", "The record b"),
        ("UPDATE rebuttal SET authority = 'eve' WHERE id = 'c'", "The record c"),
        ("DELETE FROM rebuttal WHERE id = 'c'", "The record c"),
        ("UPDATE rebuttal SET id = 'd' WHERE id = 'c'", "The record c"),
        ("UPDATE meta SET value = 'other' WHERE name = 'store_id'", "event 1"),
    ],
)
def test_what_is_changed_behind_its_back_is_found(written: Engine, sql: str, told: str) -> None:
    if "x'" in sql and written.name != "sqlite":
        pytest.skip("PostgreSQL takes no text that is not Unicode")
    assert verify(written) == 5
    with written.shell(armed=False) as shell:
        assert shell.execute(sql).rowcount == 1
    with pytest.raises(StoreCorruptError, match=told):
        verify(written)


def test_a_record_slipped_in_without_an_event_is_found(written: Engine) -> None:
    statement = (
        "INSERT INTO rebuttal (key, id, event, revision, position, status, language, authority, updated_at) "
        "VALUES (99, 'ghost', 2, 1, 99, 'published', 'en', 'nobody', '')"
    )
    with written.shell(armed=False) as shell:
        shell.execute(statement)
    with pytest.raises(StoreCorruptError, match="ghost"):
        verify(written)


def test_a_damaged_record_is_an_error_that_names_the_store_and_not_a_crash(written: Engine) -> None:
    with written.shell(armed=False) as shell:
        shell.execute("UPDATE revision SET record = '{' WHERE event = 1")
    with written.open() as store:
        with pytest.raises(StoreCorruptError, match=written.called):
            store.get("gem-ore")
        assert store.get("c").id == "c"
