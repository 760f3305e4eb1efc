/** All records that are published, with what finds them; put together from one whole index and what changed since. */

import type { Header } from "./header.ts";
import type { IndexDocument, PackedRecord, PackedRows } from "./index_file.ts";
import { passages, type Passage } from "./passages.ts";
import { Postings } from "./postings.ts";
import { Vectors } from "./search.ts";
import { DamagedError, demand } from "./shape.ts";
import { words } from "./words.ts";

type Kept = IndexDocument["records"][number];

export class Collection {
  /** Of the last document. */
  readonly header: Header;
  readonly fingerprint: string;
  readonly records: readonly PackedRecord[];
  readonly vectors: Vectors;
  readonly postings: Postings;
  readonly #places: ReadonlyMap<string, number>;
  readonly #starts: Uint32Array;
  readonly #rows: readonly PackedRows[];

  /**
   * @param documents a whole index, and each change in its order
   * @throws DamagedError where one does not follow on the other
   */
  constructor(documents: readonly IndexDocument[]) {
    const last = documents.at(-1);
    demand(last !== undefined, "There is no index");
    this.header = last.header;
    this.fingerprint = last.fingerprint;
    const kept = [...applied(documents).values()];
    this.records = kept.map(({ record }) => record);
    this.#rows = kept.map(({ rows }) => rows);
    this.#places = new Map(this.records.map((record, at) => [record.id, at]));
    this.#starts = startsOf(this.#rows);
    this.vectors = packed(this.#rows, this.#starts, last.header.dim);
    this.postings = new Postings(this.records.map(recordWords));
  }

  /** A record by its id. */
  record(id: string): PackedRecord | undefined {
    const at = this.#places.get(id);
    return at === undefined ? undefined : this.records[at];
  }

  /** The text of a record that a row is of; its rumor where they do not agree. */
  passage(at: number, row: number): Passage {
    const [record, rows] = [this.records[at], this.#rows[at]];
    if (record === undefined || rows === undefined) {
      throw new RangeError("There is no such record");
    }
    const place = row - (this.#starts[at] ?? 0);
    const field = rows.fields[place];
    const ordinal = rows.fields.slice(0, place).filter((other) => other === field).length;
    const same = passages(record).filter((passage) => passage.field === field);
    return same[ordinal] ?? { field: "rumor", text: record.rumor };
  }
}

function applied(documents: readonly IndexDocument[]): Map<string, Kept> {
  const kept = new Map<string, Kept>();
  let position = 0;
  let dim: number | null = null;
  for (const { header, records } of documents) {
    if (header.since !== position || (dim !== null && header.dim !== dim) || header.position < position) {
      throw new DamagedError("A change does not follow on what is here");
    }
    for (const id of [...header.removed, ...records.map(({ record }) => record.id)]) {
      kept.delete(id);
    }
    for (const one of records) {
      kept.set(one.record.id, one);
    }
    position = header.position;
    dim = header.dim;
  }
  return kept;
}

/** What a record is found by: the words of its passages and of its quote. */
function recordWords(record: PackedRecord): string[] {
  return [...passages(record).map((passage) => passage.text), record.quote].flatMap(words);
}

function startsOf(rows: readonly PackedRows[]): Uint32Array {
  const starts = new Uint32Array(rows.length + 1);
  for (const [at, { factors }] of rows.entries()) {
    starts[at + 1] = (starts[at] ?? 0) + factors.length;
  }
  return starts;
}

function packed(rows: readonly PackedRows[], starts: Uint32Array, dim: number): Vectors {
  const many = starts.at(-1) ?? 0;
  const [codes, factors] = [new Int8Array(many * dim), new Float32Array(many)];
  for (const [at, one] of rows.entries()) {
    const start = starts[at] ?? 0;
    codes.set(one.codes, start * dim);
    factors.set(one.factors, start);
  }
  return new Vectors(codes, factors, starts, dim);
}
