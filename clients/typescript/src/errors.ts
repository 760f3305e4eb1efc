/** What can go wrong, as errors that can be told apart with `instanceof`. */

import type { components } from "./schema.ts";

/** A problem document (RFC 9457). */
export type Problem = components["schemas"]["Problem"];

/** The service says no. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** What it said; a program between it and us may have said less. */
  readonly problem: Partial<Problem> & { status: number };
  /** Seconds after which to try again, where it names them. */
  readonly retryAfter: number | undefined;

  constructor(problem: Partial<Problem> & { status: number }, retryAfter?: number) {
    super([problem.status, problem.title, problem.detail].filter((part) => part !== undefined).join(" "));
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  get status(): number {
    return this.problem.status;
  }

  /** The name of the sort of problem, such as `invalid-body`. */
  get kind(): string {
    return this.problem.type?.split("#")[1] ?? "";
  }

  /** What is wrong with which field. */
  get fields(): Record<string, string> {
    return Object.fromEntries((this.problem.errors ?? []).map(({ field, detail }) => [field, detail]));
  }
}

/** No answer came: no connection, or it broke off, or nothing came in time. `cause` says which. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}
