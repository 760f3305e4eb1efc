/** As much of the browser's API as the background needs, in memory. What it is told is kept, for tests to look at. */

type Change = Record<string, { oldValue?: unknown; newValue?: unknown }>;

class Area {
  readonly items = new Map<string, string>();
  readonly onChanged = new Told<[Change]>();
  /** Bytes that fit; beyond it a write fails, as the browser's does. */
  quota = 10_000_000;

  async get(keys: string | string[] | null): Promise<Record<string, unknown>> {
    const wanted = keys === null ? [...this.items.keys()] : [keys].flat();
    const found = wanted.filter((key) => this.items.has(key));
    return Object.fromEntries(found.map((key) => [key, JSON.parse(this.items.get(key) ?? "")]));
  }

  async set(items: Record<string, unknown>): Promise<void> {
    const next = new Map([
      ...this.items,
      ...Object.entries(items).map(([key, value]): [string, string] => [key, JSON.stringify(value)]),
    ]);
    if ([...next].reduce((sum, [key, value]) => sum + key.length + value.length, 0) > this.quota) {
      throw new Error("Session storage quota bytes exceeded.");
    }
    for (const [key, value] of Object.entries(items)) {
      this.items.set(key, JSON.stringify(value));
    }
    this.onChanged.tell(Object.fromEntries(Object.entries(items).map(([key, newValue]) => [key, { newValue }])));
  }

  async remove(keys: string | string[]): Promise<void> {
    for (const key of [keys].flat()) {
      this.items.delete(key);
    }
  }
}

class Told<A extends unknown[]> {
  readonly #listeners: ((...what: A) => unknown)[] = [];

  addListener(listener: (...what: A) => unknown): void {
    this.#listeners.push(listener);
  }

  tell(...what: A): void {
    for (const listener of this.#listeners) {
      listener(...what);
    }
  }
}

interface Script {
  id: string;
  matches: string[];
}

interface OpenTab {
  id: number;
  url: string;
  /** Whether our script is in it. */
  read: boolean;
}

/** A browser: what it allows, its tabs, and what an extension has told it. */
export class FakeChrome {
  readonly storage = { local: new Area(), session: new Area() };
  /** Match patterns that the reader has allowed; null for all. */
  granted: string[] | null = null;
  rules: chrome.declarativeNetRequest.Rule[] = [];
  scripts: Script[] = [];
  openTabs: OpenTab[] = [];
  started: number[] = [];

  readonly permissions = {
    contains: async ({ origins }: { origins: string[] }): Promise<boolean> => {
      if (origins.some((origin) => !/^(\*|https?):\/\/[^/:]+\/\*$/.test(origin))) {
        throw new Error("Invalid value for origin pattern");
      }
      return this.granted === null || origins.every((origin) => this.granted?.includes(origin));
    },
  };

  readonly declarativeNetRequest = {
    getSessionRules: async (): Promise<FakeChrome["rules"]> => this.rules,
    updateSessionRules: async ({
      removeRuleIds,
      addRules,
    }: {
      removeRuleIds: number[];
      addRules: FakeChrome["rules"];
    }): Promise<void> => {
      const left = this.rules.filter(({ id }) => !removeRuleIds.includes(id));
      if (addRules.some(({ id }) => left.some((one) => one.id === id))) {
        throw new Error("Rule with that id exists already");
      }
      this.rules = [...this.rules.filter(({ id }) => !removeRuleIds.includes(id)), ...addRules];
    },
  };

  readonly runtime = { id: "own", getURL: (path: string): string => `chrome-extension://own/${path}` };

  readonly scripting = {
    getRegisteredContentScripts: async ({ ids }: { ids: string[] }): Promise<Script[]> =>
      this.scripts.filter(({ id }) => ids.includes(id)),
    registerContentScripts: async (scripts: Script[]): Promise<void> => {
      if (scripts.some(({ id }) => this.scripts.some((one) => one.id === id))) {
        throw new Error("Duplicate script ID");
      }
      this.scripts.push(...scripts);
    },
    updateContentScripts: async (scripts: Script[]): Promise<void> => {
      this.scripts = this.scripts.map((one) => scripts.find(({ id }) => id === one.id) ?? one);
    },
    unregisterContentScripts: async ({ ids }: { ids: string[] }): Promise<void> => {
      this.scripts = this.scripts.filter(({ id }) => !ids.includes(id));
    },
    executeScript: async ({ target }: { target: { tabId: number } }): Promise<void> => {
      this.started.push(target.tabId);
    },
  };

  readonly tabs = {
    TAB_ID_NONE: -1,
    query: async ({ url }: { url: string[] }): Promise<OpenTab[]> =>
      this.openTabs.filter((tab) => url.some((pattern) => tab.url.startsWith(pattern.slice(0, -1)))),
    sendMessage: async (tab: number): Promise<unknown> => {
      if (this.openTabs.find(({ id }) => id === tab)?.read !== true) {
        throw new Error("Could not establish connection. Receiving end does not exist.");
      }
      return { findings: [] };
    },
  };
}

/** Put a new browser in the place of the last one. */
export function freshChrome(): FakeChrome {
  const fake = new FakeChrome();
  Object.assign(globalThis, { chrome: fake });
  return fake;
}
