"""The lexical engines that are compared, behind one protocol and fed the same words of `service.words`."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import bm25s
import tantivy

from service.postings import Postings

Words = Sequence[str]


class Engine(Protocol):
    """What is timed: build, search, and one record in and out again, durably."""

    name: str

    def build(self, rows: Sequence[Words]) -> None:
        """Index all rows; the row's place is its number."""

    def search(self, words: Words, limit: int) -> list[int]:
        """The best rows by BM25."""

    def update(self, words: Words) -> None:
        """Add one row so that a search finds it, and remove it again."""


class Fts5:
    """SQLite FTS5, contentless, `detail=full`: with less, bm25() finds no words to count."""

    def __init__(self, folder: Path, budget: float | None = None) -> None:
        """`budget`: drop the most frequent words once the rarer ones hold this share of the rows."""
        self.name = "fts5" if budget is None else f"fts5, rarest words up to {budget:.0%} of rows"
        self._budget = budget
        self._db = sqlite3.connect(folder / f"{self.name[:4]}{budget}.db", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("CREATE VIRTUAL TABLE f USING fts5(w, content='', tokenize=\"ascii tokenchars '.'\")")
        self._db.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, f, row)")
        self._frequency: dict[str, int] = {}
        self._rows = 0

    def build(self, rows: Sequence[Words]) -> None:
        """One transaction, then the vocabulary cached."""
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO f(rowid, w) VALUES (?, ?)", enumerate(map(" ".join, rows)))
        self._db.execute("COMMIT")
        self._rows = len(rows)
        if self._budget is not None:
            self._frequency = dict(self._db.execute("SELECT term, doc FROM v"))

    def _affordable(self, words: Words) -> list[str]:
        if self._budget is None:
            return list(words)
        kept: list[str] = []
        spent = 0
        for frequency, word in sorted((self._frequency.get(word, 0), word) for word in words):
            spent += frequency
            if spent > self._budget * self._rows and kept:
                break
            kept.append(word)
        return kept

    def search(self, words: Words, limit: int) -> list[int]:
        """`ORDER BY rank LIMIT`, the documented fast form."""
        match = " OR ".join(f'"{word}"' for word in self._affordable(words))
        found = self._db.execute("SELECT rowid, rank FROM f WHERE f MATCH ? ORDER BY rank LIMIT ?", (match, limit))
        return [row for row, _ in found]

    def update(self, words: Words) -> None:
        """Two transactions."""
        row = (self._rows, " ".join(words))
        self._db.execute("INSERT INTO f(rowid, w) VALUES (?, ?)", row)
        self._db.execute("INSERT INTO f(f, rowid, w) VALUES ('delete', ?, ?)", row)


class Tantivy:
    """tantivy-py with one writer thread and the white space tokenizer."""

    name = "tantivy"

    def __init__(self, folder: Path) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("w", stored=False, tokenizer_name="whitespace", index_option="freq")
        schema.add_integer_field("row", stored=True, indexed=True, fast=True)
        self._schema = schema.build()
        path = folder / "tantivy"
        path.mkdir()
        self._index = tantivy.Index(self._schema, path=str(path))
        self._writer = self._index.writer(heap_size=64_000_000, num_threads=1)
        self._rows = 0

    def _add(self, row: int, words: Words) -> None:
        self._writer.add_document(tantivy.Document(w=" ".join(words), row=row))

    def build(self, rows: Sequence[Words]) -> None:
        """One commit."""
        for row, words in enumerate(rows):
            self._add(row, words)
        self._rows = len(rows)
        self._commit()

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()

    def search(self, words: Words, limit: int) -> list[int]:
        """A boolean query of optional terms; the row numbers are read from the fast column's stored copy."""
        terms = [(tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "w", word)) for word in words]
        searcher = self._index.searcher()
        hits = searcher.search(tantivy.Query.boolean_query(terms), limit, count=False).hits
        return [searcher.doc(address)["row"][0] for _, address in hits]

    def update(self, words: Words) -> None:
        """Two commits, each with a reload."""
        self._add(self._rows, words)
        self._commit()
        self._writer.delete_documents("row", self._rows)
        self._commit()


class Bm25s:
    """bm25s, scores computed ahead; it cannot be changed, only built anew."""

    name = "bm25s"

    def __init__(self, _folder: Path) -> None:
        self._rows: list[Words] = []

    def build(self, rows: Sequence[Words]) -> None:
        """Lucene's variant, NumPy backend."""
        self._rows = list(rows)
        self._index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        self._index.index([list(words) for words in rows], show_progress=False)

    def search(self, words: Words, limit: int) -> list[int]:
        """Words the index does not know are left out by hand: bm25s stops at a query without known words."""
        known = [word for word in words if word in self._index.vocab_dict]
        if not known:
            return []
        rows, scores = self._index.retrieve([known], k=limit, show_progress=False)
        return [int(row) for row, score in zip(rows[0], scores[0], strict=True) if score > 0]

    def update(self, words: Words) -> None:
        """Built anew once; the removal would cost the same again."""
        self.build([*self._rows, words])


class Ours:
    """`service.postings.Postings`; nothing durable to do, the store is the truth."""

    name = "postings"

    def __init__(self, _folder: Path) -> None:
        self._index = Postings()

    def build(self, rows: Sequence[Words]) -> None:
        """Row by row, as an import does."""
        for row, words in enumerate(rows):
            self._index.add(str(row), words)

    def search(self, words: Words, limit: int) -> list[int]:
        """Row numbers only."""
        return [int(hit.key) for hit in self._index.search(words, limit)]

    def update(self, words: Words) -> None:
        """In memory."""
        self._index.add("new", words)
        self._index.remove("new")


def engines(folder: Path) -> list[Engine]:
    """All of them, each with its files in the folder."""
    budgets = [Fts5(folder, 0.25), Fts5(folder, 0.05)]
    return [Fts5(folder), *budgets, Tantivy(folder), Bm25s(folder), Ours(folder)]
