/**
 * Whether a text is in English. Browsers can tell little of a headline: of short texts in other languages they take a
 * third for what nobody knows, and some English ones for Norwegian. The stance model guesses at what it cannot read, so a
 * guess here may turn a denial into an accusation.
 *
 * The encoder's vocabulary was made from English: words of other languages come apart in it. With the share of function
 * words and of accents that tells them apart. tests/browser/test_extension_private.py holds it to the service's own
 * detector, and `benchmarks/private_mode.py` shows what is left of the difference in the verdicts.
 */

import { STOP_WORDS } from "./letters.ts";
import { isAscii } from "./unicode.ts";

/** A word, and how many pieces the vocabulary makes of it. */
export interface Word {
  text: string;
  pieces: number;
}

const ENGLISH = "en";
// Two words say nothing of their language.
const SHORT = 12;
const LEAST = 0.6;
const [ACCENTS_COUNT, FOREIGN_COUNTS] = [2.5, 0.25];
// Letters from Greek on belong to other scripts.
const OTHER_SCRIPTS = 0x250;

/**
 * @param words of the text, as the encoder's tokenizer cuts it
 * @param told the language as `languageOf` has it from the browser; null where that is not sure
 */
export function isEnglish(text: string, words: readonly Word[], told: string | null): boolean {
  if (told === ENGLISH || (text.length < SHORT && isAscii(text))) {
    return true;
  }
  const letters = text.match(/\p{L}/gu) ?? [];
  const named = words.filter((word) => /\p{L}/u.test(word.text));
  if (named.length === 0 || share(letters, (letter) => (letter.codePointAt(0) ?? 0) >= OTHER_SCRIPTS) >= 0.5) {
    return false;
  }
  const whole = share(named, (word) => word.pieces === 1 && word.text.length > 1);
  const stops = share(named, (word) => STOP_WORDS.has(word.text));
  const accents = share(letters, (letter) => !isAscii(letter));
  return whole + stops - ACCENTS_COUNT * accents - (told === null ? 0 : FOREIGN_COUNTS) >= LEAST;
}

function share<T>(all: readonly T[], of: (one: T) => boolean): number {
  return all.length === 0 ? 0 : all.filter(of).length / all.length;
}
