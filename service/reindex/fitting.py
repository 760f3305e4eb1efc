"""The numbers that somebody has fitted for an encoder, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from service.calibration import Calibration, load_calibration
from service.encoders import EncoderError
from service.polyglot import Foreign

_MOST_BYTES: Final = 100_000


def read_calibration(path: Path, encoder: str) -> Calibration:
    """Read a file in the form of ``service/calibration.json``, or of ``service/multilingual.json``.

    Args:
        path: the file.
        encoder: name of the encoder that it has to be of.

    Raises:
        EncoderError: it cannot be read, or was fitted for another encoder or another stance model.
    """
    shipped = load_calibration()
    fitted = _decoded(path, shipped)
    if fitted.encoder != encoder:
        raise EncoderError(f"{path} was fitted for the encoder {fitted.encoder}, not for {encoder}.")
    if fitted.stance != shipped.stance:
        raise EncoderError(f"{path} was fitted for the stance model {fitted.stance}, not for {shipped.stance}.")
    if shipped.profiles.keys() - fitted.profiles.keys():
        missing = ", ".join(sorted(shipped.profiles.keys() - fitted.profiles.keys()))
        raise EncoderError(f"{path} lacks the profiles {missing}.")
    return fitted


def _decoded(path: Path, shipped: Calibration) -> Calibration:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except OSError as error:
        raise EncoderError(f"{path}: {error.strerror or error}.") from None
    try:
        return msgspec.json.decode(data, type=Calibration)
    except msgspec.DecodeError as error:
        try:
            return msgspec.json.decode(data, type=Foreign).beside(shipped)
        except msgspec.DecodeError:
            raise EncoderError(f"{path} is no calibration: {error}.") from None
