import assert from "node:assert/strict";
import { test } from "node:test";

import type { Pair } from "../src/private/cascade.ts";
import { PrivateMode, type Judge } from "../src/private/mode.ts";
import { timePair } from "../src/private/speed.ts";
import type { State, Store } from "../src/private/store.ts";

const SERVER = "https://service.example";
const SOURCE = { server: SERVER, key: "", reachable: true };

/** The beginning of a document of some format; of one of before, all of it that an extension has taken. */
function document(format = 1): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(JSON.stringify({ format }));
  const bytes = new Uint8Array(8 + 4 + header.length + 64);
  bytes.set(new TextEncoder().encode("RJNDXIX1"));
  new DataView(bytes.buffer).setUint32(8, header.length, true);
  bytes.set(header, 12);
  return bytes;
}

test("what an update can no longer read is asked for again at once, and not again and again", async (t) => {
  const kept = { server: SERVER, key: "A".repeat(43), checkedAt: Date.now() };
  const state: State = { ...kept, msPerHeadline: 1, msPerPair: 1, problem: "" };
  const store = { state: async () => state, documents: async () => [document()] } as unknown as Store;
  const asked: string[] = [];
  t.mock.method(console, "warn", () => undefined);
  t.mock.method(globalThis, "fetch", async (address: string) => {
    asked.push(address);
    return new Response(null, { status: 503 });
  });
  const mode = new PrivateMode(store, {} as Judge);
  for (let visit = 0; visit < 3; visit += 1) {
    const { condition } = await mode.ask(SOURCE, [{ text: "The mint will close", language: "en" }]);
    assert.equal(condition.state, "private-missing");
    while ((await mode.status()).state === "downloading") {
      await new Promise(setImmediate);
    }
  }
  assert.deepEqual(asked, [`${SERVER}/v1/index?since=0`]);
});

/** An index of some format that goes on and on after its header, in pieces of a few bytes; what is taken is counted. */
function endless(format: number): { answer: () => Response; taken: { pieces: number; ended: boolean } } {
  const [bytes, taken] = [document(format), { pieces: 0, ended: false }];
  const piece = (): Uint8Array<ArrayBuffer> => {
    const at = 5 * taken.pieces++;
    assert.ok(taken.pieces < 1_000, "all of it is downloaded");
    return at < bytes.length ? bytes.slice(at, at + 5) : new Uint8Array(5);
  };
  const cancel = (): void => {
    taken.ended = true;
  };
  return { answer: () => new Response(new ReadableStream({ pull: (to) => to.enqueue(piece()), cancel })), taken };
}

for (const [format, problem] of [
  [1, "private_too_old"],
  [3, "private_too_new"],
] as const) {
  test(`of an index of format ${format} the header alone comes, once, and the reader learns why`, async (t) => {
    const kept = { server: SERVER, key: "A".repeat(43), checkedAt: 0 };
    const state: State = { ...kept, msPerHeadline: 1, msPerPair: 1, problem: "" };
    const store = { state: async () => state, documents: async () => [document()] } as unknown as Store;
    const { answer, taken } = endless(format);
    t.mock.method(console, "warn", () => undefined);
    const fetched = t.mock.method(globalThis, "fetch", async () => answer());
    const mode = new PrivateMode(store, {} as Judge);
    for (let visit = 0; visit < 3; visit += 1) {
      await mode.ask(SOURCE, [{ text: "The mint will close", language: "en" }]);
      while ((await mode.status()).state === "downloading") {
        await new Promise(setImmediate);
      }
    }
    const { state: how, problem: why } = await mode.status();
    assert.deepEqual([how, why], ["failed", problem]);
    assert.equal(fetched.mock.callCount(), 1);
    assert.ok(taken.ended);
    assert.ok(5 * taken.pieces <= document(format).length);
  });
}

test("what an extension of before has taken is missing, and no trouble of the service", async (t) => {
  const kept = { server: SERVER, key: "A".repeat(43), checkedAt: Date.now() };
  const state: State = { ...kept, msPerHeadline: 1, msPerPair: 1, problem: "" };
  const store = { state: async () => state, documents: async () => [document()] } as unknown as Store;
  t.mock.method(console, "warn", () => undefined);
  const status = await new PrivateMode(store, {} as Judge).status();
  assert.deepEqual([status.state, status.problem], ["absent", undefined]);
});

test("a pair is timed as it is read: beside the statement and with the rumor alone", async () => {
  const read: (readonly Pair[])[] = [];
  await timePair(async (pairs) => read.push(pairs));
  for (const pairs of read) {
    assert.deepEqual(
      pairs.map(({ statement }) => statement !== ""),
      [false, true],
    );
  }
  assert.equal(read.length, 3);
});
