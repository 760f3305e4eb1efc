/** From calibrated probabilities to a verdict and its matches, as `service/judgement.py` decides. */

import type { Label, Verdict } from "../answers.ts";
import { logOdds, type Stances } from "./calibration.ts";
import type { Calibration } from "./header.ts";
import type { PackedRecord } from "./index_file.ts";
import type { Field, Passage } from "./passages.ts";
import { summary, who, wouldChange } from "./wording.ts";

/** A candidate after the stance model has read it. */
export interface Judged {
  record: PackedRecord;
  passage: Passage;
  similarity: number;
  words: number;
  nearness: number;
  /** Null where the model did not read the pair. */
  probabilities: Stances | null;
  /** Why not. */
  unread: string | null;
}

/** A match as the API shows it, with its record still as the index has it. */
export interface Matched {
  record: PackedRecord;
  stance: "asserts" | "denies" | "other";
  score: number;
  why: {
    field: Field;
    text: string;
    similarity: number;
    words: number;
    probabilities: Stances | null;
    reason: string | null;
    would_change: string | null;
  };
}

export interface Decided {
  verdict: Verdict;
  matches: Matched[];
}

const MORE_PROBABLE = 0.5;
const DIGITS = 4;

/**
 * Choose the verdict: the record with the best odds speaks. If it is not probable enough that the claim takes one side
 * of its matter, what is left is background, and then silence.
 *
 * @param nearest nearness of the nearest record, judged or not: how sure silence is
 */
export function decide(judged: readonly Judged[], calibration: Calibration, nearest: number): Decided {
  const ranked = [...judged].sort(
    (a, b) => Number(isUnread(a)) - Number(isUnread(b)) || weight(b) - weight(a) || byId(a, b),
  );
  const [first] = ranked.filter((one) => !isUnread(one));
  const side = first === undefined ? null : sideOf(first, calibration);
  const shown = ranked.filter((one) => one.nearness >= calibration.related || isSameMatter(one));
  if (first !== undefined && side !== null) {
    const order = [first, ...shown.filter((one) => one !== first)];
    return { verdict: verdictOf(side.label, side.confidence, first.record), matches: matchesOf(order, calibration) };
  }
  shown.sort((a, b) => b.nearness - a.nearness || byId(a, b));
  const [background] = shown;
  if (background === undefined) {
    const highest = ranked.length > 0 ? Math.max(...ranked.map(score)) : nearest;
    return { verdict: unmatched(1 - highest), matches: [] };
  }
  return {
    verdict: verdictOf("related", background.nearness, background.record),
    matches: matchesOf(shown, calibration),
  };
}

/** Nothing that is known is about the claim. */
export function unmatched(confidence: number): Verdict {
  const said = summary("unmatched", null);
  return { label: "unmatched", confidence: rounded(confidence), summary: said, according_to: null };
}

/** The record by which another authority affirms what the first match denies; null if there is none. */
export function affirming(matches: readonly Matched[], calibration: Calibration): PackedRecord | null {
  const [first, ...rest] = matches;
  if (first?.stance !== "asserts") {
    return null;
  }
  const other = rest.find(
    ({ record, why }) =>
      (why.probabilities?.denies ?? 0) >= calibration.consistent && mayAffirm(record, first.record),
  );
  return other?.record ?? null;
}

/** Whether a record could be another authority's word for what the other one denies. */
function mayAffirm(record: PackedRecord, other: PackedRecord): boolean {
  return record.authority.name !== other.authority.name;
}

/** The record that settles the claim, so that a further one need not be read; null where it is open. */
export function settling(judged: readonly Judged[], further: PackedRecord): PackedRecord | null {
  const found = judged.filter(isSameMatter);
  const affirmed = found.some(({ record, probabilities: sides }) => {
    return sides !== null && sides.asserts >= sides.denies && mayAffirm(further, record);
  });
  return affirmed ? null : (found[0]?.record ?? null);
}

/** Set a record that disputes the first match beside it. */
export function contest(decided: Decided, other: PackedRecord | null): Decided {
  const { verdict, matches } = decided;
  const [first, ...rest] = matches;
  if (other === null || first === undefined || (verdict.label !== "rebutted" && verdict.label !== "consistent")) {
    return decided;
  }
  const label: Label = verdict.label === "rebutted" ? "contested" : verdict.label;
  const reason = `Disputes the record ${first.record.id}.`;
  const read = matches.find((match) => match.record.id === other.id);
  const beside = read === undefined ? unread(other, first.score, reason) : { ...read, why: { ...read.why, reason } };
  return {
    verdict: { ...verdict, label, summary: summary(label, first.record, other) },
    matches: [first, beside, ...rest.filter((match) => match.record.id !== other.id)],
  };
}

function unread(record: PackedRecord, score: number, reason: string): Matched {
  const none = { similarity: 0, words: 0, probabilities: null, would_change: null };
  return { record, stance: "other", score, why: { ...none, field: "statement", text: record.statement, reason } };
}

/** Probability that the claim is the matter that the record rebuts, from all that is known. */
function score(one: Judged): number {
  return one.probabilities === null ? one.nearness : 1 - one.probabilities.other;
}

/** What decides between records: the odds of both stages together. */
function weight(one: Judged): number {
  return logOdds(score(one)) + (one.probabilities === null ? 0 : logOdds(one.nearness));
}

/** The order of the service: by code point, not as a language sorts. */
function byId(a: Judged, b: Judged): number {
  return a.record.id < b.record.id ? -1 : Number(a.record.id > b.record.id);
}

function isUnread(one: Judged): boolean {
  return one.probabilities === null;
}

function isSameMatter(one: Judged): boolean {
  return one.probabilities !== null && one.probabilities.other < MORE_PROBABLE;
}

function sideOf(best: Judged, calibration: Calibration): { label: Label; confidence: number } | null {
  const { asserts, denies } = best.probabilities ?? { asserts: 0, denies: 0 };
  if (asserts >= calibration.rebutted) {
    return { label: "rebutted", confidence: asserts };
  }
  return denies >= calibration.consistent ? { label: "consistent", confidence: denies } : null;
}

function verdictOf(label: Label, confidence: number, record: PackedRecord): Verdict {
  return { label, confidence: rounded(confidence), summary: summary(label, record), according_to: who(record) };
}

function matchesOf(shown: readonly Judged[], calibration: Calibration): Matched[] {
  return shown.map((one, at) => ({
    record: one.record,
    stance: one.probabilities === null ? "other" : likeliest(one.probabilities),
    score: rounded(score(one)),
    why: {
      ...one.passage,
      similarity: rounded(one.similarity),
      words: rounded(one.words),
      probabilities: one.probabilities && {
        asserts: rounded(one.probabilities.asserts),
        denies: rounded(one.probabilities.denies),
        other: rounded(one.probabilities.other),
      },
      reason: one.unread,
      would_change:
        at === 0 && one.probabilities !== null
          ? wouldChange(one.probabilities, calibration.rebutted, calibration.consistent)
          : null,
    },
  }));
}

function likeliest(probabilities: Stances): Matched["stance"] {
  const order = ["other", "denies", "asserts"] as const;
  return order.reduce((best, name) => (probabilities[name] > probabilities[best] ? name : best));
}

function rounded(value: number): number {
  return Number(value.toFixed(DIGITS));
}
