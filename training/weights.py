"""Make every weight again, in order: encoder, stance model, calibration.

    python training/weights.py --data ../shared/data [--only encoder stance calibration]

Each step is a script of its own, which says what it does and takes more options. The stance model trains for about an
hour and a half on two cores.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
WEIGHTS = HERE.parent / "embeddings" / "weights"


def commands(step: str, data: Path, work: Path) -> list[list[str]]:
    """The scripts of one step with their arguments."""
    stance, model = work / "stance", WEIGHTS / "stance-mpnet-l9"
    return {
        "encoder": [["encoder/export.py", str(WEIGHTS / "all-minilm-l6-v2"), "--data", str(data)]],
        "stance": [
            ["stance/train.py", "--data", str(data), "--out", str(stance)],
            ["stance/export.py", "--checkpoint", str(stance / "stage2.pt"), "--out", str(model), "--data", str(data)],
        ],
        "calibration": [["cascade/calibrate.py", "--data", str(data)]],
    }[step]


def main() -> None:
    """Run the steps; stop at the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", nargs="+", choices=["encoder", "stance", "calibration"])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        for step in args.only or ["encoder", "stance", "calibration"]:
            for script, *arguments in commands(step, args.data, Path(work)):
                print(f"{step}: {script}", flush=True)
                subprocess.run([sys.executable, str(HERE / script), *arguments], check=True)  # noqa: S603 - our scripts


if __name__ == "__main__":
    main()
