"""What works in which language: benchmarks/multilingual.py, in a process of its own, where the extra is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from embeddings.encoder import multilingual_installed
from evaluation.tables import Table
from evaluation.workbench import Workbench

SCRIPT = Path(__file__).resolve().parents[1] / "multilingual.py"
HOW = (
    "Not measured here. It takes some minutes more and the extra: `pip install 'rejoinder[multilingual]'` into the "
    'environment, then `make eval ARGS="--only languages"`.'
)
TITLE = "Claims and records in many languages"


def languages(bench: Workbench) -> list[Table]:
    """The tables that the script prints; what to do to get them where it cannot run."""
    found = HOW
    if multilingual_installed() and SCRIPT.exists() and not bench.quick:
        command = [sys.executable, str(SCRIPT), "--data", str(bench.data)]
        found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return [Table(title=TITLE, note=found, columns=(), rows=())]
