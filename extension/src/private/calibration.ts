/** From raw scores to probabilities, as `service/calibration.py` applies the numbers that come with the index. */

import type { Calibration } from "./header.ts";

export type Stances = Record<"asserts" | "denies" | "other", number>;

/** The stance model's own probabilities of one pair, of asserts, denies and other. */
export interface Readings {
  /** Beside the authority's statement; as `alone` where there is none. */
  beside: readonly number[];
  /** With the rumor alone. */
  alone: readonly number[];
}

// Records; only a unit, so that the bias is that of a store of this size.
const USUAL = 1_000;
const LEAST = 1e-6;
const STEEPEST = 700;

/**
 * How likely a candidate is the matter of a claim, from the first stage alone.
 *
 * @param similarity cosine of the claim and the candidate's nearest text
 * @param evidence of their words
 * @param records how many there are: among more of them, some come near by chance
 */
export function nearness(
  { nearness: fitted }: Calibration,
  similarity: number,
  evidence: number,
  records: number,
): number {
  const logit =
    fitted.bias +
    fitted.similarity * similarity +
    fitted.evidence * evidence +
    fitted.size * Math.log(Math.max(records, 1) / USUAL);
  return 1 / (1 + Math.exp(-Math.max(Math.min(logit, STEEPEST), -STEEPEST)));
}

/** Calibrated probabilities, from both readings of a pair and the nearness. */
export function stances({ sides }: Calibration, { beside, alone }: Readings, near: number): Stances {
  const features = [...odds(beside), ...odds(alone), logOdds(near), 1];
  const [first, second, third] = softmax([dot(sides.asserts, features), dot(sides.denies, features), 0]);
  return { asserts: first ?? 0, denies: second ?? 0, other: third ?? 0 };
}

/** Log odds of asserts and of denies against other. */
function odds(raw: readonly number[]): number[] {
  const [asserts = 0, denies = 0, other = 0] = raw.map((probability) => Math.max(probability, LEAST));
  return [Math.log(asserts / other), Math.log(denies / other)];
}

/** Natural logarithm of p / (1 - p), finite for 0 and 1. */
export function logOdds(probability: number): number {
  const kept = Math.min(Math.max(probability, LEAST), 1 - LEAST);
  return Math.log(kept / (1 - kept));
}

export function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function dot(weights: readonly number[], features: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * (features[at] ?? 0), 0);
}
