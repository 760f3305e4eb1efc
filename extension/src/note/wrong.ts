/** A reader's word that a mark is wrong: a small form behind a button. */

import { t } from "../words.ts";
import { make } from "./elements.ts";

/** As long as the service takes a comment of a reader. */
const MOST_COMMENT = 1_000;

/** Sends a comment; true when it has arrived. */
export type Send = (comment: string, withHeadline: boolean) => Promise<boolean>;

/** The button and its form; in private mode the reason why there is none. `send` is null there. */
export function wrong(document: Document, send: Send | null): HTMLElement {
  if (send === null) {
    return make(document, "p", { class: "meta" }, t("note_wrong_private"));
  }
  const open = make(document, "button", { type: "button", class: "more", "aria-expanded": "false" }, t("note_wrong"));
  const state = make(document, "p", { class: "state", role: "status" });
  const form = new Form(document, send, state, () => fold(false));
  const fold = (unfolded: boolean): void => {
    form.element.hidden = !unfolded;
    open.setAttribute("aria-expanded", String(unfolded));
    (unfolded ? form.comment : open).focus();
  };
  open.addEventListener("click", (event) => {
    if (event.isTrusted) {
      fold(form.element.hidden);
    }
  });
  return make(document, "div", {}, open, form.element, state);
}

class Form {
  readonly element: HTMLFormElement;
  readonly comment: HTMLTextAreaElement;
  readonly #withHeadline: HTMLInputElement;
  readonly #button: HTMLButtonElement;
  readonly #state: HTMLElement;
  readonly #send: Send;
  readonly #fold: () => void;

  constructor(document: Document, send: Send, state: HTMLElement, fold: () => void) {
    this.#send = send;
    this.#state = state;
    this.#fold = fold;
    const most = { maxlength: String(MOST_COMMENT), rows: "3" };
    this.comment = make(document, "textarea", { ...most, dir: "auto", autocomplete: "off" });
    this.#withHeadline = make(document, "input", { type: "checkbox" });
    this.#button = make(document, "button", { class: "primary" }, t("note_wrong_send"));
    const along = make(document, "span", {}, t("note_wrong_headline"));
    const cancel = make(document, "button", { type: "button" }, t("note_wrong_cancel"));
    this.element = make(
      document,
      "form",
      { hidden: true },
      make(document, "label", {}, t("note_wrong_comment"), this.comment),
      make(document, "label", { class: "tick" }, this.#withHeadline, along),
      make(document, "div", { class: "row" }, this.#button, cancel),
    );
    cancel.addEventListener("click", (event) => event.isTrusted && fold());
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.isTrusted && !this.#button.disabled) {
        void this.#submit();
      }
    });
  }

  async #submit(): Promise<void> {
    this.#button.disabled = true;
    this.#state.textContent = t("note_wrong_sending");
    const comment = this.comment.value.trim().slice(0, MOST_COMMENT);
    const sent = await this.#send(comment, this.#withHeadline.checked).catch(() => false);
    this.#button.disabled = false;
    this.#state.textContent = t(sent ? "note_wrong_sent" : "note_wrong_failed");
    if (sent) {
      this.comment.value = "";
      this.#withHeadline.checked = false;
      this.#fold();
    }
  }
}
