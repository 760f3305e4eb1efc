/** When a request is sent again, and after how long. */

import { UnreachableError } from "./errors.ts";

export interface Retries {
  /** How often a request is sent again; 0 for never. */
  most: number;
  /** The longest pause after the first attempt; each later one may be twice as long. */
  firstMs: number;
  /** The longest pause. Where the service asks for a longer one, its answer is given at once. */
  longestMs: number;
}

export const DEFAULT_RETRIES: Retries = { most: 3, firstMs: 500, longestMs: 30_000 };

/** Sent twice, these do no more than sent once. */
const READS = new Set(["/v1/check", "/v1/check/batch", "/v1/compare", "/v1/search", "/v1/rebuttals/similar"]);
const LATER = new Set([429, 503]);

/**
 * A `fetch` that sends a request again: where that does no more than sending it once, and the connection broke or the
 * service asked for it (429, 503). Between attempts lies the time that `Retry-After` names, or a random part of a time
 * that doubles with each attempt.
 */
export function patient(
  send: (request: Request) => Promise<Response>,
  retries: Retries,
  timeoutMs: number,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const again = await repeatable(request);
    for (let attempt = 1; ; attempt += 1) {
      const last = !again || attempt > retries.most;
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
      let pause = Math.random() * Math.min(retries.longestMs, retries.firstMs * 2 ** (attempt - 1));
      try {
        const response = await whole(await send(new Request(last ? request : request.clone(), { signal })));
        const asked = retryAfterMs(response);
        if (last || !LATER.has(response.status) || (asked ?? 0) > retries.longestMs) {
          return response;
        }
        await response.body?.cancel();
        pause = asked === undefined ? pause : asked + Math.random() * retries.firstMs;
      } catch (error) {
        request.signal.throwIfAborted();
        if (last) {
          throw new UnreachableError(`No answer from ${request.method} ${request.url}`, { cause: error });
        }
      }
      await sleep(pause, request.signal);
    }
  };
}

/** Milliseconds that an answer asks to wait, from now; undefined where it names none. */
export function retryAfterMs(response: Response): number | undefined {
  const given = response.headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(given)) {
    return Number(given) * 1000;
  }
  const at = Date.parse(given);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** An answer that is there to its end, so that one that breaks off is noticed here; what may be long is not waited for. */
async function whole(response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  if (!/[/+]json\b/.test(headers.get("content-type") ?? "")) {
    return response;
  }
  return new Response(await response.arrayBuffer(), { status, statusText, headers });
}

async function repeatable(request: Request): Promise<boolean> {
  if (request.method === "GET") {
    return true;
  }
  const path = new URL(request.url).pathname;
  const reads = request.method === "POST" && [...READS].some((one) => path.endsWith(one));
  // A check that asks to be notified makes a watch, whose secret is told once.
  return reads && !(path.endsWith("/v1/check") && "notify" in (await request.clone().json()));
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      signal.removeEventListener("abort", stopped);
      resolve();
    }
    function stopped(): void {
      clearTimeout(timer);
      reject(signal.reason);
    }
    signal.addEventListener("abort", stopped, { once: true });
    if (signal.aborted) {
      stopped();
    }
  });
}
