"""A store with the starter corpus and its index, made once for all tests that start the program."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

from service.runtime import Runtime
from service.settings import Settings

# A model that shares two cores with the rest of the suite is fastest with one thread.
# What a person sees who has not installed the extra `multilingual`, wherever the tests run.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "REJOINDER_MULTILINGUAL": "off"}


@functools.cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rejoinder-warm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Runtime.open(Settings(db=folder / "rejoinder.db", multilingual="off")).close()
    return folder


def warm_store(folder: Path) -> Path:
    """Copy the store, its index included, into a folder that is there. Returns the path of its file."""
    shutil.copytree(_made(), folder, dirs_exist_ok=True)
    return folder / "rejoinder.db"


def clean_environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a person who has set nothing, with every folder of theirs below ``folder``."""
    # Make hands what `make test` was given down to any make that an example runs.
    foreign = ("REJOINDER_", "XDG_", "COV_", "MAKE", "MFLAGS", "CLAIM", "ARGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | ENVIRONMENT | {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")} | more
