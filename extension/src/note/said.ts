/** What a note says of a finding: who denied what, when, in which words, and where that can be read. */

import { CERTAIN, type Finding, type Label, type Record_, type Shown } from "../answers.ts";
import { t } from "../words.ts";
import { date } from "./dates.ts";
import { make, passage } from "./elements.ts";
import type { Icon } from "./icons.ts";
import { among, isolated, plain } from "./plain.ts";
import { sources } from "./sources.ts";
import { why } from "./why.ts";

const LOOKS: Partial<Record<Label, Icon>> = {
  rebutted: "denied",
  contested: "disputed",
  consistent: "in_line",
  related: "background",
};

/** How a finding is marked; null for one that says nothing. */
export function lookOf({ answer }: Finding): Icon | null {
  return answer.matches.length === 0 ? null : among<Icon | null>(LOOKS, answer.verdict.label, null);
}

/** From which probability on a match is called so. Below the last it is likely, or it would not be shown. */
const SURE = [
  [CERTAIN, "note_match_certain"],
  [0.9, "note_match_very_likely"],
] as const;

/** The heading over a finding. Never a verdict of our own: always who spoke. */
export function heading({ answer }: Finding): string {
  const name = isolated(answer.matches[0]?.rebuttal.authority.name);
  switch (answer.verdict.label) {
    case "rebutted":
      return t("note_denied_by", name);
    case "contested":
      return t("note_disagree");
    case "consistent":
      return t("note_in_line_with", name);
    default:
      return t("note_background_by", name);
  }
}

/** What a mark is called for those who do not see it. */
export function nameOf(finding: Finding): string {
  const name = isolated(finding.answer.matches[0]?.rebuttal.authority.name);
  const headline = isolated(finding.text, 500);
  switch (finding.answer.verdict.label) {
    case "rebutted":
      return t("mark_denied_by", name, headline);
    case "contested":
      return t("mark_disputed_name", headline);
    case "consistent":
      return t("mark_in_line_with", name, headline);
    default:
      return t("mark_background_by", name, headline);
  }
}

/** Everything under the heading but the form. */
export function said(document: Document, { answer }: Finding): HTMLElement[] {
  const [first, second] = answer.matches;
  if (first === undefined) {
    return [];
  }
  const { label, confidence } = answer.verdict;
  const disagree = label === "contested" && second !== undefined;
  const parts = disagree ? [sides(document, [first, second])] : one(document, label, first);
  const last = make(document, "div", { class: "after" }, why(document, first));
  return label === "related" ? [...parts, last] : [...parts, sure(document, confidence), last];
}

function one(document: Document, label: Label, { rebuttal }: Shown): HTMLElement[] {
  const denied = label === "rebutted";
  const parts = [whoAndWhen(document, rebuttal)];
  if (denied || label === "contested") {
    parts.push(titled(document, t("note_denied"), passage(document, "p", rebuttal.rumor, rebuttal.language)));
  }
  const over = denied ? t("note_said") : t("note_stated");
  const statement = passage(document, "p", rebuttal.statement, rebuttal.language);
  parts.push(titled(document, over, statement, ...quote(document, rebuttal)));
  if (denied) {
    parts.push(make(document, "p", { class: "judged" }, rating(rebuttal)));
  }
  parts.push(...sourcesOf(document, rebuttal, "h3"));
  return parts;
}

/** Both, alike in everything: what came first was only nearer to the headline. */
function sides(document: Document, both: Shown[]): HTMLElement {
  const sections = both.map(({ rebuttal }) =>
    make(
      document,
      "section",
      {},
      make(document, "h3", { class: "side", dir: "auto" }, plain(rebuttal.authority.name, 200)),
      whoAndWhen(document, rebuttal),
      passage(document, "p", rebuttal.statement, rebuttal.language),
      ...quote(document, rebuttal),
      ...sourcesOf(document, rebuttal, "h4"),
    ),
  );
  return make(document, "div", { class: "sides" }, ...sections);
}

function titled(document: Document, title: string, ...inside: HTMLElement[]): HTMLElement {
  return make(document, "section", { class: "said" }, make(document, "h3", {}, title), ...inside);
}

function whoAndWhen(document: Document, { speaker, stated_on }: Record_): HTMLElement {
  const names = [speaker?.name, speaker?.role].map((text) => plain(text, 200)).filter((text) => text !== "");
  const line = make(document, "p", { class: "who" });
  for (const name of names) {
    line.append(make(document, "bdi", {}, name), " · ");
  }
  line.append(stated_on ? date(document, stated_on) : t("note_date_unknown"));
  return line;
}

/** The literal words: the record's own, else those that a source gives. */
function quote(document: Document, rebuttal: Record_): HTMLElement[] {
  const cited = rebuttal.citations.find((citation) => citation.quote);
  const [text, spoken] = rebuttal.quote ? [rebuttal.quote, rebuttal.language] : [cited?.quote, cited?.language];
  const words = plain(text).replace(/^["“”„«「『]+|["“”»」』]+$/gu, "");
  if (words === "") {
    return [];
  }
  // Each language has quotation marks of its own, and browsers know them: the style adds them.
  return [passage(document, "blockquote", words, spoken)];
}

function rating({ rating: called, authority }: Record_): string {
  const words = {
    false: "note_rating_false",
    misleading: "note_rating_misleading",
    unproven: "note_rating_unproven",
    missing_context: "note_rating_missing_context",
    scam: "note_rating_scam",
  } as const;
  return t(among<string>(words, called, words.false), isolated(authority.name));
}

function sourcesOf(document: Document, rebuttal: Record_, level: "h3" | "h4"): HTMLElement[] {
  const list = sources(document, rebuttal.citations);
  return list.length === 0 ? [] : [make(document, level, {}, t("note_sources")), ...list];
}

function sure(document: Document, confidence: number): HTMLElement {
  const words = SURE.find(([least]) => confidence >= least)?.[1] ?? "note_match_likely";
  const meaning = make(document, "span", { class: "meta" }, t("note_match_meaning"));
  return make(document, "p", { class: "sure" }, t(words), " ", meaning);
}
