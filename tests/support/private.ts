/** Looks into what private mode has installed, inside a page of the extension: which records its search finds. */

import { languageOf } from "../../extension/src/background/languages.ts";
import { candidates, type Candidate, type Reader } from "../../extension/src/private/cascade.ts";
import { Collection } from "../../extension/src/private/collection.ts";
import { isEnglish } from "../../extension/src/private/english.ts";
import { installed } from "../../extension/src/private/installer.ts";
import { EncoderNetwork } from "../../extension/src/private/networks.ts";
import { Store } from "../../extension/src/private/store.ts";

interface Opened {
  collection: Collection;
  encoder: EncoderNetwork;
  /** Milliseconds until both were ready. */
  tookMs: number;
}

async function open(): Promise<Opened> {
  const began = performance.now();
  const store = await Store.open();
  const found = await installed(store);
  if (found === null) {
    throw new Error("Nothing is installed");
  }
  const collection = new Collection(found.documents);
  const encoder = await EncoderNetwork.load(collection.header.encoder, (sha256) => store.file(sha256));
  return { collection, encoder, tookMs: performance.now() - began };
}

let opened: Promise<Opened> | undefined;

/** The nearest records of each text, and the milliseconds that this took. */
async function find(texts: string[], deep: number): Promise<{ found: Candidate[]; ms: number }[]> {
  opened ??= open();
  const { collection, encoder } = await opened;
  const reader: Reader = { encode: (text) => encoder.encode(text), words: (text) => encoder.words(text), judge: () => Promise.resolve([]) };
  const results = [];
  for (const text of texts) {
    const began = performance.now();
    const found = await candidates(text, collection, reader, deep);
    results.push({ found, ms: performance.now() - began });
  }
  return results;
}

/** Whether each text is taken for English, with what the browser says of it. */
async function english(texts: string[]): Promise<boolean[]> {
  opened ??= open();
  const { encoder } = await opened;
  const results = [];
  for (const text of texts) {
    results.push(isEnglish(text, encoder.words(text), await languageOf(text)));
  }
  return results;
}

async function tookMs(): Promise<number> {
  opened ??= open();
  return (await opened).tookMs;
}

Object.assign(globalThis, { inside: { english, find, tookMs } });
