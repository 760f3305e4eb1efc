/** The quiet word that a choice was kept. */

import { byId } from "../pages/elements.ts";
import { changeSettings, type Settings } from "../settings.ts";
import { t } from "../words.ts";

const SHOWN_MS = 2_000;
let hiding: ReturnType<typeof setTimeout> | undefined;

/** Keep some choices at once, and say so. */
export async function save(changes: Partial<Settings>): Promise<Settings> {
  const settings = await changeSettings(changes);
  const said = byId("saved", HTMLElement);
  said.textContent = t("options_saved");
  clearTimeout(hiding);
  hiding = setTimeout(() => said.replaceChildren(), SHOWN_MS);
  return settings;
}
