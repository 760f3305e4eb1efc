/** What a claim says, without what a web page or a post puts around it: as `service/normalise.py`, to the letter. */

import { ALNUM, SPACE, WORD, casefold, isAscii, stripped, tidied } from "./unicode.ts";

// Without regard to case, "i" is also the dotless and the dotted one.
const I = "[i\u0130\u0131]";
const LINK = new RegExp(`(?:https?://|www\\.|p${I}c\\.tw${I}tter\\.com/|t\\.co/)[^${SPACE}]+`, "giu");
// The signature that an embedded post carries: "— Name (@handle) January 6, 2020".
const GAP = `[${SPACE}]+`;
const DAY = `${WORD}+${GAP}\\p{Nd}{1,2},${GAP}\\p{Nd}{4}`;
const SIGNATURE = new RegExp(`${GAP}[—–-]${GAP}([^—–\\n]{0,80})\\(@${WORD}{1,30}\\)${GAP}${DAY}[${SPACE}]*$`, "u");
const MENTION = new RegExp(`[@#](${WORD}+)`, "gu");
const CAMEL = /(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\p{Nd})/gu;
const PRINTABLE = /^[\x20-\x7e]*$/;
const RUN = new RegExp(`[${ALNUM}]+`, "gu");
// Scripts written without spaces: one run of letters there is a phrase, not a word.
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/gu;
const FEWEST_LETTERS_UNSPACED = 4;
const IS_SPACE = new RegExp(`[${SPACE}]`, "u");
// Bidirectional overrides, zero-width joints, terminal escapes; private use, surrogates; emoji.
const DROPPED = /[\p{Cc}\p{Co}\p{Cs}\p{So}\p{Sk}]/u;
// Digits of any script, and the numbers in circles and the like that normalising leaves as they are.
const DIGITS = new RegExp(
  "^[\\p{Nd}\\u1369-\\u1371\\u19da\\u24f5-\\u24fd\\u24ff\\u2776-\\u277e\\u2780-\\u2788\\u278a-\\u2792" +
    "\\u{10a40}-\\u{10a43}\\u{10e60}-\\u{10e68}\\u{11052}-\\u{1105a}]+$",
  "u",
);

// Words that pages use to speak of themselves. A short text made of nothing else is no claim, whatever their order.
const FURNITURE = new Set(
  `
    a about account ad ads advert advertisement advertising alert alerts all also and app apps archive article articles
    author authors back best book bookmark breaking browse by cart categories category channel click close comment
    comments contact contents continue cookie cookies copyright copy corrections day days download edition editions
    editor editors email enable events explore facebook faq featured feed follow for free from full gallery get help
    here home homepage hour hours in instagram invite join jump just latest learn less like link linkedin listen live
    load log login logout main manage menu min mins minute minutes month more most my navigation new newest news
    newsletter newsletters next no now of off on open opinion our out page pages pause photos picks play podcast
    podcasts policy popular preferences premium previous print privacy promoted ranked read reading recommended
    register related reply report reserved rights rss save script search section sections see send settings share
    shared shop show sign signup site sitemap skip sponsored stories story subscribe subscriber subscribers
    subscription support terms the this to today top topic topics trending tweet twitter unsubscribe up updated us use
    video videos view viewed watch week weeks whatsapp with x year years you your youtube ago am pm accept agree
  `.split(/\s+/),
);
const LONGEST_FURNITURE = 8;

export type Junk = "no words" | "page furniture" | "too short";

/** The text on one line, and why it is not worth the models' time, if it is not. */
export function normalise(text: string): { text: string; junk: Junk | null } {
  const cleaned = clean(text);
  return { text: cleaned, junk: junk(cleaned) };
}

/** What to search with: the claim as `clean` leaves it, and who said it where a post's signature names them. */
export function sought(text: string): string {
  const signed = SIGNATURE.exec(text);
  const who = signed?.[1] ?? "";
  return signed === null || stripped(who) === "" ? clean(text) : clean(`${text.slice(0, signed.index)} — ${who}`);
}

/** The text on one line, without links, control characters, emoji or a post's signature. */
export function clean(text: string): string {
  let left = text.replace(SIGNATURE, "").replace(LINK, " ");
  if (!isAscii(left)) {
    left = left.normalize("NFKC");
  }
  left = left.replace(MENTION, (_, tag: string) => tag.replace(CAMEL, " "));
  if (!PRINTABLE.test(left)) {
    left = Array.from(left, kept).join("");
  }
  return tidied(left);
}

function kept(letter: string): string {
  // Inside a word of Hindi or Persian a joiner is spelling: U+200C and U+200D stay.
  if (letter === "\u200c" || letter === "\u200d" || (letter >= " " && letter <= "~")) {
    return letter;
  }
  if (IS_SPACE.test(letter) || DROPPED.test(letter)) {
    return " ";
  }
  return /\p{Cf}/u.test(letter) ? "" : letter;
}

function junk(text: string): Junk | null {
  const words = casefold(text).match(RUN) ?? [];
  if (!/\p{L}/u.test(text)) {
    return "no words";
  }
  if (words.length <= LONGEST_FURNITURE && words.every((word) => FURNITURE.has(word) || DIGITS.test(word))) {
    return "page furniture";
  }
  const letters = text.match(UNSPACED)?.length ?? 0;
  return words.length < 2 && letters < FEWEST_LETTERS_UNSPACED ? "too short" : null;
}
