/** Which texts of a record are searched, as `service/passages.py` has them. */

import type { PackedRecord } from "./index_file.ts";

export type Field = "rumor" | "variant" | "statement" | "title";

export interface Passage {
  field: Field;
  text: string;
}

/** The rumor, then its variants, the statement, and the titles of the citations; each text once. */
export function passages(record: PackedRecord): Passage[] {
  const titles = record.citations.map((citation) => citation.title ?? "").filter((title) => title !== "");
  const found: Passage[] = [
    { field: "rumor", text: record.rumor },
    ...record.variants.map((text): Passage => ({ field: "variant", text })),
    { field: "statement", text: record.statement },
    ...titles.map((text): Passage => ({ field: "title", text })),
  ];
  const each = new Map<string, Passage>();
  for (const passage of found) {
    if (!each.has(passage.text)) {
      each.set(passage.text, passage);
    }
  }
  return [...each.values()];
}
