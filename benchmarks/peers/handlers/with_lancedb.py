"""A handler that encodes with sentence-transformers and searches a LanceDB table in its own process."""

from __future__ import annotations

import os

import lancedb
import pyarrow as pa
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("vector", pa.list_(pa.float32(), 384))])

app = FastAPI()
model = SentenceTransformer(os.environ["MODEL"], device="cpu")
table = lancedb.connect(os.environ["DATA"]).create_table("records", schema=SCHEMA, exist_ok=True)


class Record(BaseModel):
    """A text to be found, by its id."""

    id: str
    text: str


class Claim(BaseModel):
    """A text to find the nearest record of."""

    claim: str


@app.post("/records")
def add(new: list[Record]) -> int:
    """Encode records and add them to the table; the number of all."""
    vectors = model.encode([record.text for record in new], normalize_embeddings=True)
    table.add([{**record.model_dump(), "vector": vector} for record, vector in zip(new, vectors, strict=True)])
    return table.count_rows()


@app.post("/nearest")
def nearest(claim: Claim) -> list[dict[str, str | float]]:
    """The record whose text has the highest cosine."""
    vector = model.encode(claim.claim, normalize_embeddings=True)
    rows = table.search(vector).distance_type("cosine").select(["id", "text", "_distance"]).limit(1).to_list()
    return [{"id": row["id"], "text": row["text"], "score": 1 - row["_distance"]} for row in rows]
