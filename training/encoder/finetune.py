"""Fine-tune the encoder for matching claims: `python training/encoder/finetune.py --out runs/encoder`.

MultipleNegativesRanking (Henderson et al. 2017): each text should be nearer to a text of its record than to those of
all other records of the batch and to one mined hard negative. A batch holds one source, so that its negatives are of
one kind. The result is then averaged with the weights it began from (WiSE-FT, Wortsman et al. 2022): that keeps what
the base model knew of sentences in general.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from export import base_folder
from mining import mine, remembering
from pairs import Source, sources
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

from embeddings.onnx import OnnxEncoder

SEED = 20221
RATE = 2e-5
SCALE = 20.0
BATCH = 32
TOKENS = 80
MOST = 4000  # examples of one source
HARDEST = 12  # a negative is drawn from so many
SHARES = {  # of the batches; what is small is seen a few times, the archives in part
    "clef2022_2a_en": 0.20,
    "clef2022_2b_en": 0.13,
    "clef2022_2a_en/archive": 0.14,
    "clef2022_2b_en/archive": 0.18,
    "factchecktweet": 0.10,
    "debunks": 0.03,
    "emergent": 0.04,
    "authored": 0.10,
    "written": 0.08,
}
DENSE = ("clef2022_2a_en",)  # where the encoder itself looks for negatives as well; elsewhere BM25 alone
SOUPS = (0.3, 0.5, 0.7, 1.0)


class Triple(NamedTuple):
    """A text, a text of its record, a text of another, and the records that are no negatives for it."""

    text: str
    positive: str
    negative: str
    key: str
    gold: frozenset[str]


def tokenizer() -> Tokenizer:
    """The base model's, without the padding to 128 that its file asks for."""
    made = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    made.enable_truncation(TOKENS)
    made.enable_padding()
    return made


def vectors(model: BertModel, cut: Tokenizer, texts: list[str]) -> torch.Tensor:
    """Mean of the token vectors, length one: shape ``(len(texts), 384)``."""
    encoded = cut.encode_batch(texts)
    ids = torch.tensor([e.ids for e in encoded])
    mask = torch.tensor([e.attention_mask for e in encoded])
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    weights = mask.unsqueeze(-1).float()
    return nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=-1)


def remembered(cache: Path | None) -> dict[str, np.ndarray]:
    """Vectors of the base encoder by text, from an earlier run."""
    if cache is None or not cache.exists():
        return {}
    with np.load(cache) as saved:
        return dict(zip(saved["texts"].tolist(), saved["vectors"], strict=True))


def triples(source: Source, hard: list[list[int]], draw: random.Random) -> Iterator[Triple]:
    """Endless, every example once a round, each time with another text of its record and another negative."""
    pool = {doc.key: doc.texts for doc in source.pool}
    while True:
        order = list(range(len(source.examples)))
        draw.shuffle(order)
        for at in order:
            example = source.examples[at]
            key = draw.choice(example.gold)
            others = [text for text in pool[key] if text != example.text] or list(pool[key])
            # The rumor is what most queries are nearest to in the product as well: half of the time.
            positive = others[0] if draw.random() < 0.5 else draw.choice(others)  # noqa: PLR2004 - half
            other = source.pool[draw.choice(hard[at][:HARDEST])] if hard[at] else draw.choice(source.pool)
            yield Triple(example.text, positive, draw.choice(other.texts[:2]), key, frozenset(example.gold))


def batch_of(stream: Iterator[Triple]) -> list[Triple]:
    """A batch in which no record comes twice."""
    found: dict[str, Triple] = {}
    for _ in range(4 * BATCH):
        triple = next(stream)
        found.setdefault(triple.key, triple)
        if len(found) == BATCH:
            break
    return list(found.values())


def loss_of(model: BertModel, cut: Tokenizer, batch: list[Triple]) -> torch.Tensor:
    """Cross entropy of the right record among all texts of the batch, both ways."""
    count = len(batch)
    texts = [t.text for t in batch] + [t.positive for t in batch] + [t.negative for t in batch]
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    parts = [order[at : at + 48] for at in range(0, len(order), 48)]  # short texts are not padded to the longest
    made = torch.cat([vectors(model, cut, [texts[at] for at in part]) for part in parts])
    made = made[torch.argsort(torch.tensor([at for part in parts for at in part]))]
    scores = SCALE * made[:count] @ made[count:].T
    known = torch.tensor([[j != i and b.key in a.gold for j, b in enumerate(batch)] for i, a in enumerate(batch)])
    scores[:, :count] = scores[:, :count].masked_fill(known, -1e4)
    target = torch.arange(count)
    forward = nn.functional.cross_entropy(scores, target)
    return forward + 0.5 * nn.functional.cross_entropy(scores[:, :count].T, target)


def train(
    model: BertModel, cut: Tokenizer, found: dict[str, Iterator[Triple]], steps: int, most_s: float
) -> list[float]:
    """Train for ``steps`` steps, or fewer when the time is up: the rate falls with whichever is nearer its end.

    Returns:
        The loss of every step.
    """
    draw = random.Random(SEED)
    groups = [
        {
            "params": [p for n, p in model.named_parameters() if ("bias" in n or "LayerNorm" in n) == plain],
            "weight_decay": 0.0 if plain else 0.01,
        }
        for plain in (False, True)
    ]
    optimiser = torch.optim.AdamW(groups, lr=RATE)
    model.train()
    began, losses = time.monotonic(), []
    for step in range(steps):
        done = max(step / steps, (time.monotonic() - began) / most_s)
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 50) * max(0.02, 1 - done)
        name = draw.choices(list(SHARES), list(SHARES.values()))[0]
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(model, cut, batch_of(found[name]))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        if step % 20 == 19:  # noqa: PLR2004 - a line every twenty steps
            rate = (time.monotonic() - began) / (step + 1)
            print(f"step {step + 1} loss {np.mean(losses[-20:]):.3f} {rate:.2f} s/step done {done:.2f}", flush=True)
    return losses


def main() -> None:
    """Mine, train, average, write one folder a share of the new weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--most-seconds", type=float, default=math.inf, help="stop then, with the rate run down")
    parser.add_argument("--cache", type=Path, help="npz file of vectors that were made before")
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    base = load_file(base_folder() / "model.safetensors")
    config = BertConfig.from_pretrained(base_folder(), attn_implementation="sdpa")
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(base, strict=False)
    model.eval()
    cut = tokenizer()
    began = time.monotonic()
    read, known = sources(arguments.data), remembered(arguments.cache)
    encode = remembering(OnnxEncoder.load(threads=2), known)
    draw = random.Random(SEED)
    found = {}
    for source in read:
        # A large archive is seen in part only: mining all of it would take longer than learning from it.
        part = source._replace(examples=draw.sample(source.examples, min(MOST, len(source.examples))))
        found[source.name] = triples(part, mine(part, encode if source.name in DENSE else None), random.Random(SEED))
        print(source.name, len(source.pool), len(part.examples), f"{time.monotonic() - began:.0f} s", flush=True)
    if arguments.cache:
        np.savez(arguments.cache, texts=np.array(list(known)), vectors=np.stack(list(known.values())))
    losses = train(model, cut, found, arguments.steps, arguments.most_seconds)
    tuned = model.state_dict()
    for share in SOUPS:
        folder = arguments.out / f"soup-{share}"
        folder.mkdir(parents=True, exist_ok=True)
        mixed = {
            k: (w if k not in tuned or not w.is_floating_point() else (1 - share) * w + share * tuned[k])
            for k, w in base.items()
        }
        save_file({k: w.contiguous() for k, w in mixed.items()}, folder / "model.safetensors")
    report = {
        "seed": SEED,
        "rate": RATE,
        "batch": BATCH,
        "tokens": TOKENS,
        "steps": len(losses),
        "shares": SHARES,
        "loss": [round(float(np.mean(losses[at : at + 50])), 4) for at in range(0, len(losses), 50)],
        "examples": {s.name: len(s.examples) for s in read},
        "seconds": round(time.monotonic() - began),
    }
    (arguments.out / "training.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
