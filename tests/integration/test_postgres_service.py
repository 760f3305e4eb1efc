"""The commands and the service on a store in a database: the same as on a file."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click
import pytest
from click.testing import CliRunner, Result
from msgspec import structs
from support.api import WordStance
from support.hashing import HashingEncoder
from support.postgres import Server
from support.records import content
from support.stores import put

from service.catalog import Catalog
from service.cli.app import cli
from service.domain import Claim
from service.encoders import Encoded, Ledger
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


@pytest.mark.parametrize("search", ["database", "auto"])
def test_a_service_lets_the_database_search(
    address: str, search: Literal["auto", "database"], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    monkeypatch.setattr("service.searched.MANY", 2)
    settings = Settings(db=Address(address), starter=False, multilingual="off", search=search)
    rumor = "Volcanoes erupted on Iceland yesterday"
    with open_place(settings.db) as store:
        store.write(put(content("iceland", rumor=rumor, variants=())), actor="ed")
    searched = []
    for _ in range(3):
        runtime = Runtime.open(settings, encoder=HashingEncoder(), stance=WordStance())
        try:
            found = asyncio.run(runtime.checker.check(Claim(claim=rumor)))
            assert [match.rebuttal.id for match in found.matches][:1] == ["iceland"]
            other = ("Penguins swim upstream", "Trains carry gold eastward", "Bridges collapse tonight")[len(searched)]
            record = content(f"r{len(searched)}", rumor=other, variants=())
            asyncio.run(runtime.catalog.create(record, actor="ed"))
            found = asyncio.run(runtime.checker.check(Claim(claim=record.rumor)))
            assert [match.rebuttal.id for match in found.matches][:1] == [record.id]
            searched.append(type(runtime.finder._indexes).__name__)  # noqa: SLF001 - which way it searches shows nowhere else
        finally:
            runtime.close()
        if search == "auto" and len(searched) == 2:
            indexed(address, monkeypatch)
    assert searched == (["Remote"] * 3 if search == "database" else ["Indexes", "Indexes", "Remote"])


def indexed(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepare the store from the command line, with the encoder of these tests."""
    monkeypatch.setattr("service.runtime.load_encoder", lambda *_, **__: HashingEncoder())
    monkeypatch.setenv("REJOINDER_MULTILINGUAL", "off")
    monkeypatch.setenv("REJOINDER_STARTER", "false")
    before = json.loads(run("store", "index", "--status", "--json", "--db", address).stdout)
    assert [(one["whole"], one["unworded"], one["graphs"]) for one in before.values()] == [(False, None, 0)]
    made = run("store", "index", "--db", address)
    assert made.exception is None
    assert "the database can search" in made.stderr
    there = json.loads(run("store", "index", "--status", "--json", "--db", address).stdout)
    assert [(one["whole"], one["unworded"], one["graphs"]) for one in there.values()] == [(True, 0, 1)]


def test_what_a_switch_to_another_encoder_needs_is_made_before_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.load_encoder", lambda *_, **__: HashingEncoder())
    monkeypatch.setenv("REJOINDER_MULTILINGUAL", "off")
    monkeypatch.setenv("REJOINDER_STARTER", "false")
    run("init", "--empty", "--db", address)
    with open_place(Address(address)) as store:
        other = Encoded(encoder="other", model="hashing@1-16", dim=16, whole=True)
        Ledger(store).change(lambda state: structs.replace(state, next=other))
    assert run("store", "index", "--db", address).exception is None
    there = json.loads(run("store", "index", "--status", "--json", "--db", address).stdout)
    assert {model: one["graphs"] for model, one in there.items()} == {"hashing@1-128": 1, "hashing@1-16": 1}


def test_what_cannot_be_searched_in_a_database_is_refused(address: str, tmp_path: Path) -> None:
    assert "is a file" in str(run("store", "index", "--db", str(tmp_path / "a.db")).exception)
    assert isinstance(run("store", "index", "--status", "--drop", "--db", address).exception, click.UsageError)
    assert isinstance(run("store", "index", "--db", address).exception, StoreError)  # nothing is there yet
    run("init", "--empty", "--db", address)
    dropped = run("store", "index", "--drop", "--db", address)
    assert "keeps nothing to search with" in dropped.stderr
    for refused in (
        Settings(db=tmp_path / "a.db", search="database"),
        Settings(db=tmp_path / "a.db", replicas=(Address(address),)),
    ):
        with pytest.raises(SettingsError, match="only a store on PostgreSQL"):
            Runtime.open(refused, encoder=HashingEncoder(), stance=WordStance())


def test_replicas_are_named_by_their_addresses(tmp_path: Path) -> None:
    told = Settings.from_environment({"REJOINDER_REPLICAS": "postgresql://u:p@a,b/d  postgresql://u:p@c/d"})
    assert told.replicas == (Address("postgresql://u:p@a,b/d"), Address("postgresql://u:p@c/d"))
    assert "u:p" not in f"{told}"
    with pytest.raises(SettingsError, match="replica is an address"):
        Settings.from_environment({"REJOINDER_REPLICAS": str(tmp_path)})
    with pytest.raises(SettingsError, match="search"):
        Settings.from_environment({"REJOINDER_SEARCH": "elsewhere"})


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
