/**
 * From what a service says to what may be trusted. Each value is built anew from the fields that are known, cut to a
 * length that can be shown and kept: the service may be wrong, old, or hostile.
 */

import type { Answer, Label, Match, Record_, Shown, Verdict } from "../answers.ts";

/** What came is not what this service says. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** What answers depend on beside their texts. */
export interface Version {
  storeVersion: number;
  model: string;
  profile: string;
}

/** The answers to a batch, in its order; null for a text that the service could not read. */
export interface Checked {
  answers: (Answer | null)[];
  /** Null where no text of the batch could be read. */
  storeVersion: number | null;
  model: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Why = Match["why"];
type Citation = Record_["citations"][number];
type Difference = NonNullable<Why["differs"]>[number];

const SHORT = 500;
const RUMOR = 2_000;
const LONG = 5_000;
const ADDRESS = 2_048;
const MATCHES = 2;
const CITATIONS = 12;
const DIFFERENCES = 20;

const LABELS = ["rebutted", "consistent", "contested", "related", "unmatched"] as const satisfies Label[];
const AUTHORITIES = [
  ...(["ministry", "agency", "international_body", "company", "election_body", "central_bank"] as const),
  ...(["court", "fact_checker", "other"] as const),
];
const RATINGS = ["false", "misleading", "unproven", "missing_context", "scam"] as const;
const FIELDS = ["rumor", "variant", "statement", "title"] as const;

/** Read the body of `GET /v1/version`. Throws `ShapeError`. */
export function versionOf(body: unknown): Version {
  const version = fieldsOf(body);
  return {
    storeVersion: whole(version["store_version"]),
    model: text(version["model"], SHORT),
    profile: text(version["profile"], SHORT),
  };
}

/** Read the body of `POST /v1/check/batch`, whose claims were named "0", "1", ... Throws `ShapeError`. */
export function checkedOf(body: unknown, claims: number): Checked {
  const batch = fieldsOf(body);
  const results = list(batch["results"]);
  demand(results.length === claims, "another number of results");
  const version = batch["store_version"];
  return {
    answers: results.map((result, at) => resultOf(fieldsOf(result), `${at}`)),
    storeVersion: version === null ? null : whole(version),
    model: text(batch["model"], SHORT),
  };
}

function resultOf(result: Fields, name: string): Answer | null {
  demand(result["id"] === name, "results in another order");
  return "error" in result ? null : answerOf(result);
}

/** Read a verdict with its matches: the body of `POST /v1/check`, or a result of a batch. Throws `ShapeError`. */
export function answerOf(value: unknown): Answer {
  const result = fieldsOf(value);
  const verdict = verdictOf(fieldsOf(result["verdict"]));
  const matches = verdict.label === "unmatched" ? [] : list(result["matches"]).slice(0, MATCHES).map(shownOf);
  demand(verdict.label === "unmatched" || matches.length > 0, "a verdict that stands on nothing");
  const verdictId = result["verdict_id"];
  return { verdict, matches, ...(isVerdictId(verdictId) ? { verdictId } : {}) };
}

/** Whether this has the form of a verdict's name, which is safe to hand on. */
export function isVerdictId(value: unknown): value is string {
  return typeof value === "string" && /^[\w.:~-]{1,320}$/.test(value);
}

function verdictOf(verdict: Fields): Verdict {
  return {
    label: oneOf(verdict["label"], LABELS),
    confidence: share(verdict["confidence"]),
    summary: text(verdict["summary"], RUMOR),
    according_to: perhaps(verdict["according_to"], SHORT),
  };
}

function shownOf(value: unknown): Shown {
  const match = fieldsOf(value);
  return {
    stance: oneOf(match["stance"], ["asserts", "denies", "other"]),
    score: share(match["score"]),
    why: whyOf(fieldsOf(match["why"])),
    rebuttal: recordOf(fieldsOf(match["rebuttal"])),
  };
}

function whyOf(why: Fields): Why {
  return {
    field: oneOf(why["field"], FIELDS),
    text: text(why["text"], RUMOR),
    similarity: finite(why["similarity"]),
    words: finite(why["words"]),
    reason: perhaps(why["reason"], RUMOR),
    would_change: perhaps(why["would_change"], RUMOR),
    differs: list(why["differs"] ?? [])
      .slice(0, DIFFERENCES)
      .map(differenceOf),
  };
}

function differenceOf(value: unknown): Difference {
  const difference = fieldsOf(value);
  const words = (name: string): string[] =>
    list(difference[name] ?? [])
      .slice(0, DIFFERENCES)
      .map((word) => text(word, SHORT));
  const spans = list(difference["spans"] ?? [])
    .slice(0, DIFFERENCES)
    .map(list);
  return {
    kind: oneOf(difference["kind"], ["name", "negation", "number", "order"]),
    claim: words("claim"),
    record: words("record"),
    spans: spans.map(([start, end]): [number, number] => [whole(start), whole(end)]),
  };
}

function recordOf(record: Fields): Record_ {
  const authority = fieldsOf(record["authority"]);
  const speaker = record["speaker"] ?? null;
  return {
    id: text(record["id"], SHORT),
    rumor: text(record["rumor"], RUMOR),
    statement: text(record["statement"], LONG),
    quote: perhaps(record["quote"], LONG),
    language: tag(record["language"]) ?? "en",
    authority: {
      name: text(authority["name"], SHORT),
      kind: oneOf(authority["kind"] ?? "other", AUTHORITIES),
      country: matching(authority["country"], /^[A-Z]{2}$/),
    },
    speaker: speaker === null ? null : speakerOf(fieldsOf(speaker)),
    rating: oneOf(record["rating"] ?? "false", RATINGS),
    stated_on: day(record["stated_on"]),
    citations: list(record["citations"]).slice(0, CITATIONS).flatMap(citationOf),
  };
}

function speakerOf(speaker: Fields): NonNullable<Record_["speaker"]> {
  return { name: perhaps(speaker["name"], SHORT), role: perhaps(speaker["role"], SHORT) };
}

/** None where its address is no link to the web: a reader could not follow it, or should not. */
function citationOf(value: unknown): Citation[] {
  const citation = fieldsOf(value);
  const url = link(citation["url"]);
  if (url === null) {
    return [];
  }
  return [
    {
      url,
      archived_url: link(citation["archived_url"]),
      publisher: text(citation["publisher"], SHORT),
      title: perhaps(citation["title"], SHORT),
      kind: oneOf(citation["kind"] ?? "report", ["primary", "report"]),
      language: tag(citation["language"]),
      published_on: day(citation["published_on"]),
      quote: perhaps(citation["quote"], RUMOR),
    },
  ];
}

/** An address that is safe to put into a link; null for any other, such as `javascript:`. */
function link(value: unknown): string | null {
  if (typeof value !== "string" || value.length > ADDRESS || !URL.canParse(value)) {
    return null;
  }
  return /^https?:$/.test(new URL(value).protocol) ? new URL(value).href : null;
}

function text(value: unknown, most: number): string {
  demand(typeof value === "string" && value !== "", "no text where one belongs");
  // Half a character may come, and a cut may leave one; it would be an error wherever the text is encoded.
  const cut = value.length > most ? `${value.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : value;
  return cut.toWellFormed();
}

function perhaps(value: unknown, most: number): string | null {
  return value === undefined || value === null || value === "" ? null : text(value, most);
}

function tag(value: unknown): string | null {
  return matching(value, /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,5}$/);
}

function day(value: unknown): string | null {
  return matching(value, /^\d{4}-\d\d-\d\d$/);
}

function matching(value: unknown, form: RegExp): string | null {
  return typeof value === "string" && form.test(value) ? value : null;
}

function oneOf<const T extends string>(value: unknown, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  demand(found !== undefined, "a word that is not known");
  return found;
}

function finite(value: unknown): number {
  demand(typeof value === "number" && Number.isFinite(value), "no number where one belongs");
  return value;
}

function whole(value: unknown): number {
  demand(Number.isSafeInteger(value) && Number(value) >= 0, "no count where one belongs");
  return Number(value);
}

function share(value: unknown): number {
  const number = finite(value);
  demand(number >= 0 && number <= 1, "a share outside of 0 to 1");
  return number;
}

function list(value: unknown): unknown[] {
  demand(Array.isArray(value), "no list where one belongs");
  return value;
}

function fieldsOf(value: unknown): Fields {
  demand(typeof value === "object" && value !== null && !Array.isArray(value), "no object where one belongs");
  return value as Fields;
}

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) {
    throw new ShapeError(`The answer has ${otherwise}`);
  }
}
