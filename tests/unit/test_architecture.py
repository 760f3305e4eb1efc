"""The arrows between the rooms: `api -> check, store, ingest -> domain`. Read from the sources of what is installed."""

from __future__ import annotations

import ast
import os
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

import embeddings
import service

HERE = Path(__file__).resolve().parents[2]
PACKAGES = [Path(str(package.__file__)).parent for package in (service, embeddings)]

# Every module of ours has a room, and each room may know those that are named.
ROOMS = {
    "domain": (
        *("service.domain", "service.errors", "service.feedback", "service.people", "service.ids"),
        "service.places",
    ),
    "texts": (
        "service.passages",
        "service.words",
        "service.wording",
        "service.normalise",
        "service.language",
        "service.function_words",
        "service.sentences",
        "service.addresses",
        "service.diff",
    ),
    "settings": ("service.settings",),
    "priority": ("service.priority",),
    "passwords": ("service.passwords",),
    "outbound": ("service.outbound",),
    "citations": ("service.citations",),
    "tallies": ("service.tallies",),
    "watches": ("service.watches",),
    "store": ("service.store",),
    "ingest": ("service.ingest",),
    "embeddings": ("embeddings",),
    "calibration": ("service.calibration",),
    "find": ("service.finder", "service.indexes", "service.postings", "service.remote"),
    "check": (
        "service.check",
        "service.cache",
        "service.differences",
        "service.judgement",
        "service.history",
        "service.similar",
        "service.verdict_id",
        "service.document",
        "service.versions",
        "service.polyglot",
    ),
    "catalog": ("service.catalog",),
    "drafting": ("service.drafting",),
    "packed": ("service.packed",),
    "encoders": ("service.encoders",),
    "runtime": ("service.runtime", "service.parts", "service.searched"),
    "reindex": ("service.reindex",),
    "api": ("service.api",),
    "web": ("service.web",),
    "cli": ("service.cli",),
    "package": ("service",),
}
MAY_KNOW = {
    "domain": set[str](),
    "texts": {"domain"},
    "settings": {"domain"},
    "priority": set[str](),
    "passwords": {"domain"},
    "outbound": {"domain"},
    "citations": {"domain", "texts", "settings", "store", "outbound"},
    "tallies": {"domain", "store"},
    "watches": {"domain", "texts", "store", "embeddings", "find", "check", "outbound"},
    "embeddings": set[str](),
    "store": {"domain", "texts"},
    "ingest": {"domain", "texts", "store"},
    "calibration": {"domain"},
    "find": {"domain", "texts", "store", "embeddings", "calibration", "priority"},
    "check": {"domain", "texts", "store", "embeddings", "calibration", "find"},
    "catalog": {"domain", "texts", "store", "ingest", "find"},
    "drafting": {"domain", "store", "ingest", "catalog", "outbound"},
    "packed": {"domain", "texts", "store", "embeddings", "calibration"},
    "encoders": {"domain", "store", "calibration"},
    "reindex": {
        *("domain", "texts", "store", "embeddings", "calibration"),
        *("check", "encoders"),
    },
    "runtime": {
        *("domain", "texts", "settings", "store", "ingest", "embeddings", "encoders"),
        *("calibration", "find", "check", "catalog"),
    },
    "web": {
        *("domain", "texts", "store", "ingest", "check", "catalog"),
        *("citations", "tallies", "watches", "drafting", "api"),
    },
    "api": {
        "web",
        "drafting",
        "outbound",
        "citations",
        "tallies",
        "watches",
        "domain",
        "texts",
        "settings",
        "passwords",
        "store",
        "ingest",
        "check",
        "catalog",
        "runtime",
        "encoders",
        "embeddings",
        "packed",
    },
    "cli": {
        "drafting",
        "outbound",
        "citations",
        "domain",
        "texts",
        "settings",
        "priority",
        "passwords",
        "store",
        "ingest",
        "check",
        "catalog",
        "runtime",
        "encoders",
        "reindex",
        "embeddings",
        "packed",
        "api",
    },
    "package": set[str](),
}
HEAVY = {"torch", "sentence_transformers", "transformers", "onnx", "onnxscript"}
MAY_BE_HEAVY = {"embeddings.sentence"}
MAY_OPEN_A_RUNTIME = {
    *("service.api.app", "service.api.backend", "service.api.server"),
    "service.api.workers.worker",
}


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            parts = path.relative_to(package.parent).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top, in its functions or for its types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute, so that this test can follow them"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str | None:
    """The room with the longest name that the module lies in; the bare package holds no code."""
    found = [
        (len(name), room)
        for room, names in ROOMS.items()
        for name in names
        if module == name or (module.startswith(f"{name}.") and name != "service")
    ]
    return max(found)[1] if found else None


MODULES = dict(modules())
OURS = sorted(MODULES)


@pytest.mark.parametrize("module", OURS)
def test_a_module_knows_only_what_its_room_may_know(module: str) -> None:
    room = room_of(module)
    assert room, f"{module} is in no room: say in ROOMS what it may know"
    known = {name for name in imports(MODULES[module]) if name in MODULES}
    wrong = {name for name in known if room_of(name) not in MAY_KNOW[room] | {room, "package"}}
    assert not wrong, f"{module} ({room}) knows {sorted(wrong)}"


@pytest.mark.parametrize("module", OURS)
def test_only_the_optional_encoder_imports_what_is_heavy(module: str) -> None:
    roots = {name.split(".")[0] for name in imports(MODULES[module])}
    assert module in MAY_BE_HEAVY or not roots & HEAVY


def test_domain_imports_nothing_of_ours() -> None:
    roots = {name.split(".")[0] for name in imports(MODULES["service.domain"])}
    assert not roots & {"service", "embeddings"}


def test_only_the_composition_root_of_the_api_opens_a_runtime() -> None:
    openers = {
        module for module in OURS if room_of(module) == "api" and "service.runtime" in set(imports(MODULES[module]))
    }
    assert openers <= MAY_OPEN_A_RUNTIME


def test_only_the_composition_root_of_the_api_knows_the_pages() -> None:
    knowing = {
        module
        for module in OURS
        if room_of(module) == "api"
        and any(room_of(name) == "web" for name in imports(MODULES[module]) if name in MODULES)
    }
    assert knowing == {"service.api.app"}


@pytest.mark.skipif("PYTHONPATH" in os.environ, reason="somebody put a source tree on the path on purpose")
def test_the_installed_package_is_what_is_tested() -> None:
    assert all("site-packages" in package.parts for package in PACKAGES)


def sources() -> list[Path]:
    ours = [path for package in PACKAGES for path in package.rglob("*.py")]
    return ours + [path for room in ("tests", "training", "benchmarks") for path in (HERE / room).rglob("*.py")]


def test_no_file_grows_past_400_lines() -> None:
    long = {str(path): count for path in sources() if (count := len(path.read_text("utf-8").splitlines())) > 400}
    assert not long


def test_nine_functions_of_ten_stay_under_30_lines() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in MODULES.values()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.quantiles(lengths, n=10)[-1] < 30
