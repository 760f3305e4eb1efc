/** Search by words: BM25 (Robertson and Zaragoza 2009, with Lucene's idf), as `service/postings.py` computes it. */

const K1 = 1.2;
const B = 0.75;
const MOST_REPEATS = 255;

/** A record found by its words. */
export interface WordHit {
  /** Position of the record. */
  at: number;
  bm25: number;
  /** The score as a share of what a record of average length would get that holds each word once. */
  coverage: number;
  /** Both at once: what tells matches best. */
  evidence: number;
}

interface Posting {
  rows: number[];
  counts: number[];
}

/** Over records that are given once; another set of records is another one of these. */
export class Postings {
  readonly #postings = new Map<string, Posting>();
  readonly #norms: Float32Array;
  readonly #size: number;

  /** @param records the words of each, with repetitions */
  constructor(records: readonly (readonly string[])[]) {
    this.#size = records.length;
    let total = 0;
    for (const [row, words] of records.entries()) {
      total += words.length;
      this.#add(row, words);
    }
    const average = Math.max(total / Math.max(this.#size, 1), 1);
    const [base, each] = [Math.fround(K1 * (1 - B)), Math.fround((K1 * B) / average)];
    this.#norms = Float32Array.from(records, (words) => base + Math.fround(each * words.length));
  }

  /** The records that share words with a query, best first. */
  search(words: readonly string[], limit: number): WordHit[] {
    const { scores, whole } = this.#scores(words);
    const best = [...scores].sort(([first, a], [second, b]) => b - a || first - second).slice(0, limit);
    return best.map(([at, bm25]) => {
      const coverage = bm25 / whole;
      return { at, bm25, coverage, evidence: bm25 * coverage };
    });
  }

  #scores(words: readonly string[]): { scores: Map<number, number>; whole: number } {
    const scores = new Map<number, number>();
    let whole = 0;
    for (const word of words) {
      const { rows, counts } = this.#postings.get(word) ?? { rows: [], counts: [] };
      const weight = idf(this.#size, rows.length);
      whole += weight;
      const factor = Math.fround(weight * (K1 + 1));
      for (const [at, row] of rows.entries()) {
        const often = counts[at] ?? 0;
        const gained = Math.fround(Math.fround(factor * often) / Math.fround(often + (this.#norms[row] ?? 0)));
        scores.set(row, Math.fround((scores.get(row) ?? 0) + gained));
      }
    }
    return { scores, whole: Math.max(whole, 1e-9) };
  }

  #add(row: number, words: readonly string[]): void {
    const counts = new Map<string, number>();
    for (const word of words) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    for (const [word, count] of counts) {
      let posting = this.#postings.get(word);
      if (posting === undefined) {
        posting = { rows: [], counts: [] };
        this.#postings.set(word, posting);
      }
      posting.rows.push(row);
      posting.counts.push(Math.min(count, MOST_REPEATS));
    }
  }
}

/** What a word says: Lucene's form, never negative. */
function idf(size: number, held: number): number {
  return Math.log1p((Math.max(size - held, 0) + 0.5) / (held + 0.5));
}
