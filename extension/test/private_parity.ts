/** Answers tests/integration/test_private_parity.py, line by line: what private mode makes of a text. */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { normalise, sought } from "../src/private/normalise.ts";
import { Postings } from "../src/private/postings.ts";
import { Tokenizer } from "../src/private/tokenizer.ts";
import { casefold } from "../src/private/unicode.ts";
import { queryWords, words } from "../src/private/words.ts";

interface Asked {
  texts?: string[];
  records?: string[][];
  queries?: string[];
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

for await (const line of createInterface({ input: process.stdin })) {
  const { texts = [], records = [], queries = [] } = JSON.parse(line) as Asked;
  process.stdout.write(`${JSON.stringify({ texts: texts.map(read), hits: search(records, queries) })}\n`);
}
