/** Private mode: what it needs, how far it is, and the key that it trusts. */

import { tell, type PrivateStatus } from "../messages.ts";
import { button, byId, element } from "../pages/elements.ts";
import { allow, patternOfServer } from "../pages/permissions.ts";
import type { Settings } from "../settings.ts";
import { language, t } from "../words.ts";
import { save } from "./saved.ts";

const EVERY_MS = 500;
const KEY_CHANGED = "private_key_changed";

export class PrivateMode {
  readonly #switch = byId("private", HTMLButtonElement);
  readonly #state = byId("private-state", HTMLElement);
  readonly #progress = byId("private-progress", HTMLElement);
  readonly #actions = byId("private-actions", HTMLElement);
  #settings: Settings;
  #status: PrivateStatus | undefined;
  #following = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#switch.addEventListener(
      "click",
      () => void save({ private: this.#switch.getAttribute("aria-checked") !== "true" }),
    );
  }

  /** Show how it is with these settings. */
  async show(settings: Settings): Promise<void> {
    this.#settings = settings;
    this.#switch.setAttribute("aria-checked", String(settings.private));
    await this.#refresh();
  }

  /** Ask once, and again while something is being downloaded. */
  async #refresh(): Promise<void> {
    const status = await tell("private-status", {}).catch(() => undefined);
    if (status !== undefined) {
      this.#show(status);
    }
    if (status?.state === "downloading" && !this.#following) {
      void this.#follow();
    }
  }

  async #follow(): Promise<void> {
    this.#following = true;
    while (this.#status?.state === "downloading") {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      const status = await tell("private-status", {}).catch(() => undefined);
      if (status !== undefined) {
        this.#show(status);
      }
    }
    this.#following = false;
  }

  /** Called from a click: the service must be reachable for the download. */
  #install(accept: boolean): void {
    const allowed = allow([patternOfServer(this.#settings.server)]);
    void this.#download(allowed, accept);
  }

  async #download(allowed: Promise<boolean>, accept: boolean): Promise<void> {
    if (!(await allowed)) {
      this.#state.replaceChildren(notice("warning", t("options_server_refused")));
      return;
    }
    this.#show({ ...(this.#status ?? { done: 0, total: 0 }), state: "downloading" });
    const done = tell("private-install", accept ? { accept } : {}).catch(() => undefined);
    if (!this.#following) {
      void this.#follow();
    }
    const status = await done;
    if (status === undefined) {
      await this.#refresh();
    } else {
      this.#show(status);
    }
  }

  async #remove(): Promise<void> {
    const status = await tell("private-remove", {}).catch(() => undefined);
    if (status !== undefined) {
      this.#show(status);
      this.#switch.focus();
    }
  }

  #show(status: PrivateStatus): void {
    const before = this.#status;
    this.#status = status;
    this.#showProgress(status);
    // Told anew only where something else is the case: a screen reader would read every half second.
    if (
      JSON.stringify({ ...before, done: 0 }) !== JSON.stringify({ ...status, done: 0 }) ||
      this.#state.childElementCount === 0 ||
      this.#state.lang !== language()
    ) {
      this.#state.lang = language();
      this.#state.replaceChildren(...this.#told(status));
      this.#actions.replaceChildren(...this.#choices(status));
    }
  }

  #showProgress({ state, done, total }: PrivateStatus): void {
    if (state !== "downloading") {
      this.#progress.replaceChildren();
      return;
    }
    const bar =
      this.#progress.querySelector("progress") ??
      element("progress", { "aria-label": t("options_private_downloading") });
    const words = this.#progress.querySelector("p") ?? element("p", { class: "hint" });
    if (total > 0) {
      bar.max = total;
      bar.value = done;
    }
    words.textContent = total > 0 ? t("options_private_progress", size(done), size(total)) : "";
    if (bar.parentNode === null) {
      this.#progress.replaceChildren(bar, words);
    }
  }

  #told(status: PrivateStatus): HTMLElement[] {
    switch (status.state) {
      case "absent":
        return this.#settings.private ? [notice("warning", t("options_private_absent"))] : [];
      case "downloading":
        return [element("p", {}, t("options_private_downloading"))];
      case "ready":
        return [
          notice("good", t(this.#settings.private ? "options_private_on" : "options_private_ready")),
          facts(status),
        ];
      case "slow":
        return [notice("warning", t("options_private_slow", milliseconds(status.msPerHeadline ?? 0))), facts(status)];
      case "failed":
        return [notice("bad", t(status.problem ?? "options_private_failed")), facts(status)];
    }
  }

  #choices(status: PrivateStatus): HTMLButtonElement[] {
    const remove = button(t("options_private_remove"), () => this.#remove());
    switch (status.state) {
      case "absent":
        return [button(t("options_private_download"), () => this.#install(false), "primary")];
      case "downloading":
        return [remove];
      case "ready":
        return [button(t("options_private_update"), () => this.#install(false)), remove];
      case "slow":
        return [remove];
      case "failed":
        return status.problem === KEY_CHANGED
          ? [button(t("options_private_accept"), () => this.#install(true)), remove]
          : [button(t("options_private_again"), () => this.#install(false), "primary"), remove];
    }
  }
}

function notice(tone: string, text: string): HTMLElement {
  return element("div", { class: `notice ${tone}` }, element("p", {}, text));
}

/** What is on the device, as far as it is known. */
function facts(status: PrivateStatus): HTMLElement {
  const number = new Intl.NumberFormat(language());
  const when = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" });
  const known: [string, string | undefined][] = [
    ["options_private_records", status.records === undefined ? undefined : number.format(status.records)],
    ["options_private_size", status.total > 0 ? size(status.total) : undefined],
    ["options_private_checked", status.checkedAt === undefined ? undefined : when.format(status.checkedAt)],
    ["options_private_speed", status.msPerHeadline === undefined ? undefined : milliseconds(status.msPerHeadline)],
  ];
  const rows = known
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => row(name, element("span", {}, value ?? "")));
  if (status.fingerprint !== undefined) {
    rows.push(row("options_private_key", element("code", {}, status.fingerprint)));
  }
  return element("dl", { class: "facts" }, ...rows);
}

function row(name: string, value: HTMLElement): HTMLElement {
  return element("div", {}, element("dt", {}, t(name)), element("dd", {}, value));
}

function size(bytes: number): string {
  return new Intl.NumberFormat(language(), { style: "unit", unit: "megabyte", maximumFractionDigits: 0 }).format(
    bytes / 1e6,
  );
}

function milliseconds(ms: number): string {
  return new Intl.NumberFormat(language(), {
    style: "unit",
    unit: "millisecond",
    unitDisplay: "long",
    maximumFractionDigits: 0,
  }).format(ms);
}
