"""A handler that encodes with sentence-transformers and asks a Chroma server."""

from __future__ import annotations

import os
import time

import chromadb
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer


def connected() -> chromadb.ClientAPI:
    """A client of the server, which is started at the same time and may take longer."""
    for _ in range(600):
        try:
            return chromadb.HttpClient(
                host="127.0.0.1",
                port=int(os.environ["CHROMA_PORT"]),
                settings=chromadb.Settings(anonymized_telemetry=False),
            )
        except ValueError:
            time.sleep(0.05)
    raise SystemExit("the server of Chroma does not answer")


app = FastAPI()
model = SentenceTransformer(os.environ["MODEL"], device="cpu")
collection = connected().get_or_create_collection(
    "records", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
)


class Record(BaseModel):
    """A text to be found, by its id."""

    id: str
    text: str


class Claim(BaseModel):
    """A text to find the nearest record of."""

    claim: str


@app.post("/records")
def add(new: list[Record]) -> int:
    """Encode records and hand them to the server; the number of all."""
    texts = [record.text for record in new]
    collection.add(
        ids=[record.id for record in new], embeddings=model.encode(texts, normalize_embeddings=True), documents=texts
    )
    return collection.count()


@app.post("/nearest")
def nearest(claim: Claim) -> list[dict[str, str | float]]:
    """The record whose text has the highest cosine."""
    vector = model.encode(claim.claim, normalize_embeddings=True)
    found = collection.query(query_embeddings=[vector], n_results=1, include=["documents", "distances"])
    rows = zip(found["ids"][0], found["documents"][0], found["distances"][0], strict=True)
    return [{"id": name, "text": text, "score": 1 - distance} for name, text, distance in rows]
