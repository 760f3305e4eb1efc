/** What a page is told of the settings: no more than it needs, for a page's process may be taken over. */

import { tellPage, type Wishes } from "../messages.ts";
import { covers } from "../patterns.ts";
import { readSettings } from "../settings.ts";
import { readWords } from "../words.ts";
import { hashes } from "./hashes.ts";

/** Let only the extension's own pages read what is stored: the API key and the list of sites are among it. */
export function keepSettingsFromPages(): void {
  // Browsers that do not know this yet let the script in a page read it.
  const local = chrome.storage.local as Partial<Pick<chrome.storage.StorageArea, "setAccessLevel">>;
  void local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" }).catch((error: unknown) => console.warn(error));
}

/** What a reader wants of the page that asks. */
export async function wishesFor(sender: chrome.runtime.MessageSender): Promise<Wishes> {
  const settings = await readSettings();
  const { server, key, sensitivity, extras, languages } = settings;
  const stamp = JSON.stringify([server, key, sensitivity, extras, languages, settings.private, settings.interface]);
  return {
    read: settings.sites.some((site) => covers(site, sender.url ?? "")),
    languages,
    words: settings.interface === "" ? null : await readWords(settings.interface),
    // A hash with the session's own secret: the key cannot be guessed from it.
    stamp: (await hashes([stamp]))[0] ?? "",
  };
}

/** Say in every tab that the settings have changed. */
export async function tellPages(): Promise<void> {
  const tabs = await chrome.tabs.query({});
  // Most have no script of ours.
  await Promise.all(tabs.map(async ({ id }) => id !== undefined && tellPage(id, "changed", {}).catch(() => null)));
}
