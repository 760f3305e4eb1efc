/** Whether a device is fast enough for private mode. */

import type { EncoderNetwork } from "./networks.ts";
import type { Pair } from "./cascade.ts";

// A front page of 150 headlines would take longer than 22 seconds; a reader has left it by then.
export const MOST_MS_PER_HEADLINE = 150;
// A page has few headlines that come near a record, but a mark that comes later than that is not seen.
export const MOST_MS_PER_PAIR = 4_000;
const MOST_ROUNDS = 4;

const HEADLINES = [
  "Parliament votes to extend the emergency budget until March",
  "Ministry denies that banks will stop paying out cash next week",
  "Fire at port warehouse under control, three workers treated for smoke",
  "Central bank keeps interest rates unchanged despite rising food prices",
  "Leaked letter says the army will take over the capital's water supply",
  "Striker out for six weeks after knee operation",
  "New tram line delayed again as costs pass two billion",
  "Health agency says no hospital has run out of insulin",
  "Foreign minister did not offer troops, spokesperson tells reporters",
  "Video shows protesters storming the embassy, claims viral post",
  "Wheat harvest expected to fall by a tenth after dry spring",
  "Court orders recount in two districts of the northern province",
];
const PAIR: Pair = {
  claim: "Leaked letter says the army will take over the capital's water supply",
  rumor: "The army has been told to take over the water supply of the capital from the city's own works.",
  statement: "The letter that is going round is forged; the city's water works stay with the city, the ministry said.",
};

/** Milliseconds that a headline takes: the middle of a dozen, in the best of a few rounds. */
export async function timeHeadlines(encoder: EncoderNetwork): Promise<number> {
  await encoder.encode(PAIR.claim);
  let best = Infinity;
  // A device that is busy for a moment is not slow.
  for (let round = 0; round < MOST_ROUNDS && best > MOST_MS_PER_HEADLINE / 2; round += 1) {
    best = Math.min(best, await middle(encoder));
  }
  return best;
}

async function middle(encoder: EncoderNetwork): Promise<number> {
  const times: number[] = [];
  for (const headline of HEADLINES) {
    times.push(await timed(() => encoder.encode(headline)));
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}

/** Milliseconds that a claim and a record take, read both ways: the better of two tries, after one that loads all. */
export async function timePair(judge: (pairs: readonly Pair[]) => Promise<unknown>): Promise<number> {
  const both = [{ ...PAIR, statement: "" }, PAIR];
  await judge(both);
  const times = [await timed(() => judge(both)), await timed(() => judge(both))];
  return Math.min(...times);
}

export function isTooSlow({ msPerHeadline, msPerPair }: { msPerHeadline: number; msPerPair: number }): boolean {
  return msPerHeadline > MOST_MS_PER_HEADLINE || msPerPair > MOST_MS_PER_PAIR;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
