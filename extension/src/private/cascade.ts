/** The service's cascade on this device: from a text to what its answer would be, asking nobody. */

import type { Answer, Record_ } from "../answers.ts";
import { nearness, stances, type Readings } from "./calibration.ts";
import { isEnglish, type Word } from "./english.ts";
import type { Collection } from "./collection.ts";
import type { PackedRecord } from "./index_file.ts";
import { affirming, contest, decide, settling, unmatched, type Decided, type Judged, type Matched } from "./judgement.ts";
import { normalise, sought } from "./normalise.ts";
import { best } from "./search.ts";
import { queryWords } from "./words.ts";

/** A text that somebody wants to know about. */
export interface Question {
  text: string;
  /** BCP 47; null where it is not known. */
  language: string | null;
}

export interface Pair {
  claim: string;
  rumor: string;
  /** Empty for none. */
  statement: string;
}

/** The networks. */
export interface Reader {
  /** The vector of a text, of length 1. */
  encode(text: string): Promise<Float32Array>;
  /** The words of a text, as the encoder has them. */
  words(text: string): Word[];
  /** Probabilities of asserts, denies and other for each pair. */
  judge(pairs: readonly Pair[]): Promise<number[][]>;
}

/** A record that may be about a text. */
export interface Candidate {
  at: number;
  id: string;
  row: number;
  similarity: number;
  words: number;
  nearness: number;
}

const MATCHES = 2;
const BY_WORDS = "Nor does the encoder, so only shared words and names count.";
const [ENGLISH, UNKNOWN] = ["en", "und"];

/** The records nearest to a text, the nearest first: by vectors, and by words. */
export async function candidates(
  text: string,
  collection: Collection,
  reader: Reader,
  deep: number,
): Promise<Candidate[]> {
  const claim = sought(text);
  const near = collection.vectors.nearest(await reader.encode(claim));
  const worded = new Map(collection.postings.search(queryWords(claim), deep).map((hit) => [hit.at, hit]));
  const places = new Set([...best(near, deep).map(({ at }) => at), ...worded.keys()]);
  const { header, records } = collection;
  const found = [...places].map((at): Candidate => {
    const { row, cosine } = near[at] ?? { row: 0, cosine: 0 };
    const hit = worded.get(at);
    return {
      ...{ at, row, similarity: cosine, id: records[at]?.id ?? "", words: hit?.coverage ?? 0 },
      nearness: nearness(header.calibration, cosine, hit?.evidence ?? 0, records.length),
    };
  });
  return found.sort((a, b) => b.nearness - a.nearness || (a.id < b.id ? -1 : Number(a.id > b.id)));
}

/** What is known of a text. */
export async function check(question: Question, collection: Collection, reader: Reader): Promise<Answer> {
  const { text, junk } = normalise(question.text);
  const { calibration } = collection.header;
  if (junk !== null) {
    return answerOf({ verdict: unmatched(1), matches: [] });
  }
  const most = Math.max(calibration.judged, MATCHES);
  const found = await candidates(question.text, collection, reader, Math.max(2 * calibration.judged, MATCHES));
  const kept = found.filter((one) => one.nearness >= calibration.gate).slice(0, most);
  const judged = await judge(text, question.language, kept, collection, reader);
  const decided = decide(judged, calibration, found[0]?.nearness ?? 0);
  const other = disputing(decided.matches, collection) ?? affirming(decided.matches, calibration);
  return answerOf(contest(decided, other));
}

async function judge(
  text: string,
  named: string | null,
  kept: readonly Candidate[],
  collection: Collection,
  reader: Reader,
): Promise<Judged[]> {
  const { calibration, stance } = collection.header;
  const language = languageOf(text, named, reader);
  const readable = stance.languages.includes(language);
  const judged: Judged[] = [];
  for (const [at, one] of kept.entries()) {
    const record = collection.records[one.at];
    if (record === undefined) {
      continue;
    }
    const near = readable && at < calibration.judged;
    const pair = near ? pairOf(text, record, stance.languages) : null;
    const nearer = pair === null ? null : settling(judged, record);
    // One after the other: the next record is read only where those before it leave the claim open.
    const both = pair === null || nearer !== null ? null : await readingsOf(pair, reader);
    judged.push({
      ...{ record, passage: collection.passage(one.at, one.row) },
      ...{ similarity: one.similarity, words: one.words, nearness: one.nearness },
      probabilities: both === null ? null : stances(calibration, both, one.nearness),
      unread: pair === null ? whyUnread(readable, language, near, record) : nearer && settledBy(nearer),
    });
  }
  return judged;
}

/** The model's readings of a pair, beside the statement and without it, where there is one; null if one did not come. */
async function readingsOf(pair: Pair, reader: Reader): Promise<Readings | null> {
  const bare = { ...pair, statement: "" };
  const [alone, stated] = await reader.judge(pair.statement === "" ? [bare] : [bare, pair]);
  const beside = pair.statement === "" ? alone : stated;
  return alone === undefined || beside === undefined ? null : { beside, alone };
}

/** The record in a language that the model reads; null where it has no such wording. */
function pairOf(text: string, record: PackedRecord, languages: readonly string[]): Pair | null {
  if (languages.includes(primary(record.language))) {
    return { claim: text, rumor: record.rumor, statement: record.statement };
  }
  return record.readable === "" ? null : { claim: text, rumor: record.readable, statement: "" };
}

function settledBy(nearer: PackedRecord): string {
  return `Not read against the claim: the record ${nearer.id} settles it.`;
}

function whyUnread(readable: boolean, language: string, near: boolean, record: PackedRecord): string {
  if (!readable) {
    return `The stance model does not read the language of the claim (${language}). ${BY_WORDS}`;
  }
  return near
    ? `The stance model does not read the language of the record (${record.language}).`
    : "Not among the nearest records, so not read against the claim.";
}

/** The record that disputes the best match, if it names one. */
function disputing(matches: readonly Matched[], collection: Collection): PackedRecord | null {
  const named = matches[0]?.record.contestedWith ?? [];
  return named.map((id) => collection.record(id)).find((record) => record !== undefined) ?? null;
}

/** The language of a text, as the browser told it but for English, of which it knows little. */
function languageOf(text: string, told: string | null, reader: Reader): string {
  const named = told === null ? null : primary(told);
  return isEnglish(text, reader.words(text), named) ? ENGLISH : (named ?? UNKNOWN);
}

/** A language without script or region. */
function primary(tag: string): string {
  return (tag.split("-", 1)[0] ?? "").toLowerCase();
}

function answerOf({ verdict, matches }: Decided): Answer {
  return {
    verdict,
    matches: matches.slice(0, MATCHES).map(({ record, stance, score, why }) => ({
      ...{ stance, score },
      why: { ...why, differs: [] },
      // As it came: whoever takes the answer checks every field of it, as of one that came from a service.
      rebuttal: record.shown as unknown as Record_,
    })),
  };
}
