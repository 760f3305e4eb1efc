"""Passwords: Argon2id with the parameters of argon2-cffi, which are those of RFC 9106 for little memory.

What may be a password follows NIST SP 800-63B: long rather than odd, any character, none of those that everybody tries
first, no rule on how it is composed and none on how often it changes.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from service.errors import InvalidRecordError
from service.people import MAX_PASSWORD

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12
_FEWEST_CHARACTERS: Final = 4
# The ones of 12 characters and more that head every published list; shorter ones are refused for their length.
_COMMON: Final = frozenset(
    """123456789012 1234567890123 12345678901234 123456789123 0123456789012 987654321098 qwertyuiop12 qwertyuiop123
    qwerty123456 qwertyuiop[] 1q2w3e4r5t6y 1qaz2wsx3edc 1qaz2wsx3edc4rfv q1w2e3r4t5y6 zaq12wsxcde3 asdfghjkl123
    abc123456789 abcdefghijkl a123456789012 password1234 password12345 password123456 passwordpassword password123!
    passw0rd1234 p@ssw0rd1234 iloveyou1234 iloveyouforever letmeinletmein adminadmin12 administrator administrator1
    welcome12345 welcome123456 changemechangeme changeme1234 trustno1trustno1 correcthorsebatterystaple
    unbelievable qazwsxedcrfv newsroom1234 rejoinder1234 rejoinderrejoinder""".split()  # noqa: SIM905 - one list
)


def check(password: str, name: str) -> None:
    """Refuse what is too easy to guess. Raises `InvalidRecordError`, which never holds the password."""
    plain = _normal(password)
    if len(plain) < SHORTEST:
        raise _refused(f"A password has at least {SHORTEST} characters; several words make a good one.")
    if len(password) > MAX_PASSWORD:
        raise _refused(f"A password has at most {MAX_PASSWORD:,} characters.")
    folded = plain.casefold()
    if folded in _COMMON or len(set(folded)) < _FEWEST_CHARACTERS:
        raise _refused("This password is among those that are tried first; several words make a good one.")
    if not folded.replace(name.casefold(), "").strip(" 0123456789.!"):
        raise _refused("A password is more than the name of its owner.")


def hash_(password: str) -> str:
    """The hash to keep, in PHC form. Takes a tenth of a second or more, and 64 MiB."""
    return _hasher().hash(_normal(password))


def verify(kept: str | None, password: str) -> bool:
    """Whether it is the password; where there is none to compare with, says no after as long a time."""
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - only who signs in pays for it

    try:
        _hasher().verify(kept or _nobody(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than one that is made now."""
    return _hasher().check_needs_rehash(kept)


def warm_up() -> None:
    """Do what the first call does beside its work, so that it takes no longer than those after it."""
    _nobody()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # noqa: PLC0415 - only who signs in pays for it

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def _normal(password: str) -> str:
    """One form for what looks the same, whatever keyboard it was typed on (NFKC, as SP 800-63B advises)."""
    return unicodedata.normalize("NFKC", password.encode(errors="replace").decode())


def _refused(detail: str) -> InvalidRecordError:
    return InvalidRecordError(detail, field="password")
