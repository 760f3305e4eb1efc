/** The headlines that were told of, held so that a page's memory is not. */

import type { Headline } from "../page.ts";
import { textOf } from "./text.ts";
import { isConnected } from "./dom.ts";

/** A text that has changed is told again once it was still for so long, */
export const STILL_MS = 1_000;
/** and no more often than this. */
const MOST_AGAIN = 3;

interface Entry {
  headline: Headline;
  /** When its text was last seen to be another; null while it is as told. */
  changedAt: number | null;
  again: number;
}

export class Told {
  // An entry lives as long as its element: it refers to it, and only the element keeps it.
  readonly #entries = new WeakMap<Element, Entry>();
  readonly #elements = new Set<WeakRef<Element>>();
  readonly #gone: (headline: Headline) => void;

  constructor(gone: (headline: Headline) => void) {
    this.#gone = gone;
  }

  has(element: Element): boolean {
    return this.#entries.has(element);
  }

  add(headline: Headline): void {
    this.#entries.set(headline.element, { headline, changedAt: null, again: 0 });
    this.#elements.add(new WeakRef(headline.element));
  }

  headlines(): Headline[] {
    return [...this.#each()].filter((entry) => entry.changedAt === null).map((entry) => entry.headline);
  }

  /** Say farewell to what left the page. */
  leave(): void {
    for (const entry of this.#each()) {
      if (!isConnected(entry.headline.element)) {
        this.#drop(entry);
      }
    }
  }

  /** Say farewell to all that a look at the whole page no longer found. */
  keep(found: Set<Element>): void {
    for (const entry of this.#each()) {
      if (!found.has(entry.headline.element)) {
        this.#drop(entry);
      }
    }
  }

  /** Something happened in an element that was told of, or it shows this text now. */
  changed(element: Element, text: string): void {
    const entry = this.#entries.get(element);
    if (entry === undefined || (entry.changedAt === null && entry.headline.text === text)) {
      return;
    }
    if (entry.changedAt === null) {
      this.#gone(entry.headline);
    }
    entry.changedAt = performance.now();
  }

  /** Headlines whose new text has been still for long enough, to be told again. */
  still(isRight: (text: string) => boolean): Headline[] {
    const again: Headline[] = [];
    for (const entry of this.#each()) {
      const { element } = entry.headline;
      if (entry.changedAt === null || performance.now() - entry.changedAt < STILL_MS || entry.again >= MOST_AGAIN) {
        continue;
      }
      const text = textOf(element);
      if (isRight(text)) {
        entry.headline = { element, text };
        entry.changedAt = null;
        entry.again += 1;
        again.push(entry.headline);
      }
    }
    return again;
  }

  /** Whether a text that has changed may still be told. */
  isWaiting(): boolean {
    return [...this.#each()].some(({ changedAt, again }) => changedAt !== null && again < MOST_AGAIN);
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.headline.element);
    if (entry.changedAt === null) {
      this.#gone(entry.headline);
    }
  }

  *#each(): Generator<Entry> {
    for (const reference of this.#elements) {
      const element = reference.deref();
      const entry = element === undefined ? undefined : this.#entries.get(element);
      if (entry === undefined) {
        this.#elements.delete(reference);
      } else {
        yield entry;
      }
    }
  }
}
