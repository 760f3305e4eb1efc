/** The signed index as it comes from the service: verified first, then taken apart. */

import { headerOf, type Header } from "./header.ts";
import type { Field } from "./passages.ts";
import { DamagedError, count, demand, fields, list, parsed, text, type Fields } from "./shape.ts";

/** A record, with what the matching needs checked and the rest as it came. */
export interface PackedRecord {
  id: string;
  rumor: string;
  variants: string[];
  statement: string;
  quote: string;
  language: string;
  authority: { name: string };
  speaker: { name: string; role: string };
  statedOn: string;
  contestedWith: string[];
  citations: { title: string }[];
  /** The wording that the stance model reads, where it does not read the record's own language. */
  readable: string;
  /** All of it, for what a reader is shown; not checked. */
  shown: Fields;
}

/** The texts of a record as vectors. */
export interface PackedRows {
  /** For each row the field that it stands in. */
  fields: Field[];
  factors: Float32Array;
  codes: Int8Array;
}

export interface IndexDocument {
  header: Header;
  /** SHA-256 of the public key. */
  fingerprint: string;
  records: { record: PackedRecord; rows: PackedRows }[];
}

const MAGIC = new TextEncoder().encode("RJNDXIX1");
/** Bytes that tell where the header ends. */
export const START = MAGIC.length + 4;
const SIGNATURE_BYTES = 64;
const MOST_HEADER_BYTES = 64 * 2 ** 20;
const MOST_ROWS_OF_ONE = 10_000;
const FLOAT_BYTES = 4;
const LINE_FEED = 10;
const [SHORT, LONG, MOST] = [1_000, 50_000, 1_000];
const FIELDS = ["rumor", "variant", "statement", "title"] as const satisfies Field[];
const FINGERPRINT_DIGITS = 32;

/** It is signed with another key than the one that was seen first. */
export class KeyChangedError extends Error {
  override readonly name = "KeyChangedError";
}

/**
 * Verify a document and read it.
 *
 * @param key the public key that it must be signed with; null where none was seen yet: then the one that it names.
 * @throws DamagedError, KeyChangedError, or FormatError for a format that is not known.
 */
export async function readIndex(bytes: Uint8Array<ArrayBuffer>, key: string | null): Promise<IndexDocument> {
  demand(bytes.length >= START + SIGNATURE_BYTES, "No index");
  const end = headerEnd(bytes);
  demand(end + SIGNATURE_BYTES <= bytes.length, "The header is cut off");
  const header = headerIn(bytes, end);
  await verify(bytes, header.key);
  if (key !== null && key !== header.key) {
    throw new KeyChangedError("The index is signed with another key");
  }
  const records = taken(bytes.subarray(end, -SIGNATURE_BYTES), header);
  return { header, fingerprint: await fingerprint(header.key), records };
}

/** Where the header of a document ends, of which the first `START` bytes at least are here. */
export function headerEnd(bytes: Uint8Array<ArrayBuffer>): number {
  demand(MAGIC.every((byte, at) => bytes[at] === byte), "No index");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  demand(length <= MOST_HEADER_BYTES, "A header that is too long");
  return START + length;
}

/** The header of a document, which nobody has verified yet. */
export function headerIn(bytes: Uint8Array<ArrayBuffer>, end: number): Header {
  return headerOf(parsed(bytes.subarray(START, end)));
}

/** What people compare: the first 32 hex digits of the SHA-256 of a key, in groups of four. */
export async function fingerprint(key: string): Promise<string> {
  const digits = await sha256(decoded(key));
  return (digits.slice(0, FINGERPRINT_DIGITS).match(/.{4}/g) ?? []).join(" ");
}

/** The SHA-256 of some bytes, in hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function verify(bytes: Uint8Array<ArrayBuffer>, key: string): Promise<void> {
  const [signed, signature] = [bytes.subarray(0, -SIGNATURE_BYTES), bytes.subarray(-SIGNATURE_BYTES)];
  const imported = await crypto.subtle.importKey("raw", decoded(key), "Ed25519", false, ["verify"]);
  demand(await crypto.subtle.verify("Ed25519", imported, signature, signed), "The signature does not fit");
}

function decoded(key: string): Uint8Array<ArrayBuffer> {
  const raw = Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  demand(raw.length === 32, "No key");
  return raw;
}

function taken(body: Uint8Array<ArrayBuffer>, header: Header): IndexDocument["records"] {
  const { rows, dim, recordsBytes } = header;
  demand(body.length === recordsBytes + rows * (FLOAT_BYTES + 1 + dim), "The lengths do not fit");
  const lines = linesOf(body.subarray(0, recordsBytes), header.records);
  // A copy: what follows the records need not lie on a boundary of four bytes.
  const factors = new Float32Array(body.slice(recordsBytes, recordsBytes + rows * FLOAT_BYTES).buffer);
  demand(factors.every(Number.isFinite), "A factor is no number");
  const [tags, codes] = [recordsBytes + rows * FLOAT_BYTES, recordsBytes + rows * (FLOAT_BYTES + 1)];
  const names = body.slice(tags, codes);
  const all = new Int8Array(body.slice(codes).buffer);
  let at = 0;
  const found = lines.map((line) => {
    const { rows: many, ...record } = recordOf(line);
    const [start, end] = [at, at + many];
    at = end;
    demand(many > 0 && end <= rows, "The rows do not fit their records");
    const of = Array.from(names.subarray(start, end), (name) => fieldOf(header.fields[name]));
    return {
      record,
      rows: { fields: of, factors: factors.subarray(start, end), codes: all.subarray(start * dim, end * dim) },
    };
  });
  demand(at === rows, "The rows do not fit their records");
  return found;
}

function linesOf(bytes: Uint8Array, records: number): unknown[] {
  const lines: unknown[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, start);
    demand(end >= 0 && lines.length < records, "The records do not fit their number");
    lines.push(parsed(bytes.subarray(start, end)));
    start = end + 1;
  }
  demand(lines.length === records, "The records do not fit their number");
  return lines;
}

function fieldOf(name: unknown): Field {
  const field = FIELDS.find((one) => one === name);
  if (field === undefined) {
    throw new DamagedError("A field that is not known");
  }
  return field;
}

function recordOf(line: unknown): PackedRecord & { rows: number } {
  const whole = fields(line);
  const shown = fields(whole["rebuttal"]);
  const speaker = fields(shown["speaker"] ?? {});
  return {
    rows: count(whole["rows"], MOST_ROWS_OF_ONE),
    id: text(shown["id"], SHORT),
    rumor: text(shown["rumor"], LONG),
    variants: list(shown["variants"] ?? [], MOST, (variant) => text(variant, LONG)),
    statement: text(shown["statement"], LONG),
    quote: text(shown["quote"] ?? "", LONG),
    language: text(shown["language"] ?? "en", SHORT),
    authority: { name: text(fields(shown["authority"])["name"], SHORT) },
    speaker: { name: text(speaker["name"] ?? "", SHORT), role: text(speaker["role"] ?? "", SHORT) },
    statedOn: text(shown["stated_on"] ?? "", SHORT),
    contestedWith: list(shown["contested_with"] ?? [], MOST, (id) => text(id, SHORT)),
    citations: list(shown["citations"] ?? [], MOST, (one) => ({ title: text(fields(one)["title"] ?? "", LONG) })),
    readable: text(whole["readable"] ?? "", LONG),
    shown,
  };
}
