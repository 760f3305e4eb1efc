/** The text of a headline as its readers see it. */

import { traits } from "./names.ts";
import { attribute, firstNode, nameOf, nextElement, nextNode, rect } from "./dom.ts";

const MOST_NODES = 300;
const LONGEST_READ = 4_000;
const SHORTEST = 12;
export const LONGEST = 500;
/** A label has no more words; a line that is named a kicker may say more. */
const LABEL_WORDS = 4;
const KICKER_WORDS = 8;
/** Two boxes side by side with no space between them: the first is a badge with at most so many words. */
const BADGE_WORDS = 2;
const CLOCK = /^\d{1,3}(:\d{2}){1,2}$/;

// Of no sentence a part, whatever stands in them.
const LEFT_OUT = new Set(
  `audio button canvas code datalist dialog embed form iframe img input math meter noscript object picture progress
  script select style svg template textarea time video`.split(/\s+/),
);
const CONTROLS = /[\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF\p{Cc}]/gu;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;

/** White space collapsed; invisible controls gone, but the joiners that Persian, Urdu and Hindi spell with. */
export function clean(text: string): string {
  return text.replace(/\s+/g, " ").replace(CONTROLS, "").replace(/ {2,}/g, " ").trim();
}

export function countWords(text: string): number {
  return text.split(" ").filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Letters of scripts that are written without spaces. */
export function countUnspaced(text: string): number {
  return text.match(UNSPACED)?.length ?? 0;
}

/** Long enough to say something, short enough to be asked about. */
export function isHeadline(text: string): boolean {
  if (text.length > LONGEST) {
    return false;
  }
  return (text.length >= SHORTEST && countWords(text) >= 2) || countUnspaced(text) >= 6;
}

/** What a link has to say to be taken for a headline, where no heading vouches for it. */
export function isSentence(text: string): boolean {
  if (text.length > LONGEST) {
    return false;
  }
  const words = countWords(text);
  // "Reds 187/4 (20) v Blues 142/9 (18.2)": a score, a price, a rate.
  const figures = text.split(" ").filter((word) => /\d/.test(word)).length;
  if (figures * 2 > words) {
    return false;
  }
  return (words >= 4 && text.length >= 20) || (words >= 3 && text.length >= 26) || countUnspaced(text) >= 8;
}

/** The first 500 characters, to the end of a word. */
export function shorten(text: string): string {
  if (text.length <= LONGEST) {
    return text;
  }
  const cut = text.slice(0, LONGEST);
  const end = cut.lastIndexOf(" ");
  return end > LONGEST / 2 ? cut.slice(0, end) : cut;
}

/**
 * What an element says to those who see it: from its text nodes, without hidden parts, kickers, times and badges. Empty
 * where it is made of more nodes than any headline.
 */
export function textOf(element: Element): string {
  const only = onlyText(element);
  if (only !== null) {
    return only;
  }
  const seen = new Reader(element, false).text();
  // Some show one copy and hide another for screen readers: then the one that is shown is `aria-hidden`.
  return seen === "" ? new Reader(element, true).text() : seen;
}

/** The text of an element that holds nothing else, as most headlines do: a heading, a link in it, a text. */
function onlyText(element: Element): string | null {
  let at = element;
  for (let depth = 0; depth < 4; depth += 1) {
    const node = firstNode(at);
    if (node === null || nextNode(node) !== null) {
      return null;
    }
    if (node instanceof Text) {
      const isSeen = at === element || !isUnseen(at, getComputedStyle(at));
      return isSeen && node.length <= LONGEST_READ ? clean(node.data) : null;
    }
    if (!(node instanceof Element) || isLeftOut(node, false) || node instanceof HTMLSlotElement) {
      return null;
    }
    at = node;
  }
  return null;
}

/** Whether an element is there, but so that nobody sees it. */
export function isUnseen(element: Element, style: CSSStyleDeclaration): boolean {
  if (!element.checkVisibility({ visibilityProperty: true }) && style.display !== "contents") {
    return true;
  }
  const { position } = style;
  if (position !== "absolute" && position !== "fixed") {
    return false;
  }
  const { width, height, right } = rect(element);
  const clipped = /^inset\((50|100)%/.test(style.clipPath) || /^rect\([01]px,? [01]px,? [01]px,? [01]px\)$/.test(style.clip);
  return width <= 1 || height <= 1 || right + scrollX < 0 || clipped;
}

/** A part of a text that stands on lines or in a box of its own. */
interface Part {
  text: string;
  style: CSSStyleDeclaration;
  /** Not the element's own text. */
  boxed: boolean;
}

class Reader {
  readonly #parts: Part[] = [];
  readonly #style: CSSStyleDeclaration;
  readonly #ariaHidden: boolean;
  #nodes = 0;
  #length = 0;

  constructor(element: Element, ariaHidden: boolean) {
    this.#ariaHidden = ariaHidden;
    this.#style = getComputedStyle(element);
    this.#begin(this.#style, false);
    this.#children(element, this.#style, false);
  }

  text(): string {
    if (this.#isTooMuch()) {
      return "";
    }
    const parts = this.#parts.map((part) => ({ ...part, text: clean(part.text) })).filter((part) => part.text !== "");
    if (isKicker(parts[0], parts[1])) {
      parts.shift();
    }
    return clean(parts.map((part) => part.text).join(" "));
  }

  #isTooMuch(): boolean {
    return this.#nodes > MOST_NODES || this.#length > LONGEST_READ;
  }

  #begin(style: CSSStyleDeclaration, boxed: boolean): void {
    this.#parts.push({ text: "", style, boxed });
  }

  #children(element: Element, style: CSSStyleDeclaration, boxed: boolean): void {
    const slotted = element instanceof HTMLSlotElement ? element.assignedNodes({ flatten: true }) : [];
    for (const node of slotted) {
      this.#node(node, style, boxed);
    }
    for (let node = slotted.length > 0 ? null : firstNode(element); node !== null && !this.#isTooMuch(); node = nextNode(node)) {
      this.#node(node, style, boxed);
    }
  }

  // Calls itself, but no deeper than nodes may be looked at.
  #node(node: Node, style: CSSStyleDeclaration, boxed: boolean): void {
    this.#nodes += 1;
    if (node instanceof Text) {
      this.#length += node.data.length;
      this.#add(node.data.slice(0, LONGEST_READ));
    } else if (node instanceof Element && !this.#isTooMuch() && !isLeftOut(node, this.#ariaHidden)) {
      this.#element(node, style, boxed);
    }
  }

  #element(element: Element, outer: CSSStyleDeclaration, outerBoxed: boolean): void {
    if (nameOf(element) === "br") {
      this.#add(" ");
      return;
    }
    const style = getComputedStyle(element);
    if (isUnseen(element, style)) {
      return;
    }
    if (style.display === "inline" || style.display === "contents") {
      if (!(this.#isFirst() && isBadge(element))) {
        this.#children(element, outer, outerBoxed);
      }
      return;
    }
    this.#begin(style, true);
    this.#children(element, style, true);
    this.#begin(outer, outerBoxed);
  }

  /** Nothing to be seen stands before. */
  #isFirst(): boolean {
    return this.#parts.every((part) => part.text.trim() === "");
  }

  #add(text: string): void {
    const part = this.#parts.at(-1);
    if (part !== undefined) {
      part.text += text;
    }
  }
}

function isLeftOut(element: Element, ariaHidden: boolean): boolean {
  if (LEFT_OUT.has(nameOf(element)) || (!ariaHidden && attribute(element, "aria-hidden") === "true")) {
    return true;
  }
  const { label, kicker, unseen, furniture } = traits(attribute(element, "class") ?? "");
  const most = kicker && nextNode(element) !== null ? KICKER_WORDS : LABEL_WORDS;
  return unseen || ((label || kicker || furniture) && isShort(element, most));
}

function isShort(element: Element, words: number): boolean {
  const text = wordsOf(element);
  return countWords(text) <= words && countUnspaced(text) <= 1.5 * words;
}

function wordsOf(node: Node): string {
  return clean((node.textContent ?? "").slice(0, LONGEST_READ));
}

/**
 * A word or a video's length before a headline, set off from it by looks alone: `<i>Live</i><b>Rain stops play</b>`. A
 * first letter in a box of its own is none.
 */
function isBadge(element: Element): boolean {
  const next = nextNode(element);
  const text = wordsOf(element);
  if (CLOCK.test(text)) {
    return nextElement(element) !== null && (next instanceof Element || next?.textContent?.trim() === "");
  }
  if (!(next instanceof Element)) {
    return false;
  }
  const after = wordsOf(next);
  const isGlued = /\S$/.test(element.textContent ?? "") && /^[\p{Lu}\p{N}]/u.test(next.textContent ?? "");
  return isGlued && text.length > 2 && countWords(text) <= BADGE_WORDS && countWords(after) > 2;
}

/** A word or two in a box of its own before the headline that look different from it: a rubric. */
function isKicker(first: Part | undefined, second: Part | undefined): boolean {
  if (first === undefined || second === undefined || !first.boxed || countWords(first.text) > 3 || countUnspaced(first.text) > 6) {
    return false;
  }
  const [a, b] = [first.style, second.style];
  return (
    a.fontSize !== b.fontSize ||
    a.color !== b.color ||
    a.textTransform !== b.textTransform ||
    a.backgroundColor !== b.backgroundColor
  );
}
