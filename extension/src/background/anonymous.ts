/**
 * Takes from our requests what would tell one reader from another. A browser adds it by itself, after any script: an
 * `Origin`, which in Firefox is another one for each installation, and the languages and the build of the browser.
 */

// A download from one server may go on for minutes after another was chosen: its rule stays as well. More servers than
// this nobody uses between two starts of the browser; the rule that was made first goes.
const MOST_RULES = 20;
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
const known = new Set<string>();
let last: Promise<void> = Promise.resolve();

/**
 * See to it that requests to a server say nothing of who asks.
 *
 * @returns false where that cannot be: it is no origin, or the reader has not allowed us to reach it. Then nothing may
 *   be sent.
 */
export async function anonymize(server: string): Promise<boolean> {
  if (!isOrigin(server) || !(await mayReach(server))) {
    return false;
  }
  // Two at once would take the same number for their rules.
  const turn = last.then(() => (known.has(server) ? undefined : makeRule(server)));
  last = turn.catch(() => undefined);
  await turn;
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

/** Also where there is a rule already: what was there before an update of the extension may have been another. */
async function makeRule(server: string): Promise<void> {
  const rules = await chrome.declarativeNetRequest.getSessionRules();
  const same = rules.filter(({ condition }) => condition.urlFilter === filterOf(server));
  const others = rules.filter((one) => !same.includes(one)).sort((one, other) => one.id - other.id);
  const surplus = others.slice(0, Math.max(0, others.length + 1 - MOST_RULES));
  const id = Math.max(0, ...rules.map((one) => one.id)) + 1;
  const removeRuleIds = [...same, ...surplus].map((one) => one.id);
  await chrome.declarativeNetRequest.updateSessionRules({ removeRuleIds, addRules: [rule(id, server)] });
  surplus.forEach(({ condition }) => known.delete(condition.urlFilter?.slice(1, -1) ?? ""));
  known.add(server);
}

function filterOf(server: string): string {
  return `|${server}/`;
}

function rule(id: number, server: string): chrome.declarativeNetRequest.Rule {
  return {
    id,
    condition: {
      urlFilter: filterOf(server),
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
