/**
 * Who may say what to the background. A page's process may have been taken over, and with it the script that we have
 * there: what comes from it is held to the form that our own script keeps to.
 */

import type { Report } from "../messages.ts";
import { isVerdictId } from "./shapes.ts";

type Sender = chrome.runtime.MessageSender;

const TEXTS = 256;
const LONGEST_TEXT = 500;
const MARKS = 10_000;
const LONGEST_REPORT = 5_000;

/** Throws unless the message is from the popup, the options, or another page of this extension. */
export function fromOwnPage(sender: Sender): void {
  allow(sender.id === chrome.runtime.id && sender.url?.startsWith(chrome.runtime.getURL("")) === true);
}

/** The texts of a message; throws unless they are as our script finds them. */
export function textsIn({ texts }: { texts: unknown }, sender: Sender): string[] {
  allow(sender.id === chrome.runtime.id && Array.isArray(texts) && texts.length <= TEXTS);
  return texts.map((text: unknown) => {
    allow(typeof text === "string" && text.trim() !== "" && text.length <= LONGEST_TEXT && !text.includes("\0"));
    return text.toWellFormed();
  });
}

/** The tab that has so many marks; throws unless the message is from the main page of a tab. */
export function countIn({ marks }: { marks: unknown }, sender: Sender): { tab: number; marks: number } {
  const tab = sender.tab?.id;
  const number = Number.isInteger(marks) ? Number(marks) : -1;
  allow(sender.id === chrome.runtime.id && tab !== undefined && sender.frameId === 0 && number >= 0 && number <= MARKS);
  return { tab, marks: number };
}

/** A report, without whatever else was in the message; throws unless it is one. */
export function reportIn({ verdictId, comment, claim }: Record<keyof Report, unknown>, sender: Sender): Report {
  allow(sender.id === chrome.runtime.id && isVerdictId(verdictId) && isText(comment));
  if (claim === undefined || claim === null) {
    return { verdictId, comment };
  }
  allow(isText(claim));
  return { verdictId, comment, claim };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_REPORT && !value.includes("\0");
}

function allow(holds: boolean): asserts holds {
  if (!holds) {
    throw new Error("A message of a form, or from a place, that none of ours has");
  }
}
