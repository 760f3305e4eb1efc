"""Bodies read piece by piece, decoded, and never beyond a bound: a small file can unpack to gigabytes."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import AsyncIterable
from typing import Final

from service.errors import OutboundError

_GZIP: Final = 16 + zlib.MAX_WBITS
_OVERHEAD: Final = 65_536
"""Bytes on the wire beyond the decoded bound: what gzip may add to text that does not shrink."""


_NO_PAGE: Final = frozenset({"punycode", "idna"})
"""Encodings of host names. Python decodes them in a time that grows with the square of the text."""


def is_charset(name: str) -> bool:
    """Whether a page may say that it is in this encoding; one that Python does not know is none."""
    try:
        return codecs.lookup(name).name not in _NO_PAGE
    except LookupError:
        return False


async def read(pieces: AsyncIterable[bytes], encoding: str, most: int, *, cut: bool = False) -> bytes:
    """The decoded body.

    Args:
        pieces: as they come over the wire.
        encoding: the header ``Content-Encoding``.
        most: decoded bytes allowed.
        cut: stop at that many instead of raising.

    Raises:
        OutboundError: too large, damaged, cut off, or packed in a way that was not asked for.
    """
    coding = encoding.strip().lower()
    if coding not in {"", "identity", "gzip", "x-gzip"}:
        raise OutboundError("The answer is packed in a way that was not asked for.", reason="unreachable")
    unpack = _Gunzip() if "gzip" in coding else None
    body, wire = bytearray(), 0
    async for piece in pieces:
        wire += len(piece)
        body += piece if unpack is None else unpack.feed(piece, most + 1 - len(body))
        if len(body) > most or wire > most + _OVERHEAD:
            if cut:
                return bytes(body[:most])
            raise OutboundError(f"The answer has more than {most:,} bytes.", reason="too-large")
    if unpack is not None and wire and not unpack.complete:
        raise OutboundError("The answer ends early.", reason="unreachable")
    return bytes(body)


class _Gunzip:
    """Unpacks gzip, one member after another, and no more than is asked for."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._any = False
        self._within = False

    @property
    def complete(self) -> bool:
        return self._any and not self._within

    def feed(self, piece: bytes, room: int) -> bytes:
        """Unpack a piece. Returns at most ``room`` bytes; the rest is dropped, as the bound has been passed then."""
        out = bytearray()
        while piece and len(out) < room:
            try:
                out += self._member.decompress(piece, room - len(out))
            except zlib.error:
                if self._any:  # padding behind the last member, which gzip itself passes over
                    self._within = False
                    break
                raise OutboundError("The answer is damaged: it cannot be unpacked.", reason="unreachable") from None
            self._within = not self._member.eof
            if self._within:
                break
            piece = self._member.unused_data
            self._any = True
            self._member = zlib.decompressobj(_GZIP)
        return bytes(out)
