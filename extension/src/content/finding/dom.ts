/**
 * The tree of a page, read past its own names: `<form><input name="firstElementChild"></form>` gives a form's property
 * another meaning, and a hostile page could lead a walk in circles with it. The prototype's own accessors know no names.
 */

function getter<T>(prototype: object, name: string): (node: Node) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  if (get === undefined) {
    throw new TypeError(`This browser has no ${name}`);
  }
  return (node) => get.call(node) as T;
}

/** Shadow roots in shadow roots that are looked through. */
const MOST_SHADOWS = 16;
/** Steps up to what is repeated. */
const MOST_REPEATED = 4;

const attributeOf = Element.prototype.getAttribute;
const hasAttributesOf = Element.prototype.hasAttributes;
const namesOf = Element.prototype.getAttributeNames;
const matchesOf = Element.prototype.matches;
const queryOf = Element.prototype.querySelector;
const queryAllOf = Element.prototype.querySelectorAll;
const rectOf = Element.prototype.getBoundingClientRect;
const allOf = Element.prototype.getElementsByTagName;
const containsOf = Node.prototype.contains;
const rootOf = Node.prototype.getRootNode;

export const nameOf = getter<string>(Element.prototype, "localName");
export const firstElement = getter<Element | null>(Element.prototype, "firstElementChild");
export const nextElement = getter<Element | null>(Element.prototype, "nextElementSibling");
const previousElement = getter<Element | null>(Element.prototype, "previousElementSibling");
export const previousNode = getter<Node | null>(Node.prototype, "previousSibling");
export const nextNode = getter<Node | null>(Node.prototype, "nextSibling");
export const firstNode = getter<Node | null>(Node.prototype, "firstChild");
export const isConnected = getter<boolean>(Node.prototype, "isConnected");
/** Its open shadow root; closed ones are nobody's business. */
export const shadowOf = getter<ShadowRoot | null>(Element.prototype, "shadowRoot");
export const topOf = getter<Element | null>(Document.prototype, "documentElement");
export const bodyOf = getter<Element | null>(Document.prototype, "body");
const parentNode = getter<Node | null>(Node.prototype, "parentNode");

export function attribute(element: Element, name: string): string | null {
  return attributeOf.call(element, name);
}

/** What an element says of itself, read once: each question to the page costs more than all that is done with its answer. */
export interface Facts {
  element: Element;
  name: string;
  attributes: string[];
  role: string;
  classes: string;
  id: string;
}

const NO_ATTRIBUTES: string[] = [];

export function factsOf(element: Element): Facts {
  const name = nameOf(element);
  if (!hasAttributesOf.call(element)) {
    return { element, name, attributes: NO_ATTRIBUTES, role: "", classes: "", id: "" };
  }
  const attributes = namesOf.call(element);
  const given = (one: string): string => (attributes.includes(one) ? (attributeOf.call(element, one) ?? "") : "");
  const role = given("role");
  const first = role === "" ? "" : role.trim().toLowerCase().replace(/\s.*$/s, "");
  return { element, name, attributes, role: first, classes: given("class"), id: given("id") };
}

export function matches(element: Element, selector: string): boolean {
  return matchesOf.call(element, selector);
}

export function query(element: Element, selector: string): Element | null {
  return queryOf.call(element, selector);
}

export function queryAll(element: Element, selector: string): Element[] {
  return [...queryAllOf.call(element, selector)];
}

export function rect(element: Element): DOMRect {
  return rectOf.call(element);
}

/** How many elements with a name are in one; asked again it is known, until the page changes. */
export function count(element: Element, name: string): number {
  return allOf.call(element, name).length;
}

/** The element around one; of the topmost in a shadow root its host. */
export function parentOf(node: Node): Element | null {
  const parent = parentNode(node);
  if (parent instanceof Element) {
    return parent;
  }
  return parent instanceof ShadowRoot ? parent.host : null;
}

export function isInShadow(element: Element): boolean {
  return rootOf.call(element) instanceof ShadowRoot;
}

/** An element and what is around it, at most so many steps up. */
export function* upwards(element: Element, most: number): Generator<Element> {
  let at: Element | null = element;
  for (let step = 0; at !== null && step <= most; step += 1) {
    yield at;
    at = parentOf(at);
  }
}

/** Whether an element, or one around it below `top`, stands beside another of its name and classes that holds such a thing. */
export function isRepeated(element: Element, top: Element | null, selector: string): boolean {
  for (const at of upwards(element, MOST_REPEATED)) {
    if (at === top || nameOf(at) === "body") {
      return false;
    }
    const classes = attribute(at, "class");
    const isAlike = (other: Element | null): boolean =>
      other !== null && nameOf(other) === nameOf(at) && attribute(other, "class") === classes && query(other, selector) !== null;
    if (at !== element && (isAlike(nextElement(at)) || isAlike(previousElement(at)))) {
      return true;
    }
  }
  return false;
}

/** Whether an element holds another, or is it, through open shadow roots too. */
export function holds(outer: Element, inner: Element): boolean {
  let at: Element | null = inner;
  for (let depth = 0; at !== null && depth < MOST_SHADOWS; depth += 1) {
    if (containsOf.call(outer, at)) {
      return true;
    }
    const root: Node = rootOf.call(at);
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return false;
}
