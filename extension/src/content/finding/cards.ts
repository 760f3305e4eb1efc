/** What stays of a page's candidates, seen together: one headline for each story, none that only names a rubric. */

import { isMenu } from "./lists.ts";
import { clean, countUnspaced, countWords, isSentence } from "./text.ts";
import { attribute, holds, isRepeated, nameOf, nextElement, parentOf, upwards } from "./dom.ts";

export interface Candidate {
  element: Element;
  text: string;
  /** What makes it one; "maybe-post" only where its story has nothing better. */
  kind: "heading" | "link" | "post" | "maybe-post";
  /** Of a heading, 1 to 4. */
  level: number;
  /** The story that it is a part of. */
  item: Element | null;
  /** Where it leads; empty for nowhere. */
  href: string;
  /** In a feed of posts. */
  feed: boolean;
}

const HEADINGS = "h1, h2, h3, h4";
/** A rubric's name has no more words. */
const RUBRIC_WORDS = 5;
const RUBRIC_LETTERS = 8;
/** Where so many stories are linked, a short heading that leads nowhere is none of them, unless it has a text below. */
const LINKED_STORIES = 5;
const BODY_WORDS = 8;
/** So many links that say the same and lead to different places: "All about this". */
const REPEATED = 3;
/** Parts of one story that are compared for which of them is the post. */
const MOST_POSTS = 20;
/** A word like "Advertisement" speaks for what is this near, and for no more stories than that. */
const NEAR = 4;
const PAID_STORIES = 3;

/** The headlines among the candidates, in their order. `paid` are elements in which a label says so. */
export function chosen(candidates: Candidate[], paid: Set<Element>): Candidate[] {
  const isLinked = candidates.filter(({ kind, href }) => href !== "" || kind === "post").length >= LINKED_STORIES;
  const isOver = (one: Candidate): boolean => isLinked && isUnlinkedRubric(one);
  const named = candidates.filter((one, at) => !isRubric(one, at, candidates) && !isOver(one));
  const left = withoutRepeats(withoutMenus(named));
  return once(withoutPosts(withoutWriters(withoutEchoes(withoutPaid(left, paid)))));
}

/**
 * A short heading that no story contains, before several headlines in the same part of the page: "Latest from the coast".
 */
function isRubric(one: Candidate, at: number, all: Candidate[]): boolean {
  if (one.kind !== "heading" || !isShort(one.text, one.level) || leadsToStory(one.href)) {
    return false;
  }
  const scope = scopeOf(one, all[at - 1], all[at + 1]);
  const [first, second] = [all[at + 1], all[at + 2]];
  if (scope === null || first === undefined || second === undefined) {
    return false;
  }
  const isCard = one.item !== null && holds(scope, one.item) && scope !== one.item;
  const holdsBoth = holds(scope, first.element) && holds(scope, second.element);
  return !isCard && !sharesItem(one, first) && holdsBoth && !(one.href === "" && isRepeated(one.element, scope, HEADINGS));
}

function isUnlinkedRubric({ element, kind, text, level, item, href }: Candidate): boolean {
  if (kind !== "heading" || level < 2 || item !== null || href !== "" || !isShort(text, level)) {
    return false;
  }
  const below = nextElement(element);
  const isBody = below !== null && nameOf(below) === "p" && countWords(clean(below.textContent ?? "")) >= BODY_WORDS;
  return !isBody;
}

function withoutMenus(all: Candidate[]): Candidate[] {
  const known = new Map<Element, boolean>();
  return all.filter(({ kind, item }) => kind !== "link" || item === null || !isMenu(item, known));
}

function withoutRepeats(all: Candidate[]): Candidate[] {
  const leads = new Map<string, Set<string>>();
  for (const { kind, text, href } of all) {
    if (kind === "link" && href !== "") {
      leads.set(text, (leads.get(text) ?? new Set()).add(target(href)));
    }
  }
  return all.filter(({ kind, text }) => kind !== "link" || (leads.get(text)?.size ?? 0) < REPEATED);
}

/** An address without the place on its page and the last slash, in which links to one story differ. */
function target(href: string): string {
  return href.replace(/#[^/!].*$/, "").replace(/(?<=[^/#!])\/$/, "");
}

function isShort(text: string, level: number): boolean {
  const unspaced = countUnspaced(text);
  const most = level === 1 ? RUBRIC_WORDS - 2 : RUBRIC_WORDS; // a story's own name is seldom so short
  return unspaced > 0 ? unspaced <= RUBRIC_LETTERS : countWords(text) <= most;
}

/** A story's address has a number or a sentence at its end, a rubric's has a word or two. */
function leadsToStory(href: string): boolean {
  const last = href.split(/[?#]/)[0]?.split("/").filter(Boolean).at(-1) ?? "";
  return /\d/.test(href) || last.split(/[-_]/).length > 3;
}

/** The smallest part of the page that holds a heading and the headline after it, unless another stands before. */
function scopeOf(one: Candidate, before: Candidate | undefined, after: Candidate | undefined): Element | null {
  if (after === undefined) {
    return null;
  }
  const parent = parentOf(one.element);
  for (const scope of parent === null ? [] : upwards(parent, NEAR)) {
    if (before !== undefined && holds(scope, before.element)) {
      return null;
    }
    if (holds(scope, after.element)) {
      return scope;
    }
  }
  return null;
}

function sharesItem(one: Candidate, other: Candidate): boolean {
  return one.item !== null && one.item === other.item && one.href !== "";
}

function withoutPaid(all: Candidate[], paid: Set<Element>): Candidate[] {
  if (paid.size === 0) {
    return all;
  }
  const held = new Map<Element, Candidate[]>();
  for (const one of all) {
    for (const at of upwards(one.item ?? one.element, NEAR)) {
      if (paid.has(at)) {
        held.set(at, [...(held.get(at) ?? []), one]);
      }
    }
  }
  const gone = new Set([...held.values()].filter((some) => some.length <= PAID_STORIES).flat());
  return all.filter((one) => !gone.has(one));
}

/** Where a story has a heading, a link to the same place is its summary or "Read more". */
function withoutEchoes(all: Candidate[]): Candidate[] {
  const headed = new Map<Element, Set<string>>();
  for (const { kind, item, href } of all) {
    if (kind === "heading" && item !== null) {
      headed.set(item, (headed.get(item) ?? new Set()).add(target(href)));
    }
  }
  return all.filter(({ kind, item, href }) => {
    const leads = item === null ? undefined : headed.get(item);
    return kind !== "link" || leads === undefined || !(leads.has(target(href)) || leads.has(""));
  });
}

/** A link above the words of a post names who wrote them; one below leads to what they are about. */
function withoutWriters(all: Candidate[]): Candidate[] {
  const posted = new Map<Element | null, number>();
  all.forEach(({ kind, item }, at) => {
    if (kind === "post" && !posted.has(item)) {
      posted.set(item, at);
    }
  });
  return all.filter(({ kind, item }, at) => kind !== "link" || at > (posted.get(item) ?? -1));
}

/** In a feed, a name that a post is labelled by is its writer's, where words of a post follow. */
function isWriter({ element, kind, text, item, feed }: Candidate, written: Set<Element | null>): boolean {
  if (!feed || kind !== "heading" || item === null || isSentence(text) || !written.has(item)) {
    return false;
  }
  const label = attribute(item, "aria-labelledby")?.split(/\s+/) ?? [];
  return label.includes(attribute(element, "id") ?? "");
}

function withoutPosts(all: Candidate[]): Candidate[] {
  const written = new Set(all.filter(isPost).map((one) => one.item));
  const read = all.filter((one) => !isWriter(one, written));
  const headed = new Set(read.filter((one) => one.kind === "heading").map((one) => one.item));
  const posts = withoutGuesses(read.filter((one) => !isPost(one) || !headed.has(one.item)));
  const together = Map.groupBy(posts.filter(isPost), (one) => one.item);
  const near = (one: Candidate): Candidate[] => together.get(one.item)?.slice(0, MOST_POSTS) ?? [];
  return posts.filter((one) => !isPost(one) || !near(one).some((other) => isBetterPost(other, one)));
}

/** What may be a post is none beside what is one, or beside a link; but in a feed its writer speaks above a link. */
function withoutGuesses(all: Candidate[]): Candidate[] {
  const posted = new Set(all.filter((one) => one.kind === "post").map((one) => one.item));
  const linked = new Map<Element | null, number>();
  all.forEach(({ kind, item }, at) => {
    if (kind === "link" && !linked.has(item)) {
      linked.set(item, at);
    }
  });
  return all.filter(({ kind, item, feed }, at) => {
    const isBelow = (linked.get(item) ?? Infinity) < (feed ? at : Infinity);
    return kind !== "maybe-post" || !(posted.has(item) || isBelow);
  });
}

function isPost(one: Candidate): boolean {
  return one.kind === "post" || one.kind === "maybe-post";
}

/** Of two that hold the same words the inner one; of guesses in one story the longest. */
function isBetterPost(other: Candidate, one: Candidate): boolean {
  if (other === one || !isPost(other) || other.item !== one.item) {
    return false;
  }
  if (one.element.contains(other.element)) {
    return clean(other.text) === clean(one.text);
  }
  if (other.element.contains(one.element)) {
    return other.text !== one.text;
  }
  return one.kind === "maybe-post" && other.text.length > one.text.length;
}

/** A story says its headline once, whether as text, by a picture's link or above its summary. */
function once(all: Candidate[]): Candidate[] {
  const told = new Set<Element>();
  const texts = new Map<Element, Set<string>>();
  return all.filter((one) => {
    const { element, item, text, kind } = one;
    const href = target(one.href);
    const card = item ?? parentOf(element);
    const keys = card === null ? new Set<string>() : (texts.get(card) ?? new Set<string>());
    const leadsAgain = kind === "link" && href !== "" && href !== "#" && keys.has(`to ${href}`);
    const isAgain = told.has(element) || keys.has(text) || leadsAgain;
    if (card !== null && !isAgain) {
      texts.set(card, keys.add(text).add(kind === "link" ? `to ${href}` : text));
      told.add(element);
    }
    return !isAgain;
  });
}
