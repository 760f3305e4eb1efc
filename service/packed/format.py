"""The bytes of the index: a header, the records, their vectors. Source: `docs/reference/index-format.md`."""

from __future__ import annotations

import datetime as dt
import struct
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from service.calibration import Nearness, Sides
from service.domain import Profile, Rebuttal

MAGIC: Final = b"RJNDXIX1"
MEDIA_TYPE: Final = "application/vnd.rejoinder.index"
FORMAT: Final = 2

_LENGTH: Final = struct.Struct("<I")
_RECORD: Final = (
    *("id", "rumor", "variants", "statement", "quote", "language", "authority", "speaker"),
    *("rating", "rating_words", "stated_on", "contested_with", "revision"),
)
_CITATION: Final = (*("url", "title", "publisher", "published_on", "kind", "language", "quote", "archived_url"),)
_ENCODER: Final = msgspec.json.Encoder()


class ModelFile(Struct, frozen=True, kw_only=True):
    """A file of a model: its name, the SHA-256 of its content in hex, and how many bytes it has."""

    name: str
    sha256: str
    bytes: int


class EncoderModel(Struct, frozen=True, kw_only=True):
    """The encoder that made the vectors; texts are cut to ``max_tokens``."""

    name: str
    revision: str
    max_tokens: int
    files: tuple[ModelFile, ...]


class StanceModel(Struct, frozen=True, kw_only=True):
    """The stance model; claim and record are cut apart, as `embeddings.stance.OnnxStanceModel` does."""

    name: str
    revision: str
    languages: tuple[str, ...]
    labels: tuple[str, ...]
    max_claim_tokens: int
    max_rumor_tokens: int
    files: tuple[ModelFile, ...]


class Numbers(Struct, frozen=True, kw_only=True):
    """The fitted numbers of the cascade, with the thresholds of one profile: see `service.calibration.Calibration`."""

    nearness: Nearness
    gate: float
    related: float
    sides: Sides
    rebutted: float
    consistent: float
    judged: int
    profile: Profile


class Header(Struct, frozen=True, kw_only=True):
    """What stands before the records.

    Attributes:
        format: number of this format.
        key: the public key, base64url without padding.
        since: the position that the document goes on from; 0: it is whole.
        position: the position in the store's feed of changes that it leads to.
        store_version: number of the store's last event, as answers to claims carry it.
        created_at: when it was made.
        records: how many records there are.
        rows: how many vectors.
        dim: length of a vector.
        records_bytes: bytes of the records.
        removed: ids of records that are published no more.
        fields: names of the fields that a row's number stands for.
        calibration: the fitted numbers.
        encoder: made the vectors, and encodes claims.
        stance: reads claims against records.
        model: names all models together, as answers to claims carry it.
    """

    format: int = FORMAT
    key: str
    since: int
    position: int
    store_version: int
    created_at: dt.datetime
    records: int
    rows: int
    dim: int
    records_bytes: int
    removed: tuple[str, ...]
    fields: tuple[str, ...]
    calibration: Numbers
    encoder: EncoderModel
    stance: StanceModel
    model: str


class Rows(NamedTuple):
    """Vectors in 8 bits: a vector is its codes times its factor.

    Attributes:
        factors: float32, shape (rows,).
        fields: uint8, shape (rows,), positions in `service.passages.FIELDS`.
        codes: int8, shape (rows, dim).
    """

    factors: NDArray[np.float32]
    fields: NDArray[np.uint8]
    codes: NDArray[np.int8]


def record_line(record: Rebuttal, rows: int, readable: str | None = None) -> bytes:
    """A record as a line of NDJSON; what is unknown is left out.

    Args:
        record: published.
        rows: how many vectors it has.
        readable: its wording for the stance model, where that does not read the record's own language.
    """
    plain: dict[str, Any] = msgspec.to_builtins(record)
    shown = {name: plain[name] for name in _RECORD}
    shown["citations"] = [{name: citation[name] for name in _CITATION} for citation in plain["citations"]]
    return _ENCODER.encode(_known({"rows": rows, "readable": readable, "rebuttal": shown})) + b"\n"


def unsigned(header: Header, records: bytes, rows: Rows) -> bytes:
    """The document without its signature.

    Raises:
        ValueError: the header says other numbers than the rest.
    """
    count, dim = rows.codes.shape
    lengths = {count, len(rows.factors), len(rows.fields), header.rows}
    if lengths != {count} or dim != header.dim or len(records) != header.records_bytes:
        raise ValueError("the header does not fit the records and their vectors")
    head = _ENCODER.encode(header)
    return b"".join(
        (
            *(MAGIC, _LENGTH.pack(len(head)), head, records),
            rows.factors.astype("<f4", copy=False).tobytes(),
            rows.fields.tobytes(),
            rows.codes.tobytes(),
        )
    )


def _known(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    """The value without fields that are null, all the way down."""
    if isinstance(value, dict):
        return {name: _known(part) for name, part in value.items() if part is not None}
    return [_known(part) for part in value] if isinstance(value, list) else value
