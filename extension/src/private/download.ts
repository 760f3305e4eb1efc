/** Downloads of the index and of the models' files. Nothing goes along but the API key, where one is set. */

import { FormatError } from "./header.ts";
import { headerEnd, headerIn, START } from "./index_file.ts";
import type { Source } from "./protocol.ts";
import { DamagedError, demand } from "./shape.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Why a download did not come; the name of a message that says so. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
  readonly problem: string;

  constructor(problem: string, options?: ErrorOptions) {
    super(`The download failed: ${problem}`, options);
    this.problem = problem;
  }
}

/** Told of what has come so far, and how many bytes that is; throws to hang up. */
type Look = (parts: readonly Bytes[], length: number) => void;

/** What a download goes on under. */
export interface Under {
  /** Ends it. */
  signal: AbortSignal;
  /** Told of bytes as they come. */
  came(bytes: number): void;
}

const MOST_INDEX_BYTES = 512 * 2 ** 20;
// Without a byte for so long, the connection is taken for dead.
const STILL_MS = 60_000;
const PROBLEMS: Record<number, string> = {
  401: "private_refused",
  403: "private_refused",
  404: "private_not_offered",
  429: "private_busy",
  503: "private_busy",
};

/**
 * The index from a position on. It is asked for without the tag of the last one: that would tell one reader from another
 * for months, and any cache would do it. A position is the same for all, as long as the service means no harm; little
 * comes where nothing has changed.
 *
 * @throws DownloadError, or, as soon as the header has come, DamagedError or FormatError: the rest is not waited for
 */
export async function fetchIndex(source: Source, since: number, under: Under): Promise<Bytes> {
  return get(source, `/v1/index?since=${since}`, MOST_INDEX_BYTES, under, headerFirst());
}

/** A file by its content. Throws `DamagedError` for one that is longer or shorter. */
export async function fetchFile(source: Source, sha256: string, size: number, under: Under): Promise<Bytes> {
  const bytes = await get(source, `/v1/index/files/${sha256}`, size, under);
  if (bytes.length !== size) {
    throw new DamagedError("A file of another length");
  }
  return bytes;
}

/** Reads the header as soon as it is whole, and nothing twice. */
function headerFirst(): Look {
  let [end, isRead] = [0, false];
  return (parts, length) => {
    if (!isRead && length >= START) {
      end ||= headerEnd(joined(parts));
      isRead = length >= end;
      if (isRead) {
        headerIn(joined(parts), end);
      }
    }
  };
}

async function get(
  source: Source,
  path: string,
  most: number,
  { signal, came }: Under,
  look: Look = () => undefined,
): Promise<Bytes> {
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), STILL_MS);
  try {
    const response = await fetch(source.server + path, {
      cache: "no-store",
      credentials: "omit",
      headers: source.key === "" ? {} : { Authorization: `Bearer ${source.key}` },
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.any([stop.signal, signal]),
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw new DownloadError(PROBLEMS[response.status] ?? "private_no_answer");
    }
    const still = (length: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), STILL_MS);
      came(length);
    };
    return await readAll(response.body, most, still, look);
  } catch (error) {
    if (error instanceof DownloadError || error instanceof DamagedError || error instanceof FormatError) {
      throw error;
    }
    throw new DownloadError("private_no_connection", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function readAll(
  body: ReadableStream<Bytes>,
  most: number,
  came: (bytes: number) => void,
  look: Look,
): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const { value } = await reader.read();
      if (value === undefined) {
        return joined(parts, length);
      }
      length += value.length;
      demand(length <= most, "More bytes than were announced");
      parts.push(value);
      look(parts, length);
      came(value.length);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
}

/** Some bytes after the other, as one. */
export function joined(parts: readonly Bytes[], length = parts.reduce((sum, part) => sum + part.length, 0)): Bytes {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
