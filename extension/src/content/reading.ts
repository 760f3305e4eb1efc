/** One reading of a page: what its headlines are, what is asked about them, and which of them bear a mark. */

import type { Answer, Finding } from "../answers.ts";
import { tell } from "../messages.ts";
import { Marks } from "./marking/marks.ts";
import type { Headline } from "./page.ts";
import { watch, type Watching } from "./finding/watcher.ts";

/** Texts of one message; the background takes no more. */
const MOST_TEXTS = 256;
/** A page that lies open is asked about anew when the reader comes back to it after this long: answers change. */
const STALE_MS = 5 * 60_000;
const LONGEST_WAIT_MS = 10 * 60_000;
const USUAL_WAIT_MS = 30_000;
/** Troubles that may be over without a change of the settings; a download of private mode that is still under way, too. */
const PASSING: ReadonlySet<string> = new Set(["busy", "unreachable", "strange", "private-missing"]);

export class Reading {
  readonly #marks: Marks;
  readonly #watching: Watching;
  readonly #document: Document;
  /** Headlines on the page by their text: one question for all that say the same. */
  readonly #headlines = new Map<string, Set<Headline>>();
  readonly #answers = new Map<string, Answer>();
  readonly #waiting = new Set<string>();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #askedAt = 0;
  #nextId = 1;
  #counted = 0;
  #stopped = false;

  constructor(document: Document, languages: () => string[]) {
    this.#document = document;
    this.#marks = new Marks(document, { report: (finding, comment, withClaim) => this.#report(finding, comment, withClaim) });
    this.#watching = watch(
      document,
      { found: (batch) => void this.#found(batch), gone: (headline) => this.#gone(headline) },
      languages,
    );
    document.addEventListener("visibilitychange", this.#cameBack);
  }

  findings(): Finding[] {
    return this.#marks.findings();
  }

  open(id: number): void {
    this.#marks.open(id);
  }

  next(): void {
    this.#marks.next();
  }

  /** Tell the number of marks again. */
  recount(): void {
    this.#counted = -1;
    this.#count(this.#marks.findings().length);
  }

  /** Leave the page as if it had never been read. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#document.removeEventListener("visibilitychange", this.#cameBack);
    this.#watching.stop();
    this.#marks.destroy();
    this.#count(0);
  }

  async #found(batch: Headline[]): Promise<void> {
    const fresh: string[] = [];
    for (const headline of batch) {
      const same = this.#headlines.get(headline.text);
      const known = this.#answers.get(headline.text);
      if (same === undefined) {
        this.#headlines.set(headline.text, new Set([headline]));
        fresh.push(headline.text);
      } else {
        same.add(headline);
        if (known !== undefined) {
          this.#show(headline, known);
        }
      }
    }
    this.#count(this.#marks.findings().length);
    await this.#ask(fresh);
  }

  #gone(headline: Headline): void {
    const same = this.#headlines.get(headline.text);
    same?.delete(headline);
    if (same?.size === 0) {
      this.#headlines.delete(headline.text);
      this.#answers.delete(headline.text);
      this.#waiting.delete(headline.text);
    }
    this.#marks.remove(headline);
    this.#count(this.#marks.findings().length);
  }

  async #ask(texts: string[]): Promise<void> {
    for (let at = 0; at < texts.length && !this.#stopped; at += MOST_TEXTS) {
      await this.#askSome(texts.slice(at, at + MOST_TEXTS));
    }
  }

  async #askSome(texts: string[]): Promise<void> {
    this.#askedAt = Date.now();
    let reply;
    try {
      reply = await tell("ask", { texts });
    } catch {
      // The extension was updated or turned off: this script can reach nobody any more.
      this.stop();
      return;
    }
    if (this.#stopped || reply === undefined) {
      return;
    }
    const { answers, condition } = reply;
    const later = PASSING.has(condition.state);
    texts.forEach((text, at) => {
      const answer = answers[at] ?? null;
      this.#answered(text, answer);
      if (answer === null && later && this.#headlines.has(text)) {
        this.#waiting.add(text);
      }
    });
    this.#count(this.#marks.findings().length);
    if (later && this.#waiting.size > 0) {
      this.#askLater(condition.state === "busy" ? condition.retryInMs : USUAL_WAIT_MS);
    }
  }

  #answered(text: string, answer: Answer | null): void {
    const before = this.#answers.get(text);
    // It may have left the page before its answer came.
    if (answer === null || !this.#headlines.has(text)) {
      this.#answers.delete(text);
    } else {
      this.#answers.set(text, answer);
    }
    for (const headline of this.#headlines.get(text) ?? []) {
      if (before !== undefined) {
        this.#marks.remove(headline);
      }
      if (answer !== null) {
        this.#show(headline, answer);
      }
    }
  }

  #show(headline: Headline, answer: Answer): void {
    this.#marks.show(headline, { id: this.#nextId, text: headline.text, answer });
    this.#nextId += 1;
  }

  #askLater(waitMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(
      () => {
        const texts = [...this.#waiting].filter((text) => this.#headlines.has(text));
        this.#waiting.clear();
        void this.#ask(texts);
      },
      Math.min(Math.max(waitMs, 1_000), LONGEST_WAIT_MS),
    );
  }

  readonly #cameBack = (): void => {
    if (this.#document.visibilityState === "visible" && Date.now() - this.#askedAt > STALE_MS) {
      void this.#ask([...this.#headlines.keys()]);
    }
  };

  #count(marks: number): void {
    if (marks !== this.#counted) {
      this.#counted = marks;
      tell("count", { marks }).catch(() => undefined);
    }
  }

  async #report(finding: Finding, comment: string, withClaim: boolean): Promise<boolean> {
    const { verdictId } = finding.answer;
    if (verdictId === undefined) {
      return false;
    }
    const claim = withClaim ? { claim: finding.text } : {};
    return (await tell("report", { verdictId, comment, ...claim })).sent;
  }
}
