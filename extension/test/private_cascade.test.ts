import assert from "node:assert/strict";
import { test } from "node:test";

import { check, type Pair, type Reader } from "../src/private/cascade.ts";
import { Collection } from "../src/private/collection.ts";
import type { Header } from "../src/private/header.ts";
import type { PackedRecord } from "../src/private/index_file.ts";

const CLAIM = "Aliens built the old harbor bridge";
const RUMOR = "Aliens built the harbor bridge";
const STATEMENT = "The bridge was built by the city";
const BESIDE = [0.98, 0.01, 0.01];
const ALONE = [0.02, 0.01, 0.97];

function record(more: Partial<PackedRecord> = {}): PackedRecord {
  return {
    ...{ id: "bridge", rumor: RUMOR, variants: [], statement: STATEMENT, quote: "", language: "en", readable: "" },
    ...{ authority: { name: "City" }, speaker: { name: "", role: "" }, statedOn: "", contestedWith: [], citations: [] },
    shown: {},
    ...more,
  };
}

function collection(halves: [number, number], ...kept: PackedRecord[]): Collection {
  const [beside, alone] = halves;
  const model = { name: "model", revision: "1", files: [] };
  const header: Header = {
    ...{ key: "", since: 0, position: 1, storeVersion: 1, createdAt: 0, records: 1, rows: 1, dim: 4, recordsBytes: 0 },
    ...{ removed: [], fields: ["rumor"], model: "model@1" },
    calibration: {
      nearness: { bias: 0, similarity: 5, evidence: 0, size: 0 },
      sides: { asserts: [beside, 0, alone, 0, 0, 0], denies: [0, beside, 0, alone, 0, 0] },
      ...{ gate: 0.5, related: 0.5, rebutted: 0.8, consistent: 0.5, judged: 2 },
    },
    encoder: { ...model, maxTokens: 256 },
    stance: { ...model, languages: ["en"], maxClaimTokens: 96, maxRumorTokens: 112 },
  };
  const rows = { fields: ["rumor" as const], factors: new Float32Array([0.01]), codes: new Int8Array([100, 0, 0, 0]) };
  return new Collection([{ header, fingerprint: "", records: kept.map((one) => ({ record: one, rows })) }]);
}

/** A reader that takes every claim for the rumor beside a statement, and for another claim without one. */
class Wavering implements Reader {
  readonly asked: Pair[][] = [];
  encode(): Promise<Float32Array> {
    return Promise.resolve(new Float32Array([1, 0, 0, 0]));
  }

  words(): [] {
    return [];
  }

  judge(pairs: readonly Pair[]): Promise<number[][]> {
    this.asked.push([...pairs]);
    return Promise.resolve(pairs.map(({ statement }) => (statement === "" ? ALONE : BESIDE)));
  }
}

/** A judge that gives up before it has read all. */
class Cut extends Wavering {
  readonly #left: number;

  constructor(left: number) {
    super();
    this.#left = left;
  }

  override async judge(pairs: readonly Pair[]): Promise<number[][]> {
    return (await super.judge(pairs)).slice(0, this.#left);
  }
}

async function labelOf(halves: [number, number], reader: Reader, one = record()): Promise<string> {
  const answer = await check({ text: CLAIM, language: "en" }, collection(halves, one), reader);
  return answer.verdict.label;
}

test("a pair is read beside the statement and alone, in one batch, and both readings count", async () => {
  const reader = new Wavering();
  assert.equal(await labelOf([0.5, 0.5], reader), "related");
  assert.deepEqual(reader.asked, [
    [
      { claim: CLAIM, rumor: RUMOR, statement: "" },
      { claim: CLAIM, rumor: RUMOR, statement: STATEMENT },
    ],
  ]);
});

test("each reading counts for what its weights say", async () => {
  assert.equal(await labelOf([1, 0], new Wavering()), "rebutted");
  assert.equal(await labelOf([0, 1], new Wavering()), "related");
});

test("a record without a statement that can be read is read once", async () => {
  const reader = new Wavering();
  assert.equal(await labelOf([1, 0], reader, record({ language: "de", readable: RUMOR })), "related");
  assert.deepEqual(reader.asked, [[{ claim: CLAIM, rumor: RUMOR, statement: "" }]]);
});

test("a pair of which a reading is missing counts as unread", async () => {
  for (const left of [0, 1]) {
    const answer = await check({ text: CLAIM, language: "en" }, collection([1, 0], record()), new Cut(left));
    assert.equal(answer.verdict.label, "related");
    assert.equal(answer.verdict.confidence, answer.matches[0]?.score);
    assert.equal(answer.matches[0]?.why.probabilities, null);
  }
});

test("the next record is read where the nearest leaves the claim open, or another authority could affirm it", async () => {
  const rumorsRead = async (halves: [number, number], authority: string): Promise<(string | undefined)[]> => {
    const reader = new Wavering();
    const sister = record({ id: "sister", rumor: "Aliens built a bridge", authority: { name: authority } });
    await check({ text: CLAIM, language: "en" }, collection(halves, record(), sister), reader);
    return reader.asked.map(([first]) => first?.rumor);
  };
  assert.deepEqual(await rumorsRead([1, 0], "City"), [RUMOR]);
  assert.deepEqual(await rumorsRead([1, 0], "Harbor office"), [RUMOR, "Aliens built a bridge"]);
  assert.deepEqual(await rumorsRead([0, 1], "City"), [RUMOR, "Aliens built a bridge"]);
});
