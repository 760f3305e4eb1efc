"""The signed index: every published record with its vectors in one document, for programs that check claims alone."""

from service.packed.building import Document, build, reach
from service.packed.format import MEDIA_TYPE
from service.packed.models import Offer, models_offered
from service.packed.ready import BusyError, Ready
from service.packed.signing import fingerprint, public_key, signing_key

__all__ = [
    "MEDIA_TYPE",
    "BusyError",
    "Document",
    "Offer",
    "Ready",
    "build",
    "fingerprint",
    "models_offered",
    "public_key",
    "reach",
    "signing_key",
]
