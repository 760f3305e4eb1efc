/** What letters are folded to before words are compared, as `service/words.py` does it. */

type Block = readonly [number, number];

const MARK_BLOCKS: Block[] = [[0x300, 0x1e00], [0x20d0, 0x2100], [0x302a, 0x309b], [0xa660, 0xac00]];
const DIGIT_BLOCKS: Block[] = [[0x660, 0x1b60], [0xa620, 0xac00]];
const SYMBOL_BLOCKS: Block[] = [[0xa0, 0xc0], [0x2000, 0x2c00], [0x1f000, 0x1fb00]];
const DECORATION_BLOCKS: Block[] = [[0x300, 0x6ee], [0x93c, 0x93d]];
const INVISIBLE = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f";
// Arabic script: letters that differ by language and by habit only. So do, in Hindi, the two signs of a nasal vowel.
const LETTERS: Record<string, string> = {
  "\u0649": "\u064a", "\u06cc": "\u064a", "\u06d2": "\u064a", "\u06a9": "\u0643", "\u0629": "\u0647",
  "\u06c1": "\u0647", "\u06be": "\u0647", "\u06d5": "\u0647", "\u06ba": "\u0646", "\u0901": "\u0902",
  "\u2019": "'", "\u2018": "'", "ʼ": "'", "`": "'", "´": "'", "\uff07": "'", "ø": "o", "Ø": "o", "ł": "l",
  "Ł": "l", "đ": "d", "Đ": "d", "ı": "i", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe",
};

/** Marks of any script, as a class for a regular expression with the flag "v". */
export const MARK = `[\\p{M}&&[${MARK_BLOCKS.map(([start, end]) => `${point(start)}-${point(end - 1)}`).join("")}]]`;
/** Scripts written without spaces, or (Hangul) with particles glued to the word; as the inside of such a class. */
export const RUN_CLASS =
  "\\u0e01-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff" +
  "\\u3005-\\u3007\\u3041-\\u312f\\u31f0-\\u31ff" +
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7a3\\u{20000}-\\u{3ffff}";
export const STOP_WORDS: ReadonlySet<string> = new Set(
  `
    a about above after again all also am an and any are as at be because been before being below
    between both but by can cannot could did do does doing down during each few for from further get got
    had has have having he her here hers herself him himself his how i if in into is it its itself just
    let me more most my myself no nor not now of off on once only or other our ours ourselves out over
    own same she should so some such than that the their theirs them themselves then there these they
    this those through to too under until up us very was we were what when where which while who whom
    why will with would you your yours yourself arent cant couldnt didnt doesnt dont hadnt hasnt havent
    hes id ill im isnt ive shes shouldnt thats theres theyre theyve wasnt were weve werent whats wont
    wouldnt youre youve rt via amp
  `
    .trim()
    .split(/\s+/),
);
/** What a character becomes after decomposition; those that stay are missing. */
export const FOLDED: ReadonlyMap<string, string> = new Map([
  ...digits(),
  ...characters(DECORATION_BLOCKS).filter(decorates).map(onto("")),
  ...characters(SYMBOL_BLOCKS).filter((character) => !/[\p{L}\p{N}]/u.test(character)).map(onto(" ")),
  ...Array.from(INVISIBLE, onto("")),
  ...Object.entries(LETTERS),
]);

function point(number: number): string {
  return `\\u{${number.toString(16)}}`;
}

function characters(blocks: Block[]): string[] {
  return blocks.flatMap(([start, end]) => {
    return Array.from({ length: end - start }, (_, at) => String.fromCodePoint(start + at));
  });
}

function onto(plain: string): (character: string) => [string, string] {
  return (character) => [character, plain];
}

/** Digits of each script stand in a row, from zero on. */
function digits(): [string, string][] {
  let next = 0;
  return characters(DIGIT_BLOCKS).flatMap((character): [string, string][] => {
    const digit = /\p{Nd}/u.test(character);
    next = digit ? next + 1 : 0;
    return digit ? [[character, `${(next - 1) % 10}`]] : [];
  });
}

/** Whether a mark only decorates: accents, Arabic vowel signs and hamza, Hebrew points, tatweel, nukta. */
function decorates(character: string): boolean {
  const point = character.codePointAt(0) ?? 0;
  const semitic = point >= 0x591 && point <= 0x6ed && (/\p{Mn}/u.test(character) || point === 0x640);
  return (point >= 0x300 && point <= 0x36f) || point === 0x93c || semitic;
}
