/** Which requests are stripped of what tells readers apart. That browsers obey is for the tests in a browser. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { anonymize } from "../src/background/anonymous.ts";
import { freshChrome } from "./chrome.ts";

test("there is one rule for the server in use, and one for a server under test", async () => {
  const browser = freshChrome();
  for (const server of ["https://one.example", "https://two.example:8443"]) {
    assert.equal(await anonymize(server), true);
    assert.deepEqual(
      browser.rules.map(({ condition }) => condition.urlFilter),
      [`|${server}/`],
    );
  }
  await anonymize("https://three.example", "test");
  const filters = browser.rules.map(({ condition }) => condition.urlFilter);
  assert.deepEqual(filters, ["|https://two.example:8443/", "|https://three.example/"]);
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
