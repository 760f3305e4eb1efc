/** Links that are headlines where no heading says so. */

import { clean, countWords, isSentence, isUnseen, textOf } from "./text.ts";
import { traits } from "./names.ts";
import { attribute, firstElement, firstNode, nameOf, nextElement, nextNode, parentOf, previousNode, query } from "./dom.ts";

const NO_STORY = new Set("author help home license next prev privacy-policy search sponsored tag terms-of-service".split(" "));
// What addresses of a site's own services end in, in many languages: no story's is one such word.
const SERVICE = /\/(about|account|contact|cookies|help|imprint|impressum|login|logout|newsletters?|privacy|register|signin|signup|subscribe|subscriptions?|terms)\/?([?#].*)?$/i;
const INLINE = new Set("a abbr b bdi bdo cite em font i mark q s small span strong sub sup time u".split(" "));
/** Addresses of a subject or a rubric, with a name of a few words and no number at the end. */
const SUBJECT = /\/(category|hashtag|tags?|topics?)\/([^/\d?#-]+-?){1,3}\/?([?#].*)?$/i;
/** A link with fewer characters is no sentence in any script, one with more is no link to a story. */
const SHORTEST = 8;
const LONGEST_READ = 4_000;
const MOST_PARTS = 80;
const MOST_NEIGHBORS = 12;
/** Characters beside a link that may be a time or a source. */
const BESIDE = 32;
/** So many words on both sides make it a part of their sentence. */
const BETWEEN_WORDS = 3;
/** A headline is set at least so much larger than what follows it. */
const LARGER = 1.15;

export interface Line {
  element: Element;
  text: string;
}

/** Whether a link leads to a story: not home, not to a place on this page, an author or a subject. */
export function isStory(link: Element): boolean {
  const href = (attribute(link, "href") ?? "").trim();
  const rel = (attribute(link, "rel") ?? "").toLowerCase().split(/\s+/);
  if (rel.some((one) => NO_STORY.has(one)) || /^(#[^/!]|mailto:|tel:|sms:|whatsapp:)/i.test(href)) {
    return false;
  }
  return !isMore(link) && !SERVICE.test(href) && !SUBJECT.test(href) && !isHome(href);
}

/** "All press releases", by the name of the link or of the box that it stands in alone. */
function isMore(link: Element): boolean {
  const parent = parentOf(link);
  const isAlone = parent !== null && firstElement(parent) === link && nextElement(link) === null;
  return traits(attribute(link, "class") ?? "").more || (isAlone && traits(attribute(parent, "class") ?? "").more);
}

function isHome(href: string): boolean {
  // Most addresses are seen to lead elsewhere without being taken apart.
  if (href === "" || /^(#|\/[^/?#]|javascript:)/i.test(href) || (/^https?:/i.test(href) && !href.startsWith(location.origin))) {
    return false;
  }
  try {
    const { origin, pathname, search, hash } = new URL(href, location.href);
    return origin === location.origin && pathname === "/" && search === "" && !/^#[/!]/.test(hash);
  } catch {
    return false;
  }
}

/** The headline that a link shows; null where it says none, or stands within a longer text. */
export function best(link: Element): Line | null {
  const length = (link.textContent ?? "").trim().length;
  if (length < SHORTEST || length > LONGEST_READ || attribute(link, "aria-hidden") === "true") {
    return null;
  }
  const blocks = blocksOf(link);
  if (blocks.length > 1) {
    return largest(blocks);
  }
  const element = blocks[0] ?? link;
  const text = textOf(element);
  return isSentence(text) && !isWithinText(link, text) ? { element, text } : null;
}

/** The boxes in a link that hold text of their own, in its order. */
function blocksOf(link: Element): Element[] {
  const blocks = new Set<Element>();
  let visited = 0;
  const look = (element: Element, block: Element): void => {
    visited += 1;
    const style = getComputedStyle(element);
    if (visited > MOST_PARTS || isUnseen(element, style)) {
      return;
    }
    const own = style.display === "inline" || style.display === "contents" ? block : element;
    if (hasText(element)) {
      blocks.add(own);
    }
    for (let child = firstElement(element); child !== null && visited <= MOST_PARTS; child = nextElement(child)) {
      look(child, own);
    }
  };
  look(link, link);
  // Where a box is within another that has text too, the outer one is read as a whole.
  return [...blocks].filter((one) => ![...blocks].some((outer) => outer !== one && outer.contains(one)));
}

function hasText(element: Element): boolean {
  for (let node = firstNode(element), seen = 0; node !== null && seen < MOST_PARTS; node = nextNode(node), seen += 1) {
    if (node instanceof Text && node.data.trim() !== "") {
      return true;
    }
  }
  return false;
}

/** What is in a language of its own, as posts are; else the first line that is a sentence, unless a later one is set larger. */
function largest(blocks: Element[]): Line | null {
  let found: (Line & { size: number }) | null = null;
  const written = blocks.filter((one) => attribute(one, "lang") !== null);
  for (const element of written.length > 0 ? written : blocks) {
    const text = textOf(element);
    const size = Number.parseFloat(getComputedStyle(element).fontSize);
    if (isSentence(text) && (found === null || size > found.size * LARGER)) {
      found = { element, text, size };
    }
  }
  return found === null ? null : { element: found.element, text: found.text };
}

/** Whether a link is some words of a running text, by what stands on its line before and after it. */
function isWithinText(link: Element, text: string): boolean {
  let outermost = link;
  for (let parent = parentOf(outermost); parent !== null && INLINE.has(nameOf(parent)); parent = parentOf(outermost)) {
    if (nameOf(parent) === "small") {
      return true; // a side note, as who wrote it
    }
    outermost = parent;
  }
  const beside = [previousNode, nextNode].map((step) => textBeside(outermost, step));
  const isBetween = beside.every((words) => countWords(words) >= BETWEEN_WORDS);
  return isBetween || beside.some((words) => words.length > Math.max(BESIDE, text.length / 2));
}

function textBeside(link: Element, step: (node: Node) => Node | null): string {
  const texts: string[] = [];
  let seen = 0;
  for (let node = step(link); node !== null && seen < MOST_NEIGHBORS; node = step(node), seen += 1) {
    if (node instanceof Element && !INLINE.has(nameOf(node))) {
      break;
    }
    // Another link with a sentence is another headline; words between them are what counts.
    const isOther = node instanceof Element && (nameOf(node) === "a" || query(node, "a") !== null);
    const text = isOther || node.nodeType === Node.COMMENT_NODE ? "" : clean((node.textContent ?? "").slice(0, 1_000));
    texts.push(countWords(text) === 0 ? "" : text);
  }
  return clean(texts.join(" "));
}
