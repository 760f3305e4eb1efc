"""An environment of its own for each peer, made from locked versions when it is first asked for."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import platformdirs

REQUIREMENTS: Final = Path(__file__).with_name("requirements")
_TORCH: Final = Path(__file__).parents[2] / "requirements" / "torch.txt"
_PATIENCE_S: Final = 1_200
_LAST_LINES: Final = 3


class NotMade(Exception):  # noqa: N818 - a state of this machine
    """An environment could not be made; the message says why."""


def environment(name: str) -> Path:
    """The folder of a peer's environment, in the user's cache; made, or made anew, where its requirements are others.

    Raises:
        NotMade: a package cannot be had, or does not install.
    """
    locked = REQUIREMENTS / f"{name}.txt"
    kept = hashlib.sha256(locked.read_bytes() + _TORCH.read_bytes() + platform.python_version().encode()).hexdigest()
    folder = platformdirs.user_cache_path("rejoinder", appauthor=False) / "peers" / name
    stamp = folder / "made-from"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != kept:
        print(f"  installing {name}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _make(folder, locked)
        stamp.write_text(kept, encoding="ascii")
    return folder


def _make(folder: Path, locked: Path) -> None:
    """Torch first, as a person has set pip up to get it: which build is right differs by machine."""
    python = folder / "bin" / "python"
    quiet = ("--quiet", "--quiet", "--disable-pip-version-check", "--retries", "1")
    chosen = shlex.split(os.environ.get("TORCH_PIP_ARGS", ""))
    _run([sys.executable, "-m", "venv", folder])
    _run([python, "-m", "pip", "install", *quiet, *chosen, "--requirement", _TORCH])
    if uv := shutil.which("uv"):
        _run([uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--requirement", locked])
    else:
        _run([python, "-m", "pip", "install", *quiet, "--no-deps", "--requirement", locked])


def _run(command: Sequence[str | Path]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        raise NotMade(f"installing took more than {_PATIENCE_S} s") from None
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip() and "WARNING" not in line]
        raise NotMade("; ".join(said[-_LAST_LINES:]) or f"exit code {done.returncode}")
