"""Other encoders than the one that ships: its own weights under another name, and quick ones in the place of all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.hashing import HashingEncoder

from embeddings.encoder import Encoder
from embeddings.session import WEIGHTS

SHIPPED = WEIGHTS / "claims-minilm-l6"
WIDE, WIDER = "wide", "wider"
_DIMS = {None: 128, "claims-minilm-l6": 128, WIDE: 96, WIDER: 64}


def twin(folder: Path, name: str = "twin") -> Path:
    """The weights that ship as another model, as an operator's own export would lie in a folder."""
    place = folder / name
    place.mkdir()
    manifest = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))
    for file in manifest["files"]:
        (place / file).symlink_to(SHIPPED / file)
    (place / "manifest.json").write_text(json.dumps({**manifest, "name": name, "revision": "1"}), encoding="utf-8")
    return place


def load_quick(name: str | None = None, *, threads: int = 1) -> Encoder:
    """As `embeddings.encoder.load_encoder`, for encoders of the tests alone."""
    del threads
    if name not in _DIMS:
        raise OSError(f"there is no model {name}")
    return HashingEncoder(_DIMS[name])


@pytest.fixture
def quick_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process every encoder is a quick one: the one that ships, ``wide`` and ``wider``."""
    monkeypatch.setattr("service.runtime.load_encoder", load_quick)
