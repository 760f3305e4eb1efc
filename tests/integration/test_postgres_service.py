"""The commands and the service on a store in a database: the same as on a file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.api import WordStance
from support.hashing import HashingEncoder
from support.postgres import Server
from support.records import content
from support.stores import put

from service.catalog import Catalog
from service.cli.app import cli
from service.domain import Claim
from service.errors import AlreadyExistsError, StoreError
from service.places import Address, place_of
from service.runtime import Runtime
from service.settings import Settings, SettingsError
from service.store.opening import open_place

pytestmark = pytest.mark.postgres


@pytest.fixture
def address(postgres: Server) -> Iterator[str]:
    with postgres.database() as made:
        yield made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def test_a_store_is_made_used_and_moved_by_the_commands(address: str, tmp_path: Path) -> None:
    missing = run("keys", "list", "--db", address)
    assert isinstance(missing.exception, StoreError)
    assert "rejoinder init" in missing.exception.detail
    made = run("init", "--empty", "--store", address)
    assert made.exception is None
    assert "Made an empty store: postgresql://" in made.stderr
    assert address not in made.stderr
    assert isinstance(run("init", "--db", address).exception, AlreadyExistsError)
    assert run("keys", "create", "desk", "--role", "editor", "--db", address).output.startswith("rj_")
    assert "desk" in run("keys", "list", "--db", address).output
    with open_place(place_of(address)) as store:
        store.write(put(content("a"), content("b")), actor="ed")
    assert "2 events" in run("audit", "verify", "--db", address).output
    moved = run("migrate-store", address, str(tmp_path / "copy.db"))
    assert moved.exception is None
    assert "The log of 2 events is whole" in moved.stderr
    assert isinstance(run("migrate-store", address, str(tmp_path / "copy.db")).exception, AlreadyExistsError)
    assert "desk" in run("keys", "list", "--db", str(tmp_path / "copy.db")).output


def test_a_service_answers_from_a_database_and_keeps_its_index_by_the_store_s_id(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    settings = Settings(db=Address(address), starter=False, multilingual="off")
    rumor = "Volcanoes erupted on Iceland yesterday"
    with open_place(settings.db) as store:
        store.write(put(content("iceland", rumor=rumor, variants=())), actor="ed")
    for _ in range(2):
        runtime = Runtime.open(settings, encoder=HashingEncoder(), stance=WordStance())
        try:
            assert isinstance(runtime.catalog, Catalog)
            found = asyncio.run(runtime.checker.check(Claim(claim=rumor)))
            assert [match.rebuttal.id for match in found.matches][:1] == ["iceland"]
        finally:
            runtime.close()
        assert {path.name.split(".")[0] for path in (tmp_path / "cache").iterdir()} == {runtime.store.id}


def test_the_setting_takes_an_address_and_a_path(tmp_path: Path) -> None:
    told = Settings.from_environment({"REJOINDER_DB": "postgresql://u:p@h/d"})
    assert told.db == Address("postgresql://u:p@h/d")
    assert "u:p" not in f"{told}"
    chosen = Settings.from_environment({"REJOINDER_DB": "postgresql://u:p@h/d"}, db=tmp_path / "a.db")
    assert chosen.db == tmp_path / "a.db"
    assert Settings.from_environment({"REJOINDER_DB": "postgresql.db"}).db == Path("postgresql.db")
    with pytest.raises(SettingsError, match="path or an address"):
        Settings.from_environment({}, db=7)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("service.store.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"rejoinder\[postgres\]"):
        open_place(Address("postgresql://u@h/d"))
