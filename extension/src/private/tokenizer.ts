/**
 * WordPiece (Wu and others 2016) as BERT cuts text, read from a model's own `tokenizer.json`. Held to the service's
 * library by tests/integration/test_private_parity.py, over every character and thousands of texts.
 *
 * No token of a model is looked for in a text: "[SEP]" in a headline is five characters.
 */

import type { Word } from "./english.ts";
import { lengthOf } from "./unicode.ts";

const CHINESE = new RegExp(
  "[\\u4e00-\\u9fff\\u3400-\\u4dbf\\uf900-\\ufaff\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2b73f}" +
    "\\u{2b740}-\\u{2b81f}\\u{2b920}-\\u{2ceaf}\\u{2f800}-\\u{2fa1f}]",
  "u",
);
const SPACES = "\\t\\n\\r \\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SPACE = new RegExp(`[${SPACES}]`, "u");
const PLAIN = /^[\x20-\x7e]*$/;
// The library's tables are those of Unicode 8: of what came later it knows neither marks nor punctuation.
const LATER_MARKS =
  "\\u07fd\\u0897-\\u089f\\u08ca-\\u08e1\\u09fe\\u0afa-\\u0aff\\u0b55\\u0c04\\u0c3c\\u0d00\\u0d3b" +
  "\\u0d3c\\u0d81\\u0eba\\u0ece\\u180f" +
  "\\u1885-\\u1886\\u1abf-\\u1add\\u1ae0-\\u1aeb\\u1df6-\\u1dfb\\ua82c\\ua8c5\\ua8ff\\ua9bd\\u{10d24}-\\u{10d27}" +
  "\\u{10d69}-\\u{10d6d}\\u{10eab}-\\u{10eac}\\u{10efa}-\\u{10eff}\\u{10f46}-\\u{10f50}\\u{10f82}-\\u{10f85}" +
  "\\u{11070}\\u{11073}-\\u{11074}\\u{110c2}\\u{111c9}\\u{111cf}\\u{1123e}\\u{11241}\\u{1133b}\\u{113bb}-\\u{113c0}" +
  "\\u{113ce}\\u{113d0}\\u{113d2}\\u{113e1}-\\u{113e2}\\u{11438}-\\u{1143f}\\u{11442}-\\u{11444}\\u{11446}" +
  "\\u{1145e}\\u{1182f}-\\u{11837}\\u{11839}-\\u{1183a}\\u{1193b}-\\u{1193c}\\u{1193e}\\u{11943}" +
  "\\u{119d4}-\\u{119d7}\\u{119da}-\\u{119db}\\u{119e0}\\u{11a01}-\\u{11a0a}\\u{11a33}-\\u{11a38}" +
  "\\u{11a3b}-\\u{11a3e}\\u{11a47}\\u{11a51}-\\u{11a56}\\u{11a59}-\\u{11a5b}\\u{11a8a}-\\u{11a96}" +
  "\\u{11a98}-\\u{11a99}\\u{11b60}\\u{11b62}-\\u{11b64}\\u{11b66}\\u{11c30}-\\u{11c36}\\u{11c38}-\\u{11c3d}" +
  "\\u{11c3f}\\u{11c92}-\\u{11ca7}\\u{11caa}-\\u{11cb0}\\u{11cb2}-\\u{11cb3}\\u{11cb5}-\\u{11cb6}" +
  "\\u{11d31}-\\u{11d36}\\u{11d3a}\\u{11d3c}-\\u{11d3d}\\u{11d3f}-\\u{11d45}\\u{11d47}\\u{11d90}-\\u{11d91}" +
  "\\u{11d95}\\u{11d97}\\u{11ef3}-\\u{11ef4}\\u{11f00}-\\u{11f01}\\u{11f36}-\\u{11f3a}\\u{11f40}\\u{11f42}" +
  "\\u{11f5a}\\u{13440}\\u{13447}-\\u{13455}\\u{1611e}-\\u{16129}\\u{1612d}-\\u{1612f}\\u{16f4f}\\u{16fe4}" +
  "\\u{1cf00}-\\u{1cf2d}\\u{1cf30}-\\u{1cf46}\\u{1e000}-\\u{1e006}\\u{1e008}-\\u{1e018}\\u{1e01b}-\\u{1e021}" +
  "\\u{1e023}-\\u{1e024}\\u{1e026}-\\u{1e02a}\\u{1e08f}\\u{1e130}-\\u{1e136}\\u{1e2ae}\\u{1e2ec}-\\u{1e2ef}" +
  "\\u{1e4ec}-\\u{1e4ef}\\u{1e5ee}-\\u{1e5ef}\\u{1e6e3}\\u{1e6e6}\\u{1e6ee}-\\u{1e6ef}\\u{1e6f5}" +
  "\\u{1e944}-\\u{1e94a}";
const LATER_PUNCTUATION =
  "\\u061d\\u09fd\\u0a76\\u0c77\\u0c84\\u1b4e-\\u1b4f\\u1b7d-\\u1b7f\\u2e43-\\u2e4f\\u2e52-\\u2e5d\\u{10d6e}" +
  "\\u{10ead}\\u{10ed0}\\u{10f55}-\\u{10f59}\\u{10f86}-\\u{10f89}\\u{113d4}-\\u{113d5}\\u{113d7}-\\u{113d8}" +
  "\\u{1144b}-\\u{1144f}\\u{1145a}-\\u{1145b}\\u{1145d}\\u{11660}-\\u{1166c}\\u{116b9}\\u{1183b}" +
  "\\u{11944}-\\u{11946}\\u{119e2}\\u{11a3f}-\\u{11a46}\\u{11a9a}-\\u{11a9c}\\u{11a9e}-\\u{11aa2}" +
  "\\u{11b00}-\\u{11b09}\\u{11be1}\\u{11c41}-\\u{11c45}\\u{11c70}-\\u{11c71}\\u{11ef7}-\\u{11ef8}" +
  "\\u{11f43}-\\u{11f4f}\\u{11fff}\\u{12ff1}-\\u{12ff2}\\u{16d6d}-\\u{16d6f}\\u{16e97}-\\u{16e9a}\\u{16fe2}" +
  "\\u{1e5ff}\\u{1e95e}-\\u{1e95f}";
// What it takes for such all the same.
const MARK = new RegExp(`[[\\p{Mn}--[${LATER_MARKS}]]\\u1734\\u{1171e}]`, "gv");
const LATER_CONTROLS = "\\u0890\\u0891\\u08e2\\u{110cd}\\u{13430}-\\u{1343f}";
const CONTROL = new RegExp(`[[\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}]--[${LATER_CONTROLS}]]|\\ufffd`, "v");
const PUNCTUATION = `[[\\p{P}--[${LATER_PUNCTUATION}]]\\u166d\\u{111c9}\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e]`;
const PIECES = new RegExp(`${PUNCTUATION}|[^${PUNCTUATION}${SPACES}]+`, "gv");
const LONGEST_WORD = 100;
const CONTINUED = "##";

/** A file that is no such tokenizer. */
export class TokenizerError extends Error {
  override readonly name = "TokenizerError";
}

export class Tokenizer {
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #unknown: number;

  /**
   * @param json the content of `tokenizer.json`
   * @throws TokenizerError for one of another kind: its tokens would be wrong without a word said.
   */
  constructor(json: string) {
    const { vocabulary, unknown } = described(json);
    this.#vocabulary = vocabulary;
    this.#unknown = this.idOf(unknown);
  }

  /** The number of a token. Throws `TokenizerError` where the vocabulary has none. */
  idOf(token: string): number {
    const id = this.#vocabulary.get(token);
    if (id === undefined) {
      throw new TokenizerError(`The vocabulary lacks ${token}`);
    }
    return id;
  }

  /** The numbers of a text's tokens, without those that a model wants around them. */
  tokens(text: string): number[] {
    return cut(text).flatMap((word) => this.#pieces(word));
  }

  /** The words of a text, and how many tokens each comes apart into. */
  words(text: string): Word[] {
    return cut(text).map((word) => ({ text: word, pieces: this.#pieces(word).length }));
  }

  /** The longest piece that the vocabulary has, and on from its end; one unknown token where a rest has no piece. */
  #pieces(word: string): number[] {
    const whole = this.#vocabulary.get(word);
    if (whole !== undefined) {
      return [whole];
    }
    if (lengthOf(word) > LONGEST_WORD) {
      return [this.#unknown];
    }
    const found: number[] = [];
    for (let start = 0; start < word.length; ) {
      const piece = this.#longest(word, start);
      if (piece === null) {
        return [this.#unknown];
      }
      found.push(piece.id);
      start = piece.end;
    }
    return found;
  }

  #longest(word: string, start: number): { id: number; end: number } | null {
    for (let end = word.length; end > start; end -= 1) {
      const part = word.slice(start, end);
      const id = this.#vocabulary.get(start > 0 ? CONTINUED + part : part);
      if (id !== undefined) {
        return { id, end };
      }
    }
    return null;
  }
}

function cut(text: string): string[] {
  // No UTF-8 exists for half a pair of surrogates.
  return normalised(text.replace(/\p{Cs}/gu, "?")).match(PIECES) ?? [];
}

/** Clean, spaces around Chinese, accents off, lower case: character by character, as the library does it. */
function normalised(text: string): string {
  if (PLAIN.test(text)) {
    return text.toLowerCase();
  }
  const cleaned = Array.from(text, (character) => {
    if (SPACE.test(character)) {
      return " ";
    }
    if (CONTROL.test(character)) {
      return "";
    }
    return CHINESE.test(character) ? ` ${character} ` : character;
  });
  const bare = cleaned.join("").normalize("NFD").replace(MARK, "");
  return Array.from(bare, (character) => character.toLowerCase()).join("");
}

function described(json: string): { vocabulary: ReadonlyMap<string, number>; unknown: string } {
  const { model, normalizer, pre_tokenizer: cutter } = fields(JSON.parse(json));
  const { vocab, unk_token: unknown } = fields(model);
  const known =
    has(model, { type: "WordPiece", continuing_subword_prefix: CONTINUED, max_input_chars_per_word: LONGEST_WORD }) &&
    has(normalizer, { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, lowercase: true }) &&
    has(normalizer, { strip_accents: null }) &&
    has(cutter, { type: "BertPreTokenizer" });
  if (!known || typeof unknown !== "string") {
    throw new TokenizerError("The tokenizer is of another kind");
  }
  const numbers = Object.entries(fields(vocab)).filter(([, id]) => Number.isSafeInteger(id)) as [string, number][];
  return { vocabulary: new Map(numbers), unknown };
}

function has(value: unknown, expected: Record<string, unknown>): boolean {
  const found = fields(value);
  return Object.entries(expected).every(([name, one]) => found[name] === one);
}

function fields(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) {
    throw new TokenizerError("The tokenizer cannot be read");
  }
  return value as Record<string, unknown>;
}
