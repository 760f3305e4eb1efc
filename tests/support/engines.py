"""The engines that the contract of the store is held against."""

from __future__ import annotations

import re
import sqlite3
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from support.postgres import Server

from service.store.postgres import PostgresStore
from service.store.sql import SqlStore
from service.store.sqlite import SqliteStore

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'rejoinder' AND tablename <> 'migration'"


class Shell(Protocol):
    """Somebody who gets at the tables without the store."""

    def execute(self, sql: str, /) -> Any:  # noqa: ANN401 - either engine's cursor
        """Run a statement. Returns a cursor."""
        ...


class Engine(ABC):
    """One store of an engine, to be opened as often as a test likes.

    Attributes:
        name: ``sqlite`` or ``postgres``.
        place: what `open_store` is given.
        refused: what the engine raises where a trigger refuses a statement.
    """

    name: str
    place: str
    refused: type[Exception]

    @abstractmethod
    def open(self, **options: Any) -> SqlStore:  # noqa: ANN401 - those of either engine
        """Open it."""

    @abstractmethod
    def another(self) -> AbstractContextManager[Engine]:
        """Another one that is not made yet."""

    @abstractmethod
    def shell(self, *, armed: bool = True) -> AbstractContextManager[Shell]:
        """A way around the store; not armed: around its triggers as well."""

    @abstractmethod
    def renew(self) -> None:
        """From now on it is an empty store with an id of its own. None of it may be open."""

    @property
    @abstractmethod
    def called(self) -> str:
        """A pattern of how errors name it."""


class SqliteEngine(Engine):
    """A file."""

    name = "sqlite"
    refused = sqlite3.IntegrityError

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)

    def open(self, **options: Any) -> SqlStore:  # noqa: ANN401 - as above
        """Open it."""
        return SqliteStore.open(self.path, **options)

    @contextmanager
    def another(self) -> Iterator[Engine]:
        """Another file."""
        yield SqliteEngine(self.path.with_name(f"{uuid.uuid4().hex}.db"))

    @contextmanager
    def shell(self, *, armed: bool = True) -> Iterator[Shell]:
        """The file in other hands."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            if not armed:
                for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                    db.execute(f"DROP TRIGGER {name}")
            yield db

    def renew(self) -> None:
        """Another file."""
        self.path = self.path.with_name(f"{uuid.uuid4().hex}.db")
        self.place = str(self.path)

    @property
    def called(self) -> str:
        """The file's name."""
        return re.escape(self.path.name)


class _PostgresShell:
    """psycopg takes literal statements only, or bytes."""

    def __init__(self, db: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._db = db

    def execute(self, sql: str, /) -> psycopg.Cursor[tuple[Any, ...]]:
        """Run a statement."""
        return self._db.execute(sql.encode())


class PostgresEngine(Engine):
    """A database of a server."""

    name = "postgres"
    refused = psycopg.errors.RaiseException

    def __init__(self, server: Server, address: str) -> None:
        self.server = server
        self.place = address

    def open(self, **options: Any) -> SqlStore:  # noqa: ANN401 - as above
        """Open it."""
        return PostgresStore.open(self.place, **options)

    @contextmanager
    def another(self) -> Iterator[Engine]:
        """Another database."""
        with self.server.database() as address:
            yield PostgresEngine(self.server, address)

    @contextmanager
    def shell(self, *, armed: bool = True) -> Iterator[Shell]:
        """A superuser."""
        with closing(psycopg.connect(self.place, autocommit=True)) as db:
            db.execute("SET search_path TO rejoinder")
            if not armed:
                db.execute("SET session_replication_role = replica")
            yield _PostgresShell(db)

    def renew(self) -> None:
        """The same database, emptied: ten times as quick as a new one."""
        with self.shell(armed=False) as shell:
            tables = shell.execute(_TABLES).fetchall()
            shell.execute(";".join(f"DELETE FROM {name}" for (name,) in tables))  # noqa: S608 - the tables' own names
            shell.execute("INSERT INTO meta VALUES ('store_id', replace(gen_random_uuid()::text, '-', ''))")
            shell.execute("INSERT INTO watch_work (one, cursor, sequence) VALUES (1, 0, 0)")

    @property
    def called(self) -> str:
        """The database's name."""
        return "test_[0-9a-f]+"
