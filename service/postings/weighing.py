"""What words prove of a record that was found, or that is not in the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from service.postings.scoring import K1, MOST_REPEATS, B, idf


class WordHit(NamedTuple):
    """A record found by its words.

    Attributes:
        key: whose words they are.
        bm25: the score.
        coverage: the score as a share of what a record of average length would get that holds each word of the query
            once; comparable between queries. Short records that repeat a word can exceed 1.
    """

    key: str
    bm25: float
    coverage: float

    @property
    def evidence(self) -> float:
        """Both at once: much of the query, and words that say much. Tells matches best (decision 0004)."""
        return self.bm25 * self.coverage


class Corpus(NamedTuple):
    """The records that words are weighed among.

    Attributes:
        size: how many count for how rare a word is.
        alive: how many can be found.
        length: words of these.
    """

    size: int
    alive: int
    length: float


def weigh(
    query: Sequence[str], records: Mapping[str, Counter[str]], held: Mapping[str, int], corpus: Corpus
) -> list[WordHit]:
    """Score records beside those of a corpus as each would be scored if it were among them.

    Args:
        query: distinct words.
        records: how often each word stands in a record.
        held: how many records of the corpus hold a word; those not named are in none.
        corpus: the others.

    Returns:
        The records that share words with the query, in the order given.
    """
    # A record counts itself among those that hold its words, as those of the corpus do.
    without = {word: idf(corpus.size + 1, held.get(word, 0)) for word in query}
    within = {word: idf(corpus.size + 1, held.get(word, 0) + 1) for word in query}
    hits = []
    for key, counts in records.items():
        length = counts.total()
        norm = K1 * (1 - B + B * length / max((corpus.length + length) / (corpus.alive + 1), 1.0))
        often = {word: min(counts[word], MOST_REPEATS) for word in query if word in counts}
        score = sum(within[word] * (K1 + 1) * times / (times + norm) for word, times in often.items())
        whole = sum((within if word in often else without)[word] for word in query)
        if score:
            hits.append(WordHit(key, score, score / max(whole, 1e-9)))
    return hits
