/** The one element that the extension puts into a page, and the closed root behind it. */

import { STYLES } from "../../note/styles.ts";

/** A page that keeps removing it does not want it: it is let go rather than fought over. */
const MOST_RETURNS = 5;

/**
 * A bare element at the end of the page's root. It is there from the start, marks or none, and bears no attribute: that
 * it is there says that the extension is, and nothing about what it found.
 */
export class Host {
  readonly element: HTMLElement;
  readonly root: ShadowRoot;
  readonly #document: Document;
  readonly #watching: MutationObserver;
  #returns = 0;

  /** @param returned told when the element was put back. */
  constructor(document: Document, returned: () => void) {
    this.#document = document;
    this.element = document.createElement("div");
    this.root = this.element.attachShadow({ mode: "closed" });
    dress(document, this.root);
    document.documentElement.append(this.element);
    this.#watching = new MutationObserver(() => {
      if (this.element.isConnected || this.#returns >= MOST_RETURNS) {
        return;
      }
      this.#returns += 1;
      this.#document.documentElement?.append(this.element);
      this.#watch();
      returned();
    });
    this.#watch();
  }

  remove(): void {
    this.#watching.disconnect();
    this.element.remove();
  }

  /** The root itself may be replaced, which only the document tells of. */
  #watch(): void {
    this.#watching.disconnect();
    this.#watching.observe(this.#document, { childList: true });
    if (this.#document.documentElement !== null) {
      this.#watching.observe(this.#document.documentElement, { childList: true });
    }
  }
}

/**
 * A constructed sheet is beyond the page's policy. Firefox gives content scripts none that a root takes; there a
 * `style` element made by an extension is, too.
 */
function dress(document: Document, root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = document.createElement("style");
    style.textContent = STYLES;
    root.append(style);
  }
}
