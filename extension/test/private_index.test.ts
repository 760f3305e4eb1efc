import assert from "node:assert/strict";
import { test } from "node:test";

import { Collection } from "../src/private/collection.ts";
import { FormatError } from "../src/private/header.ts";
import { KeyChangedError, fingerprint, readIndex } from "../src/private/index_file.ts";
import { best, Vectors } from "../src/private/search.ts";
import { DamagedError } from "../src/private/shape.ts";
import { words } from "../src/private/words.ts";

const DIM = 8;
const FILES = [
  { name: "model.onnx", sha256: "a".repeat(64), bytes: 3 },
  { name: "tokenizer.json", sha256: "b".repeat(64), bytes: 4 },
];
const MODEL = { name: "model", revision: "1", files: FILES };

type Changes = Record<string, unknown>;
type Pair = CryptoKeyPair;

const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as Pair;

function record(id: string, more: Changes = {}): Changes {
  const authority = { name: `Ministry of ${id}` };
  return { id, rumor: `The rumor of ${id}`, statement: `What was said of ${id}`, authority, citations: [], ...more };
}

function headerOf(changes: Changes): Changes {
  return {
    ...{ format: 2, since: 0, position: 7, store_version: 5, created_at: "2026-11-22T00:00:00Z", dim: DIM, removed: [] },
    fields: ["rumor", "variant", "statement", "title"],
    calibration: {
      nearness: { bias: -1, similarity: 2, evidence: 3, size: -4 },
      ...{ gate: 0.7, related: 0.8, rebutted: 0.9, consistent: 0.5, judged: 2, profile: "balanced" },
      sides: { asserts: [1, 2, 3, 4, 5, 6], denies: [6, 5, 4, 3, 2, 1] },
    },
    encoder: { ...MODEL, max_tokens: 256 },
    stance: {
      ...{ ...MODEL, languages: ["en"], labels: ["asserts", "denies", "other"] },
      ...{ max_claim_tokens: 96, max_rumor_tokens: 112 },
    },
    model: "model@1",
    ...changes,
  };
}

/** A signed document, each of whose records has two rows. */
async function documentOf(records: Changes[], changes: Changes = {}, by: Pair = pair): Promise<Uint8Array<ArrayBuffer>> {
  const rows = 2 * records.length;
  const lines = new TextEncoder().encode(records.map((one) => `${JSON.stringify({ rows: 2, rebuttal: one })}\n`).join(""));
  const raw = Buffer.from(await crypto.subtle.exportKey("raw", by.publicKey)).toString("base64url");
  const counts = { key: raw, records: records.length, rows, records_bytes: lines.length };
  const header = new TextEncoder().encode(JSON.stringify(headerOf({ ...counts, ...changes })));
  const length = new Uint8Array(new Uint32Array([header.length]).buffer);
  const factors = new Uint8Array(new Float32Array(rows).fill(0.5).buffer);
  const tags = new Uint8Array(rows).map((_, at) => (at % 2) * 2);
  const codes = new Uint8Array(rows * DIM).map((_, at) => at % 100);
  const parts = [new TextEncoder().encode("RJNDXIX1"), length, header, lines, factors, tags, codes];
  const unsigned = new Uint8Array(Buffer.concat(parts));
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", by.privateKey, unsigned));
  return new Uint8Array(Buffer.concat([unsigned, signature]));
}

test("a signed document is read", async () => {
  const read = await readIndex(await documentOf([record("one"), record("two")]), null);
  assert.deepEqual(read.records.map((one) => one.record.id), ["one", "two"]);
  assert.deepEqual(read.records.map((one) => one.rows.fields), [["rumor", "statement"], ["rumor", "statement"]]);
  assert.deepEqual([...(read.records[1]?.rows.codes ?? [])].slice(0, 3), [16, 17, 18]);
  assert.match(await fingerprint(read.header.key), /^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
});

test("no byte can be changed, and no end be missing", async () => {
  const whole = await documentOf([record("one")]);
  for (let at = 0; at < whole.length; at += 1) {
    const changed = whole.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << at % 8);
    await assert.rejects(readIndex(changed, null), (error) => error instanceof DamagedError || error instanceof FormatError);
  }
  for (let end = 0; end < whole.length; end += 7) {
    await assert.rejects(readIndex(whole.slice(0, end), null), DamagedError);
  }
});

test("another key is another key", async () => {
  const stranger = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as Pair;
  const { header } = await readIndex(await documentOf([record("one")]), null);
  const forged = await documentOf([record("one")], {}, stranger);
  await assert.rejects(readIndex(forged, header.key), KeyChangedError);
  // Under the right name with the wrong signature it is nothing at all.
  await assert.rejects(readIndex(await documentOf([record("one")], { key: header.key }, stranger), header.key), DamagedError);
});

test("what a service signs has to hold together all the same", async () => {
  const wrong: Changes[] = [
    ...[{ rows: 3 }, { rows: 2 ** 40 }, { records: 2 }, { records: 0 }, { records_bytes: 1 }, { records_bytes: 2 ** 30 }],
    ...[{ dim: 4 }, { dim: -8 }, { dim: 1e9 }, { since: -1 }, { since: 0.5 }, { position: "7" }, { removed: [1] }],
    ...[{ fields: [] }, { fields: ["rumor", "variant", "secret", "title"] }, { model: null }, { calibration: {} }],
    ...[{ encoder: { ...MODEL, max_tokens: 1e6 } }, { encoder: { ...MODEL, files: [], max_tokens: 256 } }],
    ...[{ encoder: { ...MODEL, max_tokens: 256, files: [{ ...FILES[0], sha256: "../../secret" }, FILES[1]] } }],
  ];
  for (const changes of wrong) {
    await assert.rejects(documentOf([record("one")], changes).then((bytes) => readIndex(bytes, null)), DamagedError);
  }
  const records = [{ rumor: 5 }, { id: null }, { authority: "x" }, { variants: "x" }, { citations: [1] }, { quote: {} }];
  for (const more of records) {
    await assert.rejects(documentOf([record("one", more)]).then((bytes) => readIndex(bytes, null)), DamagedError);
  }
  await assert.rejects(documentOf([record("one")], { format: 3 }).then((bytes) => readIndex(bytes, null)), FormatError);
});

test("a change is applied to what is here", async () => {
  const whole = await readIndex(await documentOf([record("one"), record("two"), record("three")]), null);
  const changed = [record("two", { rumor: "Another wording" }), record("four")];
  const change = await documentOf(changed, { since: 7, position: 9, removed: ["one", "never-had"] });
  const collection = new Collection([whole, await readIndex(change, whole.header.key)]);
  assert.deepEqual(collection.records.map(({ id }) => id), ["three", "two", "four"]);
  assert.equal(collection.record("two")?.rumor, "Another wording");
  assert.equal(collection.record("one"), undefined);
  assert.deepEqual(collection.passage(1, 3), { field: "statement", text: "What was said of two" });
  assert.deepEqual(collection.postings.search(words("wording"), 5).map(({ at }) => at), [1]);
});

test("a change that does not follow is refused", async () => {
  const whole = await readIndex(await documentOf([record("one")]), null);
  for (const changes of [{ since: 8, position: 9 }, { since: 0, position: 9 }, { since: 7, position: 6 }]) {
    const change = await readIndex(await documentOf([], changes), null);
    assert.throws(() => new Collection([whole, change]), DamagedError);
  }
  assert.throws(() => new Collection([]), DamagedError);
});

test("the scan gives what the sums give", () => {
  const [records, dim] = [50, 16];
  const starts = Uint32Array.from({ length: records + 1 }, (_, at) => (at * (at + 3)) / 2);
  const rows = starts.at(-1) ?? 0;
  const chance = (at: number): number => Math.sin(at * 12.9898) * 127;
  const codes = Int8Array.from({ length: rows * dim }, (_, at) => Math.trunc(chance(at)));
  const factors = Float32Array.from({ length: rows }, (_, at) => 0.001 + Math.abs(chance(at)) / 1e5);
  const query = Float32Array.from({ length: dim }, (_, at) => chance(at + 7) / 127);
  const near = new Vectors(codes, factors, starts, dim).nearest(query);
  const sum = (row: number): number =>
    query.reduce((total, value, at) => total + value * (codes[row * dim + at] ?? 0), 0) * (factors[row] ?? 0);
  for (const { at, row, cosine } of near) {
    const own = Array.from({ length: (starts[at + 1] ?? 0) - (starts[at] ?? 0) }, (_, place) => sum((starts[at] ?? 0) + place));
    assert.ok(Math.abs(cosine - Math.max(...own)) < 1e-5);
    assert.ok(Math.abs(sum(row) - cosine) < 1e-5);
  }
  const sorted = [...near].sort((a, b) => b.cosine - a.cosine).slice(0, 7);
  assert.deepEqual(best(near, 7), sorted);
  assert.deepEqual(best([], 3), []);
});
