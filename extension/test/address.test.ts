/** Addresses as readers type them, and the sites and languages that they mean. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readAddress, sitesMeant } from "../src/options/address.ts";

test("an address is kept as its origin", () => {
  const typed = {
    "https://rejoinder.example.org": "https://rejoinder.example.org",
    " https://Rejoinder.Example.org/ ": "https://rejoinder.example.org",
    "rejoinder.example.org": "https://rejoinder.example.org",
    "rejoinder.example.org:8443": "https://rejoinder.example.org:8443",
    "localhost:8000": "http://localhost:8000",
    "127.0.0.1:8000": "http://127.0.0.1:8000",
    "[::1]:8000": "http://[::1]:8000",
    "https://127.0.0.1:443": "https://127.0.0.1",
    "https://مثال.example": "https://xn--mgbh0fb.example",
  };
  for (const [text, origin] of Object.entries(typed)) {
    assert.deepEqual(readAddress(text), { origin, open: false }, text);
  }
});

test("plain http is open to others unless the host is one's own", () => {
  const hosts = {
    "example.org": true,
    "8.8.8.8": true,
    "172.32.0.1": true,
    "10.evil.example": true,
    "localhost.example.org": true,
    "[2001:db8::1]": true,
    "fd.example.org": true,
    localhost: false,
    "desk.local": false,
    "10.1.2.3": false,
    "172.16.0.1": false,
    "192.168.1.5": false,
    "[fd00::5]": false,
    "[fe80::1]": false,
  };
  for (const [host, open] of Object.entries(hosts)) {
    assert.deepEqual(readAddress(`http://${host}`), { origin: `http://${host}`, open }, host);
  }
});

test("what is no origin is named for what it is", () => {
  const faults = {
    "": "options_address_unreadable",
    "two words": "options_address_unreadable",
    "https://": "options_address_unreadable",
    "ftp://example.org": "options_address_scheme",
    "javascript://example.org/%0aalert(1)": "options_address_scheme",
    "https://ann:secret@example.org": "options_address_user",
    "https://example.org/v1": "options_address_path",
    "https://example.org/?q=1": "options_address_path",
    "https://example.org/#top": "options_address_path",
  };
  for (const [text, fault] of Object.entries(faults)) {
    assert.deepEqual(readAddress(text), { fault }, text);
  }
});

test("a site stands for itself with and without www", () => {
  const both = ["https://news.example.org/*", "https://www.news.example.org/*"];
  assert.deepEqual(sitesMeant("news.example.org"), both);
  assert.deepEqual(sitesMeant("https://www.news.example.org/world/story?id=1"), both);
  assert.deepEqual(
    sitesMeant("http://news.example.org"),
    both.map((pattern) => pattern.replace("https", "http")),
  );
  assert.deepEqual(sitesMeant("localhost:3000"), ["http://localhost/*"]);
  assert.deepEqual(sitesMeant("http://127.0.0.1:3000/front"), ["http://127.0.0.1/*"]);
});

test("what means no site, or too many, is refused", () => {
  for (const text of [
    "",
    "news",
    "two words",
    "*",
    "*.example.org",
    "https://*/",
    "file:///etc/passwd",
    "chrome://settings",
    "about:blank",
  ]) {
    assert.deepEqual(sitesMeant(text), [], text);
  }
});
