/** Requests to the service. One at a time: a reader's pages together ask it for no more than one page would. */

import type { Answer } from "../answers.ts";
import type { Report } from "../messages.ts";
import { retryAfterMs } from "../../../clients/typescript/src/retries.ts";
import { anonymize } from "./anonymous.ts";
import { answerOf, checkedOf, versionOf, type Checked, type Version } from "./shapes.ts";

/** Where the service is, and what opens it. */
export interface Server {
  server: string;
  key: string;
}

export type Trouble = "unreachable" | "busy" | "refused" | "strange";

/** Why there is no answer. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly trouble: Trouble;
  /** How long the service asks to be left alone; undefined where it names no time. */
  readonly retryAfterMs: number | undefined;

  constructor(trouble: Trouble, retryAfter?: number, options?: ErrorOptions) {
    super(`The service is ${trouble}`, options);
    this.trouble = trouble;
    this.retryAfterMs = retryAfter;
  }
}

const LONGEST_MS = 15_000;
// 256 texts with two matches each of some kilobytes.
const MOST_BYTES = 8_000_000;
const MATCHES = 2;
/** The longest text of one claim that the service takes. */
export const LONGEST_CLAIM = 5_000;
const LONGEST_COMMENT = 2_000;

/**
 * What answers depend on. A few bytes, read whole each time: a tag to ask with would be the service's to choose, and so
 * could tell one reader from another.
 */
export async function readVersion(to: Server, signal?: AbortSignal): Promise<Version> {
  return shaped(await send(to, "/v1/version", {}, signal), versionOf);
}

/** Check several texts, at most 256. */
export async function checkMany(to: Server, texts: readonly string[], signal?: AbortSignal): Promise<Checked> {
  const claims = texts.map((text, at) => ({ id: `${at}`, text }));
  const told = await send(to, "/v1/check/batch", posted({ claims, limit: MATCHES }), signal);
  return shaped(told, (body) => checkedOf(body, texts.length));
}

/** Check one text. */
export async function checkOne(to: Server, text: string, signal?: AbortSignal): Promise<Answer> {
  const claim = text.slice(0, LONGEST_CLAIM).toWellFormed();
  return shaped(await send(to, "/v1/check", posted({ claim, limit: MATCHES }), signal), answerOf);
}

/** Say that a verdict is wrong. */
export async function sendReport(to: Server, { verdictId, comment, claim }: Report, signal?: AbortSignal): Promise<void> {
  const said = comment.trim().slice(0, LONGEST_COMMENT).toWellFormed();
  const text = claim?.trim().slice(0, LONGEST_CLAIM).toWellFormed();
  const body = {
    verdict_id: verdictId,
    rating: "wrong",
    ...(said ? { comment: said } : {}),
    ...(text ? { claim: text } : {}),
  };
  await send(to, "/v1/feedback", posted(body), signal);
}

function posted(body: unknown): RequestInit {
  return { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

let last: Promise<unknown> = Promise.resolve();

/** The body of what a request is answered with, once those before it have ended. Throws `ServiceError` for no answer. */
function send(to: Server, path: string, init: RequestInit, signal?: AbortSignal): Promise<string> {
  const turn = last.then(() => sendNow(to, path, init, signal));
  last = turn.catch(() => undefined);
  return turn;
}

async function sendNow(to: Server, path: string, init: RequestInit, signal: AbortSignal | undefined): Promise<string> {
  // Without the permission the browser would add what tells one installation from another.
  if (!(await anonymize(to.server)) || signal?.aborted) {
    throw new ServiceError("unreachable");
  }
  const limit = AbortSignal.timeout(LONGEST_MS);
  let response: Response;
  let body: string;
  try {
    response = await fetch(`${to.server}${path}`, {
      ...init,
      headers: { ...init.headers, "Accept-Language": "*", ...(to.key ? { Authorization: `Bearer ${to.key}` } : {}) },
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      cache: "no-store",
      credentials: "omit",
      mode: "cors",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
    body = await wholeBody(response);
  } catch (error) {
    throw error instanceof ServiceError ? error : new ServiceError("unreachable", undefined, { cause: error });
  }
  const trouble = troubleOf(response);
  if (trouble !== null) {
    throw new ServiceError(trouble, retryAfterMs(response));
  }
  return body;
}

function troubleOf({ status }: Response): Trouble | null {
  if (status === 429 || status === 503) {
    return "busy";
  }
  if (status === 401 || status === 403) {
    return "refused";
  }
  // What stands between the service and us speaks of its own trouble so.
  if (status === 502 || status === 504) {
    return "unreachable";
  }
  return status >= 200 && status < 300 ? null : "strange";
}

/** The body as text. Stops reading where it is longer than any answer is. */
async function wholeBody(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    bytes += part.value.length;
    if (bytes > MOST_BYTES) {
      await reader?.cancel();
      throw new ServiceError("strange");
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

function shaped<T>(body: string, read: (body: unknown) => T): T {
  try {
    return read(JSON.parse(body));
  } catch (error) {
    throw new ServiceError("strange", undefined, { cause: error });
  }
}
