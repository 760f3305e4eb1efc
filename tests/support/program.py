"""The program in this process: as a person would start it, but quick and within the coverage."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from subprocess import CompletedProcess
from unittest import mock

from service.cli import main


def run_here(
    arguments: Sequence[object], environment: Mapping[str, str], given: bytes = b""
) -> CompletedProcess[bytes]:
    """Run a command line with an environment of its own.

    Args:
        arguments: without the program's name.
        environment: all that the program sees of one.
        given: what it reads from standard input.

    Returns:
        The exit code and what was written, as `subprocess.run` gives them.
    """
    words = [str(argument) for argument in arguments]
    out, err = io.BytesIO(), io.BytesIO()
    handler = signal.getsignal(signal.SIGINT)
    streams = {"stdin": io.BytesIO(given), "stdout": out, "stderr": err}
    wrapped = {name: io.TextIOWrapper(raw, "utf-8", write_through=True) for name, raw in streams.items()}
    code = 0
    with mock.patch.dict(os.environ, environment, clear=True), mock.patch.multiple(sys, **wrapped):
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        finally:
            signal.signal(signal.SIGINT, handler)
    done = CompletedProcess(words, code, out.getvalue(), err.getvalue())
    for stream in wrapped.values():
        stream.detach()
    return done
