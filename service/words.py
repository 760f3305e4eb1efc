"""Cut text into words for lexical search: any script, never an error, the same for records and for claims.

The engine (service/postings) is fed these words, so that it needs to know nothing of scripts itself.
Scripts written without spaces become overlapping bigrams, as in Lucene's CJKBigramFilter; for Thai, Lao,
Khmer and Burmese a "character" is a letter with its marks. The reasons and the measurements are in
docs/decisions/0004-lexical-search.md.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

_BIGRAM_SCRIPTS = (  # written without spaces, or (Hangul) with particles glued to the word
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3041-\u312f\u31f0-\u31ff"  # kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"  # Han, Hangul
)
_MARK_BLOCKS = ((0x300, 0x1E00), (0x20D0, 0x2100), (0x302A, 0x309B), (0xA660, 0xAC00))
_DIGIT_BLOCKS = ((0x660, 0x1B60), (0xA620, 0xAC00))
_SYMBOL_BLOCKS = ((0xA0, 0xC0), (0x2000, 0x2C00), (0x1F000, 0x1FB00))


def _characters(blocks: tuple[tuple[int, int], ...]) -> list[str]:
    """The characters of the code point ranges, ends excluded."""
    return [chr(point) for start, end in blocks for point in range(start, end)]


def _dropped(character: str) -> bool:
    """Whether a mark only decorates: accents, Arabic vowel signs and hamza, Hebrew points, tatweel, nukta."""
    return (
        "\u0300" <= character <= "\u036f"
        or character == "\u093c"
        or ("\u0591" <= character <= "\u06ed" and (unicodedata.category(character) == "Mn" or character == "\u0640"))
    )


def _folding() -> dict[int, str | None]:
    """What follows decomposition: decorating marks go, digits become ASCII, variants one letter."""
    table: dict[int, str | None] = {
        ord(character): str(unicodedata.decimal(character))
        for character in _characters(_DIGIT_BLOCKS)
        if character.isdecimal()
    }
    table |= {ord(mark): None for mark in _characters(((0x300, 0x6EE), (0x93C, 0x93D))) if _dropped(mark)}
    # Symbols become spaces at once, so that a headline with dashes and emoji is plain ASCII from here on.
    table |= {ord(character): " " for character in _characters(_SYMBOL_BLOCKS) if not character.isalnum()}
    invisible = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f"
    table |= {ord(character): None for character in invisible}
    # Arabic script: alef maksura, Persian and Urdu yeh, teh marbuta, kaf, heh and the dotless noon differ by language
    # and by habit only. So do, in Hindi, the two signs of a nasal vowel.
    letters = {"ى": "ي", "ی": "ي", "ے": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ھ": "ه", "ە": "ه", "ں": "ن"}
    letters |= {"ँ": "ं"}
    letters |= {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "\uff07": "'"}
    letters |= {"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ı": "i"}
    letters |= {"æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe"}
    return table | {ord(letter): plain for letter, plain in letters.items()}


_FOLD = _folding()
_MARKS = "".join(re.escape(c) for c in _characters(_MARK_BLOCKS) if unicodedata.category(c)[0] == "M")
# Possessive, and marks apart from letters: one class of both is six times slower in `re`.
_MARKED_WORD = re.compile(rf"\d+(?:\.\d+)?|(?:[^\W\d_]++[{_MARKS}]*+)++")
_WORD = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+")
_ASCII_WORD = re.compile(r"\d+(?:\.\d+)?|[a-z]+")
_MARK = re.compile(f"[{_MARKS}]")
_NON_ASCII = re.compile(r"[^\x00-\x7f]+")
_RUN = re.compile(f"[{_BIGRAM_SCRIPTS}]+")
_CLUSTER = re.compile(f"[^{_MARKS}][{_MARKS}]*|[{_MARKS}]+")

_HASHTAG = re.compile(r"#(\w+)")
_CASE_CHANGE = re.compile(
    r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])|_+"
)
_POSSESSIVE = re.compile(r"(?<=\w)'s?(?!\w)")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|dell|all|nell|dall|sull|un)'(?=[^\W\d])")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:,\d{2,3})*,\d{3}|(?:\.\d{3})+)(?!\d)")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
_SEPARATED_DIGITS = re.compile(r"\d[.,]\d")
_SHORTEST = 4  # letters a stem keeps, and a word needs to be stemmed at all
_ARABIC = re.compile("[\u0621-\u064a\u0679\u067e\u0686\u0688\u0691\u06af]")
_ARABIC_PREFIXES = ("وال", "بال", "كال", "فال", "ال", "لل")
_ARABIC_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
_SHORTEST_ARABIC = 3
_CYRILLIC = re.compile("[\u0430-\u044f\u0454\u0456]")
_CYRILLIC_SUFFIXES = (
    *("иями", "ями", "ами", "ого", "его", "ому", "ему", "ыми", "ими", "ая", "яя", "ое", "ее", "ые", "ие", "ыи", "ии"),
    *("ои", "ую", "юю", "ых", "их", "ым", "им", "ом", "ем", "ов", "ев", "еи", "ам", "ям", "ах", "ях", "ию", "ия"),
    *("ью", "а", "я", "о", "е", "ы", "и", "і", "у", "ю", "ь"),
)
_DEVANAGARI = re.compile("[\u0904-\u0939]")
_DEVANAGARI_SUFFIXES = (*("ियों", "ियां", "ाओं", "ाएं", "ुओं", "ुएं", "ों", "ें", "ीं", "ां", "ो", "े", "ी", "ा", "ि", "ु", "ू"),)
_LINK = re.compile(r"https?://\S*|\bwww\.\S+|\b(?:pic\.twitter\.com|t\.co|bit\.ly)/\S*")

STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can cannot could did do does doing down during each few for from further get got
    had has have having he her here hers herself him himself his how i if in into is it its itself just
    let me more most my myself no nor not now of off on once only or other our ours ourselves out over
    own same she should so some such than that the their theirs them themselves then there these they
    this those through to too under until up us very was we were what when where which while who whom
    why will with would you your yours yourself arent cant couldnt didnt doesnt dont hadnt hasnt havent
    hes id ill im isnt ive shes shouldnt thats theres theyre theyve wasnt were weve werent whats wont
    wouldnt youre youve rt via amp
    """.split()  # noqa: SIM905 - a list of 150 literals is unreadable
)


_VOWEL = re.compile("[aeiouy]")
_INFLECTIONS = ("ingly", "edly", "ing", "ed")
_DERIVATIONS = (
    *("ization", "isation", "ational", "ation", "ition", "ment", "ness", "ful", "ive", "able", "ible"),
    *("ize", "ise", "ate", "at", "ion", "ity", "al", "or", "er", "ic"),
)


def _without_plural(word: str) -> str:
    if word[-1] != "s" or word[-2] in "su" or word == "news":
        return word
    if word.endswith("ies") and len(word) > len("ties"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes", "zes")) else word[:-1]


def _without_inflection(word: str) -> str:
    suffix = next((suffix for suffix in _INFLECTIONS if word.endswith(suffix)), "")
    stem = word[: len(word) - len(suffix)]
    if not suffix or not _VOWEL.search(stem[:-1] or "-"):
        return word
    undouble = stem[-1] == stem[-2] and stem[-1] not in "lsz"
    return stem[:-1] if undouble else stem


def _without_derivation(word: str) -> str:
    suffix = next((suffix for suffix in _DERIVATIONS if word.endswith(suffix)), "")
    return word[: len(word) - len(suffix)] if len(word) - len(suffix) >= _SHORTEST else word


def _arabic_stem(word: str) -> str:
    """Article and endings off: light10 of Larkey, Ballesteros and Connell (2007).

    Without its rule for a lone waw, which makes two words of "ministry" and "the ministry".
    """
    prefix = next((p for p in _ARABIC_PREFIXES if word.startswith(p) and len(word) - len(p) >= _SHORTEST_ARABIC), "")
    word = word[len(prefix) :]
    for suffix in _ARABIC_SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_ARABIC:
            word = word[: len(word) - len(suffix)]
    return word


def _without_ending(word: str, suffixes: tuple[str, ...]) -> str:
    """A word without the first of the endings that leaves a stem: they stand longest first."""
    suffix = next((s for s in suffixes if word.endswith(s) and len(word) - len(s) >= _SHORTEST_ARABIC), "")
    return word[: len(word) - len(suffix)]


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    """A word without what grammar adds to it, in English, Arabic, Russian and Hindi; other words as they are."""
    if len(word) < _SHORTEST:
        return word
    if word.isascii():
        return _english_stem(word) if word.isalpha() else word
    if _ARABIC.match(word):
        return _arabic_stem(word)
    if _CYRILLIC.match(word):
        return _without_ending(word, _CYRILLIC_SUFFIXES)
    return _without_ending(word, _DEVANAGARI_SUFFIXES) if _DEVANAGARI.match(word) else word


def _english_stem(word: str) -> str:
    """English suffixes off, in the order of Porter (1980) but in one pass and with a third of its rules."""
    word = _without_derivation(_without_inflection(_without_plural(word)))
    if len(word) > _SHORTEST and word.endswith("ly"):
        word = word[:-2]
    if len(word) >= _SHORTEST and word[-1] == "e":
        word = word[:-1]
    return word[:-1] + "i" if len(word) >= _SHORTEST and word[-1] == "y" else word


def _folded(match: re.Match[str]) -> str:
    """Fold a non-ASCII stretch only: a headline with one long dash costs a tenth of folding it whole."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", match[0]).translate(_FOLD))


def _split_hashtag(match: re.Match[str]) -> str:
    return " " + _CASE_CHANGE.sub(" ", match[1]) + " "


def _without_separators(match: re.Match[str]) -> str:
    return match[0].replace(",", "").replace(".", "")


def _normalised(text: str) -> str:
    """Lower case, folded, hashtags split, apostrophes and digit groups resolved."""
    if not text.isascii():
        text = _NON_ASCII.sub(_folded, text)
    if "#" in text:
        text = _HASHTAG.sub(_split_hashtag, text)
    text = text.casefold()
    if "'" in text:
        text = _ELISION.sub(" ", _POSSESSIVE.sub("", text)).replace("'", "")
    if _SEPARATED_DIGITS.search(text):
        text = _DECIMAL_COMMA.sub(".", _THOUSANDS.sub(_without_separators, text))
    return text


def _bigrams(run: str) -> list[str]:
    """Overlapping pairs of characters (with their marks); a character that stands alone is kept."""
    clusters = list(run) if run.isalnum() else _CLUSTER.findall(run)  # marks are not alphanumeric, Han is
    if len(clusters) == 1:
        return clusters
    return [first + second for first, second in pairwise(clusters)]


def _unspaced(text: str) -> list[str]:
    """Words of a text that holds at least one run of a script without spaces."""
    found: list[str] = []
    for word in _MARKED_WORD.findall(_RUN.sub(r" \g<0> ", text)):
        if _RUN.match(word):
            found += _bigrams(word)
        else:
            found.append(_stem(word))
    return found


def words(text: str) -> list[str]:
    """The words of a text, in order and with repetitions, as they are indexed and searched.

    NFKC and casefold; accents, Arabic vowel signs and tatweel removed; `#AustralianFires` as two words;
    `1,000` as `1000`; `Trump's` as `trump`; Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer as
    overlapping bigrams. Holds for any string, lone surrogates and controls included. A word never holds
    white space, quotes or ASCII capitals, and no ASCII punctuation but the point of a decimal number, so
    words joined by spaces or line feeds come apart again.
    """
    text = _normalised(text)
    if text.isascii():
        return [_stem(word) for word in _ASCII_WORD.findall(text)]
    if _RUN.search(text):
        return _unspaced(text)
    pattern = _MARKED_WORD if _MARK.search(text) else _WORD
    return [_stem(word) for word in pattern.findall(text)]


_STOPPED = STOP_WORDS | {_stem(word) for word in STOP_WORDS}


def query_words(text: str, limit: int = 40) -> list[str]:
    """Distinct words to search for, in order of appearance: no links, no English stop words, at most `limit`."""
    distinct = dict.fromkeys(words(_LINK.sub(" ", text)))
    return [word for word in distinct if word not in _STOPPED][:limit]
