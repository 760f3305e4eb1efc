"""Trains the stance cross-encoder: a broad set first, then the pairs that were written for it.

`python training/stance/train.py --data ../shared/data --out DIR` writes `pairs.jsonl` (what was trained on),
`stage1.pt`, `stage2.pt` and `training.json` into DIR; `--resume stage1` goes on from `DIR/stage1.pt`. `--refine FOLDER`
goes on from a network that was exported, when pairs were added: one gentle round over what is new and half of what it
knows; it writes `refined.pt`. The seed is fixed. Set `OMP_WAIT_POLICY=passive` where other programs share the
processor: waiting threads that spin made a step five times slower.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import torch
from data import SEED, held_out, refinement, stages
from exported import state
from model import StanceNetwork, collate, sequences
from sources import ASSERTS, DENIES, LABELS, Pair

Row = tuple[list[int], int]
BATCH = 32
STATEMENT_DROP = 0.35
RESTATES_DROP = 0.15  # without the statement most restatements cannot be told from other news
# A denial read as an assertion accuses somebody falsely: missing a denial costs more than missing an assertion.
CLASS_WEIGHTS = (0.9, 1.5, 1.1)
LABEL_SMOOTHING = 0.03
WARMUP = 0.06


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of training: how often its pairs are seen and at what peak learning rate."""

    name: str
    epochs: int
    rate: float
    replay: int = 0


STAGES = (Stage("stage1", 1, 4e-5), Stage("stage2", 2, 4e-5, replay=500))
REFINED = Stage("refined", 1, 3e-5, replay=500)


def encode(pairs: list[Pair], random: Random | None) -> list[Row]:
    """Token ids and label of each pair; statements are dropped at random if `random` is given."""
    kept = pairs if random is None else [replace(p, statement=None) if _drops(p, random) else p for p in pairs]
    ids = sequences([p.claim for p in kept], [p.rumor for p in kept], [p.statement for p in kept])
    return list(zip(ids, (p.label for p in kept), strict=True))


def _drops(pair: Pair, random: Random) -> bool:
    hard = pair.kind in {"restates", "statement"} or (pair.source == "identity" and pair.label == DENIES)
    return random.random() < (RESTATES_DROP if hard else STATEMENT_DROP)


def batches(rows: list[Row], random: Random) -> list[list[Row]]:
    """Batches of similar length in random order: padding is what a CPU wastes most on."""
    order = sorted(rows, key=lambda row: len(row[0]) + random.random() * 8)
    chunks = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    random.shuffle(chunks)
    return chunks


def train_stage(network: StanceNetwork, stage: Stage, pairs: list[Pair], old: list[Pair], log: Path) -> None:
    """Run one stage in place, with linear warm-up and decay over all its epochs."""
    random = Random(SEED)
    epochs = [
        batches(encode(pairs + random.sample(old, min(stage.replay, len(old))), random), random)
        for _ in range(stage.epochs)
    ]
    schedule = [batch for epoch in epochs for batch in epoch]
    weights = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=stage.rate, weight_decay=0.01, fused=True)
    warmup = max(1, int(WARMUP * len(schedule)))
    decay = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warmup, (len(schedule) - step) / max(1, len(schedule) - warmup))
    )
    loss_of = torch.nn.CrossEntropyLoss(torch.tensor(CLASS_WEIGHTS), label_smoothing=LABEL_SMOOTHING)
    network.train()
    started, running = time.monotonic(), 0.0
    for step, batch in enumerate(schedule, 1):
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(**collate([ids for ids, _ in batch]))
        loss = loss_of(logits.float(), torch.tensor([label for _, label in batch]))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        decay.step()
        running += loss.item()
        if step % 50 == 0:
            _note(log, f"{stage.name} {step}/{len(schedule)} loss {running / 50:.3f} {time.monotonic() - started:.0f}s")
            running = 0.0


@torch.inference_mode()
def predict(network: StanceNetwork, pairs: list[Pair]) -> list[int]:
    """Labels of pairs, in order."""
    network.eval()
    rows = encode(pairs, None)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    labels = [0] * len(rows)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(**collate([rows[i][0] for i in chosen]))
        for i, label in zip(chosen, logits.argmax(1).tolist(), strict=True):
            labels[i] = label
    return labels


def quick_scores(network: StanceNetwork, pairs: list[Pair]) -> dict[str, float]:
    """Accuracy per held-out set, and how often a denial is read as an assertion."""
    bare = [replace(p, statement=None, source="authored_bare") for p in pairs if p.source == "authored"]
    every = pairs + bare
    labels = predict(network, every)
    scores = {}
    for source in sorted({p.source for p in every}):
        mine = [(p.label, label) for p, label in zip(every, labels, strict=True) if p.source == source]
        scores[source] = sum(a == b for a, b in mine) / len(mine)
        denials = [label for gold, label in mine if gold == DENIES]
        scores[f"{source}:accused"] = sum(label == ASSERTS for label in denials) / max(1, len(denials))
    return {name: round(value, 3) for name, value in scores.items()}


def _note(log: Path, line: str) -> None:
    print(line, flush=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def _plan(options: argparse.Namespace, network: StanceNetwork) -> list[tuple[Stage, int]]:
    """The stages to run and which set each learns from; loads what they go on from."""
    if options.refine:
        network.load_state_dict(state(options.refine, network))
        return [(REFINED, len(STAGES) - 1)]
    names = [stage.name for stage in STAGES]
    first = names.index(options.resume) + 1 if options.resume else 0
    last = names.index(options.until) if options.until else len(STAGES) - 1
    if first:
        network.load_state_dict(torch.load(options.out / f"{options.resume}.pt", weights_only=True))
    return [(STAGES[number], number) for number in range(first, last + 1)]


def main() -> None:
    """Train the stages and keep the weights of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    names = [stage.name for stage in STAGES]
    parser.add_argument("--resume", choices=names, help="go on after this stage")
    parser.add_argument("--refine", type=Path, metavar="FOLDER", help="go on from exported weights instead")
    parser.add_argument("--until", choices=names, help="stop after this stage")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    log = options.out / "training.log"
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    started = time.monotonic()
    first, second = stages(options.data)
    sets = [first, refinement(options.data, second) if options.refine else second]
    with (options.out / "pairs.jsonl").open("w", encoding="utf-8") as file:
        for number, pairs in enumerate(sets, 1):
            file.writelines(json.dumps({"stage": number} | asdict(p), ensure_ascii=False) + "\n" for p in pairs)
    _note(log, f"{[len(pairs) for pairs in sets]} pairs in {time.monotonic() - started:.0f}s")
    network = StanceNetwork()
    # The word vectors keep their general meaning: the authored vocabulary is far smaller than the world's.
    network.body.embeddings.word_embeddings.weight.requires_grad_(requires_grad=False)
    done: list[dict[str, object]] = []
    for stage, number in _plan(options, network):
        begun = time.monotonic()
        old = [pair for earlier in sets[:number] for pair in earlier]
        train_stage(network, stage, sets[number], old, log)
        torch.save(network.state_dict(), options.out / f"{stage.name}.pt")
        seconds = round(time.monotonic() - begun)
        scores = quick_scores(network, held_out(options.data))
        done.append({**asdict(stage), "pairs": len(sets[number]), "seconds": seconds, "scores": scores})
        _note(log, json.dumps(done[-1]))
    report = {"seed": SEED, "labels": LABELS, "class_weights": CLASS_WEIGHTS, "stages": done}
    (options.out / "training.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
