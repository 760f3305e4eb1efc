/** The mark of one headline: a small button that lies over the page. */

import type { Finding } from "../../answers.ts";
import { direction, language, t } from "../../words.ts";
import { make } from "../../note/elements.ts";
import { onDark } from "./ground.ts";
import { icon } from "../../note/icons.ts";
import type { Headline } from "../page.ts";
import { blockOf, isCovered, lastLine, spotFor, type Box, type Spot } from "./place.ts";
import { lookOf, nameOf } from "../../note/said.ts";

const WORDS = {
  denied: "mark_denied",
  disputed: "mark_disputed",
  in_line: "mark_in_line",
  background: "mark_background",
};
const HEIGHT = 20;
const SMALL = { width: 20, height: HEIGHT };

/** What became of a headline: not there to be seen at all, out of sight, or in sight with a spot for its mark. */
export type Look = { state: "absent" } | { state: "away" } | { state: "shown"; spot: Spot; dark: boolean };

export class Mark {
  readonly button: HTMLButtonElement;
  readonly headline: Headline;
  readonly finding: Finding;
  /** Where it is to be seen in the window; null when it is not. */
  box: Box | null = null;
  /** Whether its headline is near the window; what is far away is not looked at. */
  near = false;
  #width = 0;

  constructor(document: Document, headline: Headline, finding: Finding) {
    this.headline = headline;
    this.finding = finding;
    const look = lookOf(finding) ?? "background";
    this.button = make(
      document,
      "button",
      {
        type: "button",
        class: `mark ${look}`,
        "aria-label": nameOf(finding),
        "aria-haspopup": "dialog",
        "aria-expanded": "false",
        "data-word": t(WORDS[look]),
        lang: language(),
        dir: direction(),
      },
      icon(document, look),
    );
  }

  /** See where it belongs now. Reads the page and changes nothing. */
  look(own: Element, known: Map<Element, boolean>): Look {
    const { element } = this.headline;
    if (!element.isConnected || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) {
      return { state: "absent" };
    }
    const around = blockOf(element);
    const block = around.getBoundingClientRect();
    const line = lastLine(element, block);
    if (line === null) {
      return { state: "absent" };
    }
    const rtl = getComputedStyle(element).direction === "rtl";
    const x = rtl ? line.left + 3 : line.right - 3;
    if (isCovered(element, own, x, (line.top + line.bottom) / 2)) {
      return { state: "away" };
    }
    // As wide as it is with its word; the words do not change, so once is enough.
    this.#width ||= this.button.offsetWidth;
    const spot = spotFor({ element, line, block, rtl }, own, { width: this.#width, height: HEIGHT }, SMALL);
    return { state: "shown", spot, dark: onDark(element, known) };
  }

  /** Show what was seen. `origin` is where the layer of marks begins, in the window. */
  apply(look: Look, origin: { left: number; top: number }): void {
    const { classList, style } = this.button;
    classList.toggle("absent", look.state === "absent");
    classList.toggle("shown", look.state === "shown");
    if (look.state !== "shown") {
      this.box = null;
      return;
    }
    const { left, top, small } = look.spot;
    classList.toggle("dark", look.dark);
    classList.toggle("small", small);
    // A change of `transform` is no layout shift, and lays nothing out anew.
    style.transform = `translate(${round(left - origin.left)}px, ${round(top - origin.top)}px)`;
    this.box = { left, top, right: left + (small ? SMALL.width : this.#width), bottom: top + HEIGHT };
  }
}

/** To half a pixel: it would be painted blurred between. */
function round(pixels: number): number {
  return Math.round(pixels * 2) / 2;
}
