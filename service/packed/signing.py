"""The key that an index is signed with: Ed25519 (RFC 8032), one for each store, made when it is first needed."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.errors import StoreError
from service.store import Store

SIGNATURE_BYTES: Final = 64
_META: Final = "index_signing_key"
_KEY_BYTES: Final = 32
_SHOWN: Final = 32  # hex digits: 128 bits, which nobody finds a second key for
_GROUP: Final = 4


def signing_key(store: Store) -> Ed25519PrivateKey:
    """The store's key. Processes that make it at the same time end with the same one.

    Raises:
        StoreError: what the store keeps is no key.
    """
    kept = store.get_meta(_META)
    if kept is None:
        new = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
        kept = store.settle_meta(_META, new)
    try:
        raw = base64.b64decode(kept, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise StoreError("The key that signs the index is damaged: restore the store from a backup.")
    return Ed25519PrivateKey.from_private_bytes(raw)


def public_key(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes that a signature is verified with."""
    return key.public_key().public_bytes_raw()


def fingerprint(public: bytes) -> str:
    """What people compare: the first 32 hex digits of the SHA-256 of a public key, in groups of four."""
    digits = hashlib.sha256(public).hexdigest()[:_SHOWN]
    return " ".join(digits[at : at + _GROUP] for at in range(0, _SHOWN, _GROUP))


def encoded(public: bytes) -> str:
    """A public key as the header has it: base64url without padding."""
    return base64.urlsafe_b64encode(public).rstrip(b"=").decode()
