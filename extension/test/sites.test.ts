/** On which sites the content script runs. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { renewSites } from "../src/background/sites.ts";
import { changeSettings } from "../src/settings.ts";
import { freshChrome } from "./chrome.ts";

const NEWS = "https://news.example/*";
const BLOG = "https://blog.example/*";

test("it runs on none before a site is turned on", async () => {
  const browser = freshChrome();
  await renewSites();
  assert.deepEqual(browser.scripts, []);
});

test("it runs where the reader wants it and the browser allows it", async () => {
  const browser = freshChrome();
  browser.granted = [NEWS];
  await changeSettings({ sites: [NEWS, BLOG, NEWS, "no pattern"] });
  await renewSites();
  const [script] = browser.scripts;
  assert.deepEqual(script, {
    id: "headlines",
    js: ["content.js"],
    matches: [NEWS],
    runAt: "document_idle",
    allFrames: false,
    persistAcrossSessions: true,
  });
  browser.granted = [BLOG];
  await renewSites();
  assert.deepEqual(
    browser.scripts.map(({ matches }) => matches),
    [[BLOG]],
  );
  browser.granted = [];
  await renewSites();
  assert.deepEqual(browser.scripts, []);
});

test("open tabs get it when their site is turned on, once, and others do not", async () => {
  const browser = freshChrome();
  browser.openTabs = [
    { id: 1, url: "https://news.example/a", read: false },
    { id: 2, url: "https://news.example/b", read: true },
    { id: 3, url: "https://bank.example/", read: false },
  ];
  await changeSettings({ sites: [NEWS] });
  await renewSites();
  assert.deepEqual(browser.started, [1]);
  await changeSettings({ sites: [NEWS, BLOG] });
  await renewSites();
  assert.deepEqual(browser.started, [1]);
});

test("changes that come at the same time end in the last state", async () => {
  const browser = freshChrome();
  const steps: Promise<void>[] = [];
  for (const sites of [[NEWS], [], [NEWS, BLOG], [], [BLOG]]) {
    await changeSettings({ sites });
    steps.push(renewSites());
  }
  await Promise.all(steps);
  assert.deepEqual(
    browser.scripts.map(({ matches }) => matches),
    [[BLOG]],
  );
});
