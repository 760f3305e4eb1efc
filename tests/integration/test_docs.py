"""What the docs say is run; what the program offers is described; what they point to is there."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest
from support.console import SERVER, Step, matches, run, steps
from support.warm import clean_environment, warm_store

from service.cli.app import cli
from service.settings import PREFIX, Settings

HERE = Path(__file__).resolve().parents[2]
DOCUMENTS = [HERE / "README.md", *sorted((HERE / "docs").rglob("*.md"))]
BIN = Path(sys.executable).parent


def name(path: Path) -> str:
    return str(path.relative_to(HERE))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


WITH_EXAMPLES = [path for path in DOCUMENTS if path.exists() and any(steps(read(path)))]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's home, with a store that has been used before."""
    home = tmp_path_factory.mktemp("home")
    warm_store(home / "data" / "rejoinder")
    return home


@pytest.fixture(scope="module")
def environment(home: Path) -> dict[str, str]:
    return clean_environment(home, PATH=f"{BIN}:/usr/local/bin:/usr/bin:/bin", COLUMNS="100")


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[str]:
    """`rejoinder serve` on the same store, as a reader of the docs would have it running."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [BIN / "rejoinder", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert address in process.stderr.readline()
            wait_until_ready(address)
            yield address
        finally:
            process.terminate()


def wait_until_ready(address: str) -> None:
    """Ready is what it says when it speaks; asking makes sure that it can be asked."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{address}/health/ready", timeout=5) as answer:  # noqa: S310 - our own address
            if answer.status == 200:
                return
    pytest.fail("the server did not become ready")


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=name)
def test_the_examples_do_what_they_say(
    path: Path, tmp_path: Path, environment: dict[str, str], request: pytest.FixtureRequest
) -> None:
    todo = list(steps(read(path)))
    address = request.getfixturevalue("server") if any(SERVER in step.code for step in todo) else SERVER
    # `make` means the project's own, wherever the example's files are.
    prelude = f'make() {{ command make --no-print-directory -C "{HERE}" "$@"; }}'
    makes = any(re.search(r"^make ", step.code, re.MULTILINE) for step in todo)
    if makes and not (HERE / ".venv" / ".installed").exists():
        pytest.skip("examples with make are run where make has installed the package")
    done = run(todo, tmp_path, environment, address, prelude)
    for step, ran in zip(todo, done, strict=True):
        assert ran.exit_code == step.exit_code, f"{name(path)}:{step.line}: {step.code}\n{ran.output}"
        if step.expected is not None and not matches(step.expected, ran.output):
            assert ran.output == step.expected, f"{name(path)}:{step.line}: {step.code}"


def commands(group: click.Group, *above: str) -> Iterator[tuple[str, click.Command]]:
    for own, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, *above, own)
        else:
            yield " ".join((*above, own)), command


@pytest.mark.parametrize(
    ("own", "command"), [*commands(cli)], ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_option_is_described(own: str, command: click.Command) -> None:
    sections = re.split(r"^## ", read(HERE / "docs/reference/cli.md"), flags=re.MULTILINE)
    section = next((text for text in sections if text.startswith(f"rejoinder {own}\n")), "")
    assert section, f"docs/reference/cli.md has no section on `rejoinder {own}`"
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [name for option in options for name in option.opts if f"`{name}" not in section] == []


def test_every_setting_is_described_with_its_default() -> None:
    table = read(HERE / "docs/reference/settings.md")
    rows = dict(re.findall(r"^\| `(REJOINDER_\w+)` \| (.+?) \|", table, re.MULTILINE))
    assert sorted(rows) == sorted(PREFIX + field.upper() for field in Settings.__struct_fields__)
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.default, int | str):
            shown = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
            assert rows[PREFIX + field.name.upper()] == f"`{shown}`"


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.exists()], ids=name)
def test_every_link_within_the_project_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(((?!https?:|mailto:|#)[^)#\s]+)", read(path))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize(
    ("expected", "output", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a", "a\nb\n", False),
        ("a\n...", "a\nb\nc\n", True),
        ("...\nc", "a\nb\nc\n", True),
        ("a ... c", "a b c\n", True),
        ("a ... c", "a\nc\n", False),
        ("", "", True),
        ("", "noise\n", False),
        ("1.5 (x)", "1x5 (x)\n", False),
    ],
)
def test_how_output_is_compared(expected: str, output: str, *, same: bool) -> None:
    assert matches(expected, output) is same


def test_an_example_that_goes_wrong_is_noticed(tmp_path: Path, environment: dict[str, str]) -> None:
    text = "```console\n$ echo one\ntwo\n$ false\n$ x=5; exit_with() { return $1; }; exit_with 3  # exit code 3\n```\n"
    todo = list(steps(text))
    done = run(todo, tmp_path, environment, SERVER, ":")
    assert todo == [
        Step(2, "echo one", "two"),
        Step(4, "false"),
        Step(5, "x=5; exit_with() { return $1; }; exit_with 3  # exit code 3", None, 3),
    ]
    assert [(ran.output.strip(), ran.exit_code) for ran in done] == [("one", 0), ("", 1), ("", 3)]
    assert not matches(todo[0].expected or "", done[0].output)
