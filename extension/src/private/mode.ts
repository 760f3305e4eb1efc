/** Private mode: what is installed, kept ready in memory, and asked. */

import type { Answer } from "../answers.ts";
import type { Condition, PrivateStatus } from "../messages.ts";
import { check, type Pair, type Question } from "./cascade.ts";
import { Collection } from "./collection.ts";
import { DownloadError } from "./download.ts";
import { FormatError, type Header, type Stance } from "./header.ts";
import { fingerprint, KeyChangedError } from "./index_file.ts";
import { Installer, installed, type Speed } from "./installer.ts";
import { EncoderNetwork } from "./networks.ts";
import type { Asked, Source } from "./protocol.ts";
import { DamagedError } from "./shape.ts";
import { isTooSlow, timeHeadlines, timePair } from "./speed.ts";
import type { Store } from "./store.ts";

/** Reads pairs, in a worker of its own. */
export interface Judge {
  judge(stance: Stance, pairs: readonly Pair[]): Promise<number[][]>;
  /** Give back its memory. */
  stop(): void;
}

interface Ready {
  collection: Collection;
  encoder: EncoderNetwork;
  /** Bytes on this device. */
  bytes: number;
}

const LOOK_EVERY_MS = 6 * 60 * 60 * 1000;
const TRY_AGAIN_MS = 15 * 60 * 1000;
// Troubles that may be gone at the next try, and concern nobody who has not asked for it.
const PASSING: ReadonlySet<string> = new Set(["private_no_connection", "private_no_answer", "private_busy"]);
const QUOTA = "QuotaExceededError";

export class PrivateMode {
  readonly #store: Store;
  readonly #judge: Judge;
  #ready: Promise<Ready | null> | null = null;
  #installing: { installer: Installer; finished: Promise<void> } | null = null;
  readonly #asked = new Set<Promise<Asked>>();
  #problem = "";
  #tried = 0;

  constructor(store: Store, judge: Judge) {
    [this.#store, this.#judge] = [store, judge];
  }

  /** What is known of each text, or why nothing is. Sends nothing of them to anybody. */
  async ask(source: Source, questions: readonly Question[]): Promise<Asked> {
    const state = await this.#store.state();
    const answers: (Answer | null)[] = questions.map(() => null);
    if (state === null || state.server !== source.server) {
      return { answers, condition: { state: "private-missing" } };
    }
    this.#keepUp(source, state.checkedAt);
    if (isTooSlow(state)) {
      return { answers, condition: { state: "private-slow", msPerHeadline: Math.round(state.msPerHeadline) } };
    }
    const ready = await this.#load();
    if (ready === null) {
      // What is here cannot be read, as after an update of the extension: it is not due only hours from now.
      this.#keepUp(source, 0);
      return { answers, condition: { state: "private-missing" } };
    }
    const answered = this.#answer(ready, questions);
    this.#asked.add(answered);
    return answered.finally(() => this.#asked.delete(answered));
  }

  async status(): Promise<PrivateStatus> {
    const state = await this.#store.state();
    const { done, total } = this.#installing?.installer.progress ?? { done: 0, total: 0 };
    if (this.#installing !== null) {
      return { state: "downloading", done, total };
    }
    if (state === null) {
      const problem = this.#problem;
      return problem ? { state: "failed", done, total, problem } : { state: "absent", done, total };
    }
    const { collection, bytes } = (await this.#load()) ?? { bytes: 0 };
    const failed = this.#problem || state.problem;
    if (collection === undefined && !failed) {
      return { state: "absent", done, total };
    }
    return {
      ...{ done: bytes, total: bytes },
      state: failed ? "failed" : isTooSlow(state) ? "slow" : "ready",
      ...(failed ? { problem: failed } : {}),
      msPerHeadline: Math.round(state.msPerHeadline),
      checkedAt: state.checkedAt,
      fingerprint: await fingerprint(state.key),
      ...(collection && { storeVersion: collection.header.storeVersion, records: collection.records.length }),
    };
  }

  /** Install, or bring up to date, whoever asks first; the status tells how it goes and how it went. */
  async install(source: Source, accept: boolean): Promise<PrivateStatus> {
    if (!source.reachable) {
      this.#problem = "private_no_connection";
      return this.status();
    }
    void this.#start(source, accept, true);
    return this.status();
  }

  async remove(): Promise<PrivateStatus> {
    this.#installing?.installer.stop();
    await this.#installing?.finished;
    await this.#forget();
    this.#judge.stop();
    this.#problem = "";
    await this.#store.clear();
    return this.status();
  }

  async #answer({ collection, encoder }: Ready, questions: readonly Question[]): Promise<Asked> {
    const reader = {
      encode: (text: string) => encoder.encode(text),
      words: (text: string) => encoder.words(text),
      judge: (pairs: readonly Pair[]) => this.#judge.judge(collection.header.stance, pairs),
    };
    const answers: (Answer | null)[] = [];
    for (const question of questions) {
      answers.push(await check(question, collection, reader));
    }
    return { answers, condition: { state: "ready" } satisfies Condition };
  }

  #keepUp(source: Source, checkedAt: number): void {
    const now = Date.now();
    const due = now - checkedAt > LOOK_EVERY_MS && now - this.#tried > TRY_AGAIN_MS;
    if (due && source.reachable) {
      void this.#start(source, false, false);
    }
  }

  #start(source: Source, accept: boolean, wanted: boolean): Promise<void> {
    if (this.#installing === null) {
      this.#tried = Date.now();
      const installer = new Installer(this.#store, source, (header) => this.#measure(header));
      const finished = this.#install(installer, accept, wanted).finally(() => {
        this.#installing = null;
      });
      this.#installing = { installer, finished };
    }
    return this.#installing.finished;
  }

  async #install(installer: Installer, accept: boolean, wanted: boolean): Promise<void> {
    try {
      if (await installer.run(accept, wanted)) {
        await this.#forget();
      }
      this.#problem = "";
    } catch (error) {
      console.warn(error);
      const problem = problemOf(error);
      if (wanted || !PASSING.has(problem)) {
        this.#problem = problem;
      }
      await this.#remember(problem);
    }
  }

  /** What the reader has to decide is not forgotten with this worker. */
  async #remember(problem: string): Promise<void> {
    const state = await this.#store.state();
    if (state !== null && problem === "private_key_changed") {
      await this.#store.keep({ ...state, problem });
    }
  }

  async #measure(header: Header): Promise<Speed> {
    const encoder = await EncoderNetwork.load(header.encoder, (name) => this.#store.file(name));
    try {
      const msPerHeadline = await timeHeadlines(encoder);
      const msPerPair = await timePair((pairs) => this.#judge.judge(header.stance, pairs));
      return { msPerHeadline, msPerPair };
    } finally {
      await encoder.release();
    }
  }

  /** What is installed, ready to be asked; null where it cannot be. */
  #load(): Promise<Ready | null> {
    this.#ready ??= this.#loaded().catch((error: unknown) => {
      console.warn(error);
      // What an extension of before has taken is no trouble of the service: it is downloaded anew.
      if (!(error instanceof FormatError && error.older)) {
        this.#problem = problemOf(error);
      }
      this.#ready = null;
      return null;
    });
    return this.#ready;
  }

  async #loaded(): Promise<Ready | null> {
    const found = await installed(this.#store);
    if (found === null) {
      return null;
    }
    const collection = new Collection(found.documents);
    const encoder = await EncoderNetwork.load(collection.header.encoder, (name) => this.#store.file(name));
    return { collection, encoder, bytes: found.bytes };
  }

  /** Load anew the next time. */
  async #forget(): Promise<void> {
    const before = this.#ready;
    this.#ready = null;
    // Whoever has asked is answered from what was there.
    await Promise.allSettled(this.#asked);
    await (await before)?.encoder.release();
  }
}

function problemOf(error: unknown): string {
  if (error instanceof DownloadError) {
    return error.problem;
  }
  if (error instanceof KeyChangedError) {
    return "private_key_changed";
  }
  if (error instanceof FormatError) {
    return error.older ? "private_too_old" : "private_too_new";
  }
  if (error instanceof DamagedError) {
    return "private_damaged";
  }
  return error instanceof DOMException && error.name === QUOTA ? "private_no_room" : "private_not_started";
}
