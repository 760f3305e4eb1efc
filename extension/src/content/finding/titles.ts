/** The names that a page gives its own story and itself, for machines. */

import { clean, isHeadline } from "./text.ts";

const METAS = 'meta[property="og:title"], meta[name="og:title"], meta[name="twitter:title"], meta[itemprop~=headline]';
const SITE = 'meta[property="og:site_name"], meta[name="application-name"]';
const MOST_SCRIPTS = 10;
const MOST_NAMES = 20;
/** Characters of JSON-LD that are read in all: parsing takes the page's time. */
const LONGEST_READ = 200_000;
/** Titles are looked up by their first letters. */
const KEY = 8;

const queryAll = Document.prototype.querySelectorAll;

export class Titles {
  readonly #titles = new Set<string>();
  readonly #starts = new Set<string>();
  readonly #sites = new Set<string>();

  constructor(page: Document) {
    for (const meta of some(page, METAS, MOST_NAMES)) {
      this.#add(meta.getAttribute("content"));
    }
    for (const meta of some(page, SITE, MOST_NAMES)) {
      this.#sites.add(clean(meta.getAttribute("content") ?? ""));
    }
    let left = LONGEST_READ;
    for (const script of some(page, 'script[type="application/ld+json"]', MOST_SCRIPTS)) {
      const text = script.textContent ?? "";
      left -= text.length;
      if (left >= 0) {
        for (const headline of headlinesIn(text)) {
          this.#add(headline);
        }
      }
    }
  }

  /** Whether a text that begins like this may be a title: asked of many nodes, so it must be quick. */
  mayStart(text: string): boolean {
    return this.#starts.size > 0 && this.#starts.has(text.trimStart().slice(0, KEY));
  }

  has(text: string): boolean {
    return this.#titles.has(text);
  }

  /** Whether a text is the name of the site. */
  isSite(text: string): boolean {
    return this.#sites.has(text);
  }

  #add(text: unknown): void {
    if (typeof text !== "string" || text.length > LONGEST_READ) {
      return;
    }
    const title = clean(text);
    // "Headline | Site": what stands before the last such mark is the headline too.
    const first = title.replace(/ [|–—·-] [^|–—·]*$/, "");
    for (const one of [title, first].filter(isHeadline)) {
      this.#titles.add(one);
      this.#starts.add(one.slice(0, KEY));
    }
  }
}

function some(page: Document, selector: string, most: number): Element[] {
  return [...queryAll.call(page, selector)].slice(0, most);
}

/** `headline` of the things that a page describes at the top; what they hold in turn are other stories. */
function headlinesIn(json: string): unknown[] {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    return [];
  }
  const top = listed(data).slice(0, MOST_NAMES);
  const graphs = top.flatMap((thing) => listed(isThing(thing) ? thing["@graph"] : undefined));
  return [...top, ...graphs].slice(0, MOST_NAMES).map((thing) => (isThing(thing) ? thing["headline"] : undefined));
}

function listed(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    return value as unknown[];
  }
  return value === undefined ? [] : [value];
}

function isThing(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
