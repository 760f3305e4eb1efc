"""`rejoinder index`: the key's fingerprint, and a signed file that any mirror can serve."""

from __future__ import annotations

import json
import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from cryptography.exceptions import InvalidSignature
from support.packed import key_of, read, verify
from support.program import run_here
from support.warm import clean_environment, warm_store

from service.packed import fingerprint


@pytest.fixture
def db(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return warm_store(tmp_path / "store")


def run(folder: Path, *arguments: object, **environment: str) -> CompletedProcess[bytes]:
    return run_here(["index", *arguments], clean_environment(folder, **environment))


def test_the_fingerprint_is_that_of_the_key_and_stays(tmp_path: Path, db: Path) -> None:
    first = run(tmp_path, "key", "--db", db)
    assert first.returncode == 0
    assert re.fullmatch(rb"([0-9a-f]{4} ){7}[0-9a-f]{4}\n", first.stdout)
    told = json.loads(run(tmp_path, "key", "--json", "--db", db).stdout)
    assert told["fingerprint"] == first.stdout.decode().strip() == fingerprint(key_of(told))


def test_a_mirror_s_file_is_signed_and_one_changed_byte_is_seen(tmp_path: Path, db: Path) -> None:
    file = tmp_path / "rejoinder.index"
    done = run(tmp_path, "export", file, "--json", "--db", db)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    data = file.read_bytes()
    found = read(data)
    assert (told["bytes"], told["records"], told["rows"]) == (len(data), len(found.records), len(found.vectors))
    assert (told["key"], told["position"]) == (found.header["key"], found.header["position"])
    assert "cn-mfa-pakistan-rare-earth-samples-us" in found.records
    key = key_of(json.loads(run(tmp_path, "key", "--json", "--db", db).stdout))
    verify(data, key)
    for at in (0, 20, len(data) // 2, len(data) - 1):
        altered = bytearray(data)
        altered[at] ^= 1
        with pytest.raises(InvalidSignature):
            verify(bytes(altered), key)


def test_what_was_written_is_told_to_people(tmp_path: Path, db: Path) -> None:
    done = run(tmp_path, "export", tmp_path / "an.index", "--db", db)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"171 records" in done.stderr


@pytest.mark.parametrize("command", [["key"], ["export", "an.index"]])
def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, command: list[str]) -> None:
    missing = tmp_path / "missing.db"
    done = run(tmp_path, *command, "--db", missing)
    assert done.returncode == 2
    assert b"There is no store" in done.stderr
    assert not missing.exists()


def test_help_teaches(tmp_path: Path) -> None:
    assert b"rejoinder index export" in run(tmp_path, "--help").stdout
    assert b"mirror" in run(tmp_path, "export", "--help").stdout
