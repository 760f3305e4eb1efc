/** Lists of bare links: whether they are headlines or the names of subjects. */

import { clean, isSentence } from "./text.ts";
import { firstElement, nameOf, nextElement, parentOf, query } from "./dom.ts";

const MOST_ITEMS = 20;
const LONGEST_READ = 500;

/** Whether a list holds nothing but bare links, half of which or more are too short to be headlines: a menu. */
export function isMenu(item: Element, known: Map<Element, boolean>): boolean {
  const list = nameOf(item) === "li" ? parentOf(item) : null;
  if (list === null) {
    return false;
  }
  const found = known.get(list) ?? isListOfNames(list);
  known.set(list, found);
  return found;
}

function isListOfNames(list: Element): boolean {
  let [items, names] = [0, 0];
  for (let item = firstElement(list); item !== null && items < MOST_ITEMS; item = nextElement(item)) {
    const link = query(item, "a[href]");
    const text = clean((item.textContent ?? "").slice(0, LONGEST_READ));
    if (link === null || text !== clean((link.textContent ?? "").slice(0, LONGEST_READ))) {
      return false;
    }
    items += 1;
    names += isSentence(text) ? 0 : 1;
  }
  return items > 1 && 2 * names >= items;
}
