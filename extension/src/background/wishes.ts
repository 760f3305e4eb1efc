/** What a page is told of the settings: no more than it needs, for a page's process may be taken over. */

import { tellPage, type Wishes } from "../messages.ts";
import { covers, siteOf } from "../patterns.ts";
import { readSettings, type Settings } from "../settings.ts";
import { readWords } from "../words.ts";
import { hashes } from "./hashes.ts";

type Sender = chrome.runtime.MessageSender;

/** Let only the extension's own pages read what is stored: the API key and the list of sites are among it. */
export function keepSettingsFromPages(): void {
  // Browsers that do not know this yet let the script in a page read it.
  const local = chrome.storage.local as Partial<Pick<chrome.storage.StorageArea, "setAccessLevel">>;
  void local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" }).catch((error: unknown) => console.warn(error));
}

/**
 * Whether a message is from the main page of a tab whose site is on, and may be read. A page that was open when its site
 * was turned off, or taken back in the browser's own settings, still has the script in it.
 */
export async function isRead({ id, tab, frameId, url = "" }: Sender, { sites }: Settings): Promise<boolean> {
  const site = siteOf(url);
  const ours = id === chrome.runtime.id && tab !== undefined && frameId === 0;
  const on = ours && site !== null && sites.some((pattern) => covers(pattern, url));
  return on && (await chrome.permissions.contains({ origins: [site] }));
}

/** Throws unless `isRead`: of any other page nothing is taken. */
export async function fromPageThatIsRead(sender: Sender): Promise<void> {
  if (!(await isRead(sender, await readSettings()))) {
    throw new Error("A page of a site that is not on");
  }
}

/** What a reader wants of the page that asks. */
export async function wishesFor(sender: Sender): Promise<Wishes> {
  const settings = await readSettings();
  const { server, key, sensitivity, extras, languages } = settings;
  const stamp = JSON.stringify([server, key, sensitivity, extras, languages, settings.private, settings.interface]);
  return {
    read: await isRead(sender, settings),
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
