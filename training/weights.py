"""Make every weight again, in order: encoder, stance model, calibration.

    python training/weights.py --data ../shared/data [--only encoder stance calibration]

Each step is a script of its own, which says what it does and takes more options. On two cores the encoder trains for
half an hour, the stance model for about two hours.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
WEIGHTS = HERE.parent / "embeddings" / "weights"
SOUP = 0.5  # how far the encoder moves from the base towards the tuned weights: chosen in its model card


def commands(step: str, data: Path, work: Path) -> list[list[str]]:
    """The scripts of one step with their arguments."""
    encoder, stance, model = work / "encoder", work / "stance", WEIGHTS / "stance-mpnet-l9"
    told = ["--data", str(data)]
    stance_export = [*told, "--out", str(model)]
    return {
        "encoder": [
            ["encoder/finetune.py", *told, "--out", str(encoder), "--steps", "1500"],
            ["encoder/export.py", *told, "--weights", str(encoder / f"soup-{SOUP}" / "model.safetensors")],
        ],
        "stance": [
            ["stance/train.py", *told, "--out", str(stance)],
            ["stance/export.py", *stance_export, "--checkpoint", str(stance / "stage2.pt")],
            ["stance/train.py", *told, "--out", str(stance), "--refine", str(model)],
            ["stance/export.py", *stance_export, "--checkpoint", str(stance / "refined.pt")],
        ],
        "calibration": [["cascade/calibrate.py", *told]],
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
