/** Which requests are stripped of what tells readers apart. That browsers obey is for the tests in a browser. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { anonymize } from "../src/background/anonymous.ts";
import { freshChrome } from "./chrome.ts";

test("there is a rule for each server that was used, and only for so many", async () => {
  const browser = freshChrome();
  const filters = (): (string | undefined)[] => browser.rules.map(({ condition }) => condition.urlFilter);
  await Promise.all(["https://one.example", "https://two.example:8443", "https://one.example"].map(anonymize));
  // A download from the first may still go on.
  assert.deepEqual(filters(), ["|https://one.example/", "|https://two.example:8443/"]);
  for (let number = 0; number < 30; number += 1) {
    assert.equal(await anonymize(`https://number${number}.example`), true);
  }
  assert.equal(browser.rules.length, 20);
  assert.equal(new Set(browser.rules.map(({ id }) => id)).size, 20);
  // One whose rule had to go gets another.
  await anonymize("https://one.example");
  assert.equal(filters().at(-1), "|https://one.example/");
});

test("it takes the reader's marks from our own requests alone", async () => {
  const browser = freshChrome();
  await anonymize("https://four.example");
  const [rule] = browser.rules;
  assert.deepEqual([rule?.condition.tabIds, rule?.condition.initiatorDomains], [[-1], ["own"]]);
  const removed = rule?.action.requestHeaders
    ?.filter(({ operation }) => operation === "remove")
    .map(({ header }) => header.toLowerCase());
  for (const header of ["origin", "cookie", "referer"]) {
    assert(removed?.includes(header), header);
  }
});

test("without the reader's permission, or for what is no server, there is no rule, and it says so", async () => {
  const browser = freshChrome();
  browser.granted = ["https://five.example/*"];
  assert.equal(await anonymize("https://six.example"), false);
  assert.equal(await anonymize("https://five.example/path"), false);
  assert.deepEqual(browser.rules, []);
  assert.equal(await anonymize("https://five.example:8000"), true);
  // Once taken back, a rule that is there is no leave to send.
  browser.granted = [];
  assert.equal(await anonymize("https://five.example:8000"), false);
});
