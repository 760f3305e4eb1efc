/**
 * Takes from our requests what would tell one reader from another. A browser adds it by itself, after any script: an
 * `Origin`, which in Firefox is another one for each installation, and the languages and the build of the browser.
 */

/** A rule of its own for the server under test, so that the one in use keeps its own meanwhile. */
export type Purpose = "checks" | "test";

const RULES: Record<Purpose, number> = { checks: 1, test: 2 };
const REMOVED = [
  "Origin",
  "Cookie",
  "Referer",
  "Sec-CH-UA",
  "Sec-CH-UA-Mobile",
  "Sec-CH-UA-Platform",
  "Sec-GPC",
  "DNT",
];
// Said by every copy alike. Missing, some servers turn a request away.
const SET = { "Accept-Language": "*", "User-Agent": "Mozilla/5.0 (compatible; Rejoinder)" };

// The browser keeps the rules as long as it runs; this only spares the next request the way to it.
const known: Partial<Record<Purpose, string>> = {};

/**
 * See to it that requests to a server say nothing of who asks.
 *
 * @returns false where that cannot be: it is no origin, or the reader has not allowed us to reach it. Then nothing may
 *   be sent.
 */
export async function anonymize(server: string, purpose: Purpose = "checks"): Promise<boolean> {
  if (!isOrigin(server) || !(await mayReach(server))) {
    return false;
  }
  if (known[purpose] !== server) {
    const id = RULES[purpose];
    await chrome.declarativeNetRequest.updateSessionRules({ removeRuleIds: [id], addRules: [rule(id, server)] });
    known[purpose] = server;
  }
  return true;
}

/** Whether this is what the settings call a server: scheme, host, port, and no more. */
export function isOrigin(server: string): boolean {
  return URL.canParse(server) && /^https?:$/.test(new URL(server).protocol) && new URL(server).origin === server;
}

async function mayReach(server: string): Promise<boolean> {
  // A pattern holds for every port, and some browsers take none that names one.
  const { protocol, hostname } = new URL(server);
  return chrome.permissions.contains({ origins: [`${protocol}//${hostname}/*`] });
}

function rule(id: number, server: string): chrome.declarativeNetRequest.Rule {
  return {
    id,
    condition: {
      urlFilter: `|${server}/`,
      // Our own requests alone: the service's pages keep their cookies.
      tabIds: [chrome.tabs.TAB_ID_NONE],
      initiatorDomains: [new URL(chrome.runtime.getURL("")).hostname],
    },
    action: {
      type: "modifyHeaders",
      requestHeaders: [
        ...REMOVED.map((header) => ({ header, operation: "remove" as const })),
        ...Object.entries(SET).map(([header, value]) => ({ header, operation: "set" as const, value })),
      ],
    },
  };
}
