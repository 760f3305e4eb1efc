/** Of which pages texts are taken: of those that the reader has turned on and the browser lets us read, and no other. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fromPageThatIsRead, wishesFor } from "../src/background/wishes.ts";
import { changeSettings } from "../src/settings.ts";
import { freshChrome } from "./chrome.ts";

type Sender = chrome.runtime.MessageSender;

const NEWS = "https://news.example/*";

function from(url: string, more: Partial<Sender> = {}): Sender {
  return { id: "own", url, frameId: 0, tab: { id: 7 }, ...more } as Sender;
}

test("a page of a site that is on is read, and no other", async () => {
  freshChrome();
  await changeSettings({ sites: [NEWS] });
  assert.equal((await wishesFor(from("https://news.example/front"))).read, true);
  await fromPageThatIsRead(from("https://news.example/front"));
  const others = [
    from("https://bank.example/"),
    from("https://news.example.evil.example/"),
    from("http://news.example/"),
    from("data:text/html,x"),
    from("https://news.example/", { frameId: 3 }),
    from("https://news.example/", { id: "another" }),
    from("https://news.example/", { tab: undefined as never }),
    { id: "own", tab: { id: 7 }, frameId: 0 } as Sender,
  ];
  for (const sender of others) {
    assert.equal((await wishesFor(sender)).read, false, sender.url);
    await assert.rejects(fromPageThatIsRead(sender), sender.url);
  }
});

test("a page that is open is read no more once its site is turned off, or taken back in the browser", async () => {
  const browser = freshChrome();
  const page = from("https://news.example/front");
  await changeSettings({ sites: ["*://*.example/*", NEWS] });
  browser.granted = [NEWS];
  assert.equal((await wishesFor(page)).read, true);
  browser.granted = [];
  assert.equal((await wishesFor(page)).read, false);
  await assert.rejects(fromPageThatIsRead(page));
  browser.granted = null;
  await fromPageThatIsRead(page);
  await changeSettings({ sites: [] });
  await assert.rejects(fromPageThatIsRead(page));
});
