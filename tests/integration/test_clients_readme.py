"""What the text of the Python client shows is run, against a real service; and the package is what it says it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

import pytest
import rejoinder_client
from support.console import SERVER, Step, run, steps
from support.service import Service, serving

HERE = Path(__file__).resolve().parents[2]
PACKAGE = HERE / "clients" / "python"
EXAMPLES = [*steps((PACKAGE / "README.md").read_text("utf-8"))]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("readme")) as service:
        yield service


@pytest.mark.parametrize("step", EXAMPLES, ids=lambda step: f"line {step.line}")
def test_the_examples_run(step: Step, service: Service, tmp_path: Path) -> None:
    environment = {**os.environ, "REJOINDER_KEY": service.keys["admin"], "PYTHONWARNINGS": "error"}
    done = run([step], tmp_path, environment, service.address, ":")[0]
    assert done.exit_code == 0, done.output
    assert "Traceback" not in done.output
    assert done.output.strip() or "receive" in step.code


def test_there_are_examples_for_both_clients() -> None:
    text = "".join(step.code for step in EXAMPLES)
    assert {"Client(", "AsyncClient(", "verify_webhook(", "import_file(", SERVER} <= {
        word for word in ("Client(", "AsyncClient(", "verify_webhook(", "import_file(", SERVER) if word in text
    }


def test_every_public_name_is_there_and_every_method_in_the_text() -> None:
    text = (PACKAGE / "README.md").read_text("utf-8")
    assert all(hasattr(rejoinder_client, name) for name in rejoinder_client.__all__)
    with rejoinder_client.Client(SERVER) as client:
        for name in ("rebuttals", "drafts", "citations", "feedback", "watches"):
            assert f"`{name}`" in text
            methods = [one for one in vars(type(getattr(client, name))) if not one.startswith("_")]
            assert methods
            assert [one for one in methods if f"`{one}`" not in text] == []


def test_it_needs_nothing_of_the_service() -> None:
    needed = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert sorted(re.findall(r"^\w+", name)[0] for name in needed) == ["httpx", "msgspec"]
    assert sorted(re.findall(r"^\w+", name)[0] for name in requires("rejoinder-client") or []) == ["httpx", "msgspec"]
    loaded = "import sys, rejoinder_client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, timeout=60)
    assert not {"service", "embeddings", "litestar", "numpy", "onnxruntime"} & set(done.stdout.split())


@pytest.mark.skipif(
    not os.environ.get("CI") and find_spec("hatchling") is None,
    reason="hatchling is missing: requirements/build.txt has it",
)
def test_the_wheel_holds_the_client_alone_and_the_service_s_wheel_none_of_it(tmp_path: Path) -> None:
    for folder in (PACKAGE, HERE):
        build = ["-c", "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])", str(tmp_path)]
        subprocess.run([sys.executable, *build], cwd=folder, check=True, capture_output=True, timeout=240)
    holds = {file.name.partition("-")[0]: {*zipfile.ZipFile(file).namelist()} for file in tmp_path.glob("*.whl")}
    assert {"rejoinder_client/py.typed", "rejoinder_client/models/records.py"} <= holds["rejoinder_client"]
    assert {name.partition("/")[0].partition("-")[0] for name in holds["rejoinder_client"]} == {"rejoinder_client"}
    assert not [name for name in holds["rejoinder"] if "rejoinder_client" in name or "clients" in name]
