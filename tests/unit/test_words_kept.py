"""Words that a database keeps are of one way of cutting, which has a number."""

from __future__ import annotations

import hashlib

import pytest

from service.store.postgres.words import CUT, kept
from service.words import words

TEXTS = (
    "Trump's 1,000 #AustralianFires weren't vaccinations; the ministry's officials denied running 3.5% faster lies",
    "L'élection d'Österreich ne coûte pas 1.000,50 €",
    "巴基斯坦向美国赠送稀土样品 ミャンマーの地震 태풍이 온다",
    "باكستان تهدي عيّنات من المعادن النادرة والوزارة",
    "पाकिस्तान ने नमूने दिए, मंत्रालयों का बयान",
    "Министерство опровергло сообщения о новых образцах",
    "ប្រទេស ประเทศไทย ພາສາລາວ မြန်မာ",
)
BY_NUMBER = {1: "f04ca565d4e4b47e6aacb63e8b86a2cb"}


def test_another_way_of_cutting_has_another_number() -> None:
    cut = "\n".join(" ".join(words(text)) for text in TEXTS)
    assert hashlib.sha256(cut.encode()).hexdigest()[:32] == BY_NUMBER.get(CUT), (
        "words are cut otherwise than before: raise CUT in service/store/postgres/words.py, and note its digest here"
    )


@pytest.mark.parametrize("word", ["a", "a" * 200, "ü" * 200])
def test_a_word_of_usual_length_is_kept_as_it_is(word: str) -> None:
    assert kept(word) == word


def test_long_words_fit_an_index_and_stay_distinct() -> None:
    long = ["𠀀" * 5_000, "𠀀" * 5_001, "\ud800" + "a" * 500]
    assert len({kept(word) for word in long}) == len(long)
    assert all(len(kept(word).encode(errors="replace")) < 2_600 for word in long)
    assert not any(" " in word for word in words(long[0]))  # a blank, so none of these is another text's word
