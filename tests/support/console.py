r"""Examples in the docs: found, run and compared.

A ```` ```console ```` block holds commands, on lines that begin with ``$ `` (continued by ``> ``), each followed by
what it prints: standard output and standard error as they come. In it, a line ``...`` stands for any lines, ``...``
within a line for any text; where nothing is shown, nothing is compared. All blocks of a file run one after the
other in one shell. A command fails the test unless its exit code is 0 or the one that it ends with as a comment
(``# exit code 1``). A ```` ```python ```` block is run and must succeed. A block is left out by the line before it,
``<!-- not run: REASON -->``. A server answers at http://127.0.0.1:8000, where the examples say it does.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SERVER = "http://127.0.0.1:8000"
_MARK = "=-=-= done:"
_FENCE = re.compile(
    r"(?P<left_out><!-- not run: .+ -->\n\n?)?^(?P<indent> *)```(?P<kind>console|python)\n(?P<body>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_EXIT = re.compile(r"# exit code (\d+)\s*$", re.MULTILINE)


class Step(NamedTuple):
    """One command or Python block, and what the docs say it prints; ``line`` is where it stands."""

    line: int
    code: str
    expected: str | None = None
    exit_code: int = 0
    language: str = "console"


def steps(text: str) -> Iterator[Step]:
    """Every example of a document, in order."""
    for found in _FENCE.finditer(text):
        if found["left_out"]:
            continue
        line = text.count("\n", 0, found.start("body")) + 1
        body = re.sub(f"^{found['indent']}", "", found["body"], flags=re.MULTILINE)
        if found["kind"] == "python":
            yield Step(line, body, language="python")
        else:
            yield from _commands(line, body)


def _commands(first: int, body: str) -> Iterator[Step]:
    command: list[str] = []
    output: list[str] = []
    began = first
    for number, line in enumerate(body.splitlines(), first):
        if line.startswith("$ "):
            if command:
                yield _step(began, command, output)
            command, output, began = [line[2:]], [], number
        elif line.startswith("> ") and command and not output:
            command.append(line[2:])
        else:
            assert command, f"line {number}: output before any command"
            output.append(line)
    if command:
        yield _step(began, command, output)


def _step(line: int, command: Sequence[str], output: Sequence[str]) -> Step:
    code = "\n".join(command)
    exits = _EXIT.search(code)
    return Step(line, code, "\n".join(output) or None, int(exits[1]) if exits else 0)


class Ran(NamedTuple):
    """What a step printed and how it ended."""

    output: str
    exit_code: int


def run(todo: Sequence[Step], folder: Path, environment: Mapping[str, str], server: str, prelude: str) -> list[Ran]:
    """Run the steps in one shell that starts in ``folder``."""
    script = [prelude]
    for number, step in enumerate(todo):
        code = step.code.replace(SERVER, server)
        if step.language == "python":
            file = folder / f".example{number}.py"
            file.write_text(code, encoding="utf-8")
            code = f"'{sys.executable}' '{file}'"
        script.append(f"{code}\nprintf '\\n{_MARK} %s\\n' $?")
    done = subprocess.run(
        ["/bin/bash", "-c", "\n".join(script)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    pieces = re.split(rf"\n{_MARK} (\d+)\n", done.stdout.decode().replace(server, SERVER))
    return [Ran(output, int(code)) for output, code in zip(pieces[0::2], pieces[1::2], strict=False)]


def matches(expected: str, output: str) -> bool:
    """Whether the output is what the docs say, as this module's text defines it."""
    lines = [line.rstrip() for line in expected.strip("\n").splitlines()]
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else r"[^\n]*".join(map(re.escape, line.split("..."))) + r"[^\S\n]*\n"
        for line in lines
    )
    return re.fullmatch(pattern, output.strip("\n") + "\n" if output.strip("\n") else "") is not None
