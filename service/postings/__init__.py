"""Search by words: BM25 over postings of our own, derived from the store as the vectors are.

Chosen by measurement (docs/decisions/0004-lexical-search.md): it ranks as FTS5 does, in a fraction of the time.
"""

from service.postings.file import PostingsFileError
from service.postings.index import Postings
from service.postings.scoring import K1, B, idf
from service.postings.weighing import Corpus, WordHit, weigh

__all__ = ["K1", "B", "Corpus", "Postings", "PostingsFileError", "WordHit", "idf", "weigh"]
