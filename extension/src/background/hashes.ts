/** Names for texts. Nobody can tell a text from one, nor try out which it might be once the browser has closed. */

const KEY = "hash-key";
const BYTES = 16;

let made: Promise<CryptoKey> | undefined;

/** A keyed hash (HMAC-SHA-256) of each text, under a random key that lives as long as the browser runs. */
export async function hashes(texts: readonly string[]): Promise<string[]> {
  made ??= sessionKey();
  const key = await made;
  const encoder = new TextEncoder();
  return Promise.all(texts.map(async (text) => named(await crypto.subtle.sign("HMAC", key, encoder.encode(text)))));
}

async function sessionKey(): Promise<CryptoKey> {
  const stored = (await chrome.storage.session.get(KEY))[KEY] as number[] | undefined;
  const bytes = stored ? Uint8Array.from(stored) : crypto.getRandomValues(new Uint8Array(32));
  if (stored === undefined) {
    await chrome.storage.session.set({ [KEY]: [...bytes] });
  }
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

function named(hash: ArrayBuffer): string {
  // Half of it is plenty to tell some thousands of texts apart.
  return btoa(String.fromCharCode(...new Uint8Array(hash, 0, BYTES)));
}
