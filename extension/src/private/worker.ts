/**
 * The worker of private mode. The stance model has one of its own, which is this script again under another name: what
 * WebAssembly has taken of memory is given back by no other means than the end of its worker.
 */

import type { Pair } from "./cascade.ts";
import type { Stance } from "./header.ts";
import { PrivateMode, type Judge } from "./mode.ts";
import { StanceNetwork } from "./networks.ts";
import type { PrivateCalls, StanceCalls } from "./protocol.ts";
import { Remote, serve } from "./rpc.ts";
import { Store } from "./store.ts";

declare const self: DedicatedWorkerGlobalScope;

const STANCE = "stance";
const IDLE_MS = 3 * 60 * 1000;

/** Starts the worker of the stance model when it is first needed, and ends it when nobody has needed it for a while. */
class StanceWorker implements Judge {
  #remote: Remote<StanceCalls> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  async judge(stance: Stance, pairs: readonly Pair[]): Promise<number[][]> {
    clearTimeout(this.#timer);
    this.#remote ??= new Remote<StanceCalls>(new Worker(self.location.href, { name: STANCE }));
    this.#asked += 1;
    try {
      return await this.#remote.call("judge", { stance, pairs });
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      this.#asked -= 1;
      this.#rest();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#remote?.close();
    this.#remote = null;
  }

  #rest(): void {
    if (this.#asked === 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.stop(), IDLE_MS);
    }
  }
}

function servePrivateMode(): void {
  const mode = Store.open().then((store) => new PrivateMode(store, new StanceWorker()));
  serve<PrivateCalls>(self, {
    ask: async ({ source, questions }) => (await mode).ask(source, questions),
    status: async () => (await mode).status(),
    install: async ({ source, accept }) => (await mode).install(source, accept),
    remove: async () => (await mode).remove(),
  });
}

function serveStance(): void {
  const store = Store.open();
  let loaded: { revision: string; network: Promise<StanceNetwork> } | null = null;
  serve<StanceCalls>(self, {
    judge: async ({ stance, pairs }) => {
      const name = JSON.stringify(stance);
      if (loaded?.revision !== name) {
        const network = store.then((files) => StanceNetwork.load(stance, (sha256) => files.file(sha256)));
        loaded = { revision: name, network };
      }
      const network = await loaded.network;
      const read: number[][] = [];
      for (const pair of pairs) {
        read.push(await network.judge(pair));
      }
      return read;
    },
  });
}

if (self.name === STANCE) {
  serveStance();
} else {
  servePrivateMode();
}
