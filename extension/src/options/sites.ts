/** Which sites are looked at: a list, a field to add one, and a switch for all. */

import { button, byId, element } from "../pages/elements.ts";
import { allow, ALL_SITES, giveBack, isAllowed, patternOfServer } from "../pages/permissions.ts";
import type { Settings } from "../settings.ts";
import { t } from "../words.ts";
import { sitesMeant } from "./address.ts";
import { save } from "./saved.ts";

/** Patterns that a reader sees as one site: with and without `www.`, of both schemes. */
export interface Site {
  name: string;
  patterns: string[];
}

/** The sites of these patterns, in the order of their names; those of all sites are none. */
export function sitesOf(patterns: string[]): Site[] {
  const sites = new Map<string, string[]>();
  for (const pattern of patterns.filter((one) => !ALL_SITES.includes(one))) {
    const name = pattern
      .replace(/^.*?:\/\//, "")
      .replace(/\/\*$/, "")
      .replace(/^www\./, "");
    sites.set(name, [...(sites.get(name) ?? []), pattern]);
  }
  return [...sites]
    .map(([name, own]) => ({ name, patterns: own }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

export class Sites {
  readonly #list = byId("sites-list", HTMLUListElement);
  readonly #none = byId("sites-none", HTMLElement);
  readonly #welcome = byId("welcome", HTMLElement);
  readonly #site = byId("site", HTMLInputElement);
  readonly #fault = byId("site-fault", HTMLElement);
  readonly #all = byId("all", HTMLButtonElement);
  #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
    byId("site-add", HTMLButtonElement).addEventListener("click", (event) => {
      event.preventDefault();
      this.#add();
    });
    this.#all.addEventListener("click", () => this.#turnAll());
  }

  /** Show the sites of these settings. */
  async show(settings: Settings): Promise<void> {
    this.#settings = settings;
    const everywhere = ALL_SITES.every((pattern) => settings.sites.includes(pattern));
    const items = await Promise.all(sitesOf(settings.sites).map((site) => this.#item(site)));
    this.#list.replaceChildren(...items);
    this.#none.hidden = items.length > 0 || everywhere;
    this.#welcome.hidden = settings.sites.length > 0;
    this.#all.setAttribute("aria-checked", String(everywhere));
  }

  /** Forget what was said in another language. */
  reword(): void {
    this.#say("");
  }

  async #item(site: Site): Promise<HTMLElement> {
    const allowed = await Promise.all(site.patterns.map(isAllowed));
    const remove = button(t("options_site_remove"), () => this.#remove(site), "quiet");
    remove.setAttribute("aria-label", t("options_site_remove_named", site.name));
    const name = element("span", { class: "name" }, element("bdi", { dir: "ltr" }, site.name));
    if (allowed.some(Boolean)) {
      return element("li", {}, name, remove);
    }
    const again = button(t("options_site_allow"), () => this.#allow(site.patterns), "quiet");
    return element("li", {}, name, again, remove, element("span", { class: "waits" }, t("options_site_waits")));
  }

  #say(fault: string): void {
    this.#fault.textContent = fault;
    if (fault === "") {
      this.#site.removeAttribute("aria-invalid");
    } else {
      this.#site.setAttribute("aria-invalid", "true");
      this.#site.focus();
    }
  }

  #add(): void {
    const patterns = sitesMeant(this.#site.value);
    if (patterns.length === 0) {
      this.#say(t("options_site_unreadable"));
      return;
    }
    this.#say("");
    void this.#keep(patterns, this.#ask(patterns)).then((kept) => {
      if (kept) {
        this.#site.value = "";
      }
    });
  }

  /** The service must be reachable as well: one question of the browser for both. */
  #ask(patterns: string[]): Promise<boolean> {
    return allow([...patterns, this.#settings.private ? null : patternOfServer(this.#settings.server)]);
  }

  #allow(patterns: string[]): void {
    void this.#ask(patterns).then(() => this.show(this.#settings));
  }

  async #keep(patterns: string[], asked: Promise<boolean>): Promise<boolean> {
    if (!(await asked)) {
      this.#say(t("options_site_refused"));
      return false;
    }
    await this.show(await save({ sites: [...new Set([...this.#settings.sites, ...patterns])] }));
    return true;
  }

  async #remove({ patterns }: Site): Promise<void> {
    const settings = await save({ sites: this.#settings.sites.filter((site) => !patterns.includes(site)) });
    await this.show(settings);
    this.#site.focus();
    await giveBack(patterns, settings);
  }

  #turnAll(): void {
    if (this.#all.getAttribute("aria-checked") === "true") {
      void this.#remove({ name: "", patterns: ALL_SITES }).then(() => this.#all.focus());
    } else {
      void this.#keep(ALL_SITES, allow(ALL_SITES));
    }
  }
}
