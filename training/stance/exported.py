"""Reads an exported stance network back, so that training can go on from it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from mpnet import BUCKETS, FIRST_POSITION, LONGEST, bucket

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "encoder"))
from restore import constants, restored

if TYPE_CHECKING:
    from torch import Tensor

JOINED = {"qkv": ("q", "k", "v")}


def state(folder: Path, network: torch.nn.Module) -> dict[str, Tensor]:
    """The state of ``network`` (a `model.StanceNetwork`) with everything that the folder's graph holds."""
    found, whole = constants(sorted(folder.glob("model.onnx.*"))), dict(network.state_dict())
    for name, value in restored(found, JOINED).items():
        whole[f"body.{name}"] = torch.tensor(value)
    places = whole["body.embeddings.position_embeddings.weight"].clone()
    places[FIRST_POSITION : FIRST_POSITION + LONGEST] = torch.tensor(found["positions"])
    whole["body.embeddings.position_embeddings.weight"] = places
    # The graph keeps the bias of each distance; many distances share a bucket.
    table = np.zeros((2 * BUCKETS, found["distances"].shape[1]), np.float32)
    table[bucket(np.arange(-LONGEST + 1, LONGEST))] = found["distances"]
    whole["body.encoder.relative_attention_bias.weight"] = torch.tensor(table)
    whole["head.weight"] = torch.tensor(found["head.weight"].T.copy())
    whole["head.bias"] = torch.tensor(found["head.bias"])
    return whole
