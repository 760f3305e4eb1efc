/** Watches a page for headlines: those that are there, those that come, those that go. */

import type { Candidate } from "./cards.ts";
import { Changes, Pause, type Noted } from "./changes.ts";
import { rootOf, Walk } from "./headlines.ts";
import { Idle } from "./idle.ts";
import type { Headline, Watching } from "../page.ts";
import { arrange, isInLanguages } from "./showing.ts";
import { isHeadline, textOf } from "./text.ts";
import { Titles } from "./titles.ts";
import { STILL_MS, Told } from "./told.ts";
import { isConnected, topOf, upwards } from "./dom.ts";

export type { Watching } from "../page.ts";

/** Headlines told of at one address. */
const MOST_TOLD = 1_000;
/** Headlines that are not shown yet and are waited for. */
const MOST_HIDDEN = 500;
/** A story with more elements than this is looked at in part when a part of it changes. */
const STORY_ELEMENTS = 200;
/** Steps up from a change to the headline that it is in. */
const MOST_ABOVE = 64;

interface Listener {
  found(batch: Headline[]): void;
  gone(headline: Headline): void;
}

/** Batches of new headlines, the visible ones first; `gone` when one left the page or its text changed. */
export function watch(root: Document, told: Listener, languages: () => string[]): Watching {
  const watcher = new Watcher(root, told, languages);
  return { stop: () => watcher.stop(), headlines: () => watcher.headlines() };
}

class Watcher {
  readonly #page: Document;
  readonly #listener: Listener;
  readonly #languages: () => string[];
  readonly #told: Told;
  readonly #changes: Changes;
  readonly #pause = new Pause();
  readonly #idle = new Idle();
  readonly #revealed: IntersectionObserver;
  readonly #hidden = new WeakSet<Element>();
  #hiddenCount = 0;
  #titles: Titles | null = null;
  #address = "";
  #toldHere = 0;
  #isLooking = false;
  #isWaiting = false;
  #wakeUp: ReturnType<typeof setTimeout> | undefined;

  constructor(page: Document, listener: Listener, languages: () => string[]) {
    this.#page = page;
    this.#listener = listener;
    this.#languages = languages;
    this.#told = new Told((headline) => listener.gone(headline));
    this.#changes = new Changes(page, () => this.#soon());
    this.#revealed = new IntersectionObserver((entries) => this.#reveal(entries));
    this.#look();
  }

  headlines(): Headline[] {
    return this.#told.headlines();
  }

  stop(): void {
    this.#changes.stop();
    this.#revealed.disconnect();
    this.#idle.stop();
    clearTimeout(this.#wakeUp);
  }

  #soon(): void {
    if (!this.#isLooking && !this.#isWaiting) {
      this.#isWaiting = true;
      this.#look(this.#pause.next());
    }
  }

  #look(afterMs = 0): void {
    let task: ((isOver: () => boolean) => boolean) | null = null;
    this.#idle.run((isOver) => {
      this.#isLooking = true;
      this.#isWaiting = false;
      if (task === null) {
        task = this.#begin();
        return false;
      }
      return task(isOver);
    }, afterMs);
  }

  /** What is to be done in this look at the page, in slices. */
  #begin(): (isOver: () => boolean) => boolean {
    const noted = this.#changes.take();
    const isNew = this.#hasMoved();
    this.#told.leave();
    const titles = (this.#titles ??= new Titles(this.#page));
    const walk = new Walk(titles, (shadow) => this.#changes.watchShadow(shadow));
    const isWhole = isNew || noted.everywhere;
    const top = topOf(this.#page);
    for (const root of isWhole && top !== null ? [top] : this.#roots(noted)) {
      walk.add(root);
    }
    return (isOver) => {
      if (!walk.advance(isOver)) {
        return false;
      }
      this.#finish(walk, isWhole, noted);
      return true;
    };
  }

  /** Whether the page has another address than at the last look, as applications of one page change it. */
  #hasMoved(): boolean {
    const { origin, pathname, search, hash } = location;
    const address = origin + pathname + search + (/^#[/!]/.test(hash) ? hash : "");
    if (address === this.#address) {
      return false;
    }
    this.#address = address;
    this.#toldHere = 0;
    this.#titles = null;
    return true;
  }

  #roots(noted: Noted): Set<Element> {
    const connected = [...noted.places].filter((place) => isConnected(place));
    const roots = new Set(connected.map((place) => rootOf(place, STORY_ELEMENTS)));
    return new Set([...roots].filter((root) => ![...roots].some((other) => other !== root && other.contains(root))));
  }

  #finish(walk: Walk, isWhole: boolean, noted: Noted): void {
    const candidates = walk.headlines();
    for (const { element, text } of candidates) {
      this.#told.changed(element, text);
    }
    this.#touch(noted);
    if (isWhole && !walk.isCut()) {
      this.#told.keep(new Set(candidates.map(({ element }) => element)));
    }
    const fresh = candidates.filter(({ element }) => !this.#told.has(element));
    const again = this.#told.still(isHeadline);
    const later = this.#tell(fresh, again);
    this.#pause.looked(later !== null);
    if (later !== null && later.length > 0) {
      this.#idle.run(() => {
        this.#listener.found(later.filter(({ element }) => isConnected(element)));
        this.#end();
        return true;
      });
    } else {
      this.#end();
    }
  }

  /** Headlines in which something changed, also where they are none any more. */
  #touch(noted: Noted): void {
    for (const place of noted.places) {
      for (const at of upwards(place, MOST_ABOVE)) {
        if (this.#told.has(at)) {
          this.#told.changed(at, textOf(at));
          break;
        }
      }
    }
  }

  /** Tell of those near the window; what is left for the next free moment, or null where nothing is new. */
  #tell(candidates: Candidate[], again: Headline[]): Headline[] | null {
    const wanted = candidates.filter(({ element }) => isInLanguages(element, this.#languages()));
    const { near, far, hidden } = arrange(wanted);
    this.#waitFor(hidden);
    const room = Math.max(0, MOST_TOLD - this.#toldHere);
    const all = [...near, ...far].slice(0, room).map(({ element, text }) => ({ element, text }));
    this.#toldHere += all.length;
    for (const headline of all) {
      this.#told.add(headline);
    }
    const first = near.length > 0 ? all.slice(0, near.length) : all;
    if (first.length + again.length === 0) {
      return null;
    }
    this.#listener.found([...again, ...first]);
    return all.slice(first.length);
  }

  #end(): void {
    this.#isLooking = false;
    if (this.#changes.hasSome()) {
      this.#soon();
    }
    clearTimeout(this.#wakeUp);
    if (this.#told.isWaiting()) {
      this.#wakeUp = setTimeout(() => this.#soon(), STILL_MS);
    }
  }

  /** What is folded or behind a tab is told of when it is shown. */
  #waitFor(hidden: Candidate[]): void {
    for (const { element } of hidden) {
      if (!this.#hidden.has(element) && this.#hiddenCount < MOST_HIDDEN) {
        this.#hidden.add(element);
        this.#hiddenCount += 1;
        this.#revealed.observe(element);
      }
    }
  }

  #reveal(entries: IntersectionObserverEntry[]): void {
    const shown = entries.filter((entry) => entry.isIntersecting);
    for (const { target } of shown) {
      this.#revealed.unobserve(target);
      this.#changes.add(target);
      this.#hidden.delete(target);
      this.#hiddenCount -= 1;
    }
    if (shown.length > 0) {
      this.#soon();
    }
  }
}
