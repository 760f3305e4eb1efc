/** Text as the service sees it, where its language and this one differ: held to it by test_private_parity.py. */

/** White space, for a class of a regular expression: not that of `\s`, which has U+FEFF and lacks some controls. */
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
/** Letters and numbers of any script; with the underscore they are what words are made of. */
export const ALNUM = "\\p{L}\\p{N}";
export const WORD = `[${ALNUM}_]`;
/** What `\b` is for words of any script. */
export const EDGE = `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`;

const SPACES = new RegExp(`[${SPACE}]+`, "gu");
const NOT_ASCII = /[^\x00-\x7f]/u;
// Upper case and then lower case is the folding, but for these: dotless i, the capital sharp s, and Cherokee.
const UNFOLDED = /[\u0131\u13a0-\u13f5\u1e9e\u{ab70}-\u{abbf}\u13f8-\u13fd]/u;
const CHEROKEE_SMALL = 0xab70;
const CHEROKEE_CAPITAL = 0x13a0;
const CHEROKEE_LAST = 0x13f8;
const CHEROKEE_ROW = 8;

export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/** One space for each stretch of white space, none at the ends. */
export function tidied(text: string): string {
  return text.replace(SPACES, " ").replace(/^ | $/g, "");
}

/** Without the white space at both ends. */
export function stripped(text: string): string {
  return text.replace(new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "gu"), "");
}

/** Full case folding: what is the same but for its case becomes the same. */
export function casefold(text: string): string {
  return isAscii(text) ? text.toLowerCase() : Array.from(text, folded).join("");
}

/** Length in characters, not in units of UTF-16. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) {
    length += 1;
  }
  return length;
}

function folded(character: string): string {
  if (!UNFOLDED.test(character)) {
    return character.toUpperCase().toLowerCase();
  }
  if (character === "\u1e9e") {
    return "ss";
  }
  const point = character.codePointAt(0) ?? 0;
  if (point >= CHEROKEE_SMALL) {
    return String.fromCodePoint(point - CHEROKEE_SMALL + CHEROKEE_CAPITAL);
  }
  const last = point >= CHEROKEE_LAST && point < CHEROKEE_LAST + CHEROKEE_ROW;
  return last ? String.fromCodePoint(point - CHEROKEE_ROW) : character;
}
