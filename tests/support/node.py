"""Node.js as the virtual environment has it, and the extension's own bundler: no program of the machine's is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXTENSION = Path(__file__).resolve().parents[2] / "extension"
NODE = Path(sys.executable).parent / "node"
ENVIRONMENT = {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}", "NODE_NO_WARNINGS": "1"}
_ESBUILD = EXTENSION / "node_modules" / "esbuild" / "bin" / "esbuild"


def node(*arguments: str | Path, given: str | None = None) -> str:
    """Run a script in the extension's folder; what it writes. Fails the test where it does not end well.

    Args:
        arguments: as Node.js takes them.
        given: what the script reads from standard input.
    """
    assert _ESBUILD.exists(), "extension/node_modules is missing: `make extension` makes it"
    done = subprocess.run(
        [NODE, *arguments],
        cwd=EXTENSION,
        env=ENVIRONMENT,
        input=given,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def bundled(source: Path | str) -> str:
    """A script and all that it imports, as one for a page.

    Args:
        source: a file, or TypeScript itself, which then imports as if it lay in the extension's folder.
    """
    options = ["--bundle", "--format=iife", "--target=chrome137", "--charset=utf8", "--log-level=error"]
    options.append('--define:TARGET="chromium"')
    if isinstance(source, Path):
        return node(_ESBUILD, source, *options)
    return node(_ESBUILD, "--loader=ts", *options, given=source)
