/** The note that opens beside a mark: a dialog that leaves the page usable. */

import type { Finding } from "../../answers.ts";
import { direction, language, t } from "../../words.ts";
import { make } from "../../note/elements.ts";
import { cross, icon } from "../../note/icons.ts";
import { noteSpot, type Box } from "./place.ts";
import { heading, lookOf, said } from "../../note/said.ts";
import { wrong, type Send } from "../../note/wrong.ts";

const FOCUSABLE = "a[href], button:not(:disabled), summary, textarea, input";

export class Note {
  readonly element: HTMLElement;
  readonly #document: Document;
  readonly #head: HTMLElement;

  /** @param send what takes a report; null where nothing may be sent. */
  constructor(document: Document, finding: Finding, on: { close(): void; send: Send | null }) {
    this.#document = document;
    const look = lookOf(finding) ?? "background";
    const named = { type: "button", class: "close", "aria-label": t("note_close") };
    const close = make(document, "button", named, cross(document));
    close.addEventListener("click", (event) => event.isTrusted && on.close());
    const body = make(document, "div", { class: "body" }, ...said(document, finding));
    // The explanation and the form stand in one part, under a line.
    (body.querySelector(":scope > .after") ?? body).append(wrong(document, on.send));
    body.append(make(document, "p", { class: "foot" }, t("note_footer")));
    const title = make(document, "h2", { id: "heading" }, heading(finding));
    this.#head = make(document, "div", { class: "head" }, icon(document, look), title, close);
    this.element = make(
      document,
      "div",
      {
        class: `note ${look}`,
        role: "dialog",
        "aria-labelledby": "heading",
        tabindex: "-1",
        lang: language(),
        dir: direction(),
        // Over everything that the page may have laid on top.
        popover: "manual",
      },
      this.#head,
      body,
    );
  }

  /** Put it on the page, and the focus into it. */
  open(root: ShadowRoot, mark: Box | null): void {
    root.append(this.element);
    this.raise();
    this.place(mark);
    this.element.focus({ preventScroll: true });
  }

  /** To the top again, after the host was taken out and put back. */
  raise(): void {
    if (!this.element.matches(":popover-open")) {
      this.element.showPopover();
    }
  }

  close(): void {
    this.element.remove();
  }

  /** Move to where the mark is now; where it was when it is not to be seen. */
  place(mark: Box | null): void {
    const { clientWidth: width, clientHeight } = this.#document.documentElement;
    const height = Math.min(clientHeight || innerHeight, innerHeight) || innerHeight;
    const { offsetWidth, scrollHeight } = this.element;
    const size = { width: offsetWidth, height: scrollHeight + 2 };
    const spot = noteSpot(mark, size, { width, height }, direction() === "rtl");
    this.element.classList.toggle("sheet", spot.sheet);
    const { style } = this.element;
    // What is scrolled to, by Tab too, is not to end under the head, which stays.
    style.scrollPaddingTop = `${this.#head.offsetHeight + 4}px`;
    style.maxHeight = `${spot.mostHeight}px`;
    style.left = spot.sheet ? "" : `${spot.left}px`;
    style.top = spot.sheet ? "" : `${spot.top}px`;
  }

  /** Keep the focus within: after the last comes the first. Returns whether the focus was moved. */
  turn(active: Element | null, backwards: boolean): boolean {
    const all = [...this.element.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((one) => one.checkVisibility());
    const [first, last] = [all[0], all.at(-1)];
    const atEdge = backwards ? active === first || active === this.element : active === last;
    if (!atEdge || first === undefined || last === undefined) {
      return false;
    }
    (backwards ? last : first).focus();
    return true;
  }
}
