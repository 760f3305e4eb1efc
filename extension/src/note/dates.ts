/** Days as readers write them. */

import { language } from "../words.ts";
import { make } from "./elements.ts";
import { plain } from "./plain.ts";

/** A day in the reader's language. What is no day is shown as it came. */
export function date(document: Document, day: string): HTMLElement {
  const at = /^\d{4}-\d\d-\d\d$/.test(day) ? new Date(`${day}T00:00:00Z`) : null;
  if (at === null || Number.isNaN(at.getTime())) {
    return make(document, "bdi", {}, plain(day, 40));
  }
  const words = new Intl.DateTimeFormat(language(), { dateStyle: "long", timeZone: "UTC" }).format(at);
  return make(document, "time", { datetime: day }, words);
}
