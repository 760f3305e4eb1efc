"""Function words of other languages are not searched for; what they stand among is."""

from __future__ import annotations

import pytest

from service.function_words import FUNCTION_WORDS, foreign_query_words
from service.words import query_words, words


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("Der Bundestag stimmt über den Haushalt ab", "Bundestag stimmt Haushalt"),
        ("El presidente de la república en Madrid", "presidente república Madrid"),
        ("Le ministre et les élections dans le pays", "ministre élections pays"),
        ("Президент и министры об этом в Москве", "Президент министры Москве"),
        ("سرکار نے کشمیر کے لیے کہا", "سرکار کشمیر کہا"),
        ("सरकार ने कश्मीर के लिए कहा", "सरकार कश्मीर कहा"),
        ("قال الرئيس في القاهرة إن", "قال الرئيس القاهرة"),
        ("Pemerintah dan presiden di Jakarta", "Pemerintah presiden Jakarta"),
        ("Bakan ve başkan bu karar için", "Bakan başkan karar"),
    ],
)
def test_only_what_tells_something_is_searched(text: str, telling: str) -> None:
    assert foreign_query_words(text) == words(telling)


def test_negations_are_searched() -> None:
    assert not {"no", "nicht", "kein", "не", "нет", "tidak", "لا", "لم", "नहीं", "نہیں"} & FUNCTION_WORDS


def test_an_english_claim_keeps_them() -> None:
    assert "die" in query_words("Many die in La Paz")
    assert "die" in FUNCTION_WORDS
