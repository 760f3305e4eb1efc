/** Building the DOM of the extension's own pages. Texts become text nodes, never markup. */

import { make, type Attributes } from "../note/elements.ts";

/** An element of this page: see `make`. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  return make(document, name, attributes, ...children);
}

/** The element of a page that has this id. Throws where the page has none of that kind: both are ours. */
export function byId<T extends HTMLElement>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`The page has no ${kind.name} with the id ${id}`);
  }
  return found;
}

/** A button that does one thing. */
export function button(text: string, does: () => unknown, kind = ""): HTMLButtonElement {
  const made = element("button", { type: "button", class: kind || undefined }, text);
  made.addEventListener("click", () => void does());
  return made;
}
