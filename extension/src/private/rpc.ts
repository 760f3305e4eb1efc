/** Questions to a worker, and its answers. */

/** What a worker is asked: by kind, what is sent along and what comes back. */
export type Calls = Record<string, { ask: unknown; reply: unknown }>;

export type Served<C extends Calls> = { [K in keyof C]: (ask: C[K]["ask"]) => Promise<C[K]["reply"]> };

/** What a worker posts, or what is posted to it. */
interface Post {
  id: number;
  kind?: string;
  ask?: unknown;
  reply?: unknown;
  error?: string;
}

/** The worker stopped, or could not answer. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}

interface Waiting {
  resolve(reply: unknown): void;
  reject(error: WorkerError): void;
}

/** A worker from outside. */
export class Remote<C extends Calls> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Post>) => this.#heard(data));
    worker.addEventListener("error", (event) => this.#lost(event.message || "The worker could not be started"));
  }

  call<K extends keyof C & string>(kind: K, ask: C[K]["ask"]): Promise<C[K]["reply"]> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (reply: unknown) => void, reject });
      this.#worker.postMessage({ id, kind, ask } satisfies Post);
    });
  }

  /** Stop the worker at once; whoever waits gets an error. */
  close(): void {
    this.#worker.terminate();
    this.#lost("The worker was stopped");
  }

  #heard({ id, reply, error }: Post): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) {
      waiting?.resolve(reply);
    } else {
      waiting?.reject(new WorkerError(error));
    }
  }

  #lost(message: string): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new WorkerError(message));
    }
    this.#waiting.clear();
  }
}

/** Answer, inside a worker. */
export function serve<C extends Calls>(scope: DedicatedWorkerGlobalScope, served: Served<C>): void {
  scope.addEventListener("message", ({ data: { id, kind, ask } }: MessageEvent<Post>) => {
    const handle = kind !== undefined && Object.hasOwn(served, kind) ? served[kind] : undefined;
    void Promise.resolve()
      .then(() => (handle === undefined ? Promise.reject(new WorkerError("Not understood")) : handle(ask as never)))
      .then(
        (reply) => scope.postMessage({ id, reply } satisfies Post),
        (error: unknown) => scope.postMessage({ id, error: String(error) } satisfies Post),
      );
  });
}
