/** How things stand, and what a reader can do about it, in plain words. */

import type { Condition } from "../messages.ts";
import { language, t } from "../words.ts";

export interface Told {
  /** What is the case. */
  text: string;
  /** What to do; empty where nothing needs doing. */
  advice: string;
  tone: "good" | "warning" | "bad" | "";
}

/** A condition in words. */
export function inWords(condition: Condition): Told {
  switch (condition.state) {
    case "ready":
      return { text: t("state_ready"), advice: "", tone: "good" };
    case "idle":
      return { text: t("state_idle"), advice: "", tone: "" };
    case "unreachable":
      return { text: t("state_unreachable"), advice: t("state_unreachable_advice"), tone: "warning" };
    case "busy":
      return { text: t("state_busy"), advice: t("state_busy_advice", seconds(condition.retryInMs)), tone: "" };
    case "refused":
      return { text: t("state_refused"), advice: t("state_refused_advice"), tone: "warning" };
    case "strange":
      return { text: t("state_strange"), advice: t("state_strange_advice"), tone: "warning" };
    case "private-missing":
      return { text: t("state_private_missing"), advice: t("state_private_missing_advice"), tone: "warning" };
    case "private-slow":
      return {
        text: t("state_private_slow", milliseconds(condition.msPerHeadline)),
        advice: t("state_private_slow_advice"),
        tone: "warning",
      };
  }
}

/** Whether a reader need not be told: all is well, or nothing has happened yet. */
export function isQuiet(condition: Condition): boolean {
  return condition.state === "ready" || condition.state === "idle";
}

function seconds(ms: number): string {
  return amount(Math.max(1, Math.ceil(ms / 1_000)), "second");
}

function milliseconds(ms: number): string {
  return amount(Math.round(ms), "millisecond");
}

function amount(number: number, unit: string): string {
  return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "long" }).format(number);
}
