/** What a reader is told, as `service/wording.py` says it: every sentence names who said it. */

import type { Label } from "../answers.ts";
import type { Stances } from "./calibration.ts";
import type { PackedRecord } from "./index_file.ts";

const LONGEST = 400;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The authority, with the speaker and the day where they are known. */
export function who(record: PackedRecord): string {
  const details = [record.speaker.name || record.speaker.role, day(record.statedOn)].filter((part) => part !== "");
  return details.length > 0 ? `${record.authority.name} (${details.join(", ")})` : record.authority.name;
}

/** One sentence on how a claim stands to a record; `other` is that of the authority that disagrees. */
export function summary(label: Label, record: PackedRecord | null, other: PackedRecord | null = null): string {
  if (record === null || label === "unmatched") {
    return "No official rebuttal in the store is about this claim.";
  }
  const said = cut(record.statement);
  if (label === "rebutted") {
    return `Denied by ${who(record)}: ${said}`;
  }
  if (label === "consistent") {
    return `In line with what ${who(record)} said: ${said}${other === null ? "" : ` ${who(other)} disputes this.`}`;
  }
  if (label === "contested" && other !== null) {
    return `Authorities disagree. ${who(record)}: ${said} ${who(other)}: ${cut(other.statement)}`;
  }
  return `Background: on a related matter, ${who(record)} said: ${said}`;
}

/** How far the verdict is from being another one. */
export function wouldChange({ asserts, denies }: Stances, rebutted: number, consistent: number): string {
  if (asserts >= rebutted) {
    return `Asserts the rumor with probability ${two(asserts)}; below ${two(rebutted)} it would be background.`;
  }
  if (denies >= consistent) {
    return `Denies the rumor with probability ${two(denies)}; below ${two(consistent)} it would be background.`;
  }
  return (
    `Asserts the rumor with probability ${two(asserts)} (rebutted from ${two(rebutted)}) and denies it with ` +
    `${two(denies)} (consistent from ${two(consistent)}).`
  );
}

function two(probability: number): string {
  return probability.toFixed(2);
}

/** A date as `13 Oct 2025`; empty where it is unknown. */
function day(date: string): string {
  const [year, month, of] = date.split("-").map(Number);
  const known = year !== undefined && month !== undefined && of !== undefined;
  return known ? `${of} ${MONTHS[month - 1] ?? ""} ${year}` : "";
}

function cut(text: string): string {
  const letters = Array.from(text);
  if (letters.length <= LONGEST) {
    return text;
  }
  const start = letters.slice(0, LONGEST - 1).join("");
  const space = start.lastIndexOf(" ");
  return `${space < 0 ? start : start.slice(0, space)}…`;
}
