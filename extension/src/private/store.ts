/**
 * What private mode keeps on this device: signed documents and the files of models.
 *
 * In IndexedDB, since only it changes several things at once or not at all, in both browsers and from a worker: a
 * download that breaks off leaves what was there. (Caches hold answers to addresses, and files of their own have no
 * transactions.)
 */

/** What is known beside the documents. */
export interface State {
  /** Origin that the index comes from. */
  server: string;
  /** The public key that was seen first, base64url. */
  key: string;
  /** Milliseconds since 1970. */
  checkedAt: number;
  msPerHeadline: number;
  msPerPair: number;
  /** Name of a message, of a trouble that lasts until the reader has decided. */
  problem: string;
}

type Bytes = Uint8Array<ArrayBuffer>;

const NAME = "private";
const VERSION = 1;
const [FILES, DOCUMENTS, STATE] = ["files", "documents", "state"] as const;
const ONLY = "only";

export class Store {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  static async open(): Promise<Store> {
    const request = indexedDB.open(NAME, VERSION);
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore(FILES);
      request.result.createObjectStore(DOCUMENTS, { autoIncrement: true });
      request.result.createObjectStore(STATE);
    });
    return new Store(await done(request));
  }

  async state(): Promise<State | null> {
    const found: unknown = await done(this.#reading(STATE).get(ONLY));
    return (found as State | undefined) ?? null;
  }

  /** The documents, in the order in which they follow on each other. */
  async documents(): Promise<Bytes[]> {
    return (await done(this.#reading(DOCUMENTS).getAll())) as Bytes[];
  }

  /** A file by its SHA-256; null where it is not here. */
  async file(sha256: string): Promise<Bytes | null> {
    const found: unknown = await done(this.#reading(FILES).get(sha256));
    return (found as Bytes | undefined) ?? null;
  }

  async hasFile(sha256: string): Promise<boolean> {
    return (await done(this.#reading(FILES).count(sha256))) > 0;
  }

  async addFile(sha256: string, bytes: Bytes): Promise<void> {
    await this.#changing((files) => files(FILES).put(bytes, sha256));
  }

  /** Throw away all files but these: what came of downloads that never ended well would stay for good. */
  async keepFiles(named: ReadonlySet<string>): Promise<void> {
    const unneeded = await this.#unneeded(named);
    await this.#changing((stores) => unneeded.forEach((name) => stores(FILES).delete(name)));
  }

  async keep(state: State): Promise<void> {
    await this.#changing((stores) => stores(STATE).put(state, ONLY));
  }

  /**
   * Take a document, all at once or not at all.
   *
   * @param whole whether it takes the place of all others
   * @param named the files that are needed from now on; others go
   */
  async take(document: Bytes, state: State, whole: boolean, named: ReadonlySet<string>): Promise<void> {
    const unneeded = await this.#unneeded(named);
    await this.#changing((stores) => {
      if (whole) {
        stores(DOCUMENTS).clear();
      }
      stores(DOCUMENTS).add(document);
      stores(STATE).put(state, ONLY);
      unneeded.forEach((name) => stores(FILES).delete(name));
    });
  }

  async clear(): Promise<void> {
    await this.#changing((stores) => [FILES, DOCUMENTS, STATE].forEach((name) => stores(name).clear()));
  }

  async #unneeded(named: ReadonlySet<string>): Promise<IDBValidKey[]> {
    return (await done(this.#reading(FILES).getAllKeys())).filter((name) => !named.has(String(name)));
  }

  #reading(name: string): IDBObjectStore {
    return this.#database.transaction(name, "readonly").objectStore(name);
  }

  async #changing(change: (stores: (name: string) => IDBObjectStore) => void): Promise<void> {
    const transaction = this.#database.transaction([FILES, DOCUMENTS, STATE], "readwrite", { durability: "strict" });
    const finished = new Promise<void>((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve());
      // Where the quota is used up, the transaction is aborted with that as its error.
      transaction.addEventListener("abort", () => reject(transaction.error ?? new Error("The browser gave up")));
    });
    change((name) => transaction.objectStore(name));
    await finished;
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("The browser gave up")));
  });
}
