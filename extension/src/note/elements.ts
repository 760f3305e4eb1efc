/** Elements from names and texts. Nothing is ever parsed as markup. */

import { cut, MOST_CHARACTERS, plain, tag } from "./plain.ts";
import { t } from "../words.ts";

export type Attributes = Record<string, string | boolean | undefined>;

/**
 * An element with its attributes and what is in it; strings become text. `true` is an attribute without a value, one that
 * is `false` or `undefined` is left out.
 */
export function make<K extends keyof HTMLElementTagNameMap>(
  document: Document,
  name: K,
  attributes: Attributes = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) {
      element.setAttribute(key, value === true ? "" : value);
    }
  }
  element.append(...inside);
  return element;
}

/** A text of a record in a language of its own. What is longer than `shown` characters waits behind a button. */
export function passage<K extends keyof HTMLElementTagNameMap>(
  document: Document,
  name: K,
  text: unknown,
  language: unknown,
  shown = 480,
): HTMLElementTagNameMap[K] {
  const whole = plain(text, MOST_CHARACTERS);
  const element = make(document, name, { lang: tag(language), dir: "auto", class: "foreign" });
  if (whole.length <= shown * 1.25) {
    element.textContent = whole;
    return element;
  }
  const more = make(document, "button", { type: "button", class: "more" }, t("note_more"));
  const part = make(document, "span", {}, `${cut(whole, shown)} … `);
  more.addEventListener("click", (event) => {
    if (event.isTrusted) {
      element.replaceChildren(whole);
      // The button that had the focus is gone: whoever reads on from it goes on here.
      element.tabIndex = -1;
      element.focus({ preventScroll: true });
    }
  });
  element.append(part, more);
  return element;
}

/** A part that is folded until it is asked for. */
export function folded(document: Document, summary: string, ...inside: Node[]): HTMLDetailsElement {
  return make(document, "details", {}, make(document, "summary", {}, summary), ...inside);
}
