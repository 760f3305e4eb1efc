/** When to leave the service alone. Outlives a stop of the background, or each start would ask again at once. */

import type { Condition } from "../messages.ts";
import type { Trouble } from "./service.ts";

const KEY = "patience";
const FIRST_MS = 2_000;
// What only a person can mend is not tried again and again.
const FIRST_WRONG_MS = 30_000;
const LONGEST_MS = 10 * 60_000;
const LONGEST_ASKED_MS = 60 * 60_000;
const SHORTEST_ASKED_MS = 1_000;
const MOST_DOUBLINGS = 20;

interface State {
  trouble: Trouble | null;
  failures: number;
  until: number;
}

/**
 * Remembers how the last requests went. After a failure nothing is sent for as long as the service asks (429, 503 with
 * `Retry-After`, up to an hour), else for a time that doubles with each failure, a random part of it left out.
 */
export class Patience {
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(now: () => number = () => Date.now(), random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  /** What stands against asking now; null where nothing does. */
  async against(): Promise<Condition | null> {
    const state = await read();
    const left = (state?.until ?? 0) - this.#now();
    // A clock that was set back is no reason to wait for longer than was meant.
    if (!state?.trouble || left <= 0 || left > LONGEST_ASKED_MS) {
      return null;
    }
    return state.trouble === "busy" ? { state: "busy", retryInMs: left } : { state: state.trouble };
  }

  /** How things stand, as far as is known. */
  async condition(): Promise<Condition> {
    const state = await read();
    if (state === null) {
      return { state: "idle" };
    }
    // Busy is over with its time; the others are not over before a request went well.
    const ended: Condition = state.trouble && state.trouble !== "busy" ? { state: state.trouble } : { state: "ready" };
    return (await this.against()) ?? ended;
  }

  async failed(trouble: Trouble, askedMs?: number): Promise<void> {
    const failures = ((await read())?.failures ?? 0) + 1;
    await write({ trouble, failures, until: this.#now() + this.#pause(trouble, failures, askedMs) });
  }

  async worked(): Promise<void> {
    if ((await read())?.trouble !== null) {
      await write({ trouble: null, failures: 0, until: 0 });
    }
  }

  /** What is known was about another server, or another key. */
  async forget(): Promise<void> {
    await chrome.storage.session.remove(KEY);
  }

  #pause(trouble: Trouble, failures: number, askedMs: number | undefined): number {
    if (trouble === "busy" && askedMs !== undefined) {
      // Not all at the same moment: everybody was given the same one.
      const spread = this.#random() * FIRST_MS;
      return Math.min(Math.max(askedMs, SHORTEST_ASKED_MS) + spread, LONGEST_ASKED_MS);
    }
    const first = trouble === "refused" || trouble === "strange" ? FIRST_WRONG_MS : FIRST_MS;
    const longest = Math.min(LONGEST_MS, first * 2 ** Math.min(failures - 1, MOST_DOUBLINGS));
    return longest * (0.5 + this.#random() / 2);
  }
}

async function read(): Promise<State | null> {
  return ((await chrome.storage.session.get(KEY))[KEY] as State | undefined) ?? null;
}

async function write(state: State): Promise<void> {
  await chrome.storage.session.set({ [KEY]: state });
}
