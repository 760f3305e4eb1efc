"""What every model that ships has in common: verified files, an ONNX Runtime session, a tokenizer, padded batches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embeddings.encoder import WeightsError
from embeddings.heap import trim
from embeddings.mapped import Part, leave_in_files, mapped

WEIGHTS = Path(__file__).parent / "weights"
Ids = NDArray[np.int64]
TOKENS = 256
"""Tokens in one pass, padding included: more leave the caches, and their buffers come from the system each time."""
PASS = 16
"""Tokens whose computation costs about as much as a pass more."""
MANY = 16
"""Passes in one call after which what they needed is given back: it costs little beside them."""
_FOLDER = "session.model_external_initializers_file_folder_path"


class Weights:
    """A folder of weights whose every file has been compared with ``manifest.json``.

    Args:
        folder: holds ``manifest.json`` with the keys ``name``, ``revision`` and ``files`` (file name to sha256).

    Raises:
        WeightsError: a file is missing, unreadable or not the one that the manifest names.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            self._files = {name: mapped(folder / name) for name in self.manifest["files"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"cannot read the weights in {folder}: {error}") from error
        for name, expected in self.manifest["files"].items():
            if (found := hashlib.sha256(self._files[name]).hexdigest()) != expected:
                raise WeightsError(f"{folder / name} has sha256 {found}, its manifest says {expected}")
        self._folder = folder

    def setting(self, key: str) -> Any:  # noqa: ANN401 - values of a JSON object
        """A value of the manifest.

        Raises:
            WeightsError: the manifest does not have it.
        """
        if key not in self.manifest:
            raise WeightsError(f"{self._folder / 'manifest.json'} lacks {key!r}")
        return self.manifest[key]

    def session(self, *, threads: int) -> ort.InferenceSession:
        """Start ``model.onnx`` on the CPU, which it then needs no longer, but the files must stay as they are.

        A large network lies in parts, ``model.onnx.1`` and on: hosts of repositories bound the size of a file. Its
        large tensors stay in them: the runtime maps what it does not rearrange, and processes share the pages.

        Raises:
            WeightsError: the runtime cannot load the file.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # The level above it rearranges data for one kind of processor and gained nothing here.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        # Waiting threads must leave the processor to the rest of the server.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Batches differ in shape: an arena would keep the largest of every size for good.
        options.enable_cpu_mem_arena = False
        names = sorted(name for name in self._files if name.startswith("model.onnx"))
        # Installers may link every file to another folder, and the runtime follows no link out of its own.
        paths = [(self._folder / name).resolve() for name in names]
        folder = paths[0].parent if paths else self._folder
        options.add_session_config_entry(_FOLDER, str(folder))
        try:
            contents = [self._files.pop(name) for name in names]
            parts = zip(contents, paths, strict=True)
            model = leave_in_files(
                [Part(content, path.name if path.parent == folder else None) for content, path in parts]
            )
            return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's exceptions share no base class but this
            raise WeightsError(f"cannot load {self._folder / 'model.onnx'}: {error}") from error

    def tokenizer(self) -> Tokenizer:
        """Load ``tokenizer.json`` so that nothing in a text can act as a special token, without padding or cutting.

        Raises:
            WeightsError: the file is missing from the manifest or cannot be parsed.
        """
        try:
            tokenizer = Tokenizer.from_buffer(bytes(self._files.pop("tokenizer.json")))
        except Exception as error:  # tokenizers raises bare Exception
            raise WeightsError(f"cannot load {self._folder / 'tokenizer.json'}: {error}") from error
        # "[SEP]" typed by a stranger is five characters, not the end of a segment.
        tokenizer.encode_special_tokens = True
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


def encodable(texts: Sequence[str]) -> list[str]:
    """The texts with lone surrogates replaced by "?": no UTF-8 exists for them, and the tokenizer needs it."""
    return [text.encode("utf-8", "replace").decode() for text in texts]


def pad(rows: Sequence[Sequence[int]]) -> Ids:
    """Rows of different length as one array of shape (len(rows), longest), filled up with 0."""
    padded = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return padded


def mask(rows: Sequence[Sequence[int]]) -> Ids:
    """Ones where `pad` puts a token, zeros where it fills up."""
    return pad([[1] * len(row) for row in rows])


def by_length(rows: Sequence[Sequence[int]], batch: int) -> Iterator[list[int]]:
    """Positions of the rows in batches of similar length, so that little is computed on padding.

    A batch has ``batch`` rows, or fewer where they are long, or where the next is so much longer that its padding would
    cost more than a pass of its own. A pass needs memory for each of its tokens, and more of them at once make it
    slower. When many passes are over, the memory goes back to the system.
    """
    order = sorted(range(len(rows)), key=lambda position: len(rows[position]))
    lengths = [len(rows[position]) for position in order]
    start = passes = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and end - start < batch and _joins(end - start, lengths[end - 1], lengths[end]):
            end += 1
        yield order[start:end]
        start, passes = end, passes + 1
    if passes >= MANY:
        trim()


def _joins(rows: int, longest: int, length: int) -> bool:
    """Whether a row goes into a batch of so many, the longest of so many tokens."""
    return (rows + 1) * length <= TOKENS and rows * (length - longest) <= PASS
