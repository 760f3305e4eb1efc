/** Which elements of a page are headlines: one walk over its tree, past menus and the like, as time allows. */

import { isCall } from "./calls.ts";
import { chosen, type Candidate } from "./cards.ts";
import { isAdLabel, isFurniture } from "./furniture.ts";
import { best, isStory } from "./links.ts";
import { tokens, traits } from "./names.ts";
import { clean, isHeadline, shorten, textOf } from "./text.ts";
import type { Titles } from "./titles.ts";
import {
  attribute,
  count,
  factsOf,
  firstElement,
  firstNode,
  isConnected,
  isInShadow,
  nameOf,
  nextElement,
  parentOf,
  query,
  shadowOf,
  upwards,
  type Facts,
} from "./dom.ts";

/** Nodes that one walk looks at. */
export const MOST_NODES = 20_000;
const MOST_CANDIDATES = 2_000;
/** Steps up from a changed element that are looked at. */
const MOST_ABOVE = 256;
const HEADING = "h1, h2, h3, h4, [role=heading], [itemprop~=headline]";
const HEADING_LEVELS = new Map([["h1", 1], ["h2", 2], ["h3", 3], ["h4", 4]]);
const ITEM_TAGS = new Set(["article", "li", "td", "dd"]);
const ITEM_ROLES = new Set(["article", "listitem"]);
const CARDS = ["h2", "h3"];
const MANY_CARDS = 4;
const POST_ROLES = new Set(["article", "feed"]);

/** What a walk knows of where it is. */
interface Place {
  /** The story among others that this is a part of. */
  item: Element | null;
  /** The link around this. */
  link: Element | null;
  /** In a feed of posts, or in one of its posts. */
  feed: boolean;
}

const OUTSIDE: Place = { item: null, link: null, feed: false };

export class Walk {
  readonly #titles: Titles;
  readonly #shadow: (root: ShadowRoot) => void;
  readonly #candidates: Candidate[] = [];
  readonly #paid = new Set<Element>();
  /** What is next at each depth; their siblings follow. */
  readonly #next: { element: Element; place: Place; alone: boolean }[] = [];
  #nodes = 0;

  /** `shadow` is told of open shadow roots. */
  constructor(titles: Titles, shadow: (root: ShadowRoot) => void) {
    this.#titles = titles;
    this.#shadow = shadow;
  }

  /** Look at an element and all in it, unless it is in a menu or the like. */
  add(root: Element): void {
    const place = placeOf(root);
    if (place !== null) {
      this.#next.push({ element: root, place, alone: true });
    }
  }

  /** Go on until the time is over; true when nothing is left. */
  advance(isOver: () => boolean): boolean {
    while (this.#nodes < MOST_NODES && this.#candidates.length < MOST_CANDIDATES) {
      const at = this.#next.pop();
      if (at === undefined) {
        return true;
      }
      this.#step(at.element, at.place, at.alone);
      this.#nodes += 1;
      if (this.#nodes % 16 === 0 && isOver()) {
        return this.#next.length === 0;
      }
    }
    return true;
  }

  /** Whether it stopped early, because the page is too large. */
  isCut(): boolean {
    return this.#next.length > 0;
  }

  /** The headlines, in the order of the page. */
  headlines(): Candidate[] {
    return chosen(this.#candidates.filter((one) => isConnected(one.element)), this.#paid);
  }

  #step(element: Element, place: Place, alone: boolean): void {
    const sibling = alone ? null : nextElement(element);
    if (sibling !== null) {
      this.#next.push({ element: sibling, place, alone });
    }
    const facts = factsOf(element);
    const within = isFurniture(facts) ? null : this.#look(facts, place);
    if (within === null) {
      return;
    }
    const shadow = shadowOf(element);
    if (shadow !== null) {
      this.#shadow(shadow);
    }
    for (const child of [firstElement(element), shadow?.firstElementChild ?? null]) {
      if (child !== null) {
        this.#next.push({ element: child, place: within, alone: false });
      }
    }
  }

  /** Where the children are; null where they need not be looked at. */
  #look(facts: Facts, place: Place): Place | null {
    const { element } = facts;
    const level = headingLevel(facts);
    if (level > 0) {
      return this.#heading(element, level, place) ? null : place;
    }
    if (isLink(facts) && place.link === null) {
      const found = query(element, HEADING) === null && this.#link(element, place);
      return found ? null : { ...place, link: element };
    }
    const text = ownText(element);
    if (text !== "" && this.#leaf(element, text, place)) {
      return null;
    }
    if (place.item !== null && place.link === null) {
      this.#post(facts, place);
    }
    return inside(facts, place);
  }

  #heading(element: Element, level: number, place: Place): boolean {
    const text = textOf(element);
    const link = place.link ?? query(element, "a[href]");
    if (!isHeadline(text) || this.#titles.isSite(text) || (link !== null && !isStory(link))) {
      return false;
    }
    if (link === null && level > 1 && !this.#titles.has(text) && isNoCard(place.item) && isCall(element, text, place.item)) {
      return false;
    }
    const href = link === null ? "" : (attribute(link, "href") ?? "");
    this.#candidates.push({ element: holder(element, text), text, kind: "heading", level, item: place.item, href, feed: place.feed });
    return true;
  }

  #link(link: Element, place: Place): boolean {
    const found = isStory(link) ? best(link) : null;
    if (found === null || this.#titles.isSite(found.text)) {
      return false;
    }
    const item = place.item ?? parentOf(link);
    this.#candidates.push({ ...found, kind: "link", level: 0, item, href: attribute(link, "href") ?? "", feed: place.feed });
    return true;
  }

  /** A text without markup: the page's own title, or a word that marks what stands here as paid for. */
  #leaf(element: Element, text: string, place: Place): boolean {
    if (isAdLabel(text)) {
      const around = place.item ?? parentOf(element);
      // A page's own story is not paid for because an ad stands in it.
      if (around !== null && query(around, "h1") === null) {
        this.#paid.add(around);
      }
    } else if (this.#titles.mayStart(text)) {
      const whole = textOf(element);
      if (this.#titles.has(whole)) {
        this.#candidates.push({ element, text: whole, kind: "heading", level: 1, item: place.item, href: "", feed: place.feed });
        return true;
      }
    }
    return false;
  }

  #post(facts: Facts, place: Place): void {
    const { element } = facts;
    const kind = postSign(facts, place);
    const text = kind === null ? "" : shorten(textOf(element));
    if (kind !== null && isHeadline(text)) {
      this.#candidates.push({ element, text, kind, level: 0, item: place.item, href: "", feed: place.feed });
    }
  }
}

function headingLevel({ element, name, role, attributes }: Facts): number {
  const level = HEADING_LEVELS.get(name);
  if (level !== undefined) {
    return level;
  }
  if (role === "heading") {
    const given = Number(attribute(element, "aria-level") ?? 2);
    return given >= 1 && given <= 4 ? given : 0;
  }
  const property = attributes.includes("itemprop") ? attribute(element, "itemprop") : null;
  return property?.split(/\s+/).includes("headline") && query(element, HEADING) === null ? 3 : 0;
}

/** Some sites make the whole front one article. */
function isNoCard(item: Element | null): boolean {
  return item === null || (nameOf(item) === "article" && CARDS.some((name) => count(item, name) >= MANY_CARDS));
}

function isLink({ name, role, attributes }: Facts): boolean {
  return (name === "a" && attributes.includes("href")) || role === "link";
}

/** The text that an element begins with, without markup of its own before it. */
function ownText(element: Element): string {
  const first = firstNode(element);
  return first instanceof Text && first.data.length > 1 ? first.data : "";
}

/** Of a heading whose words come through a slot, the element that really has them. */
function holder(element: Element, text: string): Element {
  const slot = isInShadow(element) ? query(element, "slot") : null;
  const [slotted, ...more] = slot instanceof HTMLSlotElement ? slot.assignedElements({ flatten: true }) : [];
  return slotted !== undefined && more.length === 0 && clean(slotted.textContent ?? "") === text ? slotted : element;
}

function inside({ element, name, role, classes }: Facts, place: Place): Place {
  const isItem = ITEM_TAGS.has(name) || ITEM_ROLES.has(role) || traits(name.includes("-") ? name : classes).item;
  if (!isItem && role !== "feed") {
    return place;
  }
  return { ...place, item: isItem ? element : place.item, feed: place.feed || POST_ROLES.has(role) };
}

/**
 * What speaks for an element being the words of a post: it has a language of its own, or it is called text; less, that its
 * direction follows from what somebody wrote.
 */
function postSign({ element, attributes, classes }: Facts, place: Place): "post" | "maybe-post" | null {
  if (element === place.item || attributes.length === 0) {
    return null;
  }
  const called = attributes.includes("data-testid") ? (tokens(attribute(element, "data-testid") ?? "").at(-1) ?? "") : "";
  if ((place.feed && (traits(called).post || traits(classes).post)) || attributes.includes("lang")) {
    return place.feed ? "post" : "maybe-post";
  }
  return attributes.includes("dir") && attribute(element, "dir") === "auto" ? "maybe-post" : null;
}

/** Where an element is, from what is around it; null in a menu or the like. */
function placeOf(element: Element): Place | null {
  let place = OUTSIDE;
  for (const facts of [...upwards(element, MOST_ABOVE)].slice(1).reverse().map(factsOf)) {
    if (isFurniture(facts)) {
      return null;
    }
    place = isLink(facts) ? { ...place, link: facts.element } : inside(facts, place);
  }
  return place;
}

/** From where to look anew when something changed: the headline, link or story that it is a part of. */
export function rootOf(changed: Element, most: number): Element {
  let root = changed;
  for (const at of upwards(changed, MOST_ABOVE)) {
    const facts = factsOf(at);
    const isItem = inside(facts, OUTSIDE).item !== null;
    if (isItem && count(at, "*") > most) {
      break;
    }
    root = isItem || isLink(facts) || headingLevel(facts) > 0 ? at : root;
  }
  return root;
}
