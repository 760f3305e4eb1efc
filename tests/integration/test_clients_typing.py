"""What type checkers see of the Python client: plain methods of the one, coroutines of the other, and mistakes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GOOD = """
from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type
from rejoinder_client import AsyncClient, BatchResult, CheckResult, Client, Page, Rebuttal, WatchEvent

def sync(client: Client) -> None:
    assert_type(client.check("x", limit=3), CheckResult)
    assert_type(client.check_batch(["x"]), list[BatchResult])
    assert_type(client.rebuttals.list(language="en", page_size=5), Iterator[Rebuttal])
    assert_type(client.rebuttals.export_file("x", status="draft"), int)
    assert_type(client.watches.events(), Page[WatchEvent])

async def awaited(client: AsyncClient) -> None:
    assert_type(await client.check("x", limit=3), CheckResult)
    assert_type(await client.check_batch(["x"]), list[BatchResult])
    assert_type(client.rebuttals.list(language="en", page_size=5), AsyncIterator[Rebuttal])
    assert_type(await client.rebuttals.claim_review("x"), dict[str, Any])
"""
BAD = """
from rejoinder_client import AsyncClient, Client

def sync(client: Client, other: AsyncClient) -> None:
    client.check(1)
    client.check("x", limits=3)
    client.rebuttals.list(colour="red")
    client.rebuttals.list(status="forgotten")
    client.rebuttals.retract("x")
    other.check("x").verdict
"""


def checked(folder: Path, name: str, text: str) -> list[str]:
    """What mypy says of a file, line by line."""
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", "--hide-error-context"]
    cache = ["--cache-dir", str(folder.parent / "cache")]
    done = subprocess.run([*command, *cache, str(file)], capture_output=True, text=True, timeout=280, check=False)
    assert not done.stderr, done.stderr
    return [line for line in done.stdout.splitlines() if "error:" in line]


def test_type_checkers_follow_every_call_and_find_mistakes(tmp_path: Path) -> None:
    assert checked(tmp_path, "good", GOOD) == []
    found = checked(tmp_path, "bad", BAD)
    assert [int(line.split(":")[1]) for line in found] == [5, 6, 7, 8, 9, 10]
