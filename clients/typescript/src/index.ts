/**
 * A typed client for Rejoinder. The types are generated from the service's OpenAPI document, `openapi-fetch` speaks
 * them; what stands here adds a key, patience, and errors that can be caught.
 */

import createFetchClient, { type Client as FetchClient } from "openapi-fetch";

import { ProblemError, type Problem } from "./errors.ts";
import { DEFAULT_RETRIES, patient, retryAfterMs, type Retries } from "./retries.ts";
import type { components, paths } from "./schema.ts";

export { ProblemError, UnreachableError, type Problem } from "./errors.ts";
export type { Retries } from "./retries.ts";
export type { components, paths } from "./schema.ts";

/** Every type that the service knows, by its name: `Schemas["Rebuttal"]`. */
export type Schemas = components["schemas"];

/** `client.GET("/v1/rebuttals/{rebuttal_id}", …)`: every route, its parameters, its body and its answer are checked. */
export type Client = FetchClient<paths>;

export interface Options {
  /** Where the service answers, such as `http://127.0.0.1:8000`. */
  baseUrl: string;
  /** An API key, where one is needed. */
  key?: string;
  /** When a request is sent again. */
  retries?: Partial<Retries>;
  /** Milliseconds that an attempt may take; 30 seconds if missing. */
  timeoutMs?: number;
  /** Sends the requests; the global `fetch` if missing. */
  fetch?: (request: Request) => Promise<Response>;
}

/** A client for the service at an address. Throws `TypeError` for an address that is none. */
export function createClient(options: Options): Client {
  const baseUrl = new URL(options.baseUrl).href.replace(/\/+$/, "");
  const send = options.fetch ?? ((request: Request) => fetch(request));
  return createFetchClient<paths>({
    baseUrl,
    headers: options.key === undefined ? {} : { Authorization: `Bearer ${options.key}` },
    fetch: patient(send, { ...DEFAULT_RETRIES, ...options.retries }, options.timeoutMs ?? 30_000),
  });
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What a request is answered with. Throws `ProblemError` where the service says no. */
export async function answered<T>(request: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await request;
  if (response.ok) {
    return data as T;
  }
  const problem = typeof error === "object" && error !== null ? (error as Partial<Problem>) : {};
  const wait = retryAfterMs(response);
  throw new ProblemError({ ...problem, status: response.status }, wait === undefined ? undefined : wait / 1000);
}

/** Part of a list, or of a feed, which says with `more` whether there is more by now. */
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  more?: boolean;
}

/**
 * Every item of a list that comes in pages, read as they are needed.
 *
 * @param read reads the page that a cursor leads to; without one, the first.
 */
export async function* every<T>(read: (cursor: string | undefined) => Promise<Page<T>>): AsyncGenerator<T, void> {
  let cursor: string | undefined;
  for (;;) {
    const page = await read(cursor);
    yield* page.items;
    if (page.next_cursor === null || page.more === false) {
      return;
    }
    if (page.next_cursor === cursor) {
      throw new Error(`The list does not go on after ${cursor}.`);
    }
    cursor = page.next_cursor;
  }
}
