/** What is known of a text: the service's own words for it, from the types of its API. */

import type { components } from "../../clients/typescript/src/schema.ts";

type Schemas = components["schemas"];

export type Label = Schemas["Verdict"]["label"];
export type Match = Schemas["Match"];
export type Rebuttal = Schemas["Rebuttal"];
export type Verdict = Schemas["Verdict"];

/** The record as readers see it. The signed index holds no more of it than this, so nothing may ask for more. */
export type Record_ = Pick<
  Rebuttal,
  "id" | "rumor" | "statement" | "quote" | "language" | "authority" | "speaker" | "rating" | "stated_on" | "citations"
>;

/** A match with what a reader is shown of it. */
export type Shown = Pick<Match, "stance" | "score" | "why"> & { rebuttal: Record_ };

/** What came of one text. */
export interface Answer {
  verdict: Verdict;
  /** The best first; of `contested` the second is the one that disagrees. At most two. */
  matches: Shown[];
  /** Names the verdict in a report; missing in private mode, where no service has given one. */
  verdictId?: string;
}

/** A text of a page and what came of it. */
export interface Finding {
  /** Names it on its page. */
  id: number;
  text: string;
  answer: Answer;
}

/**
 * From this confidence on a match is called practically certain. The service's numbers are fitted to be the share of such
 * verdicts that hold; whoever chooses to see only these accepts some three wrong marks in a hundred.
 */
export const CERTAIN = 0.97;
