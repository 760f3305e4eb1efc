"""The TypeScript client: generated from the document that the service gives, and at work against it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.service import Service, serving

HERE = Path(__file__).resolve().parents[2]
PACKAGE = HERE / "clients" / "typescript"
BIN = Path(sys.executable).parent
# Whoever tests without npm's packages is told so; a machine that checks for others must have them.
NEEDED = pytest.mark.skipif(
    not os.environ.get("CI") and not (PACKAGE / "node_modules").exists(),
    reason="clients/typescript/node_modules is missing: npm ci in clients/typescript makes it",
)


def npm(folder: Path, *arguments: str, **environment: str) -> str:
    """Run npm as the virtual environment has it; what it says."""
    done = subprocess.run(
        [BIN / "npm", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_UPDATE_NOTIFIER": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package in a folder of its own, with the examples of its text among its tests."""
    folder = tmp_path_factory.mktemp("package") / "typescript"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (folder / "node_modules").symlink_to(PACKAGE / "node_modules")
    examples = re.findall(r"```ts\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    assert examples
    for number, example in enumerate(examples):
        (folder / "test" / f"readme{number}.test.ts").write_text(example, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("service")) as service:
        yield service


def test_the_document_it_is_made_from_is_the_service_s_own() -> None:
    made = subprocess.run(
        [sys.executable, HERE / "clients" / "openapi.py"], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    # Compared beforehand: nobody wants to read the difference of two documents of this length.
    same = (PACKAGE / "openapi.json").read_text("utf-8") == made
    assert same, "the API has changed: run `make clients`"


@NEEDED
def test_its_types_are_made_from_that_document(copy: Path) -> None:
    npm(copy, "run", "generate")
    same = (PACKAGE / "src" / "schema.ts").read_text("utf-8") == (copy / "src" / "schema.ts").read_text("utf-8")
    assert same, "the document has changed: run `make clients`"


@NEEDED
def test_it_does_what_it_says_against_a_running_service(copy: Path, service: Service) -> None:
    npm(copy, "run", "build")
    npm(copy, "run", "check")
    told = npm(copy, "test", REJOINDER_URL=service.address, REJOINDER_KEY=service.keys["admin"])
    assert re.search(r"^\S+ fail 0$", told, re.MULTILINE)
    tests = sum(max(1, file.read_text("utf-8").count("\ntest(")) for file in (copy / "test").glob("*.test.ts"))
    assert re.search(rf"^\S+ pass {tests}$", told, re.MULTILINE)


def test_the_lock_file_names_no_registry() -> None:
    lock = (PACKAGE / "package-lock.json").read_text("utf-8")
    assert '"integrity"' in lock
    assert '"resolved"' not in lock
    assert "registry" not in lock
