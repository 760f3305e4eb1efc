/** What is asked of the service for a page's headlines, and what is not. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import type { Label } from "../src/answers.ts";
import { CERTAIN } from "../src/answers.ts";
import { Asker, isWanted, type Privately } from "../src/background/asker.ts";
import { Cache } from "../src/background/cache.ts";
import { Patience } from "../src/background/patience.ts";
import { answerOf } from "../src/background/shapes.ts";
import { changeSettings, type Settings } from "../src/settings.ts";
import { freshChrome, type FakeChrome } from "./chrome.ts";
import { answered, labels, serve, type Service } from "./serving.ts";

const NOBODY: Privately = {
  ask: () => Promise.reject(new Error("private mode is off")),
  storeVersion: () => Promise.reject(new Error("private mode is off")),
};

interface Set {
  browser: FakeChrome;
  service: Service;
  patience: Patience;
  asker: Asker;
  clock: { now: number };
  /** The background after a stop: what it knew is what the session's storage holds. */
  restarted(): Asker;
}

async function set(test: TestContext, settings: Partial<Settings> = {}, privately = NOBODY): Promise<Set> {
  const browser = freshChrome();
  const service = await serve(test);
  await changeSettings({ server: service.address, ...settings });
  const clock = { now: Date.now() };
  const patience = new Patience(
    () => clock.now,
    () => 0.5,
  );
  const restarted = (): Asker => new Asker(new Cache(() => clock.now), patience, privately);
  return { browser, service, patience, asker: restarted(), clock, restarted };
}

function headlines(number: number, from = 0): string[] {
  return Array.from({ length: number }, (_, at) => `Headline number ${from + at} of a front page`);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((later) => setTimeout(later, 5));
  }
}

test("a page of 150 headlines costs two requests, the visible ones first; another look at it none", async (context) => {
  const { asker, service } = await set(context);
  const all = headlines(150);
  service.labels = { [all[3] ?? ""]: "rebutted", [all[140] ?? ""]: "contested" };
  const told = [asker.ask(all.slice(0, 20))];
  await until(() => service.requests.length === 1);
  for (let at = 20; at < 150; at += 26) {
    await new Promise((later) => setImmediate(later));
    told.push(asker.ask(all.slice(at, at + 26)));
  }
  const answers = (await Promise.all(told)).flatMap((reply) => labels(reply.answers));
  assert.deepEqual(service.batches, [all.slice(0, 20), all.slice(20)]);
  assert.equal(answers.indexOf("rebutted"), 3);
  assert.equal(answers.indexOf("contested"), 140);
  assert.deepEqual(labels((await asker.ask(all)).answers), answers);
  assert.equal(service.requests.length, 2);
});

test("a text is asked about once, however many pages ask at the same time", async (context) => {
  const { asker, service } = await set(context);
  const [one = "", two = "", three = ""] = headlines(3);
  service.labels = { [two]: "rebutted" };
  const replies = await Promise.all([asker.ask([one, two]), asker.ask([two, three]), asker.ask([two, two])]);
  assert.deepEqual(service.batches.flat().sort(), [one, two, three]);
  assert.deepEqual(
    replies.map(({ answers }) => labels(answers)),
    [
      [null, "rebutted"],
      ["rebutted", null],
      ["rebutted", "rebutted"],
    ],
  );
});

test("a text whose request is under way is not asked about again", async (context) => {
  const { asker, service } = await set(context);
  const held = Promise.withResolvers<void>();
  service.instead = (request) => ({ ...service.told(request), after: held.promise });
  service.labels = { One: "rebutted" };
  const first = asker.ask(["One"]);
  await until(() => service.requests.length === 1);
  const second = asker.ask(["One", "Two"]);
  held.resolve();
  assert.deepEqual([labels((await first).answers), labels((await second).answers)], [["rebutted"], ["rebutted", null]]);
  assert.deepEqual(service.batches, [["One"], ["Two"]]);
});

test("one request at a time, of at most 256 texts, each page's in the order given", async (context) => {
  const { asker, service } = await set(context);
  const all = headlines(600);
  const pages = [all.slice(0, 256), all.slice(256, 512), all.slice(512)];
  await Promise.all([...pages.map((page) => asker.ask(page)), asker.check("Another claim")]);
  const sent = service.batches.flat();
  assert.equal(sent.length, all.length);
  for (const page of pages) {
    const texts = new Set(page);
    assert.deepEqual(
      sent.filter((text) => texts.has(text)),
      page,
    );
  }
  assert(service.batches.every((batch) => batch.length <= 256));
  assert.equal(service.together, 1);
});

test("what waits is bounded", async (context) => {
  const { asker, service } = await set(context);
  let release = (): void => undefined;
  const after = new Promise<void>((resolve) => (release = resolve));
  service.instead = (request) => ({ ...service.told(request), after });
  const all = headlines(3_000);
  const replies = Array.from({ length: 12 }, (_, at) => asker.ask(all.slice(at * 250, at * 250 + 250)));
  const last = await replies.at(-1);
  assert.equal(last?.condition.state, "busy");
  release();
  await Promise.all(replies);
  assert(service.batches.flat().length >= 2_000 && service.batches.flat().length <= 2_256);
});

test("settings decide which labels come back", async (context) => {
  const texts: Label[] = ["rebutted", "contested", "consistent", "related", "unmatched"];
  const cases: [Partial<Settings>, (Label | null)[]][] = [
    [{}, ["rebutted", "contested", null, null, null]],
    [{ sensitivity: "careful" }, [null, null, null, null, null]],
    [{ extras: true }, ["rebutted", "contested", "consistent", "related", null]],
    [{ sensitivity: "careful", extras: true }, [null, null, "consistent", "related", null]],
  ];
  const { asker, service } = await set(context);
  service.labels = Object.fromEntries(texts.map((label) => [label, label]));
  for (const [settings, expected] of cases) {
    await changeSettings({ sensitivity: "balanced", extras: false, ...settings });
    assert.deepEqual(labels((await asker.ask(texts)).answers), expected, JSON.stringify(settings));
  }
  // Only `extras` makes it another question.
  assert.equal(service.batches.length, 2);
});

test("careful shows what is practically certain", () => {
  const settings = { sensitivity: "careful", extras: false } as const;
  assert(isWanted(answerOf(answered("rebutted", CERTAIN)), settings));
  assert(!isWanted(answerOf(answered("rebutted", CERTAIN - 0.001)), settings));
});

test("known answers are used for a minute, then the service is asked for its version", async (context) => {
  const { asker, service, clock, restarted } = await set(context);
  const [text = ""] = headlines(1);
  service.labels = { [text]: "rebutted" };
  await asker.ask([text]);
  for (const minutes of [1, 2, 3]) {
    clock.now += 61_000;
    assert.deepEqual(labels((await restarted().ask([text])).answers), ["rebutted"], `${minutes}`);
    assert.equal(service.requests.at(-1)?.path, "/v1/version");
    await restarted().ask([text]);
  }
  assert.equal(service.batches.length, 1);
  assert.equal(service.requests.length, 4);
});

for (const changed of ["storeVersion", "model", "profile"] as const) {
  test(`another ${changed} clears what is known`, async (context) => {
    const { asker, service, clock } = await set(context);
    const [text = ""] = headlines(1);
    service.labels = { [text]: "rebutted" };
    await asker.ask([text]);
    clock.now += 61_000;
    await asker.ask([text]);
    Object.assign(service, { [changed]: changed === "storeVersion" ? 8 : "another" });
    service.labels = {};
    clock.now += 61_000;
    assert.deepEqual(labels((await asker.ask([text])).answers), [null]);
    assert.equal(service.batches.length, 2);
  });
}

test("a batch of another store version clears what is known", async (context) => {
  const { asker, service } = await set(context);
  const [one = "", two = ""] = headlines(2);
  service.labels = { [one]: "rebutted" };
  await asker.ask([one]);
  service.storeVersion += 1;
  service.labels = {};
  await asker.ask([two]);
  assert.deepEqual(labels((await asker.ask([one])).answers), [null]);
  assert.deepEqual(service.batches, [[one], [two], [one]]);
});

test("asked for patience, nothing is sent before the time is over, over a stop as well", async (context) => {
  const { asker, service, clock, restarted } = await set(context);
  service.instead = () => ({ status: 429, headers: { "Retry-After": "40" } });
  const texts = headlines(300);
  const { answers, condition } = await asker.ask(texts.slice(0, 256));
  assert(answers.every((answer) => answer === null));
  assert.deepEqual(condition, { state: "busy", retryInMs: 41_000 });
  await Promise.all([asker.ask(texts), restarted().ask(texts), asker.check("A claim")]);
  assert.equal(service.requests.length, 1);
  service.instead = () => undefined;
  clock.now += 41_001;
  assert.equal((await asker.ask(texts.slice(0, 10))).condition.state, "ready");
  assert.equal(service.requests.length, 2);
});

test("without a connection it is silent, and asks again after a while", async (context) => {
  const { asker, clock, service } = await set(context);
  const { address } = service;
  await changeSettings({ server: "http://127.0.0.1:9" });
  assert.equal((await asker.ask(headlines(3))).condition.state, "unreachable");
  // The pause is for the other address; a change of the settings would end it.
  await changeSettings({ server: address });
  assert.equal((await asker.ask(headlines(3))).condition.state, "unreachable");
  assert.equal(service.requests.length, 0);
  clock.now += 2_001;
  assert.equal((await asker.ask(headlines(3))).condition.state, "ready");
});

test("a reader's own question is tried even while pages wait for a connection", async (context) => {
  const { asker, patience, service } = await set(context);
  await patience.failed("unreachable");
  service.labels = { "A claim": "related" };
  const { answer, condition } = await asker.check("A claim");
  assert.equal(answer?.verdict.label, "related");
  assert.equal(condition.state, "ready");
});

test("after a reset nothing under way is kept, and nothing waits", async (context) => {
  const { asker, service } = await set(context);
  const never = new Promise<void>(() => undefined);
  service.instead = (request) => ({ ...service.told(request), after: never });
  const replies = [asker.ask(headlines(5)), asker.ask(headlines(5, 5))];
  await until(() => service.requests.length > 0);
  await asker.reset();
  for (const { answers, condition } of await Promise.all(replies)) {
    assert.deepEqual(labels(answers), Array(5).fill(null));
    assert.equal(condition.state, "idle");
  }
});

test("in private mode the service hears nothing", async (context) => {
  const asked: string[] = [];
  const privately: Privately = {
    ask: async (texts) => {
      asked.push(...texts);
      return {
        answers: texts.map((_, at) => answerOf(answered(at === 0 ? "rebutted" : "related"))),
        condition: { state: "ready" },
      };
    },
    storeVersion: async () => 7,
  };
  const { asker, service } = await set(context, { private: true }, privately);
  const texts = headlines(3);
  assert.deepEqual(labels((await asker.ask(texts)).answers), ["rebutted", null, null]);
  assert.deepEqual(labels((await asker.ask(texts)).answers), ["rebutted", null, null]);
  assert.deepEqual(asked, texts);
  assert.equal((await asker.check("A claim")).answer?.verdict.label, "rebutted");
  assert.deepEqual(service.requests, []);
});

test("private mode that is not there answers nothing and says so", async (context) => {
  const privately: Privately = {
    ask: async (texts) => ({ answers: texts.map(() => null), condition: { state: "private-missing" } }),
    storeVersion: async () => undefined,
  };
  const { asker, service } = await set(context, { private: true }, privately);
  assert.deepEqual(await asker.ask(headlines(40)), {
    answers: Array(40).fill(null),
    condition: { state: "private-missing" },
  });
  assert.deepEqual(service.requests, []);
});

test("private mode turned on while texts wait: they do not leave any more", async (context) => {
  const { asker, service } = await set(context);
  await asker.ask(headlines(1));
  const waiting = asker.ask(headlines(5, 1));
  await changeSettings({ private: true });
  assert.deepEqual(labels((await waiting).answers), Array(5).fill(null));
  assert.equal(service.requests.length, 1);
});

test("nothing is sent without the permission for the server", async (context) => {
  const { asker, browser, service } = await set(context);
  browser.granted = [];
  assert.equal((await asker.ask(headlines(3))).condition.state, "unreachable");
  assert.deepEqual(service.requests, []);
});

test("what waits for its turn is not sent once private mode is on", async (context) => {
  const { asker, service } = await set(context);
  const stuck = Promise.withResolvers<void>();
  service.instead = () => ({ body: {}, after: stuck.promise });
  const before = asker.ask(headlines(1));
  await until(() => service.requests.length === 1);
  const told = [asker.check("My own words"), asker.report({ verdictId: "v1~x", comment: "Mine as well" })];
  await changeSettings({ private: true });
  await asker.reset();
  await Promise.all([before, ...told]);
  stuck.resolve();
  assert.deepEqual(service.paths, ["/v1/check/batch"]);
});

test("the same text asked of another server is not answered by what is broken off", async (context) => {
  const { asker, service, browser } = await set(context);
  const other = await serve(context);
  const [text = ""] = headlines(1);
  other.labels = { [text]: "rebutted" };
  const stuck = Promise.withResolvers<void>();
  service.instead = () => ({ body: {}, after: stuck.promise });
  const before = asker.ask([text]);
  await until(() => service.requests.length === 1);
  await changeSettings({ server: other.address });
  const reset = asker.reset();
  const after = asker.ask([text]);
  await reset;
  assert.deepEqual(labels((await after).answers), ["rebutted"]);
  assert.deepEqual(labels((await before).answers), [null]);
  stuck.resolve();
  assert.equal(browser.rules.length, 2);
});
