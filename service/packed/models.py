"""What an index offers beside the records: the models that ship, file by file, and the fitted numbers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from embeddings.encoder import Encoder
from service.calibration import load_calibration
from service.domain import Profile
from service.packed.format import FORMAT, EncoderModel, ModelFile, Numbers, StanceModel


class Offer(NamedTuple):
    """What goes with the records of a store.

    Attributes:
        vectors: ``name@revision`` of the encoder, as the store names it.
        dim: length of a vector.
        model: names all models together, as answers to claims carry it.
        numbers: the fitted numbers.
        encoder: of the header.
        stance: of the header.
        files: where each file lies, by the SHA-256 of its content.
    """

    vectors: str
    dim: int
    model: str
    numbers: Numbers
    encoder: EncoderModel
    stance: StanceModel
    files: dict[str, Path]

    def digest(self) -> str:
        """A hash of all that a document holds beside the records: its format, the fitted numbers, the models."""
        said = msgspec.json.encode((FORMAT, self.numbers, self.encoder, self.stance, self.model))
        return hashlib.sha256(said).hexdigest()


def models_offered(encoder: Encoder, *, model: str, profile: Profile) -> Offer | None:
    """What can be offered for a store whose vectors this encoder makes; None where it is not the one that ships.

    Args:
        encoder: in use.
        model: names all models together.
        profile: whose thresholds to give.
    """
    # A runtime of ONNX comes with them, which a server loads while it listens already.
    from embeddings.onnx import DEFAULT as ENCODER  # noqa: PLC0415 - see above
    from embeddings.stance import DEFAULT as STANCE  # noqa: PLC0415 - see above

    first, second = _manifest(ENCODER), _manifest(STANCE)
    if (encoder.name, encoder.revision, encoder.dim) != (first["name"], first["revision"], first["dim"]):
        return None
    found = {folder: _files(folder, manifest) for folder, manifest in ((ENCODER, first), (STANCE, second))}
    return Offer(
        vectors=f"{encoder.name}@{encoder.revision}",
        dim=encoder.dim,
        model=model,
        numbers=_numbers(profile),
        encoder=EncoderModel(
            name=first["name"], revision=first["revision"], max_tokens=first["max_tokens"], files=found[ENCODER]
        ),
        stance=StanceModel(
            name=second["name"],
            revision=second["revision"],
            languages=tuple(second["languages"]),
            labels=tuple(second["labels"]),
            max_claim_tokens=second["max_claim_tokens"],
            max_rumor_tokens=second["max_rumor_tokens"],
            files=found[STANCE],
        ),
        files={file.sha256: folder / file.name for folder, files in found.items() for file in files},
    )


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def _files(folder: Path, manifest: dict[str, Any]) -> tuple[ModelFile, ...]:
    return tuple(
        ModelFile(name=name, sha256=sha256, bytes=(folder / name).stat().st_size)
        for name, sha256 in sorted(manifest["files"].items())
    )


def _numbers(profile: Profile) -> Numbers:
    fitted = load_calibration(profile)
    return Numbers(
        nearness=fitted.nearness,
        gate=fitted.gate,
        related=fitted.related,
        sides=fitted.sides,
        rebutted=fitted.rebutted,
        consistent=fitted.consistent,
        judged=fitted.judged,
        profile=profile,
    )
