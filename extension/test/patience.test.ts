/** How long the service is left alone. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Patience } from "../src/background/patience.ts";
import type { Trouble } from "../src/background/service.ts";
import { freshChrome } from "./chrome.ts";

const HOUR_MS = 3_600_000;
let now = 0;

beforeEach(() => {
  freshChrome();
  now = 1_000_000;
});

function patience(random = 0.5): Patience {
  return new Patience(
    () => now,
    () => random,
  );
}

/** Milliseconds until it may be asked again, found by trying. */
async function wait(one: Patience): Promise<number> {
  const start = now;
  let [less, more] = [0, 2 * HOUR_MS];
  while (more - less > 1) {
    const middle = Math.floor((less + more) / 2);
    now = start + middle;
    [less, more] = (await one.against()) === null ? [less, middle] : [middle, more];
  }
  now = start;
  return more;
}

test("nothing stands against the first question", async () => {
  assert.equal(await patience().against(), null);
  assert.deepEqual(await patience().condition(), { state: "idle" });
});

test("a success ends it", async () => {
  await patience().failed("unreachable");
  await patience().worked();
  assert.equal(await patience().against(), null);
  assert.deepEqual(await patience().condition(), { state: "ready" });
});

test("the time that the service names is kept, and spread", async () => {
  for (const [random, expected] of [
    [0, 30_000],
    [0.5, 31_000],
    [1, 32_000],
  ] as const) {
    await patience(random).failed("busy", 30_000);
    assert.equal(await wait(patience()), expected);
  }
  assert.deepEqual(await patience().against(), { state: "busy", retryInMs: 32_000 });
});

test("no service can silence us for longer than an hour, nor make us ask without a pause", async () => {
  for (const asked of [-5, 0, 1, 10 ** 7, 1e300, Number.POSITIVE_INFINITY]) {
    await patience(0).failed("busy", asked);
    const ms = await wait(patience());
    assert(ms >= 1_000 && ms <= HOUR_MS, `${asked}: ${ms}`);
  }
});

test("each failure doubles the pause up to ten minutes, and chance moves it by half at most", async () => {
  for (const trouble of ["unreachable", "busy", "refused", "strange"] satisfies Trouble[]) {
    await patience().forget();
    let before = 0;
    for (let failures = 1; failures <= 40; failures += 1) {
      await patience(1).failed(trouble);
      const ms = await wait(patience());
      assert(ms === before * 2 || before === 0 || ms === 600_000, `${trouble} ${failures}: ${ms}`);
      before = ms;
    }
    assert.equal(before, 600_000);
    await patience(0).failed(trouble);
    assert.equal(await wait(patience()), 300_000);
  }
});

test("what a person has to mend stays told when the pause is over; being busy does not", async () => {
  await patience().failed("refused");
  now += 120_000;
  assert.equal(await patience().against(), null);
  assert.deepEqual(await patience().condition(), { state: "refused" });
  await patience().failed("busy", 5_000);
  now += 120_000;
  assert.deepEqual(await patience().condition(), { state: "ready" });
});

test("a clock that is set back does not make it wait for longer", async () => {
  await patience().failed("busy", 30_000);
  now -= 10 * HOUR_MS;
  assert.equal(await patience().against(), null);
});
