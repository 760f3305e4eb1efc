/**
 * Answers that are known already. They lie in the browser's memory (`chrome.storage.session`) under keyed hashes of
 * their texts: nothing of what a reader reads is written to disk, and all of it is gone when the browser closes.
 */

import type { Answer } from "../answers.ts";
import { hashes } from "./hashes.ts";
import type { Version } from "./shapes.ts";

const ABOUT = "answers";
const PREFIX = "answer:";
const EXPIRY_MS = 6 * 60 * 60_000;
const CHECK_EVERY_MS = 60_000;
const MOST = 5_000;
// The browser gives an extension 10 MB of memory; others of our parts need some as well.
const MOST_BYTES = 5_000_000;
const OVERHEAD = 60;

/** When it expires, and what came of the text; nothing for a text that there is nothing to say of: most are. */
type Entry = [number] | [number, Answer];

/** What the answers stand on. */
interface About {
  scope: string;
  storeVersion: number;
  model: string;
  /** Unknown until the service was asked for its version. */
  profile: string | null;
  checkedAt: number;
}

/** Answers of one service (`scope`) in one state of its store. */
export class Cache {
  readonly #now: () => number;
  readonly #entries = new Map<string, { entry: Entry; bytes: number }>();
  #bytes = 0;
  #about: About | null = null;
  #loaded: Promise<void> | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  /** What is known of these texts; one that is missing in it is not known. All is forgotten in another scope. */
  async find(scope: string, texts: readonly string[]): Promise<Map<string, Answer | null>> {
    await this.#enter(scope);
    const names = await hashes(texts);
    const found = new Map<string, Answer | null>();
    for (const [at, text] of texts.entries()) {
      const entry = this.#use(names[at] ?? "");
      if (entry !== null) {
        found.set(text, entry[1] ?? null);
      }
    }
    return found;
  }

  /** Keep what came of some texts. All that came of another state of the store is forgotten. */
  async keep(
    scope: string,
    version: Pick<Version, "storeVersion" | "model">,
    answers: ReadonlyMap<string, Answer | null>,
  ): Promise<void> {
    await this.#enter(scope);
    const names = await hashes([...answers.keys()]);
    if (this.#about?.storeVersion !== version.storeVersion || this.#about.model !== version.model) {
      this.#clear();
      this.#about = { scope, ...version, profile: null, checkedAt: this.#now() };
    }
    const until = this.#now() + EXPIRY_MS;
    const added = [...answers.values()].map((answer, at): [string, Entry] => [
      names[at] ?? "",
      answer ? [until, answer] : [until],
    ]);
    for (const [name, entry] of added) {
      this.#put(name, entry);
    }
    this.#shrink();
    this.#save(added.filter(([name]) => this.#entries.has(name)));
    await this.#written;
  }

  /** Whether the service has to be asked if its store is still the same before these answers are used. */
  get stale(): boolean {
    const age = this.#now() - (this.#about?.checkedAt ?? 0);
    return age > CHECK_EVERY_MS || age < 0;
  }

  /** Take in what the service said of its version. */
  async confirm(scope: string, version: Version): Promise<void> {
    await this.#enter(scope);
    const about = this.#about;
    if (about === null) {
      return;
    }
    const same =
      version.storeVersion === about.storeVersion &&
      version.model === about.model &&
      (about.profile === null || version.profile === about.profile);
    if (!same) {
      this.#clear();
    }
    this.#about = { ...about, ...version, checkedAt: this.#now() };
    this.#save([]);
    await this.#written;
  }

  /** Forget everything. */
  async clear(): Promise<void> {
    await this.#load();
    this.#clear();
    await this.#written;
  }

  async #enter(scope: string): Promise<void> {
    await this.#load();
    if (this.#about !== null && this.#about.scope !== scope) {
      this.#clear();
    }
  }

  #use(name: string): Entry | null {
    const known = this.#entries.get(name);
    if (known === undefined) {
      return null;
    }
    const left = known.entry[0] - this.#now();
    if (left <= 0 || left > EXPIRY_MS) {
      return null;
    }
    // The last in the order is what was used last.
    this.#entries.delete(name);
    this.#entries.set(name, known);
    return known.entry;
  }

  #put(name: string, entry: Entry): void {
    this.#drop(name);
    const bytes = OVERHEAD + (entry.length === 1 ? 0 : new TextEncoder().encode(JSON.stringify(entry)).length);
    this.#entries.set(name, { entry, bytes });
    this.#bytes += bytes;
  }

  #drop(name: string): void {
    this.#bytes -= this.#entries.get(name)?.bytes ?? 0;
    this.#entries.delete(name);
  }

  #shrink(): void {
    const dropped: string[] = [];
    for (const name of this.#entries.keys()) {
      if (this.#entries.size <= MOST && this.#bytes <= MOST_BYTES) {
        break;
      }
      this.#drop(name);
      dropped.push(PREFIX + name);
    }
    if (dropped.length > 0) {
      this.#write(() => chrome.storage.session.remove(dropped));
    }
  }

  #clear(): void {
    const names = [...this.#entries.keys()].map((name) => PREFIX + name);
    this.#entries.clear();
    this.#bytes = 0;
    this.#about = null;
    this.#write(() => chrome.storage.session.remove([ABOUT, ...names]));
  }

  #save(added: readonly [string, Entry][]): void {
    const items = Object.fromEntries(added.map(([name, entry]) => [PREFIX + name, entry]));
    const about = this.#about;
    this.#write(() => chrome.storage.session.set({ ...items, [ABOUT]: about }));
  }

  /** One after another. What cannot be written is not kept over a stop of the background; nothing else is lost. */
  #write(step: () => Promise<void>): void {
    this.#written = this.#written.then(step).catch((error: unknown) => console.warn(error));
  }

  #load(): Promise<void> {
    this.#loaded ??= this.#read();
    return this.#loaded;
  }

  async #read(): Promise<void> {
    const stored = await chrome.storage.session.get(null);
    this.#about = (stored[ABOUT] as About | null | undefined) ?? null;
    const entries = Object.entries(stored).filter(([name]) => name.startsWith(PREFIX)) as [string, Entry][];
    for (const [name, entry] of entries.sort(([, one], [, other]) => one[0] - other[0])) {
      this.#put(name.slice(PREFIX.length), entry);
    }
  }
}
