"""Hard negatives: records that words (BM25) or the encoder itself put near a text, but that it is not about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray
from pairs import Source

from embeddings.encoder import Encoder
from service.words import query_words, words

DEPTH = 30
BATCH = 64
# A record that shares this much of the words of the gold one's rumor may well be another copy of it: it is no negative.
SAME = 0.6

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def remembering(encoder: Encoder | None, known: dict[str, NDArray[np.float32]]) -> Encode:
    """An encoder that makes each vector once, short texts with short ones.

    Args:
        encoder: makes the vectors that are missing; None where none can be.
        known: what it remembers, by text; grows.
    """

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        new = [] if encoder is None else sorted({text for text in texts if text not in known}, key=len)
        for at in range(0, len(new), BATCH):
            part = new[at : at + BATCH]
            known.update(zip(part, encoder.encode(part), strict=True))  # type: ignore[union-attr] - none are new then
        return np.stack([known[text] for text in texts])

    return encode


def mine(source: Source, encode: Encode | None) -> list[list[int]]:
    """Hard negatives of every example, hardest first: by words, and by turns by vectors where there is an encoder.

    Returns:
        For each example, positions in ``source.pool``.
    """
    depth = min(DEPTH, len(source.pool) - 1)
    near = by_words(source, depth)
    if encode is not None:
        near = [
            [at for pair in zip(*both, strict=True) for at in pair]
            for both in zip(by_vectors(source, depth, encode), near, strict=True)
        ]
    return without_twins(source, near)


def without_twins(source: Source, near: list[list[int]]) -> list[list[int]]:
    """What is left of the candidates of each example without its own records and other copies of their rumors."""
    place = {doc.key: at for at, doc in enumerate(source.pool)}
    rumors = [frozenset(words(doc.texts[0])) for doc in source.pool]
    found = []
    for example, places in zip(source.examples, near, strict=True):
        gold = [place[key] for key in example.gold]
        fine = [
            at for at in dict.fromkeys(places) if at not in gold and not any(alike(rumors[at], rumors[g]) for g in gold)
        ]
        found.append(fine)
    return found


def alike(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two rumors share most of their words (Jaccard)."""
    return len(some & others) >= SAME * len(some | others)


def by_words(source: Source, depth: int) -> list[list[int]]:
    """Positions of the records whose rumor and title share words with each example, best first (BM25)."""
    index = bm25s.BM25()
    index.index([words(" ".join(doc.texts[:2])) or ["-"] for doc in source.pool], show_progress=False)
    queries = [query_words(example.text) or ["-"] for example in source.examples]
    found: list[list[int]] = index.retrieve(queries, k=depth, show_progress=False).documents.tolist()
    return found


def by_vectors(source: Source, depth: int, encode: Encode) -> list[list[int]]:
    """Positions of the records whose rumor is nearest to each example, nearest first."""
    rumors = encode([doc.texts[0] for doc in source.pool])
    asked = encode([example.text for example in source.examples])
    found: list[list[int]] = []
    for begin in range(0, len(asked), 512):
        cosines = asked[begin : begin + 512] @ rumors.T
        near = np.argpartition(-cosines, depth, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(cosines, near, axis=1), axis=1)
        found += np.take_along_axis(near, order, axis=1).tolist()
    return found
