"""A network that leaves its large tensors in its files: the runtime maps them from there and holds no copy.

Reads as much of ONNX's protocol buffers as that takes (https://onnx.ai/onnx/repo-docs/ExternalData.html,
https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final, NamedTuple

_LEAST: Final = 65_536
"""Bytes from which a tensor is left in its file: some pages of memory."""
_BYTES: Final = frozenset({2, 3})
"""TensorProto's uint8 and int8. Wider numbers need an address that their place in a file may not give."""
# Kinds of fields.
_VARINT, _LENGTH = 0, 2
_FIXED: Final = {1: 8, 5: 4}
"""Bytes of the kinds that have a fixed width."""
_LONGEST_VARINT: Final = 10
_SEVEN, _MORE = 0x7F, 0x80
# Numbers of fields in onnx.proto.
_MODEL_GRAPH, _GRAPH_INITIALIZER = 7, 5
_TENSOR_TYPE, _TENSOR_RAW, _TENSOR_EXTERNAL, _TENSOR_LOCATION = 2, 9, 13, 14
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_EXTERNAL: Final = 1


class Part(NamedTuple):
    """A file of a network.

    Attributes:
        content: what is in it.
        name: of the file in the folder that the runtime is told; None where it is not there.
    """

    content: bytes | mmap
    name: str | None


class _Field(NamedTuple):
    """A field of a message: where it begins, where its content does, where it ends; its value if that is a number."""

    number: int
    start: int
    content: int
    end: int
    value: int = 0


class _Parts:
    """Files that follow one another, read as one."""

    def __init__(self, files: Sequence[Part]) -> None:
        self._files: list[tuple[int, int, Part]] = []
        self.size = 0
        for part in files:
            self._files.append((self.size, self.size + len(part.content), part))
            self.size += len(part.content)

    def read(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` to ``end``; fewer at the end of the last file."""
        read = (part.content[max(0, start - at) : max(0, end - at)] for at, to, part in self._files if start < to)
        return b"".join(read)

    def place(self, start: int, end: int) -> tuple[str, int] | None:
        """The file with a name that all these bytes are in, and where in it; None where there is none."""
        for at, to, part in self._files:
            if at <= start and end <= to and part.name is not None:
                return part.name, start - at
        return None


def mapped(path: Path) -> mmap:
    """A file as memory that the system fills when it is read and takes back when it needs it.

    Raises:
        OSError: the file cannot be opened.
        ValueError: it is empty.
    """
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def leave_in_files(files: Sequence[Part]) -> bytes:
    """An ONNX network whose large tensors of bytes are named by their place instead of held.

    Args:
        files: the network, in the order in which they are joined.

    Returns:
        The network for a runtime that is told in which folder the files are.

    Raises:
        ValueError: this is no protocol buffer, or it ends too early.
    """
    parts = _Parts(files)
    return b"".join(
        _message(_MODEL_GRAPH, _graph(parts, field)) if field.number == _MODEL_GRAPH else _copy(parts, field)
        for field in _fields(parts, 0, parts.size)
    )


def _graph(parts: _Parts, graph: _Field) -> bytes:
    return b"".join(
        _message(_GRAPH_INITIALIZER, _tensor(parts, field))
        if field.number == _GRAPH_INITIALIZER
        else _copy(parts, field)
        for field in _fields(parts, graph.content, graph.end)
    )


def _tensor(parts: _Parts, tensor: _Field) -> bytes:
    fields = list(_fields(parts, tensor.content, tensor.end))
    of_bytes = any(field.number == _TENSOR_TYPE and field.value in _BYTES for field in fields)
    written = []
    for field in fields:
        large = of_bytes and field.number == _TENSOR_RAW and field.end - field.content >= _LEAST
        place = parts.place(field.content, field.end) if large else None
        written.append(_copy(parts, field) if place is None else _elsewhere(*place, field.end - field.content))
    return b"".join(written)


def _elsewhere(name: str, offset: int, length: int) -> bytes:
    """The fields that say where a tensor's bytes are."""
    entries = {"location": name, "offset": f"{offset}", "length": f"{length}"}
    written = [
        _message(_TENSOR_EXTERNAL, _message(_ENTRY_KEY, key.encode()) + _message(_ENTRY_VALUE, value.encode()))
        for key, value in entries.items()
    ]
    return b"".join(written) + _varint(_TENSOR_LOCATION << 3 | _VARINT) + _varint(_EXTERNAL)


def _fields(parts: _Parts, start: int, end: int) -> Iterator[_Field]:
    """The fields of the message between two places."""
    while start < end:
        key, content = _number(parts, start)
        after, value, kind = content, 0, key & 7
        if kind == _VARINT:
            value, after = _number(parts, content)
        elif kind == _LENGTH:
            length, content = _number(parts, content)
            after = content + length
        elif kind in _FIXED:
            after = content + _FIXED[kind]
        else:
            raise ValueError(f"a field of kind {kind} is none of a network")
        if after > end:
            raise ValueError("the network ends in the middle of a field")
        yield _Field(key >> 3, start, content, after, value)
        start = after


def _number(parts: _Parts, at: int) -> tuple[int, int]:
    """The number that begins here, in sevens of bits from the lowest, and where it ends."""
    value = 0
    for position, byte in enumerate(parts.read(at, at + _LONGEST_VARINT)):
        value |= (byte & _SEVEN) << 7 * position
        if byte < _MORE:
            return value, at + position + 1
    raise ValueError("a number of the network does not end")


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > _SEVEN:
        written.append(value & _SEVEN | _MORE)
        value >>= 7
    return bytes([*written, value])


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH) + _varint(len(content)) + content


def _copy(parts: _Parts, field: _Field) -> bytes:
    return parts.read(field.start, field.end)
