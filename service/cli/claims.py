"""Claims as people type and pipe them: cut into lines as they arrive, refused one by one, never all for one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Final, NamedTuple

import msgspec

from service.domain import MAX_CLAIM, Claim
from service.errors import RejoinderError

STDIN: Final = "-"
_READ: Final = 1 << 16
_AT_ONCE: Final = 64
# UTF-8 takes four bytes a character at most: a line over this is too long, whatever it says.
_MOST_BYTES: Final = 4 * MAX_CLAIM
_BOM: Final = b"\xef\xbb\xbf"


class Asked(NamedTuple):
    """One claim before it is known to be one; ``place`` is what an error calls it."""

    place: str
    text: bytes


class RefusedClaimError(RejoinderError):
    """A claim that cannot be checked; the others still are."""


def groups(arguments: Sequence[str], stdin: BinaryIO) -> Iterator[list[Asked]]:
    """The claims in the order given, in groups that are worth checking together.

    Args:
        arguments: of the command line; ``-`` stands for standard input, as does nothing at all.
        stdin: read as it arrives: a group is what there is, so a slow pipe is answered line by line.
    """
    waiting: list[Asked] = []
    for number, argument in enumerate(arguments or [STDIN], 1):
        if argument == STDIN:
            if waiting:
                yield waiting
            waiting = []
            yield from _lines(stdin)
        else:
            waiting.append(Asked(f"claim {number}", os.fsencode(argument)))
        if len(waiting) >= _AT_ONCE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def to_claim(asked: Asked, options: Mapping[str, object]) -> Claim:
    """Make a claim of what was asked.

    Raises:
        RefusedClaimError: says which claim, and why.
    """
    if len(asked.text) > _MOST_BYTES:
        raise RefusedClaimError(f"{asked.place}: longer than {MAX_CLAIM:,} characters.")
    try:
        text = asked.text.decode()
    except UnicodeDecodeError as error:
        raise RefusedClaimError(f"{asked.place}: not valid UTF-8 (byte {error.start + 1}).") from None
    if not text.strip():
        raise RefusedClaimError(f"{asked.place}: empty.")
    if len(text) > MAX_CLAIM:
        raise RefusedClaimError(f"{asked.place}: longer than {MAX_CLAIM:,} characters ({len(text):,}).")
    try:
        return msgspec.convert({"claim": text, **options}, Claim)
    except msgspec.ValidationError as error:
        why = "holds a NUL character" if "\0" in text else f"{error}"
        raise RefusedClaimError(f"{asked.place}: {why}.") from None


def _lines(stream: BinaryIO) -> Iterator[list[Asked]]:
    number, rest = 0, b""
    while piece := _available(stream):
        *complete, rest = (rest + piece).split(b"\n")
        rest = rest[: _MOST_BYTES + 1]
        for at in range(0, len(complete), _AT_ONCE):
            group = complete[at : at + _AT_ONCE]
            if asked := _numbered(group, number + 1):
                yield asked
            number += len(group)
    if asked := _numbered([rest], number + 1):
        yield asked


def _available(stream: BinaryIO) -> bytes:
    """What can be read without waiting for more than the first byte of it."""
    read1 = getattr(stream, "read1", stream.read)
    return bytes(read1(_READ))


def _numbered(lines: Sequence[bytes], first: int) -> list[Asked]:
    """Lines that say something, each with its number."""
    texts = [(number, line.removeprefix(_BOM).strip()) for number, line in enumerate(lines, first)]
    return [Asked(f"line {number}", text) for number, text in texts if text]
