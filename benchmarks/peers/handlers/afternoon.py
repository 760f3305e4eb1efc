"""An afternoon's version: sentence-transformers, NumPy, a file of vectors, and a small handler."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

VECTORS, RECORDS = Path(os.environ["DATA"]) / "vectors.npy", Path(os.environ["DATA"]) / "records.json"

app = FastAPI()
model = SentenceTransformer(os.environ["MODEL"], device="cpu")
vectors = np.load(VECTORS) if VECTORS.exists() else np.empty((0, 384), np.float32)
records = json.loads(RECORDS.read_text(encoding="utf-8")) if RECORDS.exists() else []


class Record(BaseModel):
    """A text to be found, by its id."""

    id: str
    text: str


class Claim(BaseModel):
    """A text to find the nearest record of."""

    claim: str


@app.post("/records")
def add(new: list[Record]) -> int:
    """Encode records and keep them; the number of all."""
    global vectors  # noqa: PLW0603 - as one writes it in an afternoon
    vectors = np.vstack([vectors, model.encode([record.text for record in new], normalize_embeddings=True)])
    records.extend(record.model_dump() for record in new)
    np.save(VECTORS, vectors)
    RECORDS.write_text(json.dumps(records), encoding="utf-8")
    return len(records)


@app.post("/nearest")
def nearest(claim: Claim) -> list[dict[str, str | float]]:
    """The record whose text has the highest cosine."""
    if not records:
        return []
    scores = vectors @ model.encode(claim.claim, normalize_embeddings=True)
    best = int(scores.argmax())
    return [{**records[best], "score": float(scores[best])}]
