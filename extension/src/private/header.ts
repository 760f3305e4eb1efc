/** What a signed index says of itself: see docs/reference/index-format.md. */

import { count, demand, fields, finite, list, share, text } from "./shape.ts";

/** A file of a model, by its content. */
export interface ModelFile {
  name: string;
  sha256: string;
  bytes: number;
}

export interface Calibration {
  nearness: { bias: number; similarity: number; evidence: number; size: number };
  gate: number;
  related: number;
  sides: { asserts: number[]; denies: number[] };
  rebutted: number;
  consistent: number;
  judged: number;
}

export interface Encoder {
  name: string;
  revision: string;
  maxTokens: number;
  files: ModelFile[];
}

export interface Stance {
  name: string;
  revision: string;
  languages: string[];
  maxClaimTokens: number;
  maxRumorTokens: number;
  files: ModelFile[];
}

export interface Header {
  /** The public key, base64url without padding. */
  key: string;
  since: number;
  position: number;
  storeVersion: number;
  /** Milliseconds since 1970, by the clock of the service. */
  createdAt: number;
  records: number;
  rows: number;
  dim: number;
  recordsBytes: number;
  removed: string[];
  fields: string[];
  calibration: Calibration;
  encoder: Encoder;
  stance: Stance;
  model: string;
}

/** The index is of a format that this version does not know. */
export class FormatError extends Error {
  override readonly name = "FormatError";
  /** Whether it is one of before: then it is not this version that needs an update. */
  readonly older: boolean;

  constructor(format: unknown) {
    super(`The index is of format ${String(format)}`);
    this.older = typeof format === "number" && format < FORMAT;
  }
}

const FORMAT = 2;
const NAME = 200;
export const MOST_RECORDS = 500_000;
const MOST_ROWS = 4_000_000;
const MOST_BYTES = 2 ** 31;
const MOST_FILE_BYTES = 256 * 2 ** 20;
const MOST_FILES_BYTES = 2 ** 30;
const MOST_FILES = 8;
const MOST_DIM = 1_024;
const MOST_TOKENS = 512;
// Of both readings two each, of the nearness, and a constant.
const WEIGHTS = 6;
const FEW = 4;
const LABELS = "asserts,denies,other";

/** Read a header out of JSON. Throws `FormatError` for another format, `DamagedError` for anything else. */
export function headerOf(value: unknown): Header {
  const header = fields(value);
  if (header["format"] !== FORMAT) {
    throw new FormatError(header["format"]);
  }
  const key = text(header["key"], NAME);
  demand(/^[\w-]{43}$/.test(key), "No key");
  const createdAt = Date.parse(text(header["created_at"], NAME));
  demand(Number.isFinite(createdAt), "No time");
  const [encoder, stance] = [encoderOf(header["encoder"]), stanceOf(header["stance"])];
  const size = [...encoder.files, ...stance.files].reduce((sum, file) => sum + file.bytes, 0);
  demand(size <= MOST_FILES_BYTES, "More files than any device should hold");
  return {
    key,
    since: count(header["since"], Number.MAX_SAFE_INTEGER),
    position: count(header["position"], Number.MAX_SAFE_INTEGER),
    storeVersion: count(header["store_version"], Number.MAX_SAFE_INTEGER),
    createdAt,
    records: count(header["records"], MOST_RECORDS),
    rows: count(header["rows"], MOST_ROWS),
    dim: count(header["dim"], MOST_DIM),
    recordsBytes: count(header["records_bytes"], MOST_BYTES),
    removed: list(header["removed"], MOST_RECORDS, (id) => text(id, NAME)),
    fields: list(header["fields"], FEW, (name) => text(name, NAME)),
    calibration: calibrationOf(header["calibration"]),
    encoder,
    stance,
    model: text(header["model"], NAME),
  };
}

function calibrationOf(value: unknown): Calibration {
  const numbers = fields(value);
  const [nearness, sides] = [fields(numbers["nearness"]), fields(numbers["sides"])];
  const weights = (of: unknown): number[] => {
    const found = list(of, WEIGHTS, finite);
    demand(found.length === WEIGHTS, "Weights are missing");
    return found;
  };
  return {
    nearness: {
      bias: finite(nearness["bias"]),
      similarity: finite(nearness["similarity"]),
      evidence: finite(nearness["evidence"]),
      size: finite(nearness["size"]),
    },
    gate: share(numbers["gate"]),
    related: share(numbers["related"]),
    sides: { asserts: weights(sides["asserts"]), denies: weights(sides["denies"]) },
    rebutted: share(numbers["rebutted"]),
    consistent: share(numbers["consistent"]),
    judged: count(numbers["judged"], 20),
  };
}

function encoderOf(value: unknown): Encoder {
  const encoder = fields(value);
  return { ...named(encoder), maxTokens: tokens(encoder["max_tokens"]), files: filesOf(encoder["files"]) };
}

function stanceOf(value: unknown): Stance {
  const stance = fields(value);
  demand(list(stance["labels"], FEW, (label) => text(label, NAME)).join() === LABELS, "Other labels");
  return {
    ...named(stance),
    languages: list(stance["languages"], 100, (tag) => text(tag, NAME)),
    maxClaimTokens: tokens(stance["max_claim_tokens"]),
    maxRumorTokens: tokens(stance["max_rumor_tokens"]),
    files: filesOf(stance["files"]),
  };
}

function named(model: Readonly<Record<string, unknown>>): { name: string; revision: string } {
  return { name: text(model["name"], NAME), revision: text(model["revision"], NAME) };
}

function tokens(value: unknown): number {
  const most = count(value, MOST_TOKENS);
  demand(most >= FEW, "Too few tokens");
  return most;
}

function filesOf(value: unknown): ModelFile[] {
  const files = list(value, MOST_FILES, (one) => {
    const file = fields(one);
    const sha256 = text(file["sha256"], NAME);
    demand(/^[0-9a-f]{64}$/.test(sha256), "No SHA-256");
    return { name: text(file["name"], NAME), sha256, bytes: count(file["bytes"], MOST_FILE_BYTES) };
  });
  const names = files.map((file) => file.name);
  demand(names.includes("tokenizer.json") && names.some((name) => name.startsWith("model.onnx")), "A file is missing");
  return files;
}
