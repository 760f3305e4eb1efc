/** What is believed of a message, by where it comes from. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { countIn, fromOwnPage, reportIn, textsIn } from "../src/background/senders.ts";
import { freshChrome } from "./chrome.ts";

freshChrome();
type Sender = chrome.runtime.MessageSender;
const PAGE: Sender = { id: "own", url: "https://news.example/", frameId: 0, tab: { id: 4 } as chrome.tabs.Tab };
const POPUP: Sender = { id: "own", url: "chrome-extension://own/popup.html" };

test("only our own pages may ask what a page may not", () => {
  fromOwnPage(POPUP);
  const others: Sender[] = [
    PAGE,
    { id: "other", url: POPUP.url ?? "" },
    { id: "own" },
    { id: "own", url: "https://news.example/chrome-extension://own/" },
    { id: "own", url: "chrome-extension://ownother/popup.html" },
  ];
  for (const sender of others) {
    assert.throws(() => fromOwnPage(sender), JSON.stringify(sender));
  }
});

test("texts are taken as our script finds them, and no other message is", () => {
  assert.deepEqual(textsIn({ texts: ["One", "half \uD800 a character"] }, PAGE), ["One", "half \uFFFD a character"]);
  const wrong: unknown[] = [
    undefined,
    "One",
    { length: 1, 0: "One" },
    ["One", 2],
    [""],
    ["  "],
    ["nul\0"],
    ["a".repeat(501)],
    Array(257).fill("One"),
  ];
  for (const texts of wrong) {
    assert.throws(() => textsIn({ texts }, PAGE), String(texts).slice(0, 40));
  }
  assert.throws(() => textsIn({ texts: ["One"] }, { ...PAGE, id: "other" }));
});

test("a count is of a tab's main page", () => {
  assert.deepEqual(countIn({ marks: 3 }, PAGE), { tab: 4, marks: 3 });
  for (const marks of [-1, 1.5, "3", null, Number.NaN, 10_001]) {
    assert.throws(() => countIn({ marks }, PAGE), `${marks}`);
  }
  assert.throws(() => countIn({ marks: 3 }, { ...PAGE, frameId: 2 }));
  assert.throws(() => countIn({ marks: 3 }, POPUP));
});

test("a report keeps nothing but its fields", () => {
  const given = { verdictId: "v1~rebutted~7~x~dinosaur~y", comment: "", claim: "One", url: "https://news.example/" };
  assert.deepEqual(reportIn(given, PAGE), { verdictId: given.verdictId, comment: "", claim: "One" });
  assert.deepEqual(reportIn({ ...given, claim: undefined }, PAGE), { verdictId: given.verdictId, comment: "" });
  for (const wrong of [
    { verdictId: "a b" },
    { verdictId: 4 },
    { comment: null },
    { comment: "a".repeat(5_001) },
    { claim: {} },
  ]) {
    assert.throws(() => reportIn({ ...given, ...wrong }, PAGE), JSON.stringify(wrong).slice(0, 60));
  }
});
