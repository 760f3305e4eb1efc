"""Cross-encoder: how a claim stands to a rumor (asserts it, denies it, or is another claim)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embeddings.encoder import WeightsError
from embeddings.session import WEIGHTS, Weights, by_length, encodable, mask, pad

Stance = Literal["asserts", "denies", "other"]
STANCES: tuple[Stance, Stance, Stance] = ("asserts", "denies", "other")
Probabilities = NDArray[np.float32]
DEFAULT = WEIGHTS / "stance-mpnet-l9"
BATCH = 32
BEGIN, END = "<s>", "</s>"


class StancePair(NamedTuple):
    """A claim and the rumor it is held against, with the authority's statement where there is one."""

    claim: str
    rumor: str
    statement: str | None = None


@runtime_checkable
class StanceModel(Protocol):
    """Pairs in, probabilities out.

    Attributes:
        name: what the model is called.
        revision: identifies the exact weights.
        languages: BCP 47 codes that the model was trained on; elsewhere its answer is a guess.
    """

    name: str
    revision: str
    languages: frozenset[str]

    def predict(self, pairs: Sequence[StancePair]) -> Probabilities:
        """Judge pairs in one call.

        Returns:
            Float32 array of shape ``(len(pairs), 3)``: probabilities in the order of `STANCES`, rows sum to 1.
        """
        ...


class OnnxStanceModel:
    """An MPNet classifier on ONNX Runtime; see `StanceModel`.

    Input: ``<s> claim </s></s> rumor </s></s> statement </s>``. Claim and record are cut on their own, so that a long
    claim cannot push the rumor out, and the statement comes last, so that it is what a long record loses.
    """

    def __init__(self, weights: Weights, *, threads: int) -> None:
        self.name = str(weights.setting("name"))
        self.revision = str(weights.setting("revision"))
        self.languages = frozenset(weights.manifest.get("languages", ["en"]))
        if tuple(weights.setting("labels")) != STANCES:
            raise WeightsError(f"labels are {weights.setting('labels')}, expected {list(STANCES)}")
        self._claim_tokens = int(weights.setting("max_claim_tokens"))
        self._rumor_tokens = int(weights.setting("max_rumor_tokens"))
        self._tokenizer: Tokenizer = weights.tokenizer()
        self._begin, self._end = self._special(BEGIN), self._special(END)
        self._session: ort.InferenceSession = weights.session(threads=threads)

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int = 1) -> Self:
        """Load the stance model that ships with the package, or another of the same layout.

        Args:
            folder: holds the network, tokenizer.json and manifest.json; None for the one that ships.
            threads: processor cores that one forward pass may use.

        Raises:
            WeightsError: a file is missing, damaged or not the one that the manifest names.
        """
        return cls(Weights(folder or DEFAULT), threads=threads)

    def predict(self, pairs: Sequence[StancePair]) -> Probabilities:
        """See `StanceModel.predict`."""
        logits = np.empty((len(pairs), len(STANCES)), np.float32)
        claims = self._tokens([pair.claim for pair in pairs])
        rumors = self._tokens([pair.rumor for pair in pairs])
        statements = self._tokens([pair.statement or "" for pair in pairs])
        rows = [self._sequence(*ids) for ids in zip(claims, rumors, statements, strict=True)]
        for batch in by_length(rows, BATCH):
            ids = [rows[position] for position in batch]
            feed = {"input_ids": pad(ids), "attention_mask": mask(ids)}
            (logits[batch],) = self._session.run(None, feed)
        return _softmax(logits)

    def _special(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise WeightsError(f"the tokenizer of {self.name} has no {token}")
        return int(number)

    def _sequence(self, claim: list[int], rumor: list[int], statement: list[int]) -> list[int]:
        between = [self._end, self._end]
        official = [*rumor, *between, *statement] if statement else rumor
        return [self._begin, *claim[: self._claim_tokens], *between, *official[: self._rumor_tokens], self._end]

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast(encodable(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]


def load_stance(*, threads: int = 1) -> StanceModel:
    """Load the stance model that ships with the package.

    Raises:
        WeightsError: its files are missing or do not match their manifest.
    """
    return OnnxStanceModel.load(threads=threads)


def _softmax(logits: NDArray[np.float32]) -> Probabilities:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Probabilities = powers / powers.sum(axis=1, keepdims=True)
    return probabilities
