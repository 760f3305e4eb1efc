/** The words of the interface: the same in every language, all there, all used. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { manifest } from "../manifest.ts";
import { LANGUAGES } from "../src/settings.ts";

type Messages = Record<string, { message: string; description?: string }>;

const ROOT = join(import.meta.dirname, "..");
const PREFIXES = ["command", "mark", "menu", "note", "options", "popup", "private", "state"];
const NAME = `(?:${PREFIXES.join("|")})_[a-z_]+`;
const BY_THE_BROWSER = ["name", "description"];
/** Longer is cut by the stores (description), or refused by the browser (name). */
const LONGEST = { name: 75, description: 132 };
/** Words that no note may say of a claim in our own voice; a rating is always somebody's. */
const VERDICTS = [/\bfake\b/i, /\bfals[oae]s?\b/i, /\bbulos?\b/i, /假/, /虚假/, /不实/, /جعلی/, /جھوٹ/];

const locales = Object.fromEntries(LANGUAGES.map((language) => [language, messagesOf(language)]));
const english = messagesOf("en");
const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => /\.(ts|html)$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(ROOT, "src", path), "utf8") }));

function messagesOf(language: string): Messages {
  return JSON.parse(readFileSync(join(ROOT, "_locales", language, "messages.json"), "utf8")) as Messages;
}

function placeholders(message: string): string[] {
  return [...new Set(message.match(/\$[1-9]/g))].sort();
}

/** Names that the sources speak of, each with the file that does. */
function spokenOf(): Map<string, string> {
  const named = new Map<string, string>();
  for (const { path, text } of sources) {
    const calls = text.matchAll(/\b(?:t|getMessage)\(\s*"([a-z_]+)"/g);
    const attributes = text.matchAll(/data-t(?:-[a-z]+)?="([a-z_]+)"/g);
    const literals = text.matchAll(new RegExp(`"(${NAME})"`, "g"));
    for (const [, name] of [...calls, ...attributes, ...literals]) {
      named.set(name ?? "", path);
    }
  }
  const written = JSON.stringify(manifest("chromium", "0", false)).matchAll(/__MSG_([a-z_]+)__/g);
  for (const [, name] of written) {
    named.set(name ?? "", "manifest.ts");
  }
  return named;
}

test("every folder of words is a language of the options, and every such language has one", () => {
  assert.deepEqual(readdirSync(join(ROOT, "_locales")).sort(), [...LANGUAGES].sort());
});

for (const [language, messages] of Object.entries(locales)) {
  test(`${language} has the same names as English`, () => {
    assert.deepEqual(Object.keys(messages), Object.keys(english));
  });

  test(`${language} has the same placeholders as English`, () => {
    for (const [name, { message }] of Object.entries(messages)) {
      assert.deepEqual(placeholders(message), placeholders(english[name]?.message ?? ""), name);
      // A name in dollar signs would be looked for in `placeholders`, and words.ts knows no `$$`.
      assert.doesNotMatch(message, /\$(?![1-9])/, name);
    }
  });

  test(`${language} leaves nothing empty and nothing untidy`, () => {
    for (const [name, { message }] of Object.entries(messages)) {
      assert.notEqual(message.trim(), "", name);
      assert.equal(message, message.trim().replace(/\s+/g, " ").normalize("NFC"), name);
    }
  });

  test(`${language} passes no judgement of its own`, () => {
    for (const [name, { message }] of Object.entries(messages)) {
      const attributed = name.startsWith("note_rating_") && placeholders(message).includes("$1");
      const judged = VERDICTS.some((word) => word.test(message));
      assert(!judged || attributed, `${name}: ${message}`);
    }
  });

  test(`${language} has a name and a description that fit`, () => {
    for (const [name, most] of Object.entries(LONGEST)) {
      assert((messages[name]?.message.length ?? Infinity) <= most, name);
    }
  });
}

test("each language says its own tag and direction", () => {
  const said = Object.values(locales).map((messages) => [
    messages["language_tag"]?.message,
    messages["direction"]?.message,
  ]);
  assert.deepEqual(said, [
    ["en", "ltr"],
    ["es", "ltr"],
    ["zh-CN", "ltr"],
    ["ur", "rtl"],
  ]);
});

test("translations are in the script of their language", () => {
  const scripts = { zh_CN: /\p{Script=Han}/u, ur: /\p{Script=Arabic}/u };
  for (const [language, script] of Object.entries(scripts)) {
    for (const [name, { message }] of Object.entries(messagesOf(language))) {
      const words = message.replace(/\$[1-9]|[\p{P}\p{S}\s]/gu, "");
      assert(
        words === "" || name === "language_tag" || name === "direction" || script.test(message),
        `${language} ${name}: ${message}`,
      );
    }
  }
});

test("translators are told what each message is for", () => {
  for (const [name, { description }] of Object.entries(english)) {
    assert(description, name);
  }
});

test("every name that the sources speak of has words", () => {
  for (const [name, path] of spokenOf()) {
    assert(Object.hasOwn(english, name), `${path} speaks of ${name}`);
  }
});

test("all words are used", () => {
  const spoken = spokenOf();
  const unused = Object.keys(english).filter((name) => !spoken.has(name) && !BY_THE_BROWSER.includes(name));
  assert.deepEqual(unused, []);
});
