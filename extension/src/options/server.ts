/** Which service is asked, and whether it answers. */

import { tell, type ServerTest } from "../messages.ts";
import { inWords } from "../pages/conditions.ts";
import { byId, element } from "../pages/elements.ts";
import { allow, giveBack, patternOfServer } from "../pages/permissions.ts";
import type { Settings } from "../settings.ts";
import { t } from "../words.ts";
import { readAddress } from "./address.ts";
import { save } from "./saved.ts";

export class Server {
  readonly #address = byId("server", HTMLInputElement);
  readonly #fault = byId("server-fault", HTMLElement);
  readonly #key = byId("key", HTMLInputElement);
  readonly #showKey = byId("key-show", HTMLButtonElement);
  readonly #test = byId("server-test", HTMLButtonElement);
  readonly #result = byId("server-result", HTMLElement);
  #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#address.value = settings.server;
    this.#key.value = settings.key;
    // Enter in a field presses this button too, so the browser's question may be asked either way.
    this.#test.addEventListener("click", (event) => {
      event.preventDefault();
      this.#saveAndTest();
    });
    this.#key.addEventListener("change", () => void save({ key: this.#key.value.trim() }));
    this.#showKey.addEventListener("click", () => this.#turnKey());
  }

  /** Take note of settings that were changed elsewhere; what is being typed stays. */
  show(settings: Settings): void {
    this.#settings = settings;
    this.#showKey.textContent = t(this.#key.type === "password" ? "options_key_show" : "options_key_hide");
  }

  /** Forget what was said in another language. */
  reword(): void {
    this.#result.replaceChildren();
    this.#say("");
  }

  #turnKey(): void {
    const hidden = this.#key.type === "password";
    this.#key.type = hidden ? "text" : "password";
    this.#showKey.setAttribute("aria-pressed", String(hidden));
    this.#showKey.textContent = t(hidden ? "options_key_hide" : "options_key_show");
  }

  #say(fault: string): void {
    this.#fault.textContent = fault;
    if (fault === "") {
      this.#address.removeAttribute("aria-invalid");
    } else {
      this.#address.setAttribute("aria-invalid", "true");
    }
  }

  #saveAndTest(): void {
    const address = readAddress(this.#address.value);
    this.#result.replaceChildren();
    if ("fault" in address) {
      this.#say(t(address.fault));
      this.#address.focus();
      return;
    }
    this.#say("");
    const allowed = allow([patternOfServer(address.origin)]);
    void this.#keep(address.origin, address.open, allowed);
  }

  async #keep(origin: string, open: boolean, allowed: Promise<boolean>): Promise<void> {
    const before = patternOfServer(this.#settings.server);
    // A key that was there before belongs to the server that was there before: another one is not to have it.
    if (origin !== this.#settings.server && this.#key.value.trim() === this.#settings.key) {
      this.#key.value = "";
    }
    const key = this.#key.value.trim();
    this.#address.value = origin;
    this.#settings = await save({ server: origin, key });
    this.#test.disabled = true;
    this.#result.replaceChildren(element("p", { class: "hint" }, t("options_server_testing")));
    const may = await allowed;
    const tested = may ? await tell("test-server", { server: origin, key }).catch(() => undefined) : undefined;
    this.#test.disabled = false;
    this.#result.replaceChildren(
      ...(open ? [warning(t("options_server_open"))] : []),
      may ? outcome(tested) : warning(t("options_server_refused")),
    );
    await giveBack(before === null ? [] : [before], this.#settings);
  }
}

function outcome(test: ServerTest | undefined): HTMLElement {
  const condition = test?.condition ?? { state: "unreachable" as const };
  if (test !== undefined && condition.state === "ready") {
    const facts = [
      [t("options_server_store"), test.storeVersion === undefined ? "" : String(test.storeVersion)],
      [t("options_server_model"), test.model ?? ""],
    ].filter(([, value]) => value !== "");
    const rows = facts.map(([name, value]) =>
      element("div", {}, element("dt", {}, name ?? ""), element("dd", {}, element("code", {}, value ?? ""))),
    );
    return element(
      "div",
      { class: "notice good" },
      element("p", {}, t("options_server_fine")),
      element("dl", { class: "facts" }, ...rows),
    );
  }
  const { text, advice, tone } = inWords(condition);
  return element("div", { class: `notice ${tone}` }, element("p", {}, text), element("p", {}, advice));
}

function warning(text: string): HTMLElement {
  return element("div", { class: "notice warning" }, element("p", {}, text));
}
