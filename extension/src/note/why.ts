/** Why a headline matched a record: the nearest text, what differs, how alike they are. */

import type { Shown } from "../answers.ts";
import { language, t } from "../words.ts";
import { folded, make, passage } from "./elements.ts";
import { among, isolated, plain } from "./plain.ts";

const MOST_DIFFERENCES = 12;

const FIELDS = {
  rumor: "note_nearest_rumor",
  variant: "note_nearest_variant",
  statement: "note_nearest_statement",
  title: "note_nearest_title",
} as const;

const DIFFERENCES = {
  name: "note_differs_name",
  number: "note_differs_number",
  negation: "note_differs_negation",
  order: "note_differs_order",
} as const;

const ALIKE = [
  [0.9, "note_alike_same"],
  [0.7, "note_alike_close"],
  [0.45, "note_alike_some"],
] as const;

/** A fold with the reasons for a match. */
export function why(document: Document, { why: reasons, rebuttal }: Shown): HTMLElement {
  const facts = make(
    document,
    "dl",
    {},
    make(document, "dt", {}, t(among<string>(FIELDS, reasons.field, FIELDS.rumor))),
    passage(document, "dd", reasons.text, rebuttal.language, 300),
    make(document, "dt", {}, t("note_differs")),
    make(document, "dd", {}, differences(document, reasons.differs ?? [])),
    make(document, "dt", {}, t("note_likeness")),
    make(document, "dd", {}, alike("note_alike_meaning", reasons.similarity)),
    make(document, "dd", {}, alike("note_alike_words", reasons.words)),
  );
  const remark = plain(reasons.reason, 500);
  if (remark !== "") {
    facts.append(make(document, "dt", {}, t("note_remark")), make(document, "dd", { lang: "en", dir: "auto" }, remark));
  }
  return folded(document, t("note_why"), facts);
}

function alike(sentence: string, share: number): string {
  return t(sentence, t(ALIKE.find(([least]) => share >= least)?.[1] ?? "note_alike_far"));
}

function differences(document: Document, found: NonNullable<Shown["why"]["differs"]>): Node {
  const known = found.slice(0, MOST_DIFFERENCES).filter((one) => Object.hasOwn(DIFFERENCES, one.kind));
  if (known.length === 0) {
    return document.createTextNode(t("note_differs_nothing"));
  }
  const lines = known.map((one) => make(document, "li", {}, ...difference(one)));
  return make(document, "ul", {}, ...lines);
}

function difference({ kind, claim = [], record = [] }: NonNullable<Shown["why"]["differs"]>[number]): string[] {
  const ours = words(claim);
  // A name or number that only the record has is told by what the record has.
  const first = ours === "" && (kind === "name" || kind === "number") ? [] : [t(DIFFERENCES[kind], ours)];
  return record.length === 0 ? first : [...first, first.length === 0 ? "" : ". ", t("note_record_has", words(record))];
}

function words(some: readonly string[]): string {
  const list = some.slice(0, 12).map((one) => isolated(one, 80));
  return list.length === 0 ? "" : new Intl.ListFormat(language(), { type: "unit" }).format(list);
}
