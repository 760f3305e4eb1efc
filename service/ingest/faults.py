"""What is wrong with a record, in words: a pattern that a text breaks is told by what it means."""

from __future__ import annotations

from typing import Final

import msgspec

from service.domain import Language, RebuttalId, RumorText, Sha256, WebAddress

_MEANINGS: Final = (
    (WebAddress, "Must be an http or https address"),
    (Language, "Must be a BCP 47 language tag, such as `en` or `zh-Hans`"),
    (RebuttalId, "Must be a slug: letters, digits and . _ : - only"),
    (Sha256, "Must be 64 hexadecimal digits"),
    (RumorText, "Must hold some text, and no NUL character"),
)
_COUNTRY: Final = "[A-Z]{2}"


def explained(error: msgspec.ValidationError) -> str:
    """The message with its path at the end, as msgspec gives it, but for patterns."""
    message = f"{error}"
    what, at, path = message.rpartition(" - at `")
    for sort, meaning in _MEANINGS:
        if at and repr(sort.__metadata__[0].pattern) in what:  # type: ignore[attr-defined]  # what Annotated keeps
            return f"{meaning}{at}{path}"
    if at and _COUNTRY in what:
        return f"Must be a country of ISO 3166-1, such as `CN`{at}{path}"
    return message
