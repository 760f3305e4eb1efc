"""The words of lexical search: one example a rule, and what must hold for any string."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.words import STOP_WORDS, query_words, words

ANY_STRING = st.text(st.characters(exclude_categories=())) | st.text("#'’.,0123456789aZé\u0301\u0640भासी中のก\ud800 ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Trump's don’t O'Brien", ["trump", "dont", "obrien"]),
        ("l'eau d’Italie", ["eau", "itali"]),
        ("#AustralianFires #COVID19 #BLM_now", ["australian", "fir", "covid", "19", "blm", "now"]),
        ("1,000 1,00,000 2.000 1.234,56 3.5 12,50", ["1000", "100000", "2000", "1234.56", "3.5", "12.50"]),
        ("10kg 5G covid-19", ["10", "kg", "5", "g", "covid", "19"]),
        ("Łódź İstanbul groß naïve ＡＢＣ", ["lodz", "istanbul", "gross", "naiv", "abc"]),
        ("中国外交部", ["中国", "国外", "外交", "交部"]),
        ("送2000元", ["送", "2000", "元"]),
        ("ニュース", ["ニュ", "ュー", "ース"]),
        ("한국어 뉴스", ["한국", "국어", "뉴스"]),
        ("ไทย", ["ไท", "ทย"]),
        ("सरकार ने", ["सरकार", "ने"]),
        ("", []),
        ("🌞😡 — … \u202e\x00\ud800", []),
    ],
)
def test_words_of_each_script(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("مُحَمَّد العـــربية", "محمد العربيه"),
        ("أحمد إلى ٢٠٢٥", "احمد الى 2025"),
        ("وزارة والوزارة", "الوزارة الوزاره"),
        ("میڈیا کی", "ميڈيا كي"),
        ("vaccinations vaccinated", "vaccination vaccinates"),
        ("elections stopped countries", "election stopping country"),
        ("e\u0301lection", "élection"),
        ("fire\u200bs", "fires"),
        ("редкоземельных металлов", "редкоземельные металлы"),
        ("новый почвой", "новая почва"),
        ("क़ानून ज़रूरी फ़ैसला", "कानून जरूरी फैसला"),
        ("सरकारों मंत्रियों", "सरकार मंत्री"),
        ("हूँ पाँच", "हूं पांच"),
        ("खबरों में", "ख़बरें में"),
        ("حکومتوں کی خبریں", "حکومت کي خبر"),
        ("ISPARTA İstanbul", "ısparta istanbul"),
        ("ｱｲｳ １２", "アイウ 12"),
    ],
)
def test_variants_of_a_word_are_one_word(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Iran", "Iraq"),
        ("1000", "10000"),
        ("news", "new"),
        ("中国", "国中"),
        ("ties", "ty"),
        ("Иран", "Ирак"),
        ("мир", "мера"),
        ("सेना", "सोना"),
        ("वन", "वीणा"),
    ],
)
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert words(one) != words(other)


@given(ANY_STRING)
def test_any_string_gives_clean_words(text: str) -> None:
    for word in words(text):
        assert word
        assert not set(word) & set(" \t\n\"'()*:^-_#@,\x00")
        assert not any("A" <= character <= "Z" for character in word)
        word.encode()


@given(ANY_STRING)
def test_case_and_surrounding_space_do_not_matter(text: str) -> None:
    assert words(f" {text}\n") == words(text)


@given(ANY_STRING, ANY_STRING)
def test_lines_are_independent(one: str, other: str) -> None:
    assert words(f"{one}\n{other}") == words(one) + words(other)


@given(ANY_STRING)
def test_query_words_are_some_distinct_words_of_the_text(text: str) -> None:
    found = query_words(text, limit=5)
    assert len(found) == len(set(found)) <= 5
    assert set(found) <= set(words(text))


def test_query_words_drop_links_and_stop_words() -> None:
    text = "Is it true the Minister's https://t.co/x1 pic.twitter.com/Ab9 said so? Minister said"
    assert query_words(text) == ["tru", "minist", "said"]
    assert query_words(" ".join(STOP_WORDS)) == []


@given(ANY_STRING)
def test_joined_words_come_apart_again(text: str) -> None:
    found = words(text)
    assert " ".join(found).split() == found


@pytest.mark.parametrize("unit", ["'", "1,", "1.", "#", "a\u0301", "A1", "ก็", "l'", "中1"])
def test_awkward_long_texts_are_quick(unit: str) -> None:
    text = (unit * 5000)[:5000]
    started = time.perf_counter()
    words(text)
    words("#" + text)
    assert time.perf_counter() - started < 0.2
