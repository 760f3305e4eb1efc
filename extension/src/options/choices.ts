/** What is marked, and in which languages. */

import { byId } from "../pages/elements.ts";
import { LANGUAGES, type Settings } from "../settings.ts";
import { language, t } from "../words.ts";
import { save } from "./saved.ts";

/** Codes of one reader; more would be a mistake. */
const MOST_LANGUAGES = 40;

/** Primary codes of languages from a list with commas; null where something in it is no language. */
export function readLanguages(typed: string): string[] | null {
  const words = typed.split(/[\s,،、;]+/).filter((word) => word !== "");
  const codes = words.map(codeOf);
  return codes.includes(null) || codes.length > MOST_LANGUAGES
    ? null
    : [...new Set(codes.filter((code) => code !== null))];
}

/** `zh` of `zh-Hans-CN`; null for what no browser has a name for, which is a slip of the pen. */
function codeOf(word: string): string | null {
  try {
    const code = new Intl.Locale(word.replaceAll("_", "-")).language;
    return new Intl.DisplayNames(["en"], { type: "language", fallback: "none" }).of(code) === undefined ? null : code;
  } catch {
    return null;
  }
}

export class Choices {
  readonly #radios = [...document.querySelectorAll<HTMLInputElement>("input[name=sensitivity]")];
  readonly #extras = byId("extras", HTMLInputElement);
  readonly #languages = byId("languages", HTMLInputElement);
  readonly #named = byId("languages-named", HTMLElement);
  readonly #fault = byId("languages-fault", HTMLElement);
  readonly #interface = byId("interface", HTMLSelectElement);

  constructor(settings: Settings) {
    this.#languages.value = settings.languages.join(", ");
    for (const radio of this.#radios) {
      radio.addEventListener(
        "change",
        () => void save({ sensitivity: radio.value === "careful" ? "careful" : "balanced" }),
      );
    }
    this.#extras.addEventListener("change", () => void save({ extras: this.#extras.checked }));
    this.#languages.addEventListener("change", () => this.#keepLanguages());
    this.#interface.addEventListener("change", () => {
      void save({ interface: LANGUAGES.find((one) => one === this.#interface.value) ?? "" });
    });
  }

  /** Forget what was said in another language. */
  reword(): void {
    this.#say("");
  }

  /** Show these settings. */
  show(settings: Settings): void {
    for (const radio of this.#radios) {
      radio.checked = radio.value === settings.sensitivity;
    }
    this.#extras.checked = settings.extras;
    this.#interface.value = settings.interface;
    this.#named.textContent =
      settings.languages.length === 0
        ? t("options_headlines_all")
        : t("options_headlines_some", names(settings.languages));
  }

  #say(fault: string): void {
    this.#fault.textContent = fault;
    if (fault === "") {
      this.#languages.removeAttribute("aria-invalid");
    } else {
      this.#languages.setAttribute("aria-invalid", "true");
    }
  }

  #keepLanguages(): void {
    const languages = readLanguages(this.#languages.value);
    this.#say(languages === null ? t("options_headlines_unreadable") : "");
    if (languages === null) {
      return;
    }
    this.#languages.value = languages.join(", ");
    void save({ languages });
  }
}

function names(codes: string[]): string {
  const display = new Intl.DisplayNames([language()], { type: "language" });
  return new Intl.ListFormat(language()).format(codes.map((code) => display.of(code) ?? code));
}
