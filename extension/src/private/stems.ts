/** Words without what grammar adds to them, in English, Arabic, Russian and Hindi: as `service/words.py` does it. */

import { isAscii, lengthOf } from "./unicode.ts";

// Letters a stem keeps, and a word needs to be stemmed at all.
const SHORTEST = 4;
const SHORTEST_OTHER = 3;
const INFLECTIONS = "ingly edly ing ed".split(" ");
const DERIVATIONS = "ization isation ational ation ition ment ness ful ive able ible ize ise ate at ion ity al or er ic".split(" ");
const ARABIC = /^[\u0621-\u064a\u0679\u067e\u0686\u0688\u0691\u06af]/;
const ARABIC_PREFIXES = "وال بال كال فال ال لل".split(" ");
const ARABIC_SUFFIXES = "ها ان ات ون ين يه ه ي".split(" ");
const CYRILLIC = /^[\u0430-\u044f\u0454\u0456]/;
const CYRILLIC_SUFFIXES = (
  "иями ями ами ого его ому ему ыми ими ая яя ое ее ые ие ыи ии ои ую юю ых их ым им ом ем ов ев еи ам " +
  "ям ах ях ию ия ью а я о е ы и і у ю ь"
).split(" ");
const DEVANAGARI = /^[\u0904-\u0939]/;
const DEVANAGARI_SUFFIXES = "ियों ियां ाओं ाएं ुओं ुएं ों ें ीं ां ो े ी ा ि ु ू".split(" ");

/** A word without its endings; one of another language, or a short one, as it is. */
export function stem(word: string): string {
  if (isAscii(word)) {
    return word.length >= SHORTEST && /^[a-z]+$/i.test(word) ? english(word) : word;
  }
  if (lengthOf(word) < SHORTEST) {
    return word;
  }
  if (ARABIC.test(word)) {
    return arabic(word);
  }
  if (CYRILLIC.test(word)) {
    return withoutEnding(word, CYRILLIC_SUFFIXES);
  }
  return DEVANAGARI.test(word) ? withoutEnding(word, DEVANAGARI_SUFFIXES) : word;
}

/** English suffixes off, in the order of Porter (1980) but in one pass and with a third of its rules. */
function english(word: string): string {
  let left = withoutDerivation(withoutInflection(withoutPlural(word)));
  if (left.length > SHORTEST && left.endsWith("ly")) {
    left = left.slice(0, -2);
  }
  if (left.length >= SHORTEST && left.endsWith("e")) {
    left = left.slice(0, -1);
  }
  return left.length >= SHORTEST && left.endsWith("y") ? `${left.slice(0, -1)}i` : left;
}

function withoutPlural(word: string): string {
  if (!word.endsWith("s") || /[su]s$/.test(word) || word === "news") {
    return word;
  }
  if (word.endsWith("ies") && word.length > "ties".length) {
    return `${word.slice(0, -3)}y`;
  }
  return word.slice(0, /(?:sses|shes|ches|xes|zes)$/.test(word) ? -2 : -1);
}

function withoutInflection(word: string): string {
  const suffix = INFLECTIONS.find((ending) => word.endsWith(ending)) ?? "";
  const left = word.slice(0, word.length - suffix.length);
  if (suffix === "" || !/[aeiouy]/.test(left.slice(0, -1))) {
    return word;
  }
  const doubled = left.at(-1) === left.at(-2) && !/[lsz]$/.test(left);
  return doubled ? left.slice(0, -1) : left;
}

function withoutDerivation(word: string): string {
  const suffix = DERIVATIONS.find((ending) => word.endsWith(ending)) ?? "";
  return word.length - suffix.length >= SHORTEST ? word.slice(0, word.length - suffix.length) : word;
}

/** Article and endings off: light10 of Larkey, Ballesteros and Connell (2007), without its rule for a lone waw. */
function arabic(word: string): string {
  const prefix = ARABIC_PREFIXES.find((start) => word.startsWith(start) && leaves(word, start)) ?? "";
  let left = word.slice(prefix.length);
  for (const suffix of ARABIC_SUFFIXES) {
    if (left.endsWith(suffix) && leaves(left, suffix)) {
      left = left.slice(0, left.length - suffix.length);
    }
  }
  return left;
}

/** A word without the first of the endings that leaves a stem: they stand longest first. */
function withoutEnding(word: string, suffixes: readonly string[]): string {
  const suffix = suffixes.find((ending) => word.endsWith(ending) && leaves(word, ending)) ?? "";
  return word.slice(0, word.length - suffix.length);
}

/** Whether a stem is left when a part goes. */
function leaves(word: string, part: string): boolean {
  return lengthOf(word) - part.length >= SHORTEST_OTHER;
}
