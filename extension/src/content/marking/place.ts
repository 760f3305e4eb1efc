/** Where a mark stands beside its headline, and where a note stands beside its mark. All in pixels of the window. */

import { holds } from "./tree.ts";

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Spot {
  left: number;
  top: number;
  /** Without its word, where there is no room for it. */
  small: boolean;
}

const GAP = 6;
/** A headline has fewer pieces of text than this; what has more is looked at from its end. */
const MOST_TEXTS = 100;

/** The element or the nearest around it that makes a block. */
export function blockOf(element: Element): Element {
  let at = element;
  while (/^(inline$|contents$|ruby)/.test(getComputedStyle(at).display) && at.parentElement !== null) {
    at = at.parentElement;
  }
  return at;
}

/** The last line of a headline's text as far as its block lets it be seen; null where there is none. */
export function lastLine(element: Element, block: Box): Box | null {
  for (const text of textsFromEnd(element)) {
    const range = element.ownerDocument.createRange();
    range.selectNodeContents(text);
    const seen = [...range.getClientRects()].filter((rect) => within(rect, block));
    const last = seen.at(-1);
    if (last !== undefined) {
      const line = seen.filter((rect) => rect.top < last.bottom && rect.bottom > last.top);
      return {
        left: Math.max(block.left, Math.min(...line.map((rect) => rect.left))),
        top: last.top,
        right: Math.min(block.right, Math.max(...line.map((rect) => rect.right))),
        bottom: last.bottom,
      };
    }
  }
  return null;
}

/** Lines past a block's end are cut off (`line-clamp`); texts in a box of a pixel are for screen readers. */
function within(rect: DOMRect, block: Box): boolean {
  if (rect.width < 2 || rect.height < 4) {
    return false;
  }
  const middle = (rect.top + rect.bottom) / 2;
  return middle > block.top - 2 && middle < block.bottom + 2 && rect.left < block.right && rect.right > block.left;
}

function textsFromEnd(element: Element): Text[] {
  const walker = element.ownerDocument.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (node instanceof Text && node.data.trim() !== "" && parent !== null && !tiny(parent)) {
      texts.push(node);
    }
    if (texts.length > MOST_TEXTS) {
      texts.shift();
    }
  }
  return texts.reverse();
}

function tiny(element: Element): boolean {
  const { width, height } = element.getBoundingClientRect();
  return width <= 2 || height <= 2;
}

/** A headline as it lies in the window. */
export interface Placed {
  element: Element;
  line: Box;
  block: Box;
  rtl: boolean;
}

/**
 * Where a mark goes: after the last line where nothing else is, without its word if need be; else under the end of the
 * line, at the block's end corner.
 *
 * @param own the extension's own element, which is looked through.
 * @param full size with the word; `small` without it.
 */
export function spotFor(headline: Placed, own: Element, full: Size, small: Size): Spot {
  for (const [size, isSmall] of [[full, false], [small, true]] as const) {
    const box = after(headline.line, size, headline.rtl);
    if (isClear(headline.element, own, box)) {
      return { left: box.left, top: box.top, small: isSmall };
    }
  }
  const { line, block, rtl } = headline;
  const edge = rtl ? block.left : block.right - small.width;
  const room = headline.element.ownerDocument.documentElement.clientWidth - small.width - 2;
  return { left: Math.max(2, Math.min(edge, room)), top: line.bottom - 2, small: true };
}

function after(line: Box, size: Size, rtl: boolean): Box {
  const left = rtl ? line.left - GAP - size.width : line.right + GAP;
  const top = (line.top + line.bottom - size.height) / 2;
  return { left, top, right: left + size.width, bottom: top + size.height };
}

/** Whether a box lies in the window with nothing of the page in it but what is around the headline. */
function isClear(element: Element, own: Element, box: Box): boolean {
  const { clientWidth } = element.ownerDocument.documentElement;
  if (box.left < 2 || box.right > clientWidth - 2) {
    return false;
  }
  const middle = (box.top + box.bottom) / 2;
  const across = [box.left + 1, (box.left + box.right) / 2, box.right - 1];
  return across.every((x) => isOpen(element, own, x, middle)) && !isWritten(element, box);
}

function isOpen(element: Element, own: Element, x: number, y: number): boolean {
  const top = element.ownerDocument.elementsFromPoint(x, y).find((one) => one !== own);
  return top === undefined || holds(top, element) || holds(element, top);
}

/** Whether the text that follows an inline headline in its block is in the way. */
function isWritten(element: Element, box: Box): boolean {
  const block = blockOf(element);
  if (block === element || !block.contains(element)) {
    return false;
  }
  const rest = element.ownerDocument.createRange();
  rest.setStartAfter(element);
  rest.setEnd(block, block.childNodes.length);
  return [...rest.getClientRects()].slice(0, 50).some((rect) => meet(rect, box));
}

export function meet(a: Box, b: Box): boolean {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

/**
 * Whether something opaque lies over a point of a headline, a header that sticks to the window perhaps, or the headline
 * is cut off there by what it scrolls in. `own` is looked through.
 */
export function isCovered(element: Element, own: Element, x: number, y: number): boolean {
  let inner = element;
  let root = inner.getRootNode();
  while (root instanceof Document || root instanceof ShadowRoot) {
    if (!reaches(inner, root.elementsFromPoint(x, y).filter((one) => one !== own))) {
      return true;
    }
    if (root instanceof Document) {
      return false;
    }
    inner = root.host;
    root = inner.getRootNode();
  }
  return true;
}

function reaches(element: Element, stack: Element[]): boolean {
  // What takes no clicks is in no stack; what is around it has to speak for it.
  const silent = getComputedStyle(element).pointerEvents === "none";
  for (const one of stack) {
    if (holds(element, one) || (silent && holds(one, element))) {
      return true;
    }
    if (isOpaque(one)) {
      return false;
    }
  }
  return false;
}

const PICTURES = new Set(["IMG", "VIDEO", "CANVAS", "IFRAME", "OBJECT", "EMBED", "INPUT", "TEXTAREA", "SELECT"]);

function isOpaque(element: Element): boolean {
  const { backgroundColor, backgroundImage, backdropFilter, opacity } = getComputedStyle(element);
  const alpha = /^rgba\(.*,\s*([\d.]+)\)$|\/\s*([\d.]+)\)$/.exec(backgroundColor);
  const painted = Number(alpha?.[1] ?? alpha?.[2] ?? 1) >= 0.3 && backgroundColor !== "transparent";
  const filled = painted || backgroundImage !== "none" || (backdropFilter !== undefined && backdropFilter !== "none");
  return Number(opacity) > 0.3 && (filled || PICTURES.has(element.tagName));
}

export interface NoteSpot {
  /** At the foot of the window, from edge to edge. */
  sheet: boolean;
  left: number;
  top: number;
  mostHeight: number;
}

const MARGIN = 12;
const APART = 8;
const SHEET_BELOW = 520;

/** Where a note goes, within the window. `mark` is null where its mark is not to be seen. */
export function noteSpot(mark: Box | null, note: Size, room: Size, rtl: boolean): NoteSpot {
  if (room.width < SHEET_BELOW) {
    return { sheet: true, left: 0, top: 0, mostHeight: Math.max(room.height * 0.85, room.height - 72) };
  }
  const most = room.height - 2 * MARGIN;
  if (mark === null) {
    return { sheet: false, left: (room.width - note.width) / 2, top: MARGIN, mostHeight: most };
  }
  const height = Math.min(note.height, most);
  const [left, top] = beside(mark, { width: note.width, height }, room, rtl);
  const held = { left: clamp(left, room.width - note.width), top: clamp(top, room.height - height) };
  return { sheet: false, ...held, mostHeight: most };
}

/** Under the mark, over it, or where it has no room for either, next to it. */
function beside(mark: Box, note: Size, room: Size, rtl: boolean): [left: number, top: number] {
  const start = rtl ? mark.right - note.width : mark.left;
  if (mark.bottom + APART + note.height + MARGIN <= room.height) {
    return [start, mark.bottom + APART];
  }
  if (mark.top - APART - note.height >= MARGIN) {
    return [start, mark.top - APART - note.height];
  }
  const [left, right] = [mark.left - APART - note.width, mark.right + APART];
  const rightFits = right + note.width + MARGIN <= room.width;
  const toLeft = left >= MARGIN && (rtl || !rightFits);
  return [toLeft ? left : right, mark.top - note.height / 3];
}

function clamp(at: number, most: number): number {
  return Math.max(MARGIN, Math.min(at, most - MARGIN));
}
