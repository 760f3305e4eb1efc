"""Texts to compare two encoders on: the store's own, and headlines from a file. Nobody's claims are kept for this."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

from service.domain import MAX_CLAIM, Filters, Rebuttal
from service.encoders import EncoderError
from service.passages import passages
from service.sentences import checkable, split
from service.store import Store

Kind = Literal["rumor", "variant", "statement", "quote", "sentence", "headline"]
"""``quote`` and ``sentence`` (of a statement or a quote) are texts of a record that are not searched themselves."""

KNOWN: Final[frozenset[Kind]] = frozenset({"rumor", "variant", "statement"})
"""Kinds that are searched word by word: any encoder finds them, so they say little of it."""
_OWN: Final[tuple[Kind, ...]] = ("rumor", "variant", "statement", "quote", "sentence")
_MOST_BYTES: Final = 10_000_000


class Text(NamedTuple):
    """A text, and where it comes from."""

    kind: Kind
    text: str


def sampled(store: Store, most: int) -> list[Text]:
    """Texts of published records, of each kind as many where there are; the same ones in every run.

    Args:
        store: holds the records.
        most: how many in all.
    """
    each = max(1, most // len(_OWN))
    picked: dict[Kind, list[tuple[int, str]]] = {kind: [] for kind in _OWN}
    for record in store.scan(Filters(status="published")):
        for one in _texts(record):
            _keep(picked[one.kind], one.text, each)
    return [Text(kind, text) for kind in _OWN for _, text in sorted(picked[kind], reverse=True)]


def read_sample(path: Path, most: int) -> list[Text]:
    """Headlines from a file, one a line; blank lines and repeated ones are passed over.

    Raises:
        EncoderError: it cannot be read, is no UTF-8, or holds a line that is no claim.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        lines = data.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise EncoderError(f"{path}: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise EncoderError(f"{path}: not valid UTF-8 (byte {error.start + 1}).") from None
    if len(data) > _MOST_BYTES:
        raise EncoderError(f"{path}: larger than {_MOST_BYTES:,} bytes.")
    found: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_CLAIM or "\0" in line:
            raise EncoderError(f"{path}:{number}: no claim: over {MAX_CLAIM:,} characters, or with a NUL.")
        if line.strip() and len(found) < most:
            found.setdefault(line.strip())
    if not found:
        raise EncoderError(f"{path}: holds no headline.")
    return [Text("headline", line) for line in found]


def _keep(heap: list[tuple[int, str]], text: str, most: int) -> None:
    """Keep the texts with the smallest digests: a choice that no order of records and no text's place decides."""
    entry = (-int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]), text)
    full = len(heap) >= most
    if (full and entry <= heap[0]) or entry in heap:
        return
    if full:
        heapq.heapreplace(heap, entry)
    else:
        heapq.heappush(heap, entry)


def _texts(record: Rebuttal) -> Iterator[Text]:
    searched = {passage.text for passage in passages(record)}
    yield Text("rumor", record.rumor)
    yield from (Text("variant", one) for one in record.variants)
    if len(record.statement) <= MAX_CLAIM:
        yield Text("statement", record.statement)
    if record.quote and record.quote not in searched and len(record.quote) <= MAX_CLAIM:
        yield Text("quote", record.quote)
    for text in filter(None, (record.statement, record.quote)):
        cut = split(text, record.language)
        if len(cut) > 1:
            yield from (Text("sentence", cut[at].text) for at in checkable(cut) if cut[at].text not in searched)
