/** From raw scores to probabilities, as `service/calibration.py` applies the numbers that come with the index. */

import type { Calibration, SecondLook } from "./header.ts";

export type Stances = Record<"asserts" | "denies" | "other", number>;

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

/** Calibrated probabilities, from the stance model's own (asserts, denies, other) and the nearness. */
export function stances({ sides }: Calibration, raw: ArrayLike<number>, near: number): Stances {
  const [asserts = 0, denies = 0, other = 0] = Array.from(raw, (probability) => Math.max(probability, LEAST));
  const features = [Math.log(asserts / other), Math.log(denies / other), logOdds(near), 1];
  const [first, second, third] = softmax([dot(sides.asserts, features), dot(sides.denies, features), 0]);
  return { asserts: first ?? 0, denies: second ?? 0, other: third ?? 0 };
}

/** Whether a first reading leans enough to an assertion for a second one. */
export function isWanted({ least }: SecondLook, first: readonly number[]): boolean {
  return (first[0] ?? 0) >= least;
}

/** Both readings as one: the mean of their log probabilities. */
export function together({ weight }: SecondLook, first: readonly number[], second: readonly number[]): number[] {
  const log = (probability: number): number => Math.log(Math.max(probability, LEAST));
  return softmax(first.map((one, at) => (1 - weight) * log(one) + weight * log(second[at] ?? 0)));
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
