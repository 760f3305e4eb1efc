/**
 * Lets tests look at the marks on a page, whose root no script sees: a page of a test is given this bundle, which keeps
 * hold of the root when it is made. The words come from the locale that the test has put into `localeWords`.
 */

import type { Finding } from "../../extension/src/answers.ts";
import { Marks } from "../../extension/src/content/marking/marks.ts";
import type { Headline } from "../../extension/src/content/page.ts";
import { speak, type Words } from "../../extension/src/words.ts";

interface Given {
  localeWords: Words;
  /** For axe, which sees into open roots alone. */
  openRoots?: boolean;
}

const given = globalThis as unknown as Given;
speak(given.localeWords);

let root: ShadowRoot | null = null;
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (init) {
  root = attach.call(this, given.openRoots === true ? { ...init, mode: "open" } : init);
  return root;
};
const reports: { text: string; comment: string; withClaim: boolean }[] = [];
let arrives = true;
const harness = {
  marks: new Marks(document, {
    report: (finding, comment, withClaim) => {
      reports.push({ text: finding.text, comment, withClaim });
      return Promise.resolve(arrives);
    },
  }),
  reports,
  headlines: new Map<Element, Headline>(),

  /** Whether reports arrive. */
  set arrives(does: boolean) {
    arrives = does;
  },

  get root(): ShadowRoot {
    if (root === null) {
      throw new Error("No root was made");
    }
    return root;
  },

  show(selector: string, finding: Finding): void {
    const element = document.querySelector(selector);
    if (element === null) {
      throw new Error(`Nothing is ${selector}`);
    }
    const headline = harness.headlines.get(element) ?? { element, text: finding.text };
    harness.headlines.set(element, headline);
    harness.marks.show(headline, finding);
  },

  remove(selector: string): void {
    const headline = harness.headlines.get(document.querySelector(selector) ?? document.body);
    if (headline !== undefined) {
      harness.marks.remove(headline);
    }
  },

  /** Each mark as it is now, in the order of the keyboard. */
  seen() {
    return [...harness.root.querySelectorAll<HTMLElement>(".mark")].map((mark) => {
      const { left, top, width, height } = mark.getBoundingClientRect();
      const { visibility, color, backgroundColor } = getComputedStyle(mark);
      return {
        name: mark.getAttribute("aria-label"),
        word: getComputedStyle(mark, "::after").content,
        shown: mark.classList.contains("shown") && visibility === "visible",
        small: mark.classList.contains("small"),
        absent: visibility === "hidden",
        color,
        ground: backgroundColor,
        box: { left, top, width, height },
      };
    });
  },
};
Element.prototype.attachShadow = attach;
Object.assign(globalThis, { harness });
