/** What changed on a page since it was last looked at. Only noted here: a page may change thousands of times a second. */

import { parentOf } from "./dom.ts";

/** More than this, and the page is looked at as a whole. */
const MOST_RECORDS = 300;
const MOST_PLACES = 200;
const MOST_SHADOWS = 500;
const KINDS: MutationObserverInit = { childList: true, subtree: true, characterData: true };
export const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
/** A page that keeps bringing headlines is kept up with. */
const LONGEST_FRUITFUL_PAUSE_MS = 1_000;

export interface Noted {
  places: Set<Element>;
  /** So much that the places were not kept. */
  everywhere: boolean;
}

export class Changes {
  readonly #observer: MutationObserver;
  readonly #shadows = new WeakSet<ShadowRoot>();
  #shadowCount = 0;
  #noted: Noted = { places: new Set(), everywhere: false };

  /** `some` is told that there is something; `take` tells what. */
  constructor(page: Document, some: () => void) {
    this.#observer = new MutationObserver((records) => {
      this.#note(records);
      some();
    });
    this.#observer.observe(page, KINDS);
  }

  watchShadow(root: ShadowRoot): void {
    if (!this.#shadows.has(root) && this.#shadowCount < MOST_SHADOWS) {
      this.#shadows.add(root);
      this.#shadowCount += 1;
      this.#observer.observe(root, KINDS);
    }
  }

  add(place: Element): void {
    if (this.#noted.places.size < MOST_PLACES) {
      this.#noted.places.add(place);
    } else {
      this.#noted.everywhere = true;
    }
  }

  hasSome(): boolean {
    return this.#noted.everywhere || this.#noted.places.size > 0;
  }

  take(): Noted {
    const noted = this.#noted;
    this.#noted = { places: new Set(), everywhere: false };
    return noted;
  }

  stop(): void {
    this.#observer.disconnect();
  }

  #note(records: MutationRecord[]): void {
    if (records.length > MOST_RECORDS) {
      this.#noted.everywhere = true;
    }
    for (const record of this.#noted.everywhere ? [] : records) {
      const { target, addedNodes, removedNodes } = record;
      const hasText = removedNodes[0] instanceof Text || addedNodes[0] instanceof Text;
      if (record.type === "characterData" || hasText || addedNodes.length > MOST_PLACES) {
        this.#noteAround(target);
        continue;
      }
      for (const node of addedNodes) {
        this.#noteAround(node);
      }
    }
  }

  #noteAround(node: Node): void {
    const place = node instanceof ShadowRoot ? node.host : node instanceof Element ? node : parentOf(node);
    if (place !== null) {
      this.add(place);
    }
  }
}

/** How long to wait before looking again: longer and longer while a page keeps changing. */
export class Pause {
  #ms = SHORTEST_PAUSE_MS;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** A look is over; `isFruitful` when it found something. */
  looked(isFruitful: boolean): void {
    this.#lookedAt = performance.now();
    this.#ms = Math.min(this.#ms * 2, isFruitful ? LONGEST_FRUITFUL_PAUSE_MS : LONGEST_PAUSE_MS);
  }

  next(): number {
    if (performance.now() - this.#lookedAt > 2 * this.#ms) {
      this.#ms = SHORTEST_PAUSE_MS;
    }
    return this.#ms;
  }
}
