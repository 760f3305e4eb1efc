/** Cut text into words for search by words: any script, never an error, as `service/words.py`, to the letter. */

import { FOLDED, MARK, RUN_CLASS, STOP_WORDS } from "./letters.ts";
import { stem } from "./stems.ts";
import { ALNUM, EDGE, SPACE, WORD, casefold, isAscii } from "./unicode.ts";

// A letter, or a number that is no digit: Roman numerals, fractions.
const LETTER = `[[${ALNUM}]--\\p{Nd}]`;
const MARKED_WORD = new RegExp(`\\p{Nd}+(?:\\.\\p{Nd}+)?|(?:${LETTER}+${MARK}*)+`, "gv");
const PLAIN_WORD = new RegExp(`\\p{Nd}+(?:\\.\\p{Nd}+)?|${LETTER}+`, "gv");
const ANY_MARK = new RegExp(MARK, "v");
const NOT_ASCII = /[^\x00-\x7f]+/gu;
const RUN = new RegExp(`[${RUN_CLASS}]+`, "v");
const RUNS = new RegExp(`[${RUN_CLASS}]+`, "gv");
const BEGINS_RUN = new RegExp(`^[${RUN_CLASS}]`, "v");
const CLUSTER = new RegExp(`[^${MARK}]${MARK}*|${MARK}+`, "gv");
const ONLY_ALNUM = new RegExp(`^[${ALNUM}]+$`, "u");

const HASHTAG = new RegExp(`#(${WORD}+)`, "gu");
const LETTER_OR_LINE = `[${LETTER}_]`;
const CASE_CHANGE = new RegExp(
  `(?<=[${LETTER}--[A-Z]])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|` +
    `(?<=${LETTER_OR_LINE})(?=\\p{Nd})|(?<=\\p{Nd})(?=${LETTER_OR_LINE})|_+`,
  "gv",
);
const POSSESSIVE = new RegExp(`(?<=${WORD})'s?(?!${WORD})`, "gu");
const ELISION = new RegExp(`${EDGE}(?:[cdjlmnst]|qu|dell|all|nell|dall|sull|un)'(?=${LETTER_OR_LINE})`, "gv");
const THOUSANDS = /(?<![\p{Nd}.,])\p{Nd}{1,3}(?:(?:,\p{Nd}{2,3})*,\p{Nd}{3}|(?:\.\p{Nd}{3})+)(?!\p{Nd})/gu;
const DECIMAL_COMMA = /(?<=\p{Nd}),(?=\p{Nd}{1,2}(?!\p{Nd}))/gu;
const SEPARATED_DIGITS = /\p{Nd}[.,]\p{Nd}/u;
const LINK = new RegExp(
  `https?://[^${SPACE}]*|${EDGE}www\\.[^${SPACE}]+|${EDGE}(?:pic\\.twitter\\.com|t\\.co|bit\\.ly)/[^${SPACE}]*`,
  "gu",
);

const STOPPED = new Set([...STOP_WORDS, ...[...STOP_WORDS].map(stem)]);
const MOST_WORDS = 40;

/** The words of a text, in order and with repetitions, as they are indexed and searched. */
export function words(text: string): string[] {
  const plain = normalised(text);
  if (!isAscii(plain) && RUN.test(plain)) {
    return unspaced(plain);
  }
  return (plain.match(ANY_MARK.test(plain) ? MARKED_WORD : PLAIN_WORD) ?? []).map(stem);
}

/** Distinct words to search for, in order of appearance: no links, no English stop words. */
export function queryWords(text: string, limit = MOST_WORDS): string[] {
  const distinct = new Set(words(text.replace(LINK, " ")));
  return [...distinct].filter((word) => !STOPPED.has(word)).slice(0, limit);
}

/** Lower case, folded, hashtags split, apostrophes and groups of digits resolved. */
function normalised(text: string): string {
  let left = isAscii(text) ? text : text.replace(NOT_ASCII, folded);
  left = casefold(left.replace(HASHTAG, (_, tag: string) => ` ${tag.replace(CASE_CHANGE, " ")} `));
  if (left.includes("'")) {
    left = left.replace(POSSESSIVE, "").replace(ELISION, " ").replaceAll("'", "");
  }
  if (SEPARATED_DIGITS.test(left)) {
    left = left.replace(THOUSANDS, (digits) => digits.replace(/[,.]/g, "")).replace(DECIMAL_COMMA, ".");
  }
  return left;
}

function folded(stretch: string): string {
  return Array.from(stretch.normalize("NFKD"), (letter) => FOLDED.get(letter) ?? letter).join("").normalize("NFC");
}

/** Words of a text that holds at least one run of a script without spaces. */
function unspaced(text: string): string[] {
  const found = text.replace(RUNS, " $& ").match(MARKED_WORD) ?? [];
  return found.flatMap((word) => (BEGINS_RUN.test(word) ? pairs(word) : [stem(word)]));
}

/** Overlapping pairs of characters (with their marks); a character that stands alone is kept. */
function pairs(run: string): string[] {
  // Marks are no letters, Han is.
  const clusters = ONLY_ALNUM.test(run) ? Array.from(run) : (run.match(CLUSTER) ?? []);
  return clusters.length === 1 ? clusters : clusters.slice(1).map((cluster, at) => `${clusters[at] ?? ""}${cluster}`);
}
