"""The engines as fixtures: a test that asks for `engine` runs on each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.encoders import quick_encoders
from support.engines import Engine, PostgresEngine, SqliteEngine
from support.postgres import Server, running

__all__ = ["quick_encoders"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A real server, started for the first test that needs it."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def _database(postgres: Server) -> Iterator[PostgresEngine]:
    with postgres.database() as address:
        engine = PostgresEngine(postgres, address)
        engine.open().close()
        yield engine


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An engine of the store, with an empty store."""
    if request.param == "sqlite":
        return SqliteEngine(tmp_path / "store.db")
    emptied: PostgresEngine = request.getfixturevalue("_database")
    emptied.renew()
    return emptied
