/** What the worker of private mode is asked, and what the one beside it that holds the stance model is. */

import type { Answer } from "../answers.ts";
import type { Condition, PrivateStatus } from "../messages.ts";
import type { Pair, Question } from "./cascade.ts";
import type { Stance } from "./header.ts";

/** Where the index comes from. */
export interface Source {
  /** Origin of the service. */
  server: string;
  /** API key; empty for none. */
  key: string;
  /** Whether it may be reached now: a browser that would say who asks must not. */
  reachable: boolean;
}

export interface Asked {
  answers: (Answer | null)[];
  condition: Condition;
}

export type PrivateCalls = {
  ask: { ask: { source: Source; questions: Question[] }; reply: Asked };
  status: { ask: null; reply: PrivateStatus };
  install: { ask: { source: Source; accept: boolean }; reply: PrivateStatus };
  remove: { ask: null; reply: PrivateStatus };
};

export type StanceCalls = {
  judge: { ask: { stance: Stance; pairs: readonly Pair[] }; reply: number[][] };
};
