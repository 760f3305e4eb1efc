"""The archive of 14,231 records as a store, made once in a run; how long that took beside encoding alone."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from embeddings.encoder import Encoder, load_encoder
from performance.chapter import Options
from performance.texts import archive
from service.domain import RebuttalContent
from service.passages import passages
from service.runtime import Runtime
from service.settings import Settings

_BATCH = 64
_QUICK_RECORDS = 300


class Imported(Struct, frozen=True):
    """A store, and what it took to make: seconds of the import, and of encoding the same texts in the best batches."""

    db: Path
    records: int
    texts: int
    import_s: float
    encoding_s: float


def imported(options: Options) -> Imported:
    """The archive, imported when a chapter of this run first asks for it; a small part of it where it must be quick.

    Raises:
        Unavailable: the dev data is not there.
    """
    kept = options.folder / "archive.json"
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=Imported, dec_hook=_path)
    records = list(itertools.islice(archive(options.data), _QUICK_RECORDS if options.quick else None))
    made = _import(records, options.folder / "archive.db")
    kept.write_bytes(msgspec.json.encode(made, enc_hook=str))
    return made


def _path(kind: type, value: object) -> Path:
    if kind is not Path:
        raise NotImplementedError(kind)
    return Path(str(value))


def _import(records: Sequence[RebuttalContent], db: Path) -> Imported:
    """Import, with half of the encoding before and half after it: what slows the machine down for a while hits both."""
    settings = Settings(db=db, starter=False)
    texts = sorted((passage.text for record in records for passage in passages(record)), key=len)
    batches = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
    encoder = load_encoder(threads=settings.threads)
    runtime = Runtime.open(settings)
    encoding = _encoded(encoder, batches[::2])
    began = time.perf_counter()
    report = asyncio.run(runtime.catalog.import_lines(_chunks(records), actor="benchmark"))
    importing = time.perf_counter() - began
    encoding += _encoded(encoder, batches[1::2])
    runtime.close()
    return Imported(db, report.created, len(texts), round(importing, 2), round(encoding, 2))


def _encoded(encoder: Encoder, batches: Sequence[Sequence[str]]) -> float:
    began = time.perf_counter()
    for batch in batches:
        encoder.encode(batch)
    return time.perf_counter() - began


async def _chunks(records: Sequence[RebuttalContent]) -> AsyncIterator[bytes]:
    lines = b"".join(msgspec.json.encode(record) + b"\n" for record in records)
    for at in range(0, len(lines), 65_536):
        yield lines[at : at + 65_536]
