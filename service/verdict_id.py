"""Names for verdicts: what a feedback is about, without keeping the claim.

``v1~rebutted~171~Zk3…~cn-mfa-pakistan-rare-earth-samples-us~q8P…`` holds the label, the store version, a keyed hash of
the question, the record that the verdict stands on, and a seal over all of it. The same question to the same model,
with the same fitted numbers and thresholds, and the same store version gets the same name.

The hash is keyed with the store's random id, so nobody who only sees the name (in an export, in a client's log) can
try out which claim it was made from. The seal, under the same key, means that only what this store's service has said
can be named: no label and no record can be made up. docs/decisions/0007 weighs the alternatives.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from service.domain import CheckResult, Claim, Label
from service.normalise import normalise

LONGEST: Final = 320
"""Characters: a record's id has up to 200, the rest is bounded by its form."""
_FORM: Final = "v1"
_NOTHING: Final = "-"
_PARTS: Final = 6


class Said(NamedTuple):
    """What the name of a verdict tells: its label, the record it stands on, and the version of the store."""

    label: Label
    rebuttal_id: str | None
    store_version: int


class VerdictIds:
    """Makes and reads the names of one store's verdicts.

    Args:
        store_id: `service.store.Store.id`, random and never published: the key.
        fitted: the numbers that decide: `service.calibration.Calibration`, and those of a second encoder.
    """

    def __init__(self, store_id: str, *fitted: Struct) -> None:
        self._key = hashlib.sha256(b"verdict id " + store_id.encode()).digest()
        self._fitted = self._digest(msgspec.json.encode(fitted), size=9)

    def make(self, claim: Claim, said: Said, *, model: str) -> str:
        """The name of a verdict that a model has given on a claim."""
        text = normalise(claim.claim).text
        asked = (text, (claim.language or "").lower(), claim.as_of, model, self._fitted, said.store_version)
        digest = self._digest(msgspec.json.encode(asked), size=15)
        name = "~".join((_FORM, said.label, f"{said.store_version}", digest, said.rebuttal_id or _NOTHING))
        return f"{name}~{self._seal(name)}"

    def of(self, claim: Claim, result: CheckResult) -> str:
        """The name of the verdict in a result."""
        first = result.matches[0].rebuttal.id if result.matches else None
        return self.make(claim, Said(result.verdict.label, first, result.store_version), model=result.model)

    def read(self, verdict_id: str) -> Said:
        """What a name tells. Raises `ValueError` where it is not one that this store's service has given."""
        parts = verdict_id.split("~")
        name, _, seal = verdict_id.rpartition("~")
        # Compared as bytes: a string that is not ASCII would be an error of its own.
        if len(parts) != _PARTS or not hmac.compare_digest(seal.encode(errors="replace"), self._seal(name).encode()):
            raise ValueError("not a verdict of this service")
        label = msgspec.convert(parts[1], Label)
        return Said(label, None if parts[4] == _NOTHING else parts[4], int(parts[2]))

    def _seal(self, name: str) -> str:
        return self._digest(name.encode(errors="replace"), size=9)

    def _digest(self, data: bytes, *, size: int) -> str:
        made = hashlib.blake2b(data, key=self._key, digest_size=size).digest()
        return urlsafe_b64encode(made).decode()
