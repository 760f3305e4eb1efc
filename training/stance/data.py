"""Assembles the training pairs of the stance model, the same ones each time.

`python training/stance/data.py --data ../shared/data` prints how many pairs of each source and label there are. Stage 1
is broad: public sets and archives of fact-checks. Stage 2 is what was written for the purpose, with news and tweets
beside it so that neither is forgotten, and a replay of stage 1.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TypeVar

import numpy as np
import sources
from augment import CHROME, framed, names, noisy, swapped
from mining import Band, embed, neighbours
from sources import ASSERTS, DENIES, LABELS, OTHER, Pair

SEED = 20261122
T = TypeVar("T")
NOISE_SHARE = 0.08
TWEET_NEGATIVES = 3
NEWEST = ("pairs_k", "pairs_l", "pairs_m", "pairs_n", "pairs_o")  # learnt last, by `train.py --refine`
KNOWN_SHARE = 0.5


def broad(data: Path, random: Random) -> list[Pair]:
    """Public sets, each capped so that no single one sets the tone."""
    cannot = sources.negations(data)
    fever = [p for p in sources.evidence(data, "fever_dev_pairs") if len(p.claim) < 420]  # noqa: PLR2004 - what fits 96 tokens
    parts = [
        sources.debunk_headlines(data, held_out=False),
        sources.emergent(data, held_out=False),
        _sample([p for p in fever if p.label == ASSERTS], 400, random),
        _sample([p for p in fever if p.label == DENIES], 400, random),
        _with_statement(_sample([p for p in fever if p.label == DENIES], 300, random), random),
        _sample(sources.evidence(data, "fever_symmetric_dev"), 400, random),
        _sample(sources.evidence(data, "covidfact_pairs", refutes=False), 100, random),
        _sample([p for p in cannot if p.label == DENIES], 400, random),
        _sample([p for p in cannot if p.label == ASSERTS], 400, random),
        _sample([p for p in sources.paraphrases(data, "mrpc_train") if p.label == ASSERTS], 500, random),
        _sample([p for p in sources.paraphrases(data, "mrpc_train") if p.label == OTHER], 600, random),
        _sample(sources.similarity(data), 800, random),
        _sample(sources.paraphrases(data, "snli_counterfactual_train"), 300, random),
        _sample(sources.paraphrases(data, "perspectrum_paraphrases"), 250, random),
        _sample(sources.debunked_tweets(data), 700, random),
    ]
    return [pair for part in parts for pair in part]


def _with_statement(refuted: list[Pair], random: Random) -> list[Pair]:
    """Refuting evidence as the authority's statement: the rumor asserts, the evidence denies."""
    return [
        Pair(p.rumor, p.rumor, p.claim, ASSERTS, "fever_statement")
        if random.random() < 0.5  # noqa: PLR2004 - an even coin
        else Pair(p.claim, p.rumor, p.claim, DENIES, "fever_statement")
        for p in refuted
    ]


def checkthat_2a(data: Path, random: Random) -> list[Pair]:
    """Tweets and titles towards their fact-checked claim (asserts) and towards its nearest neighbours (other)."""
    gold_ids = {r for _, r in sources.qrels(data / "clef2022_2a_en")}
    every = list(sources.checkthat_rebuttals(data, "clef2022_2a_en").values())
    rebuttals = [row for row in every if row["id"] in gold_ids] + _sample(every, 4500, random)
    row_of = {row["id"]: i for i, row in enumerate(rebuttals)}
    texts = sources.checkthat_claims(data, "clef2022_2a_en")
    gold = [(c, row_of[r]) for c, r in sources.qrels(data / "clef2022_2a_en") if c in texts and r in row_of]
    corpus = embed([row["claim"] for row in rebuttals])
    tweets = embed([_plain(texts[c]) for c, _ in gold])
    titled = _sample(
        [i for i, row in enumerate(rebuttals) if not sources.DEBUNK_CUE.search(row["title"] or "no,")], 1900, random
    )
    titles = embed([rebuttals[i]["title"] for i in titled])
    pairs = [_towards(texts[c], rebuttals[r], ASSERTS, "2a_tweet") for c, r in gold]
    close = [i for k, i in enumerate(titled) if float(titles[k] @ corpus[i]) > 0.62]  # noqa: PLR2004 - below, titles are puns
    pairs += [_towards(rebuttals[i]["title"], rebuttals[i], ASSERTS, "2a_title") for i in close[:700]]
    near = neighbours(tweets, corpus, [r for _, r in gold], Band(0.25, 0.85, 0.8))
    pairs += [
        _towards(texts[c], rebuttals[j], OTHER, "2a_negative")
        for (c, _), rows in zip(gold, near, strict=True)
        for j in random.sample(rows, min(TWEET_NEGATIVES, len(rows)))
    ]
    near = neighbours(titles[:700], corpus, titled[:700], Band(0.35, 0.8, 0.8))
    pairs += [
        _towards(rebuttals[i]["title"], rebuttals[random.choice(rows)], OTHER, "2a_negative")
        for i, rows in zip(titled, near, strict=False)
        if rows
    ]
    framed_rows = [row for row in _sample(rebuttals, 2000, random) if 40 < len(row["claim"]) < 160]  # noqa: PLR2004 - one sentence
    pairs += [
        framed(Pair(row["claim"], row["claim"], row["text"] or None, ASSERTS, "2a"), random)
        for row in framed_rows[:400]
    ]
    return pairs


def checkthat_2b(data: Path, random: Random) -> list[Pair]:
    """Debate sentences. Only gold pairs that can be recognised without the debate are kept."""
    rebuttals = list(sources.checkthat_rebuttals(data, "clef2022_2b_en").values())
    gold_ids = {r for _, r in sources.qrels(data / "clef2022_2b_en")}
    kept = [row for row in rebuttals if row["id"] in gold_ids] + _sample(rebuttals, 1500, random)
    row_of = {row["id"]: i for i, row in enumerate(kept)}
    texts = sources.checkthat_claims(data, "clef2022_2b_en")
    gold = [(c, row_of[r]) for c, r in sources.qrels(data / "clef2022_2b_en") if c in texts and r in row_of]
    corpus, claims = embed([row["claim"] for row in kept]), embed([texts[c] for c, _ in gold])
    clear = [i for i, (_, r) in enumerate(gold) if float(claims[i] @ corpus[r]) > 0.6]  # noqa: PLR2004 - the rest needs context
    pairs = [_towards(texts[gold[i][0]], kept[gold[i][1]], ASSERTS, "2b", "title") for i in clear]
    near = neighbours(claims, corpus, [r for _, r in gold], Band(0.3, 0.75, 0.75))
    pairs += [
        _towards(texts[c], kept[rows[0]], OTHER, "2b_negative", "title")
        for (c, _), rows in zip(gold, near, strict=True)
        if rows
    ]
    return pairs


def _towards(claim: str, rebuttal: dict[str, str], label: int, source: str, field: str = "text") -> Pair:
    return Pair(claim, rebuttal["claim"], rebuttal[field] or rebuttal["title"], label, source)


def cross_negatives(data: Path, random: Random, per_claim: int = 1) -> list[Pair]:
    """Authored claims and starter variants towards the nearest other rumors of the authored and starter sets."""
    own = sources.authored(data)
    claims = _sample(own, 1800, random) + [p for p in sources.starter(data) if p.kind != "statement"]
    sides = {p.rumor: p for p in own + sources.starter(data)}
    rumors = list(sides)
    place = {rumor: i for i, rumor in enumerate(rumors)}
    corpus = embed(rumors)
    vectors = embed([p.claim for p in claims])
    near = neighbours(vectors, corpus, [place[p.rumor] for p in claims], Band(0.1, 0.7, 0.7))
    return [
        Pair(p.claim, rumors[j], sides[rumors[j]].statement, OTHER, "cross_negative", p.kind)
        for p, rows in zip(claims, near, strict=True)
        for j in random.sample(rows, min(per_claim, len(rows)))
    ]


def identities(data: Path) -> list[Pair]:
    """A record's own texts as claims: its rumor asserts, its statement denies."""
    sides = {p.rumor: p.statement for p in sources.authored(data) + sources.starter(data)}
    pairs = [Pair(rumor, rumor, statement, ASSERTS, "identity") for rumor, statement in sides.items()]
    return pairs + [Pair(s, rumor, s, DENIES, "identity") for rumor, s in sides.items() if s]


def swaps(pairs: list[Pair], count: int, random: Random) -> list[Pair]:
    """`other` pairs that differ from a matching one in a single name, country or number."""
    pool = names([p.rumor for p in pairs])
    usable = [p for p in pairs if p.label != OTHER and len(p.claim) < 220]  # noqa: PLR2004 - a long text may hold it twice
    random.shuffle(usable)
    made = (swapped(p, pool, random) for p in usable)
    return [p for p in made if p is not None][:count]


def furniture(pairs: list[Pair], count: int, random: Random) -> list[Pair]:
    """Page chrome and chatter towards any rumor: other."""
    return [Pair(random.choice(CHROME), p.rumor, p.statement, OTHER, "chrome") for p in _sample(pairs, count, random)]


def stages(data: Path) -> tuple[list[Pair], list[Pair]]:
    """The pairs of one epoch of each stage (the replay of the first is drawn by the trainer)."""
    random = Random(SEED)
    own = sources.authored(data)
    tweets = checkthat_2a(data, random)
    public = broad(data, random) + tweets + checkthat_2b(data, random)
    cross = cross_negatives(data, random)
    news = sources.debunk_headlines(data, held_out=False) + sources.emergent(data, held_out=False)
    mine = [p for p in own if p.kind in {"paraphrase", "headline"}]
    near = own + sources.starter(data) + identities(data)
    frames = [framed(p, random) for p in _sample(mine, 300, random)]
    first = public + frames + cross[:500] + swaps(public, 800, random) + furniture(public, 150, random)
    # Written pairs alone made it forget how newspapers and tweets put it.
    second = near + sources.written(data) + swaps(near, 250, random) + cross[-500:] + furniture(near, 40, random)
    second += _sample([p for p in news if p.label == ASSERTS], 250, random)
    second += _sample([p for p in news if p.label == DENIES], 450, random)
    second += [p for p in tweets if p.source == "2a_tweet"]
    second += _sample([p for p in tweets if p.source == "2a_negative"], 900, random)
    return _finish(first, data, random), _finish(second, data, random)


def refinement(data: Path, second: list[Pair]) -> list[Pair]:
    """What a network learns that knows the rest of stage 2: the newest files twice, and half of that rest.

    Args:
        data: the folder of shared data.
        second: the pairs of stage 2.
    """
    random = Random(SEED)
    newest = sources.in_files(NEWEST)
    rumors = {pair.rumor for pair in newest}
    known = [pair for pair in second if pair.rumor not in rumors]
    kept = _sample(known, int(len(known) * KNOWN_SHARE), random) + _finish([*newest, *newest], data, random)
    random.shuffle(kept)
    return kept


def _finish(pairs: list[Pair], data: Path, random: Random) -> list[Pair]:
    """Drop what touches held-out text, add noise, shuffle."""
    secret = {_key(text) for p in held_out(data) for text in (p.claim, p.rumor)}
    clean = [p for p in pairs if not {_key(p.claim), _key(p.rumor), _key(p.statement or "-")} & secret]
    made = [replace(p, claim=noisy(p.claim, random)) if random.random() < NOISE_SHARE else p for p in clean]
    random.shuffle(made)
    return made


def held_out(data: Path) -> list[Pair]:
    """What is never trained on: one authored domain, half of the debunk headlines, a sixth of the Emergent rumors."""
    return [
        *sources.authored(data, (sources.AUTHORED_HELD_OUT,)),
        *sources.written_held_out(),
        *sources.debunk_headlines(data, held_out=True),
        *sources.emergent(data, held_out=True),
    ]


def _key(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def _plain(text: str) -> str:
    """A tweet without links and its signature, for mining only."""
    return re.sub(r"https?://\S+|pic\.twitter\.com/\S+|— [^—]*$", "", text).strip() or text


def _sample(items: list[T], count: int, random: Random) -> list[T]:
    return random.sample(items, min(count, len(items)))


def main() -> None:
    """Print the composition of both stages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    for number, pairs in enumerate(stages(parser.parse_args().data), 1):
        print(
            f"stage {number}: {len(pairs)} pairs",
            {LABELS[k]: n for k, n in sorted(Counter(p.label for p in pairs).items())},
        )
        for (source, label), count in sorted(Counter((p.source, p.label) for p in pairs).items()):
            print(f"  {source:28}{LABELS[label]:9}{count:6}")
    print("mean claim length", np.mean([len(p.claim) for p in pairs]))


if __name__ == "__main__":
    main()
