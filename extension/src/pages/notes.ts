/** What is known of a text, folded away: who said what, when, in which words, and where to read it. As in a page's note. */

import type { Answer } from "../answers.ts";
import { lookOf, said } from "../note/said.ts";
import { NOTE_STYLES } from "../note/styles.ts";
import { direction, language, t } from "../words.ts";
import { element } from "./elements.ts";

// The note floats over a page there; here it lies in the flow, and its ground is that of what it lies in.
const IN_FLOW = `
*, *::before, *::after { box-sizing: border-box; }
.note.in-flow { position: static; width: auto; max-width: none; max-height: none; overflow: visible; border: 0; border-radius: 0;
  box-shadow: none; background: none; animation: none; font-size: 14px; }
.note.in-flow .who:first-child { margin-top: 4px; }`;

/** The records that an answer stands on, in a part that opens and closes. */
export function notesOf(answer: Answer, open = false): HTMLElement {
  const host = element("div", { class: "note" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(NOTE_STYLES + IN_FLOW);
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  const finding = { id: 0, text: "", answer };
  const inside = element("div", {
    class: `note in-flow ${lookOf(finding) ?? "background"}`,
    lang: language(),
    dir: direction(),
  });
  inside.append(...said(document, finding));
  root.append(inside);
  return element("details", { open }, element("summary", {}, t("popup_details")), host);
}
