/** Lists that readers write and read in the options. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readLanguages } from "../src/options/choices.ts";
import { sitesOf } from "../src/options/sites.ts";
import { isOn, patternOfServer } from "../src/pages/permissions.ts";

test("codes of languages are read from any list, each once, as primary codes", () => {
  assert.deepEqual(readLanguages("en, es,zh-Hans;ur  EN pt_BR"), ["en", "es", "zh", "ur", "pt"]);
  assert.deepEqual(readLanguages("ur، en、zh"), ["ur", "en", "zh"]);
  assert.deepEqual(readLanguages("  "), []);
});

test("what is no code of a language is not guessed at", () => {
  for (const typed of ["english", "e", "xx", "en, 12", "en <b>", Array(41).fill("en").join(",")]) {
    assert.equal(readLanguages(typed), null, typed);
  }
});

test("patterns that a reader sees as one site are one", () => {
  const patterns = [
    "https://www.b.example/*",
    "https://b.example/*",
    "http://*/*",
    "http://a.example/*",
    "https://*/*",
  ];
  assert.deepEqual(sitesOf(patterns), [
    { name: "a.example", patterns: ["http://a.example/*"] },
    { name: "b.example", patterns: ["https://www.b.example/*", "https://b.example/*"] },
  ]);
});

test("a server's pattern has no port, and other addresses have no pattern", () => {
  assert.equal(patternOfServer("http://127.0.0.1:8000"), "http://127.0.0.1/*");
  assert.equal(patternOfServer("ftp://example.org"), null);
  assert.equal(patternOfServer("nothing"), null);
});

test("an address is on by its own site alone", () => {
  const sites = ["https://news.example.org/*"];
  assert(isOn(sites, "https://news.example.org/world"));
  assert(!isOn(sites, "http://news.example.org/world"));
  assert(!isOn(sites, "https://mail.example.org/"));
  assert(!isOn([], "https://news.example.org/"));
});
