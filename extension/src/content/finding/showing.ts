/** Where headlines stand, and in which language. */

import type { Candidate } from "./cards.ts";
import { attribute, rect, upwards } from "./dom.ts";

const MOST_ABOVE = 256;

export interface Arranged {
  /** In the window, or not more than its height away; then those on the rest of the page. */
  near: Candidate[];
  far: Candidate[];
  /** Not shown, at least not now. */
  hidden: Candidate[];
}

/** Sort candidates by where they stand. Reads every place at once, so that the page is laid out no more than once. */
export function arrange(candidates: Candidate[]): Arranged {
  const arranged: Arranged = { near: [], far: [], hidden: [] };
  for (const one of candidates) {
    arranged[placeOf(one.element)].push(one);
  }
  return arranged;
}

function placeOf(element: Element): keyof Arranged {
  if (!element.checkVisibility({ visibilityProperty: true }) && getComputedStyle(element).display !== "contents") {
    return "hidden";
  }
  const { top, bottom, width, height, right } = rect(element);
  // A box that is none, as `display: contents` makes it, is where its text is.
  const isTiny = (width <= 1 || height <= 1) && getComputedStyle(element).display !== "contents";
  if (isTiny || right + scrollX < 0) {
    return "hidden";
  }
  return bottom > -innerHeight && top < 2 * innerHeight ? "near" : "far";
}

/** Whether an element is in one of these languages, by its primary code, as far as the page says; none stands for all. */
export function isInLanguages(element: Element, languages: string[]): boolean {
  if (languages.length === 0) {
    return true;
  }
  for (const at of upwards(element, MOST_ABOVE)) {
    const given = attribute(at, "lang");
    if (given) {
      return languages.includes(given.split("-")[0]?.toLowerCase() ?? "");
    }
  }
  return true;
}
