/** The client against a running service: REJOINDER_URL says where, REJOINDER_KEY opens it. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

// By its own name, and so from what `npm run build` has made: what is tested is what is published.
import { answered, createClient, every, ProblemError, UnreachableError, type Schemas } from "@rejoinder/client";

const url = process.env["REJOINDER_URL"] ?? assert.fail("REJOINDER_URL is not set");
const key = process.env["REJOINDER_KEY"] ?? assert.fail("REJOINDER_KEY is not set");
const starter = "cn-mfa-pakistan-rare-earth-samples-us";
const claim = "Pakistan handed rare earth samples to the US president";
const client = createClient({ baseUrl: `${url}/`, key });

test("a claim gets its verdict and source", async () => {
  const result = await answered(client.POST("/v1/check", { body: { claim, limit: 2 } }));
  assert(!("findings" in result));
  assert.equal(result.verdict.label, "rebutted");
  assert.equal(result.matches[0]?.rebuttal.id, starter);
  assert.match(result.matches[0].rebuttal.citations[0]?.url ?? "", /^https:/);
});

test("a document is read sentence by sentence", async () => {
  const text = `A delegation was in Washington. ${claim}. A dinner was served at eight.`;
  const result = await answered(client.POST("/v1/check", { body: { claim: text, mode: "document" } }));
  assert("findings" in result);
  assert.equal(result.sentences, 3);
});

test("a batch keeps its order, and one bad claim fails alone", async () => {
  const claims = [claim, "", "Bakery wins a prize"].map((text, at) => ({ id: `${at}`, text }));
  const { results } = await answered(client.POST("/v1/check/batch", { body: { claims } }));
  assert.deepEqual(results.map(({ id }) => id), ["0", "1", "2"]);
  assert.equal(results[0]?.verdict?.label, "rebutted");
  assert.equal(results[1]?.error?.status, 422);
});

test("a list is gone through page by page", async () => {
  const ids: string[] = [];
  const read = (cursor: string | undefined) =>
    answered(client.GET("/v1/rebuttals", { params: { query: { limit: 7, ...(cursor ? { cursor } : {}) } } }));
  for await (const record of every(read)) {
    ids.push(record.id);
  }
  assert(ids.length > 14);
  assert.deepEqual(ids, [...new Set(ids)].sort());
});

test("a record is created and changed, and no update is lost", async () => {
  const content: Schemas["RebuttalContent"] = {
    rumor: "The museum sold its dinosaur to a circus.",
    statement: "The skeleton is on loan to another museum.",
    authority: { name: "City Museum" },
    citations: [{ url: "https://example.org/dinosaur", publisher: "Example Times" }],
  };
  const made = await answered(client.POST("/v1/rebuttals", { body: content }));
  const params = { path: { rebuttal_id: made.id }, header: { "If-Match": `"${made.revision}"` } };
  const body = { ...content, quote: "On loan." };
  const updated = await answered(client.PUT("/v1/rebuttals/{rebuttal_id}", { params, body }));
  assert.equal(updated.revision, 2);
  await assert.rejects(answered(client.PUT("/v1/rebuttals/{rebuttal_id}", { params, body })), (error) => {
    assert(error instanceof ProblemError);
    assert.equal(error.problem.current_revision, 2);
    return error.status === 412;
  });
});

test("a problem says which field is wrong", async () => {
  const wrong = answered(client.POST("/v1/check", { body: { claim, limit: 99 } }));
  await assert.rejects(wrong, (error) => {
    assert(error instanceof ProblemError);
    assert.equal(error.kind, "invalid-body");
    return "$.limit" in error.fields;
  });
  const anybody = createClient({ baseUrl: url });
  const path = { rebuttal_id: starter };
  await assert.rejects(
    answered(anybody.POST("/v1/rebuttals/{rebuttal_id}/retract", { params: { path }, body: { reason: "x" } })),
    (error) => error instanceof ProblemError && error.status === 401,
  );
});

/** A server that gives the answers it was told, one after the other: a status, 0 to hang up, -1 to do so halfway. */
async function told(statuses: number[], use: (url: string, asked: string[]) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.method} ${request.url}`);
    const status = statuses.shift() ?? 200;
    if (status <= 0) {
      if (status < 0) {
        response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "99" });
        response.write('{"status": "li', () => request.socket.destroy());
      } else {
        request.socket.destroy();
      }
      return;
    }
    response.writeHead(status, { "Content-Type": "application/json", ...(status === 503 ? { "Retry-After": "0" } : {}) });
    response.end('{"status": "live"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const retries = { firstMs: 5 };

test("a read is sent again", () =>
  told([503, 0, -1], async (baseUrl, asked) => {
    const answer = await answered(createClient({ baseUrl, retries }).GET("/health/live"));
    assert.equal(answer.status, "live");
    assert.equal(asked.length, 4);
  }));

test("so is a check, but not one that makes a watch", () =>
  told([503, 200, 503], async (baseUrl, asked) => {
    const quick = createClient({ baseUrl, retries });
    await answered(quick.POST("/v1/check", { body: { claim } }));
    await assert.rejects(answered(quick.POST("/v1/check", { body: { claim, notify: {} } })), ProblemError);
    assert.equal(asked.length, 3);
  }));

test("a write is sent once", () =>
  told([0, 503], async (baseUrl, asked) => {
    const quick = createClient({ baseUrl, retries });
    const write = () =>
      answered(quick.POST("/v1/watches", { body: { kind: "topic", text: "x" } }));
    await assert.rejects(write(), UnreachableError);
    await assert.rejects(write(), (error) => error instanceof ProblemError && error.retryAfter === 0);
    assert.equal(asked.length, 2);
  }));

test("it gives up in the end", () =>
  told([0, 0, 0, 0, 0, 0], async (baseUrl, asked) => {
    await assert.rejects(createClient({ baseUrl, retries }).GET("/health/live"), UnreachableError);
    assert.equal(asked.length, 4);
  }));

test("whoever asks may stop asking", () =>
  told([503, 503], async (baseUrl) => {
    const slow = createClient({ baseUrl, retries: { firstMs: 60_000, longestMs: 60_000 } });
    const signal = AbortSignal.timeout(50);
    await assert.rejects(slow.GET("/health/live", { signal }), { name: "TimeoutError" });
  }));

test("a list that leads in a circle ends", async () => {
  const read = async () => ({ items: [1], next_cursor: "same" });
  await assert.rejects(async () => {
    for await (const item of every(read)) {
      assert.equal(item, 1);
    }
  }, /does not go on/);
});

test("an address that is none is refused at once", () => {
  assert.throws(() => createClient({ baseUrl: "example.org" }), TypeError);
});
