/** Answers tests/integration/test_private_parity.py, line by line: what private mode makes of a text. */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { stances } from "../src/private/calibration.ts";
import type { Calibration } from "../src/private/header.ts";
import { normalise, sought } from "../src/private/normalise.ts";
import { Postings } from "../src/private/postings.ts";
import { Tokenizer } from "../src/private/tokenizer.ts";
import { casefold } from "../src/private/unicode.ts";
import { queryWords, words } from "../src/private/words.ts";

interface Asked {
  texts?: string[];
  records?: string[][];
  queries?: string[];
  calibration?: Calibration;
  readings?: { beside: number[]; alone: number[]; near: number }[];
}

const tokenizers = process.argv.slice(2).map((path) => new Tokenizer(readFileSync(path, "utf8")));

function read(text: string): unknown {
  return {
    words: words(text),
    query: queryWords(text),
    normalised: normalise(text),
    sought: sought(text),
    folded: casefold(text),
    tokens: tokenizers.map((tokenizer) => tokenizer.tokens(text)),
  };
}

function search(records: string[][], queries: string[]): unknown {
  const postings = new Postings(records.map((texts) => texts.flatMap(words)));
  return queries.map((query) => postings.search(queryWords(query), 10));
}

/** What the calibration makes of both readings of a pair. */
function judged({ calibration, readings = [] }: Asked): unknown {
  return readings.map(({ near, ...both }) => calibration && stances(calibration, both, near));
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as Asked;
  const { texts = [], records = [], queries = [] } = asked;
  const answer = { texts: texts.map(read), hits: search(records, queries), judged: judged(asked) };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
