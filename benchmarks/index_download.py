"""The signed index that browsers download: how large it is and how long it takes to make.

`python benchmarks/index_download.py` makes it of the starter corpus and of a store of 14,000 records, which are those
of the starter corpus under further ids. The vectors of these are drawn by chance: as long as real ones, and no easier
to compress. Prints one JSON object for each: bytes as they are and with gzip, seconds to make and to compress, and the
same of a delta after 100 new records.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from embeddings.encoder import load_encoder
from service.api.index import LEVEL
from service.catalog import content_of
from service.domain import Rebuttal
from service.ingest import starter
from service.packed import Offer, build, models_offered
from service.passages import passages
from service.store import Write
from service.store.sqlite import SqliteStore

AT_ONCE = 500
CHANGED = 100


Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def by_chance(dim: int) -> Encode:
    """An encoder of no meaning."""
    chance = np.random.default_rng(0)

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        rows = chance.standard_normal((len(texts), dim), dtype=np.float32)
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    return encode


def fill(store: SqliteStore, records: Sequence[Rebuttal], numbers: range, model: str, encode: Encode) -> None:
    """Write the records of these numbers: first the given ones, then the same under further ids."""
    for piece in (numbers[at : at + AT_ONCE] for at in range(0, len(numbers), AT_ONCE)):
        writes = []
        for number in piece:
            again, at = divmod(number, len(records))
            content = content_of(records[at])
            if again:
                content = structs.replace(content, id=f"{content.id}-{again}")
            rows = encode([passage.text for passage in passages(content)])
            writes.append(Write(content=content, action="import", vectors=rows, model=model))
        store.write(writes, actor="benchmark")


def measured(store: SqliteStore, offer: Offer, since: int) -> dict[str, float]:
    """Sizes and times of one document."""
    began = time.perf_counter()
    document = build(store, offer, since)
    made = time.perf_counter()
    packed = gzip.compress(document.data, LEVEL, mtime=0)
    ended = time.perf_counter()
    return {
        "records": document.header.records,
        "rows": document.header.rows,
        "bytes": len(document.data),
        "gzip_bytes": len(packed),
        "build_s": round(made - began, 3),
        "gzip_s": round(ended - made, 3),
    }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=14_000, help="records of the larger store")
    count = parser.parse_args().records
    encoder = load_encoder()
    offer = models_offered(encoder, model="benchmark", profile="balanced")
    assert offer is not None, "the encoder that ships is offered"  # noqa: S101 - by its own name
    with tempfile.TemporaryDirectory() as folder, SqliteStore.open(Path(folder) / "store.db") as store:
        starter.refresh(store)
        records = list(store.scan())
    for size, encode in ((len(records), encoder.encode), (count, by_chance(encoder.dim))):
        with tempfile.TemporaryDirectory() as folder, SqliteStore.open(Path(folder) / "store.db") as store:
            fill(store, records, range(size), offer.vectors, encode)
            whole = measured(store, offer, 0)
            since = store.position()
            fill(store, records, range(size, size + CHANGED), offer.vectors, encode)
            print(json.dumps({"whole": whole, "delta": measured(store, offer, since)}), flush=True)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    files = [*offer.encoder.files, *offer.stance.files]
    print(json.dumps({"model_bytes": sum(file.bytes for file in files), "files": len(files), "most_memory_mb": most}))


if __name__ == "__main__":
    main()
