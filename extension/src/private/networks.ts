/** The two networks on WebAssembly, as `embeddings/onnx.py` and `embeddings/stance.py` run them. */

import * as ort from "onnxruntime-web/wasm";

import { softmax } from "./calibration.ts";
import type { Pair } from "./cascade.ts";
import { joined } from "./download.ts";
import type { Word } from "./english.ts";
import type { Encoder, ModelFile, Stance } from "./header.ts";
import { sha256 } from "./index_file.ts";
import { DamagedError, demand } from "./shape.ts";
import { Tokenizer } from "./tokenizer.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Gives a file by its SHA-256; null where it is not here. */
export type Files = (sha256: string) => Promise<Bytes | null>;

const RUNTIME = "ort-wasm-simd-threaded.wasm";
const TOKENIZER = "tokenizer.json";
const NETWORK = "model.onnx";
const STANCES = 3;

/** Turns texts into vectors. */
export class EncoderNetwork {
  readonly #tokenizer: Tokenizer;
  readonly #network: Network;
  readonly #most: number;

  private constructor(tokenizer: Tokenizer, network: Network, most: number) {
    [this.#tokenizer, this.#network, this.#most] = [tokenizer, network, most];
  }

  static async load(encoder: Encoder, files: Files): Promise<EncoderNetwork> {
    const { tokenizer, network } = await loaded(encoder.files, files);
    return new EncoderNetwork(tokenizer, network, encoder.maxTokens);
  }

  /** The vector of a text, of length 1. */
  async encode(text: string): Promise<Float32Array> {
    const [begin, end] = [this.#tokenizer.idOf("[CLS]"), this.#tokenizer.idOf("[SEP]")];
    return this.#network.run([begin, ...this.#tokenizer.tokens(text).slice(0, this.#most - 2), end]);
  }

  /** The words of a text, as the vocabulary has them. */
  words(text: string): Word[] {
    return this.#tokenizer.words(text);
  }

  async release(): Promise<void> {
    await this.#network.release();
  }
}

/** Reads a claim against a record. */
export class StanceNetwork {
  readonly #tokenizer: Tokenizer;
  readonly #network: Network;
  readonly #limits: Stance;

  private constructor(tokenizer: Tokenizer, network: Network, limits: Stance) {
    [this.#tokenizer, this.#network, this.#limits] = [tokenizer, network, limits];
  }

  static async load(stance: Stance, files: Files): Promise<StanceNetwork> {
    const { tokenizer, network } = await loaded(stance.files, files);
    return new StanceNetwork(tokenizer, network, stance);
  }

  /** Probabilities of asserts, denies and other, by the model alone. */
  async judge(pair: Pair): Promise<number[]> {
    const logits = await this.#network.run(this.#sequence(pair));
    demand(logits.length === STANCES, "The stance model answers in another form");
    return softmax([...logits]);
  }

  #sequence({ claim, rumor, statement }: Pair): number[] {
    const [begin, end] = [this.#tokenizer.idOf("<s>"), this.#tokenizer.idOf("</s>")];
    const [said, denied, instead] = [claim, rumor, statement].map((text) => this.#tokenizer.tokens(text));
    const official = instead?.length ? [...(denied ?? []), end, end, ...instead] : (denied ?? []);
    const { maxClaimTokens, maxRumorTokens } = this.#limits;
    return [begin, ...(said ?? []).slice(0, maxClaimTokens), end, end, ...official.slice(0, maxRumorTokens), end];
  }
}

/** A network that takes one row of tokens at a time: batches gain nothing on one thread. */
class Network {
  readonly #session: ort.InferenceSession;
  // The runtime takes one call after the other.
  #last: Promise<unknown> = Promise.resolve();

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  static async start(model: Bytes): Promise<Network> {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = { wasm: new URL(RUNTIME, self.location.href).href };
    const options: ort.InferenceSession.SessionOptions = {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "extended",
      enableCpuMemArena: false,
    };
    return new Network(await ort.InferenceSession.create(model, options));
  }

  async run(ids: readonly number[]): Promise<Float32Array> {
    const mine = this.#last.then(() => this.#run(ids));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async release(): Promise<void> {
    await this.#last;
    await this.#session.release();
  }

  async #run(ids: readonly number[]): Promise<Float32Array> {
    const shape = [1, ids.length];
    const results = await this.#session.run({
      input_ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new ort.Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
    });
    const [result] = Object.values(results);
    const data = result?.data;
    demand(data instanceof Float32Array, "The network answers in another form");
    return data;
  }
}

async function loaded(named: readonly ModelFile[], files: Files): Promise<{ tokenizer: Tokenizer; network: Network }> {
  const tokenizer = named.filter(({ name }) => name === TOKENIZER);
  // A large network lies in parts.
  const parts = named.filter(({ name }) => name.startsWith(NETWORK)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const json = new TextDecoder("utf-8", { fatal: true }).decode(await read(tokenizer, files));
  return { tokenizer: new Tokenizer(json), network: await Network.start(await read(parts, files)) };
}

/** Files one after the other; each is compared with its hash again: what was verified is what is loaded. */
async function read(named: readonly ModelFile[], files: Files): Promise<Bytes> {
  const parts: Bytes[] = [];
  for (const { name, sha256: expected } of named) {
    const bytes = await files(expected);
    if (bytes === null || (await sha256(bytes)) !== expected) {
      throw new DamagedError(`The file ${name} is damaged`);
    }
    parts.push(bytes);
  }
  return joined(parts);
}
