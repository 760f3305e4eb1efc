/** The box for any text, and what came of it. */

import type { Answer } from "../answers.ts";
import { tell } from "../messages.ts";
import { inWords } from "../pages/conditions.ts";
import { byId, element } from "../pages/elements.ts";
import { notesOf } from "../pages/notes.ts";
import { labelOf, summaryOf } from "../pages/wording.ts";
import { t } from "../words.ts";

export class CheckBox {
  readonly #form = byId("check-form", HTMLFormElement);
  readonly #text = byId("text", HTMLTextAreaElement);
  readonly #button = byId("check-button", HTMLButtonElement);
  readonly #result = byId("result", HTMLElement);
  /** Only the last question's answer is shown. */
  #asked = 0;

  constructor() {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.check();
    });
    this.#text.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** Take what the context menu was opened on, and check it at once. */
  async takeSelection(): Promise<void> {
    const reply = await tell("selection", {}).catch(() => undefined);
    if (reply?.text) {
      this.#text.value = reply.text;
      await this.check();
    }
  }

  /** Check what is in the box. */
  async check(): Promise<void> {
    const text = this.#text.value.trim();
    if (text === "") {
      this.#text.focus();
      return;
    }
    this.#asked += 1;
    const asked = this.#asked;
    this.#result.replaceChildren(element("p", { class: "hint" }, t("popup_checking")));
    this.#button.disabled = true;
    const reply = await tell("check", { text }).catch(() => undefined);
    if (asked === this.#asked) {
      this.#button.disabled = false;
      this.#result.replaceChildren(
        reply?.answer ? found(reply.answer) : failed(reply?.condition ?? { state: "unreachable" }),
      );
    }
  }

  /** Enter checks, Shift and Enter begins a line; not while an input method is being used to write a word. */
  #pressed(event: KeyboardEvent): void {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void this.check();
    }
  }
}

function found(answer: Answer): HTMLElement {
  const { label } = answer.verdict;
  const parts = [
    element("span", { class: "label" }, labelOf(answer)),
    element("p", { class: "summary" }, summaryOf(answer)),
  ];
  if (label === "unmatched" || answer.matches.length === 0) {
    parts.push(element("p", { class: "hint" }, t("popup_unmatched_meaning")));
  } else {
    parts.push(element("div", { class: "actions" }, notesOf(answer, label !== "related")));
  }
  return element("div", { class: `finding ${label}` }, ...parts);
}

function failed(condition: Parameters<typeof inWords>[0]): HTMLElement {
  const { text, advice } = inWords(
    condition.state === "ready" || condition.state === "idle" ? { state: "strange" } : condition,
  );
  return element("div", { class: "notice warning" }, element("p", {}, text), element("p", {}, advice));
}
