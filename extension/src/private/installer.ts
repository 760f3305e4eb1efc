/** Brings the index and the models' files onto this device, and up to date. */

import { Collection } from "./collection.ts";
import { DownloadError, fetchFile, fetchIndex, type Under } from "./download.ts";
import { FormatError, type Header, type ModelFile } from "./header.ts";
import { KeyChangedError, readIndex, sha256, type IndexDocument } from "./index_file.ts";
import type { Source } from "./protocol.ts";
import { DamagedError } from "./shape.ts";
import type { State, Store } from "./store.ts";

/** Times of both networks on this device, in milliseconds. */
export interface Speed {
  msPerHeadline: number;
  msPerPair: number;
}

export interface Progress {
  done: number;
  total: number;
}

/** What is installed: every document, the oldest first. */
export interface Installed {
  state: State;
  documents: IndexDocument[];
  /** Bytes of the documents, and of the files that the last one names. */
  bytes: number;
}

type Bytes = Uint8Array<ArrayBuffer>;
type Measure = (header: Header) => Promise<Speed>;

// So many changes lie behind the whole index before it is downloaded as a whole again.
const MOST_DOCUMENTS = 40;

/** Every document that is here, verified again; null where there is none. */
export async function installed(store: Store): Promise<Installed | null> {
  const state = await store.state();
  if (state === null) {
    return null;
  }
  const documents: IndexDocument[] = [];
  let size = 0;
  for (const bytes of await store.documents()) {
    documents.push(await readIndex(bytes, state.key));
    size += bytes.length;
  }
  const header = documents.at(-1)?.header;
  const files = header === undefined ? [] : filesOf(header);
  return { state, documents, bytes: files.reduce((sum, file) => sum + file.bytes, size) };
}

export class Installer {
  readonly progress: Progress = { done: 0, total: 0 };
  readonly #store: Store;
  readonly #source: Source;
  readonly #measure: Measure;
  readonly #stopped = new AbortController();
  readonly #under: Under = { signal: this.#stopped.signal, came: (bytes) => this.#came(bytes) };

  /** @param measure times the networks of a header, whose files are here by then */
  constructor(store: Store, source: Source, measure: Measure) {
    [this.#store, this.#source, this.#measure] = [store, source, measure];
  }

  /**
   * Install, or bring up to date.
   *
   * @param accept take another signing key than the one that was seen first
   * @param again look at every file again, and measure how fast the networks are, even where they are the same
   * @returns whether anything but the time of the last check has changed
   * @throws DownloadError, DamagedError, KeyChangedError, FormatError; what was here is untouched then.
   */
  async run(accept: boolean, again: boolean): Promise<boolean> {
    const [before, state] = [await this.#before(), await this.#store.state()];
    const last = before?.documents.at(-1)?.header ?? null;
    // Whatever became of the documents, the key is that of this service.
    const key = !accept && state?.server === this.#source.server ? state.key : null;
    const since = before === null || accept || before.documents.length >= MOST_DOCUMENTS ? 0 : (last?.position ?? 0);
    const bytes = await fetchIndex(this.#source, since, this.#under);
    const document = await readIndex(bytes, key);
    if (before === null || last === null || document.header.since === 0) {
      refuseOlder(document.header, last);
      return this.#take([], document, bytes, before);
    }
    // Where a change does not belong to what is here, the whole does.
    return follows(document.header, last)
      ? this.#follow(before, last, document, bytes, again)
      : this.#whole(key, before, last);
  }

  /** Break off; what was here is untouched. */
  stop(): void {
    this.#stopped.abort();
  }

  /** What is here of this service; null where there is nothing, or nothing that can be read. */
  async #before(): Promise<Installed | null> {
    try {
      const found = await installed(this.#store);
      return found !== null && found.state.server === this.#source.server && found.documents.length > 0 ? found : null;
    } catch (error) {
      if (error instanceof DamagedError || error instanceof FormatError || error instanceof KeyChangedError) {
        return null;
      }
      throw error;
    }
  }

  async #unchanged(state: State, last: Header, again: boolean): Promise<boolean> {
    await this.#complete(last, again);
    const speed = again ? await this.#measure(last) : {};
    await this.#store.keep({ ...state, ...speed, problem: "", checkedAt: Date.now() });
    return false;
  }

  async #whole(key: string | null, before: Installed, last: Header): Promise<boolean> {
    const bytes = await fetchIndex(this.#source, 0, this.#under);
    const document = await readIndex(bytes, key);
    refuseOlder(document.header, last);
    return this.#take([], document, bytes, before);
  }

  async #follow(
    before: Installed,
    last: Header,
    document: IndexDocument,
    bytes: Bytes,
    again: boolean,
  ): Promise<boolean> {
    const { header, records } = document;
    if (records.length === 0 && header.removed.length === 0 && sameRest(header, last)) {
      return this.#unchanged(before.state, last, again);
    }
    return this.#take(before.documents, document, bytes, before, again);
  }

  async #take(
    earlier: IndexDocument[],
    document: IndexDocument,
    bytes: Bytes,
    before: Installed | null,
    again = true,
  ): Promise<boolean> {
    const { header } = document;
    // Throws where one does not follow on the other, before anything is replaced.
    void new Collection([...earlier, document]);
    await this.#store.keepFiles(namesOf(before?.documents.at(-1)?.header, header));
    await this.#complete(header, again);
    const speed = again || before === null ? await this.#measure(header) : before.state;
    const state: State = {
      ...{ server: this.#source.server, key: header.key },
      ...{ checkedAt: Date.now(), msPerHeadline: speed.msPerHeadline, msPerPair: speed.msPerPair, problem: "" },
    };
    await this.#store.take(bytes, state, earlier.length === 0, namesOf(header));
    return true;
  }

  /** Download the files that are not here yet; each is kept as soon as it is whole. */
  async #complete(header: Header, again: boolean): Promise<void> {
    const missing: ModelFile[] = [];
    for (const file of filesOf(header)) {
      if (!(await this.#isHere(file, again))) {
        missing.push(file);
      }
    }
    this.progress.total = this.progress.done + missing.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of missing) {
      const bytes = await fetchFile(this.#source, file.sha256, file.bytes, this.#under);
      if ((await sha256(bytes)) !== file.sha256) {
        throw new DamagedError(`The file ${file.name} is not the one that the index names`);
      }
      await this.#store.addFile(file.sha256, bytes);
    }
  }

  /** Whether a file is here; `again` looks whether it is still what it was. */
  async #isHere({ sha256: name }: ModelFile, again: boolean): Promise<boolean> {
    if (!again) {
      return this.#store.hasFile(name);
    }
    const bytes = await this.#store.file(name);
    return bytes !== null && (await sha256(bytes)) === name;
  }

  #came(bytes: number): void {
    this.progress.done += bytes;
    this.progress.total = Math.max(this.progress.total, this.progress.done);
  }
}

function namesOf(...headers: (Header | undefined)[]): Set<string> {
  return new Set(headers.flatMap((header) => (header ? filesOf(header) : [])).map((file) => file.sha256));
}

/** All files that a header names, each once. */
function filesOf({ encoder, stance }: Header): ModelFile[] {
  return [...new Map([...encoder.files, ...stance.files].map((file) => [file.sha256, file])).values()];
}

/**
 * Throws for a document of before, played again to bring back what was withdrawn: it is signed all the same. A store that
 * was set back by its operator makes a new one. It need be no ill will: of several servers one may lag behind.
 */
function refuseOlder(one: Header, last: Header | null): void {
  const behind = last !== null && (one.position < last.position || one.storeVersion < last.storeVersion);
  if (behind && one.key === last.key && one.createdAt <= last.createdAt) {
    throw new DownloadError("private_no_answer");
  }
}

/** Whether a change belongs to what is here: of the same encoder, and of a store that was not set back. */
function follows(change: Header, last: Header): boolean {
  const [one, other] = [change.encoder, last.encoder];
  const same = one.name === other.name && one.revision === other.revision && change.dim === last.dim;
  return same && change.since === last.position && change.storeVersion >= last.storeVersion;
}

/** Whether two headers say the same of everything but their records. */
function sameRest(one: Header, other: Header): boolean {
  const rest = ({ calibration, encoder, stance, model, position, storeVersion }: Header): string =>
    JSON.stringify({ calibration, encoder, stance, model, position, storeVersion });
  return rest(one) === rest(other);
}
