/** What was found on the page, as a list: each with who denied it, a way to its place and its note. */

import type { Finding } from "../answers.ts";
import { plain } from "../note/plain.ts";
import { tellPage } from "../messages.ts";
import { button, byId, element } from "../pages/elements.ts";
import { notesOf } from "../pages/notes.ts";
import { labelOf, summaryOf } from "../pages/wording.ts";
import { t } from "../words.ts";

/** How often the page is asked again while the popup is open: its headlines come one by one. */
const EVERY_MS = 1_500;

export class FindingsList {
  readonly #tab: number;
  readonly #section = byId("findings", HTMLElement);
  readonly #title = byId("findings-title", HTMLElement);
  readonly #list = byId("findings-list", HTMLOListElement);
  #shown = "";

  constructor(tab: number) {
    this.#tab = tab;
  }

  /** Ask now and again and again. */
  async follow(): Promise<void> {
    await this.show();
    setTimeout(() => void this.follow(), EVERY_MS);
  }

  /** Show what the page has. A page that nobody reads has no list. */
  async show(anew = false): Promise<void> {
    const reply = await tellPage(this.#tab, "findings", {}).catch(() => undefined);
    this.#section.hidden = reply === undefined;
    const findings = reply?.findings ?? [];
    const names = JSON.stringify(findings.map(({ id, text }) => [id, text]));
    // What is open stays open as long as the list is the same.
    if (reply === undefined || (!anew && names === this.#shown)) {
      return;
    }
    this.#shown = names;
    this.#title.textContent =
      findings.length === 0 ? t("popup_findings_none") : t("popup_findings", String(findings.length));
    this.#list.replaceChildren(...findings.map((finding) => element("li", {}, this.#item(finding))));
  }

  #item(finding: Finding): HTMLElement {
    const { answer, id, text } = finding;
    const show = button(t("popup_show"), () => this.#show(id), "quiet");
    const headline = element("h3", { dir: "auto", id: `finding-${id}` }, plain(text));
    show.setAttribute("aria-describedby", headline.id);
    return element(
      "article",
      { class: `finding ${answer.verdict.label}`, "aria-labelledby": headline.id },
      element("span", { class: "label" }, labelOf(answer)),
      headline,
      element("p", { class: "summary hint" }, summaryOf(answer)),
      element("div", { class: "actions" }, show, notesOf(answer)),
    );
  }

  async #show(id: number): Promise<void> {
    await tellPage(this.#tab, "show", { id }).catch(() => undefined);
    // The page is what the reader wants to see now.
    window.close();
  }
}
