/** The toolbar's popup: this page, what was found on it, and a box for any text. */

import { tell } from "../messages.ts";
import { inWords, isQuiet } from "../pages/conditions.ts";
import { byId, element } from "../pages/elements.ts";
import { putIntoWords } from "../pages/opening.ts";
import { onSettings, readSettings } from "../settings.ts";
import { CheckBox } from "./checking.ts";
import { FindingsList } from "./findings.ts";
import { pageInFront, SiteSwitch } from "./page.ts";

async function open(): Promise<void> {
  document.documentElement.classList.toggle("apart", location.search !== "");
  const settings = await readSettings();
  await putIntoWords(settings.interface);
  const page = await pageInFront();
  const site = new SiteSwitch(page, settings);
  const list = page === null ? null : new FindingsList(page.tab);
  onSettings((changed) => void site.show(changed));
  await site.show(await readSettings());
  byId("to-options", HTMLAnchorElement).addEventListener("click", toOptions);
  byId("text", HTMLTextAreaElement).focus({ preventScroll: true });
  await Promise.all([new CheckBox().takeSelection(), list?.follow(), showCondition()]);
}

/** The browser knows whether the options are open already; the link is for those who open it in another way. */
function toOptions(event: MouseEvent): void {
  if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    void chrome.runtime.openOptionsPage().then(() => window.close());
  }
}

async function showCondition(): Promise<void> {
  const reply = await tell("condition", {}).catch(() => undefined);
  if (reply === undefined || isQuiet(reply.condition)) {
    return;
  }
  const { text, advice, tone } = inWords(reply.condition);
  byId("condition", HTMLElement).replaceChildren(
    element("div", { class: `notice ${tone}` }, element("p", {}, text), element("p", {}, advice)),
  );
}

void open();
