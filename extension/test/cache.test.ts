/** What is remembered of answers: for how long, how much, and in which form. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Answer } from "../src/answers.ts";
import { Cache } from "../src/background/cache.ts";
import { answerOf } from "../src/background/shapes.ts";
import { freshChrome } from "./chrome.ts";
import { answered } from "./serving.ts";

const HOUR_MS = 3_600_000;
const VERSION = { storeVersion: 7, model: "model-a" };
const DENIED = answerOf(answered("rebutted"));

function nothing(from: number, number: number): Map<string, null> {
  return new Map(Array.from({ length: number }, (_, at) => [`Headline ${from + at}`, null]));
}

async function known(cache: Cache, texts: string[], scope = "here"): Promise<string[]> {
  return [...(await cache.find(scope, texts)).keys()];
}

test("an answer is known for six hours, over a stop of the background as well", async () => {
  freshChrome();
  let now = 1_000_000;
  const cache = (): Cache => new Cache(() => now);
  await cache().keep(
    "here",
    VERSION,
    new Map<string, Answer | null>([
      ["One", DENIED],
      ["Two", null],
    ]),
  );
  now += 6 * HOUR_MS - 1;
  assert.deepEqual(
    await cache().find("here", ["One", "Two", "Three"]),
    new Map<string, Answer | null>([
      ["One", DENIED],
      ["Two", null],
    ]),
  );
  now += 1;
  assert.deepEqual(await known(cache(), ["One", "Two"]), []);
});

test("the storage holds no text, and nothing from which one could be tried out elsewhere", async () => {
  const first = freshChrome();
  const text = "A distinctive headline about a dinosaur";
  await new Cache().keep("here", VERSION, new Map([[text, null]]));
  const names = [...first.storage.session.items.keys()];
  assert(!JSON.stringify([...first.storage.session.items]).includes("distinctive"));
  assert.equal(first.storage.local.items.size, 0);
  const entries = [...first.storage.session.items].filter(([name]) => name.startsWith("answer:"));
  assert.equal(entries.length, 1);
  assert(
    entries.every(([name, value]) => name.length + value.length < 60),
    "one of nothing is tiny",
  );
  assert(names.length <= 3);
});

test("another scope forgets all", async () => {
  freshChrome();
  const cache = new Cache();
  await cache.keep("here", VERSION, nothing(0, 3));
  assert.deepEqual(await known(cache, ["Headline 1"], "there"), []);
  assert.deepEqual(await known(cache, ["Headline 1"]), []);
});

test("5,000 are kept, the ones that were used last", async () => {
  const browser = freshChrome();
  const cache = new Cache();
  await cache.keep("here", VERSION, nothing(0, 4_900));
  await known(cache, ["Headline 0", "Headline 1"]);
  await cache.keep("here", VERSION, nothing(4_900, 200));
  const texts = [0, 1, 2, 101, 102, 5_099].map((at) => `Headline ${at}`);
  assert.deepEqual(await known(cache, texts), ["Headline 0", "Headline 1", "Headline 102", "Headline 5099"]);
  assert.equal([...browser.storage.session.items.keys()].filter((name) => name.startsWith("answer:")).length, 5_000);
});

test("long answers take up no more than their share of the browser's memory", async () => {
  const browser = freshChrome();
  const cache = new Cache();
  const long: Answer = { ...DENIED, verdict: { ...DENIED.verdict, summary: "é".repeat(20_000) } };
  for (let round = 0; round < 10; round += 1) {
    await cache.keep("here", VERSION, new Map([...nothing(round * 100, 100).keys()].map((text) => [text, long])));
  }
  const bytes = [...browser.storage.session.items.values()].reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  assert(bytes < 5_000_000 && bytes > 3_000_000, `${bytes}`);
  assert.deepEqual(await known(cache, ["Headline 0", "Headline 999"]), ["Headline 999"]);
});

test("storage that is full breaks nothing", async () => {
  const browser = freshChrome();
  const cache = new Cache();
  await cache.keep("here", VERSION, nothing(0, 1));
  browser.storage.session.quota = 0;
  await cache.keep("here", VERSION, nothing(1, 1));
  assert.deepEqual(await known(cache, ["Headline 0", "Headline 1"]), ["Headline 0", "Headline 1"]);
});

test("any order of keeping, finding, clearing and stopping gives what a plain map would", async () => {
  freshChrome();
  let seed = 20_261_122;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  let cache = new Cache(() => 5_000);
  let version = 1;
  const plain = new Map<string, Answer | null>();
  for (let step = 0; step < 600; step += 1) {
    const text = `Headline ${random(30)}`;
    const act = random(20);
    if (act < 9) {
      const answer = random(3) === 0 ? DENIED : null;
      await cache.keep("here", { storeVersion: version, model: "m" }, new Map([[text, answer]]));
      plain.set(text, answer);
    } else if (act === 9) {
      version += 1;
      await cache.keep("here", { storeVersion: version, model: "m" }, new Map([[text, null]]));
      plain.clear();
      plain.set(text, null);
    } else if (act === 10) {
      cache = new Cache(() => 5_000);
    } else if (act === 11) {
      await cache.clear();
      plain.clear();
    } else {
      const found = await cache.find("here", [text]);
      assert.deepEqual([found.has(text), found.get(text)], [plain.has(text), plain.get(text)], `step ${step}`);
    }
  }
});
