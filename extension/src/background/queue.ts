/** Gathers texts into batches, each text once, and sends one batch after another. */

import type { Answer } from "../answers.ts";

/** What came of a batch; a text that is missing in it has no answer. */
export type Answers = ReadonlyMap<string, Answer | null>;

export interface Pace {
  /** Texts in a batch at most. */
  most: number;
  /** How long to wait for more texts after the last one. */
  gatherMs: number;
  /** How long the first of them waits at most. */
  longestMs: number;
  /** What comes after a silence of that length goes at once: the visible headlines of a page that was just opened. */
  silenceMs: number;
  /** Texts that wait at most; what is beyond them gets no answer. */
  waiting: number;
}

interface Waiting {
  settle(answer: Answer | null): void;
  answer: Promise<Answer | null>;
}

/** Texts that wait for their batch. */
export class Queue {
  readonly #send: (texts: string[]) => Promise<Answers | null>;
  readonly #pace: Pace;
  readonly #answers = new Map<string, Promise<Answer | null>>();
  #waiting = new Map<string, Waiting>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #oldest = 0;
  #newest = Number.NEGATIVE_INFINITY;
  #sending = false;

  /** @param send asks for a batch; null where nothing more should be asked for now, and what waits is given up. */
  constructor(send: (texts: string[]) => Promise<Answers | null>, pace: Pace) {
    this.#send = send;
    this.#pace = pace;
  }

  /** Whether there is room for more. */
  get full(): boolean {
    return this.#waiting.size >= this.#pace.waiting;
  }

  /** Ask about a text; one that is on its way already is not asked about twice. Null where no answer came. */
  ask(text: string): Promise<Answer | null> {
    const known = this.#answers.get(text);
    if (known !== undefined || this.full) {
      return known ?? Promise.resolve(null);
    }
    const { promise: answer, resolve: settle } = Promise.withResolvers<Answer | null>();
    this.#waiting.set(text, { settle, answer });
    this.#answers.set(text, answer);
    this.#plan();
    return answer;
  }

  /** Give up what waits. What is on its way is no answer to whoever asks from now on. */
  stop(): void {
    for (const { settle } of this.#waiting.values()) {
      settle(null);
    }
    this.#waiting = new Map();
    this.#answers.clear();
  }

  #plan(): void {
    const now = performance.now();
    // The first of a batch stands for all that come with it in the same message.
    if (this.#waiting.size === 1) {
      this.#oldest = now - this.#newest > this.#pace.silenceMs ? now - this.#pace.longestMs : now;
    }
    this.#newest = now;
    if (!this.#sending) {
      this.#wait();
    }
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const whole = this.#waiting.size >= this.#pace.most;
    const due = Math.min(this.#newest + this.#pace.gatherMs, this.#oldest + this.#pace.longestMs);
    this.#timer = setTimeout(() => void this.#next(), whole ? 0 : Math.max(0, due - performance.now()));
  }

  async #next(): Promise<void> {
    if (this.#sending) {
      return;
    }
    const batch = [...this.#waiting].slice(0, this.#pace.most);
    for (const [text] of batch) {
      this.#waiting.delete(text);
    }
    if (batch.length === 0) {
      return;
    }
    this.#sending = true;
    const answers = await this.#send(batch.map(([text]) => text)).catch((error: unknown) => {
      console.error(error);
      return null;
    });
    this.#sending = false;
    for (const [text, { settle, answer }] of batch) {
      if (this.#answers.get(text) === answer) {
        this.#answers.delete(text);
      }
      settle(answers?.get(text) ?? null);
    }
    this.#newest = performance.now();
    if (answers === null) {
      this.stop();
    } else if (this.#waiting.size > 0) {
      this.#wait();
    }
  }
}
