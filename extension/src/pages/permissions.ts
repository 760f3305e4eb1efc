/** What the browser lets the extension reach. It asks the reader only from within a click, before anything is awaited. */

import { covers } from "../patterns.ts";
import type { Settings } from "../settings.ts";

export const ALL_SITES = ["http://*/*", "https://*/*"];

/** The pattern of a server's address: without a port, which not every browser's patterns can have. */
export function patternOfServer(server: string): string | null {
  const url = URL.canParse(server) ? new URL(server) : null;
  return url !== null && /^https?:$/.test(url.protocol) ? `${url.protocol}//${url.hostname}/*` : null;
}

/** Ask the reader to let the extension reach these. Call it from a click's handler, before any `await`. */
export function allow(patterns: (string | null)[]): Promise<boolean> {
  return chrome.permissions.request({ origins: patterns.filter((pattern) => pattern !== null) }).catch(() => false);
}

/** Whether the browser lets the extension reach this. */
export function isAllowed(pattern: string): Promise<boolean> {
  return chrome.permissions.contains({ origins: [pattern] });
}

/** Give back what the settings have no use for any more. */
export async function giveBack(patterns: string[], settings: Settings): Promise<void> {
  const server = patternOfServer(settings.server);
  const unused = patterns.filter((pattern) => pattern !== server && !settings.sites.includes(pattern));
  // A browser may hold a permission that it was given for good, by an administrator or by the manifest.
  await Promise.all(unused.map((pattern) => chrome.permissions.remove({ origins: [pattern] }).catch(() => false)));
}

/** Whether an address is on by these patterns. */
export function isOn(sites: string[], address: string): boolean {
  return sites.some((site) => covers(site, address));
}
