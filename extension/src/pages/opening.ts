/** Opening one of the extension's own pages: its words, their language and direction. */

import type { Settings } from "../settings.ts";
import { direction, fillIn, language, readWords, speak } from "../words.ts";

/** Put the page into the reader's language. Once more when another is chosen. */
export async function putIntoWords(chosen: Settings["interface"]): Promise<void> {
  speak(chosen === "" ? null : await readWords(chosen));
  document.documentElement.lang = language();
  document.documentElement.dir = direction();
  fillIn(document);
}
