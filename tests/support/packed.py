"""The index as a client reads it: written from docs/reference/index-format.md, not from the code that makes it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from numpy.typing import NDArray
from support.hashing import HashingEncoder

import embeddings

MANIFEST = json.loads(
    (Path(str(embeddings.__file__)).parent / "weights/claims-minilm-l6/manifest.json").read_text("utf-8")
)


class Stand(HashingEncoder):
    """A quick encoder in the place of the one that ships: it has that one's name, and as long vectors."""

    def __init__(self) -> None:
        super().__init__(MANIFEST["dim"])
        self.name, self.revision = MANIFEST["name"], MANIFEST["revision"]


class Read(NamedTuple):
    """A document taken apart; ``vectors`` has a row for each text, in the order of the records."""

    header: dict[str, Any]
    records: dict[str, dict[str, Any]]
    rows: dict[str, slice]
    fields: NDArray[np.uint8]
    vectors: NDArray[np.float32]


def verify(data: bytes, key: bytes) -> None:
    """Raises `InvalidSignature` where the document is not what was signed with the key."""
    Ed25519PublicKey.from_public_bytes(key).verify(data[-64:], data[:-64])


def key_of(header: dict[str, Any]) -> bytes:
    text: str = header["key"]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(data: bytes) -> Read:
    """Take a document apart, and look whether it is signed with the key that it names."""
    assert data[:8] == b"RJNDXIX1"
    length = int.from_bytes(data[8:12], "little")
    at = 12 + length
    header: dict[str, Any] = json.loads(data[12:at])
    verify(data, key_of(header))
    lines = data[at : at + header["records_bytes"]].decode().splitlines()
    at += header["records_bytes"]
    count, dim = header["rows"], header["dim"]
    factors = np.frombuffer(data, "<f4", count, at)
    fields = np.frombuffer(data, np.uint8, count, at + 4 * count)
    codes = np.frombuffer(data, np.int8, count * dim, at + 5 * count).reshape(count, dim)
    assert len(data) == at + 5 * count + count * dim + 64
    records: dict[str, dict[str, Any]] = {}
    rows: dict[str, slice] = {}
    first = 0
    for line in map(json.loads, lines):
        name = line["rebuttal"]["id"]
        records[name] = line["rebuttal"]
        rows[name] = slice(first, first + line["rows"])
        first += line["rows"]
    assert (len(records), first) == (header["records"], count)
    return Read(header, records, rows, fields, codes * factors[:, None])
