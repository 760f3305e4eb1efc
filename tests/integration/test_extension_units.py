"""The parts of the extension that need no browser, tested where they are written; and what is packed of it."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from support.node import node

TARGETS = ("chromium", "firefox")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, zipfile.ZipFile]:
    """The archive of each browser."""
    folder = tmp_path_factory.mktemp("packed")
    node("build.ts", "--out", folder)
    return {target: zipfile.ZipFile(next(folder.glob(f"rejoinder-{target}-*.zip"))) for target in TARGETS}


def test_its_own_tests_pass() -> None:
    told = node("--test", "--test-reporter=tap", "test/*.test.ts")
    assert int(re.findall(r"^# pass (\d+)", told, re.MULTILINE)[0]) > 50


def test_two_builds_give_the_same_archives(packed: dict[str, zipfile.ZipFile], tmp_path: Path) -> None:
    node("build.ts", "--out", tmp_path)
    for target in TARGETS:
        again = next(tmp_path.glob(f"rejoinder-{target}-*.zip")).read_bytes()
        assert Path(str(packed[target].filename)).read_bytes() == again


def test_an_archive_holds_what_its_manifest_names(packed: dict[str, zipfile.ZipFile]) -> None:
    for archive in packed.values():
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
        pages = [manifest["action"]["default_popup"], manifest["options_ui"]["page"]]
        assert {*manifest["icons"].values(), *pages, "content.js"} <= names
        for page in (name for name in names if name.endswith(".html")):
            named = re.findall(r'(?:src|href)="([^"#:]+)"', archive.read(page).decode())
            assert {name.partition("?")[0] for name in named} <= names, page


def test_no_site_is_read_before_the_reader_turns_it_on(packed: dict[str, zipfile.ZipFile]) -> None:
    for archive in packed.values():
        manifest = json.loads(archive.read("manifest.json"))
        assert "host_permissions" not in manifest
        assert "content_scripts" not in manifest
        assert "web_accessible_resources" not in manifest
        assert not {"tabs", "history", "cookies", "webRequest", "<all_urls>"} & set(manifest["permissions"])


def test_nothing_is_loaded_from_elsewhere(packed: dict[str, zipfile.ZipFile]) -> None:
    for archive in packed.values():
        for name in archive.namelist():
            if name.endswith((".html", ".css")):
                assert not re.findall(r"https?://", archive.read(name).decode()), name
        policy = json.loads(archive.read("manifest.json"))["content_security_policy"]["extension_pages"]
        assert "script-src 'self' 'wasm-unsafe-eval'" in policy
