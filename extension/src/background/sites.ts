/** Where the content script runs: on the sites that the reader has turned on, and on no other. */

import { tellPage } from "../messages.ts";
import { readSettings } from "../settings.ts";

const ID = "headlines";
const FILE = "content.js";

let last: Promise<void> = Promise.resolve();

/**
 * Bring the browser's list of content scripts in line with the settings and the permissions. Open tabs of a site that
 * was turned on get the script at once; in those of a site that was turned off it hears of it by itself.
 */
export function renewSites(): Promise<void> {
  // Two at once would both find that there is no script yet.
  last = last.then(renew).catch((error: unknown) => console.error(error));
  return last;
}

async function renew(): Promise<void> {
  const before = (await chrome.scripting.getRegisteredContentScripts({ ids: [ID] }))[0]?.matches ?? null;
  const now = await allowed((await readSettings()).sites);
  if (now.length === 0) {
    await (before && chrome.scripting.unregisterContentScripts({ ids: [ID] }));
    return;
  }
  const script = scriptOn(now);
  await (before ? chrome.scripting.updateContentScripts([script]) : chrome.scripting.registerContentScripts([script]));
  const fresh = now.filter((site) => !before?.includes(site));
  if (fresh.length > 0) {
    const tabs = await chrome.tabs.query({ url: fresh });
    await Promise.all(tabs.flatMap(({ id }) => (id === undefined ? [] : [start(id)])));
  }
}

function scriptOn(matches: string[]): chrome.scripting.RegisteredContentScript {
  return { id: ID, js: [FILE], matches, runAt: "document_idle", allFrames: false, persistAcrossSessions: true };
}

/** The sites, each once, that the browser lets us run on: a reader can take that back in the browser's own settings. */
async function allowed(sites: readonly string[]): Promise<string[]> {
  const distinct = [...new Set(sites)];
  const may = await Promise.all(distinct.map(isAllowed));
  return distinct.filter((_, at) => may[at]);
}

async function isAllowed(site: string): Promise<boolean> {
  try {
    return await chrome.permissions.contains({ origins: [site] });
  } catch {
    // It is no pattern, and one such would keep all others from being registered.
    return false;
  }
}

async function start(tab: number): Promise<void> {
  try {
    await tellPage(tab, "findings", {});
  } catch {
    // No script of ours is there. Nor can one be put where the page went away or shows the browser's own error.
    await chrome.scripting.executeScript({ target: { tabId: tab }, files: [FILE] }).catch(() => undefined);
  }
}
