/** What came of a text, in the words of the interface. Each says who said it; none says in our own voice what is true. */

import type { Answer, Label, Record_ } from "../answers.ts";
import { isolated } from "../note/plain.ts";
import { language, t } from "../words.ts";

/** Who spoke and when: `Foreign Ministry, 13 Oct 2025`. */
export function whoAndWhen(record: Record_): string {
  const day = dayOf(record.stated_on ?? null);
  return day === null ? isolated(record.authority.name) : t("popup_who_and_when", isolated(record.authority.name), day);
}

/** A date of the form `2025-10-13` as the reader writes it; null where there is none. */
export function dayOf(date: string | null): string | null {
  const at = date === null ? Number.NaN : Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(at)
    ? null
    : new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeZone: "UTC" }).format(at);
}

/** What came of it, in one sentence. */
export function summaryOf({ verdict, matches }: Answer): string {
  const [first, second] = matches;
  if (first === undefined || verdict.label === "unmatched") {
    return t("popup_unmatched");
  }
  const who = whoAndWhen(first.rebuttal);
  switch (verdict.label) {
    case "rebutted":
      return t("note_denied_by", who);
    case "contested":
      return second === undefined ? t("note_disagree") : t("popup_contested", who, whoAndWhen(second.rebuttal));
    case "consistent":
      return t("note_in_line_with", who);
    case "related":
      return t("note_background_by", who);
  }
}

const LABELS: Record<Label, string> = {
  rebutted: "mark_denied",
  contested: "mark_disputed",
  consistent: "mark_in_line",
  related: "mark_background",
  unmatched: "popup_label_unmatched",
};

/** The label in one or two words. */
export function labelOf({ verdict }: Answer): string {
  return t(LABELS[verdict.label]);
}
