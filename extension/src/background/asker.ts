/** The one place that answers for a text: from memory, from the service, or on this device. */

import { CERTAIN, type Answer } from "../answers.ts";
import type { Condition, Report } from "../messages.ts";
import { readSettings, type Settings } from "../settings.ts";
import type { Cache } from "./cache.ts";
import type { Patience } from "./patience.ts";
import { Queue, type Answers, type Pace } from "./queue.ts";
import { checkMany, checkOne, readVersion, sendReport, ServiceError } from "./service.ts";

/** What private mode offers, which compares on this device. */
export interface Privately {
  ask(texts: readonly string[]): Promise<{ answers: (Answer | null)[]; condition: Condition }>;
  storeVersion(): Promise<number | undefined>;
}

/** What a page is told of its texts, in their order. */
export interface Reply {
  answers: (Answer | null)[];
  condition: Condition;
}

// A page tells of its headlines in some messages within half a second: what is visible goes at once, the rest together.
const SERVICE_PACE: Pace = { most: 256, gatherMs: 150, longestMs: 600, silenceMs: 1_000, waiting: 2_000 };
// Nothing is saved by waiting here, and a long batch would keep its first answer back.
const PRIVATE_PACE: Pace = { most: 16, gatherMs: 0, longestMs: 0, silenceMs: 0, waiting: 2_000 };
const FULL: Condition = { state: "busy", retryInMs: 5_000 };

/** Answers pages and the popup. */
export class Asker {
  readonly #cache: Cache;
  readonly #patience: Patience;
  readonly #privately: Privately;
  readonly #service = new Queue((texts) => this.#askService(texts), SERVICE_PACE);
  readonly #device = new Queue((texts) => this.#askDevice(texts), PRIVATE_PACE);
  #confirming: Promise<boolean> | undefined;
  #deviceCondition: Condition = { state: "idle" };
  // Taken before the settings are read: whoever read the ones of before is then broken off with the others.
  #stop = new AbortController();

  constructor(cache: Cache, patience: Patience, privately: Privately) {
    this.#cache = cache;
    this.#patience = patience;
    this.#privately = privately;
  }

  /** What is to be shown for each text; null where nothing is, or no answer came. */
  async ask(texts: readonly string[]): Promise<Reply> {
    const { signal } = this.#stop;
    const settings = await readSettings();
    const reply = settings.private ? this.#fromDevice(texts, settings) : this.#fromService(texts, settings, signal);
    const { answers, condition } = await reply;
    return { answers: answers.map((answer) => (answer && isWanted(answer, settings) ? answer : null)), condition };
  }

  /** What comes of a reader's own text, whatever it is. */
  async check(text: string): Promise<{ answer: Answer | null; condition: Condition }> {
    const { signal } = this.#stop;
    const settings = await readSettings();
    if (settings.private) {
      const { answers, condition } = await this.#privately.ask([text]);
      return { answer: answers[0] ?? null, condition };
    }
    const against = await this.#patience.against();
    if (against?.state === "busy") {
      return { answer: null, condition: against };
    }
    // Any other trouble may be over, and a reader who asks wants to know.
    const answer = await this.#attempt(() => checkOne(settings, text, signal), signal);
    return { answer: answer ?? null, condition: await this.#patience.condition() };
  }

  /** Send a reader's word on a verdict; whether it has arrived. In private mode none is sent. */
  async report(content: Report): Promise<boolean> {
    const { signal } = this.#stop;
    const settings = await readSettings();
    if (settings.private) {
      return false;
    }
    try {
      await sendReport(settings, content, signal);
      return true;
    } catch (error) {
      console.warn(error);
      return false;
    }
  }

  /**
   * Another server, another key or another mode: nothing that is under way holds any more, and what waits for its turn
   * is not sent. A reader who has just turned private mode on is promised that.
   */
  async reset(): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#confirming = undefined;
    this.#service.stop();
    this.#device.stop();
    this.#deviceCondition = { state: "idle" };
    await this.#patience.forget();
  }

  async #fromService(texts: readonly string[], settings: Settings, signal: AbortSignal): Promise<Reply> {
    const against = await this.#patience.against();
    if (against !== null) {
      return { answers: texts.map(() => null), condition: against };
    }
    const scope = scopeOf(settings);
    let known = await this.#cache.find(scope, texts);
    if (known.size > 0 && this.#cache.stale) {
      if (!(await this.#confirm(settings, signal))) {
        return { answers: texts.map(() => null), condition: await this.#patience.condition() };
      }
      known = await this.#cache.find(scope, texts);
    }
    return this.#rest(texts, known, this.#service, () => this.#patience.condition());
  }

  async #fromDevice(texts: readonly string[], settings: Settings): Promise<Reply> {
    const known = await this.#cache.find(await this.#privateScope(settings), texts);
    if (known.size === texts.length && this.#deviceCondition.state === "idle") {
      this.#deviceCondition = { state: "ready" };
    }
    return this.#rest(texts, known, this.#device, async () => this.#deviceCondition);
  }

  async #rest(
    texts: readonly string[],
    known: Answers,
    queue: Queue,
    condition: () => Promise<Condition>,
  ): Promise<Reply> {
    let left = false;
    const answers = await Promise.all(
      texts.map((text) => {
        const answer = known.get(text);
        left ||= answer === undefined && queue.full;
        return answer === undefined ? queue.ask(text) : answer;
      }),
    );
    const now = await condition();
    return { answers, condition: left && (now.state === "ready" || now.state === "idle") ? FULL : now };
  }

  /** Whether answers that are known may be used: the service was asked, and they are of its present store or gone. */
  #confirm(settings: Settings, signal: AbortSignal): Promise<boolean> {
    if (this.#confirming === undefined) {
      const confirming = this.#confirmNow(settings, signal).finally(() => {
        // Another may be asked by now.
        this.#confirming = this.#confirming === confirming ? undefined : this.#confirming;
      });
      this.#confirming = confirming;
    }
    return this.#confirming;
  }

  async #confirmNow(settings: Settings, signal: AbortSignal): Promise<boolean> {
    const said = await this.#attempt(() => readVersion(settings, signal), signal);
    if (said === undefined) {
      return false;
    }
    await this.#cache.confirm(scopeOf(settings), said);
    return true;
  }

  async #askService(texts: string[]): Promise<Answers | null> {
    const { signal } = this.#stop;
    const settings = await readSettings();
    if (settings.private || (await this.#patience.against()) !== null) {
      return null;
    }
    const checked = await this.#attempt(() => checkMany(settings, texts, signal), signal);
    if (checked === undefined) {
      return null;
    }
    const answers = paired(texts, checked.answers, settings);
    if (checked.storeVersion !== null) {
      await this.#cache.keep(scopeOf(settings), { storeVersion: checked.storeVersion, model: checked.model }, answers);
    }
    return answers;
  }

  async #askDevice(texts: string[]): Promise<Answers | null> {
    const settings = await readSettings();
    if (!settings.private) {
      return null;
    }
    const { answers, condition } = await this.#privately.ask(texts);
    this.#deviceCondition = condition;
    if (condition.state !== "ready") {
      return null;
    }
    const known = paired(texts, answers, settings);
    await this.#cache.keep(await this.#privateScope(settings), { storeVersion: 0, model: "" }, known);
    return known;
  }

  async #privateScope(settings: Settings): Promise<string> {
    return `here ${await this.#privately.storeVersion()} ${scopeOf(settings)}`;
  }

  /** Send a request, and remember how that went. Undefined where no answer came. */
  async #attempt<T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
    try {
      const answer = await request();
      await this.#patience.worked();
      return answer;
    } catch (error) {
      // Broken off by us, a request says nothing of the service.
      if (signal?.aborted) {
        return undefined;
      }
      if (!(error instanceof ServiceError)) {
        throw error;
      }
      await this.#patience.failed(error.trouble, error.retryAfterMs);
      return undefined;
    }
  }
}

/** Answers of another server, or under settings that keep other answers, are of no use. */
function scopeOf({ server, extras }: Settings): string {
  return `${server} ${extras ? "all" : "marks"}`;
}

/** What is worth keeping of each text: of most there is nothing to say, and their answers are long. */
function paired(
  texts: readonly string[],
  answers: readonly (Answer | null)[],
  settings: Settings,
): Map<string, Answer | null> {
  const kept = { ...settings, sensitivity: "balanced" } as const;
  return new Map(
    texts.map((text, at) => {
      const answer = answers[at] ?? null;
      return [text, answer && isWanted(answer, kept) ? answer : null];
    }),
  );
}

/** Whether the settings want a mark for this. */
export function isWanted(
  { verdict }: Answer,
  { sensitivity, extras }: Pick<Settings, "sensitivity" | "extras">,
): boolean {
  switch (verdict.label) {
    case "rebutted":
    case "contested":
      return sensitivity === "balanced" || verdict.confidence >= CERTAIN;
    case "consistent":
    case "related":
      return extras;
    case "unmatched":
      return false;
  }
}
