"""`make bench-smoke` fails where a path does its work twice, and says which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.warm import clean_environment

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
# Runs the script in a process of its own, with a method of the service that works as often as is said.
RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import smoke
from embeddings.onnx import OnnxEncoder

encode, times = OnnxEncoder.encode, int(sys.argv[2])
OnnxEncoder.encode = lambda self, texts: [encode(self, texts) for _ in range(times)][-1]
sys.exit(smoke.main(["--only", "encode,http live"]))
"""


def smoke(folder: Path, times: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, BENCHMARKS, f"{times}"]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300, env=clean_environment(folder)
    )


def test_work_done_twice_is_seen_and_named(tmp_path: Path) -> None:
    twice = smoke(tmp_path, 2)
    assert twice.returncode == 1, twice.stderr
    assert [line.split(":")[1].strip() for line in twice.stderr.splitlines()] == ["encode"]
    once = smoke(tmp_path, 1)
    assert (once.returncode, once.stderr) == (0, "")
    assert {line.split("  ")[0] for line in once.stdout.splitlines()} == {"path", "encode", "http live"}


@pytest.mark.parametrize("arguments", [["--only", "nothing"], ["--unknown"]])
def test_what_it_does_not_know_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    run = [sys.executable, BENCHMARKS / "smoke.py", *arguments]
    answer = subprocess.run(
        run, capture_output=True, text=True, check=False, timeout=60, env=clean_environment(tmp_path)
    )
    assert answer.returncode == 2
    assert arguments[-1] in answer.stderr
