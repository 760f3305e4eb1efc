/** The words of the interface, in the browser's language or in the one that the reader has chosen. */

import type { InterfaceLanguage } from "./settings.ts";

export interface Words {
  language: string;
  words: Record<string, string>;
}

let chosen: Words | null = null;

/** Speak in these words from now on; null for the browser's own choice. */
export function speak(words: Words | null): void {
  chosen = words;
}

/** A text of the interface. `$1` to `$9` in it stand for the values. Throws for a name that no locale has. */
export function t(name: string, ...values: string[]): string {
  const text = chosen?.words[name]?.replace(/\$([1-9])/g, (_, at: string) => values[Number(at) - 1] ?? "");
  const found = text ?? chrome.i18n.getMessage(name, values);
  if (!found) {
    throw new Error(`No locale has the words for ${name}`);
  }
  return found;
}

/** The language of the interface, as BCP 47. */
export function language(): string {
  return (chosen?.language ?? chrome.i18n.getMessage("language_tag")).replace("_", "-");
}

/** Which way the interface is read. */
export function direction(): "ltr" | "rtl" {
  return t("direction") === "rtl" ? "rtl" : "ltr";
}

/** Read the words of a language; only the extension's own pages and its background can. */
export async function readWords(language: InterfaceLanguage): Promise<Words> {
  const response = await fetch(chrome.runtime.getURL(`_locales/${language}/messages.json`));
  const messages = (await response.json()) as Record<string, { message: string }>;
  return { language, words: Object.fromEntries(Object.entries(messages).map(([name, { message }]) => [name, message])) };
}

/** Fill in a page: `data-t="name"` is an element's text, `data-t-title`, `data-t-label`, `data-t-placeholder` attributes. */
export function fillIn(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-t]")) {
    element.textContent = t(element.dataset["t"] ?? "");
  }
  const attributes = { tTitle: "title", tLabel: "aria-label", tPlaceholder: "placeholder" };
  for (const [key, attribute] of Object.entries(attributes)) {
    const selector = `[data-${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}]`;
    for (const element of root.querySelectorAll<HTMLElement>(selector)) {
      element.setAttribute(attribute, t(element.dataset[key] ?? ""));
    }
  }
}
