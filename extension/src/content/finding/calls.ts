/** Headings that ask their readers for something: to subscribe, to pay, to write. No story stands under them. */

import { isStory } from "./links.ts";
import { attribute, count, isRepeated, nameOf, parentOf, queryAll, upwards } from "./dom.ts";

const NEAR = 3;
const WHOLE = new Set("html body main article".split(" "));
const ACTIONS = "a[href], button, [role=button], form, input";
const HEADINGS = "h1, h2, h3, h4, [role=heading]";
/** What asks for something is made of few parts. */
const MOST_PARTS = 40;
/** Characters beside the heading. */
const BESIDE = 240;

/**
 * Whether a heading without a link stands alone above a button, a field or links to the site's own services. In a card,
 * or where the same box stands beside it with another heading, it is a story that can be shared or saved.
 */
export function isCall(heading: Element, text: string, card: Element | null): boolean {
  const parent = parentOf(heading);
  for (const scope of parent === null ? [] : upwards(parent, NEAR)) {
    // Counted first: the more headings a part holds, the more often it would be read.
    const isLarge = scope === card || WHOLE.has(nameOf(scope)) || count(scope, "*") > MOST_PARTS;
    if (isLarge || queryAll(scope, HEADINGS).length > 1 || (scope.textContent ?? "").length > text.length + BESIDE) {
      return false;
    }
    const actions = queryAll(scope, ACTIONS);
    if (actions.length > 0) {
      return !actions.some(leadsToStory) && !isRepeated(heading, null, HEADINGS);
    }
  }
  return false;
}

function leadsToStory(action: Element): boolean {
  return nameOf(action) === "a" && attribute(action, "href") !== "" && isStory(action);
}
