/** The page that the popup is about, and its switch. */

import { isolated } from "../note/plain.ts";
import { allow, ALL_SITES, giveBack, isAllowed, isOn, patternOfServer } from "../pages/permissions.ts";
import { byId } from "../pages/elements.ts";
import { covers, siteOf } from "../patterns.ts";
import { changeSettings, type Settings } from "../settings.ts";
import { t } from "../words.ts";

export interface Page {
  tab: number;
  /** Match pattern of its site; null for pages of the browser itself, which no extension may read. */
  site: string | null;
  address: string;
}

/**
 * The page in front. A popup that had to be opened in a window of its own is told by its address which tab it is about.
 */
export async function pageInFront(): Promise<Page | null> {
  const named = Number(new URLSearchParams(location.search).get("tab") ?? "");
  const tab =
    named > 0
      ? await chrome.tabs.get(named).catch(() => undefined)
      : (await chrome.tabs.query({ active: true, currentWindow: true }))[0];
  if (tab?.id === undefined) {
    return null;
  }
  const address = tab.url ?? "";
  return { tab: tab.id, site: siteOf(address), address };
}

/** Shows whether the page's headlines are looked at, and turns that on and off. */
export class SiteSwitch {
  readonly #page: Page | null;
  readonly #title = byId("site-title", HTMLElement);
  readonly #words = byId("site-words", HTMLElement);
  readonly #button = byId("site-switch", HTMLButtonElement);
  #settings: Settings;
  #refused = false;

  constructor(page: Page | null, settings: Settings) {
    this.#page = page;
    this.#settings = settings;
    this.#button.addEventListener("click", () => this.#turn());
  }

  /** Show how it is with these settings. */
  async show(settings: Settings): Promise<void> {
    this.#settings = settings;
    const site = this.#page?.site ?? null;
    const on = this.#page !== null && isOn(settings.sites, this.#page.address);
    const allowed = on && site !== null && (await isAllowed(site));
    this.#button.hidden = site === null || this.#everywhere();
    this.#button.setAttribute("aria-checked", String(allowed));
    this.#title.textContent = site === null ? t("popup_no_site") : t("popup_site", isolated(hostOf(site)));
    this.#words.textContent = this.#state(site, allowed);
  }

  #state(site: string | null, on: boolean): string {
    if (site === null) {
      return t("popup_no_site_why");
    }
    if (this.#refused) {
      return t("popup_site_refused");
    }
    if (on && this.#everywhere()) {
      return t("popup_site_everywhere");
    }
    return on ? t(this.#settings.private ? "popup_site_on_private" : "popup_site_on") : t("popup_site_off");
  }

  /** On by the setting for all sites: only there it can be turned off. */
  #everywhere(): boolean {
    return ALL_SITES.some(
      (pattern) => this.#settings.sites.includes(pattern) && covers(pattern, this.#page?.address ?? ""),
    );
  }

  #turn(): void {
    const site = this.#page?.site;
    if (site === null || site === undefined) {
      return;
    }
    if (this.#button.getAttribute("aria-checked") === "true") {
      void this.#off();
      return;
    }
    // The browser's question may close the popup: the choice is kept at once, and taken back where the answer is no.
    const allowed = allow([site, this.#settings.private ? null : patternOfServer(this.#settings.server)]);
    void this.#on(site, allowed);
  }

  async #on(site: string, allowed: Promise<boolean>): Promise<void> {
    const { sites } = this.#settings;
    await changeSettings({ sites: [...new Set([...sites, site])] });
    this.#refused = !(await allowed);
    if (this.#refused) {
      await changeSettings({ sites });
    }
    await this.show({ ...this.#settings, sites: this.#refused ? sites : [...new Set([...sites, site])] });
  }

  async #off(): Promise<void> {
    const address = this.#page?.address ?? "";
    const gone = this.#settings.sites.filter((site) => covers(site, address));
    const settings = await changeSettings({ sites: this.#settings.sites.filter((site) => !gone.includes(site)) });
    this.#refused = false;
    await this.show(settings);
    await giveBack(gone, settings);
  }
}

function hostOf(site: string): string {
  return site.replace(/^.*:\/\//, "").replace(/\/\*$/, "");
}
