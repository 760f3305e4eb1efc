/** A service over real HTTP, whose answers a test decides; every request is kept. */

import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

import type { Answer, Label } from "../src/answers.ts";

export interface Request {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Told {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Resolves when it is time to answer. */
  after?: Promise<void>;
}

export class Service {
  readonly requests: Request[] = [];
  address = "";
  storeVersion = 7;
  model = "model-a";
  profile = "balanced";
  /** Labels by text; any other is unmatched. */
  labels: Record<string, Label> = {};
  confidence = 0.9;
  /** Instead of what a service says. */
  instead: (request: Request) => Told | undefined = () => undefined;
  /** Requests that were under way at the same time, at most. */
  together = 0;

  get paths(): string[] {
    return this.requests.map(({ path }) => path);
  }

  get batches(): string[][] {
    const sent = this.requests.filter(({ path }) => path === "/v1/check/batch");
    return sent.map(({ body }) => (JSON.parse(body) as { claims: { text: string }[] }).claims.map(({ text }) => text));
  }

  told(request: Request): Told {
    const { storeVersion: store_version, model, profile } = this;
    if (request.path === "/v1/version") {
      return { body: { store_version, model, profile } };
    }
    if (request.path === "/v1/check/batch") {
      const { claims } = JSON.parse(request.body) as { claims: { id: string; text: string }[] };
      return {
        body: {
          store_version,
          model,
          took_ms: 1,
          results: claims.map(({ id, text }) => ({ id, ...this.result(text) })),
        },
      };
    }
    if (request.path === "/v1/check") {
      const { claim } = JSON.parse(request.body) as { claim: string };
      return { body: { claim, store_version, model, took_ms: 1, ...this.result(claim) } };
    }
    return { status: 201, body: {} };
  }

  result(text: string): Record<string, unknown> {
    return answered(this.labels[text] ?? "unmatched", this.confidence);
  }
}

/** What the service says of a text, with a record made up for it. */
export function answered(label: Label, confidence = 0.9): Record<string, unknown> {
  const rebuttal = {
    id: "dinosaur",
    rumor: "The museum sold its dinosaur to a circus.",
    statement: "It is on loan.",
    authority: { name: "City Museum", kind: "other" },
    citations: [{ url: "https://example.org/dinosaur", publisher: "Example Times", kind: "primary" }],
    language: "en",
    rating: "false",
    stated_on: "2026-01-31",
    revision: 1,
    status: "published",
  };
  const why = { field: "rumor", text: rebuttal.rumor, similarity: 0.9, words: 0.5, probabilities: { asserts: 0.9 } };
  const matches = label === "unmatched" ? [] : [{ rebuttal, stance: "asserts", score: 0.9, why }];
  return {
    verdict: { label, confidence, summary: "A sentence.", according_to: null },
    matches,
    verdict_id: `v1~${label}~7~x~dinosaur~y`,
  };
}

/** The labels of some answers; null where there is none. */
export function labels(answers: (Answer | null)[]): (Label | null)[] {
  return answers.map((answer) => answer?.verdict.label ?? null);
}

/** Start a service for as long as a test runs. */
export async function serve(test: TestContext): Promise<Service> {
  const service = new Service();
  let open = 0;
  const server = createServer(async (incoming, response) => {
    open += 1;
    service.together = Math.max(service.together, open);
    let body = "";
    for await (const part of incoming) {
      body += String(part);
    }
    const request = { method: incoming.method ?? "", path: incoming.url ?? "", headers: incoming.headers, body };
    service.requests.push(request);
    const told = service.instead(request) ?? service.told(request);
    await told.after;
    open -= 1;
    const content =
      typeof told.body === "string" ? told.body : told.body === undefined ? "" : JSON.stringify(told.body);
    response.writeHead(told.status ?? 200, { "Content-Type": "application/json", ...told.headers }).end(content);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  service.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return service;
}
