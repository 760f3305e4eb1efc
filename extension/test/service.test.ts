/** What is sent to a service, and what of its answers is believed. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import {
  checkMany,
  checkOne,
  readVersion,
  sendReport,
  ServiceError,
  type Server,
  type Trouble,
} from "../src/background/service.ts";
import { answerOf, checkedOf, ShapeError } from "../src/background/shapes.ts";
import { freshChrome } from "./chrome.ts";
import { answered, serve, type Service, type Told } from "./serving.ts";

async function set(context: TestContext): Promise<{ service: Service; to: Server }> {
  freshChrome();
  const service = await serve(context);
  return { service, to: { server: service.address, key: "" } };
}

async function troubleOf(asked: Promise<unknown>): Promise<[Trouble, number | undefined]> {
  const error = await asked.then(
    () => assert.fail("it was answered"),
    (reason: unknown) => reason,
  );
  assert(error instanceof ServiceError, `${error}`);
  return [error.trouble, error.retryAfterMs];
}

test("a batch holds the texts and nothing else", async (context) => {
  const { service, to } = await set(context);
  service.labels = { Two: "rebutted" };
  const checked = await checkMany({ ...to, key: "secret" }, ["One", "Two"]);
  assert.deepEqual(
    checked.answers.map((answer) => answer?.verdict.label),
    ["unmatched", "rebutted"],
  );
  assert.deepEqual([checked.storeVersion, checked.model], [7, "model-a"]);
  const [request] = service.requests;
  assert.deepEqual(JSON.parse(request?.body ?? ""), {
    claims: [
      { id: "0", text: "One" },
      { id: "1", text: "Two" },
    ],
    limit: 2,
  });
  const { host, connection, "content-length": _, "user-agent": __, ...headers } = request?.headers ?? {};
  assert.equal(`http://${host}`, to.server);
  // The rest is what Node adds by itself; the browser's own additions are for the test in a browser.
  for (const name of ["sec-fetch-mode", "accept-encoding", "accept", "pragma", "cache-control"]) {
    delete headers[name];
  }
  assert.deepEqual(headers, {
    "accept-language": "*",
    authorization: "Bearer secret",
    "content-type": "application/json",
  });
});

test("a version is read, and nothing is sent with the question that the service has chosen", async (context) => {
  const { service, to } = await set(context);
  service.instead = () => ({
    headers: { etag: `"reader-7"` },
    body: { store_version: 7, model: "model-a", profile: "balanced" },
  });
  const version = { storeVersion: 7, model: "model-a", profile: "balanced" };
  assert.deepEqual(await readVersion(to), version);
  assert.deepEqual(await readVersion(to), version);
  assert.equal(JSON.stringify(service.requests).includes("reader-7"), false);
  assert.equal("authorization" in (service.requests[0]?.headers ?? {}), false);
});

test("a report says what is wrong, and the claim only where it is given", async (context) => {
  const { service, to } = await set(context);
  const verdictId = "v1~rebutted~7~x~dinosaur~y";
  await sendReport(to, { verdictId, comment: " It reports the denial. ", claim: "One" });
  await sendReport(to, { verdictId, comment: "  " });
  assert.deepEqual(
    service.requests.map(({ path, body }) => [path, JSON.parse(body)]),
    [
      ["/v1/feedback", { verdict_id: verdictId, rating: "wrong", comment: "It reports the denial.", claim: "One" }],
      ["/v1/feedback", { verdict_id: verdictId, rating: "wrong" }],
    ],
  );
});

test("each way of not answering has its name", async (context) => {
  const { service, to } = await set(context);
  const cases: [Told, Trouble, number?][] = [
    [{ status: 429, headers: { "Retry-After": "7" } }, "busy", 7_000],
    [{ status: 503 }, "busy"],
    [{ status: 401 }, "refused"],
    [{ status: 403 }, "refused"],
    [{ status: 502 }, "unreachable"],
    [{ status: 404 }, "strange"],
    [{ status: 500 }, "strange"],
    [{ status: 304 }, "strange"],
    // Whoever answers with another address may mean one that the reader has not chosen.
    [{ status: 307, headers: { location: "/v1/version" } }, "unreachable"],
    [{ body: "<html>" }, "strange"],
    [{ body: "" }, "strange"],
    [{ body: [] }, "strange"],
    [{ body: { results: [], store_version: 7, model: "m" } }, "strange"],
    [{ body: { results: [{ id: "1", ...answered("unmatched") }], store_version: 7, model: "m" } }, "strange"],
    [{ body: { results: [{ id: "0", ...answered("unmatched") }], store_version: -1, model: "m" } }, "strange"],
    [{ body: " ".repeat(8_000_001) }, "strange"],
  ];
  for (const [told, trouble, retryAfter] of cases) {
    service.instead = () => told;
    assert.deepEqual(
      await troubleOf(checkMany(to, ["One"])),
      [trouble, retryAfter],
      JSON.stringify(told).slice(0, 100),
    );
  }
  service.instead = () => ({ status: 304 });
  assert.deepEqual(await troubleOf(checkOne(to, "One")), ["strange", undefined]);
});

test("a server that is none gets no request", async (context) => {
  const { service, to } = await set(context);
  for (const server of [
    "",
    "127.0.0.1",
    `${to.server}/`,
    `${to.server}/path`,
    "ftp://127.0.0.1",
    to.server.replace("//", "//ann@"),
  ]) {
    assert.deepEqual(await troubleOf(readVersion({ server, key: "" })), ["unreachable", undefined], server);
  }
  assert.deepEqual(service.requests, []);
});

test("a question that failed does not hold up the next", async (context) => {
  const { service, to } = await set(context);
  service.instead = ({ path }) => (path === "/v1/check" ? { status: 500 } : undefined);
  const [one, two] = await Promise.allSettled([checkOne(to, "One"), readVersion(to)]);
  assert.deepEqual([one.status, two.status], ["rejected", "fulfilled"]);
});

test("a claim of a batch that the service could not read has no answer; the others have", () => {
  const body = {
    store_version: 7,
    model: "m",
    results: [
      { id: "0", error: { status: 422 } },
      { id: "1", ...answered("rebutted") },
    ],
  };
  assert.deepEqual(
    checkedOf(body, 2).answers.map((answer) => answer?.verdict.label),
    [undefined, "rebutted"],
  );
});

test("only links to the web are links", () => {
  const answer = answered("rebutted");
  const [match] = answer["matches"] as { rebuttal: { citations: unknown[] } }[];
  assert(match);
  const wrong = [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "//example.org",
    "https://",
    7,
    null,
    `https://a.example/${"a".repeat(3_000)}`,
  ];
  match.rebuttal.citations = [...wrong, "HTTPS://example.org/a b"].map((url) => ({
    url,
    publisher: "P",
    archived_url: "javascript:alert(1)",
  }));
  const citations = answerOf(answer).matches[0]?.rebuttal.citations;
  assert.deepEqual(
    citations?.map(({ url, archived_url }) => [url, archived_url]),
    [["https://example.org/a%20b", null]],
  );
});

test("no verdict stands on nothing, and unmatched on no record", () => {
  assert.throws(() => answerOf({ ...answered("rebutted"), matches: [] }), ShapeError);
  assert.deepEqual(
    answerOf({ ...answered("rebutted"), verdict: { label: "unmatched", confidence: 1, summary: "S" } }).matches,
    [],
  );
});

test("whatever a service says, what comes of it is small, is of one shape, and links to the web alone", () => {
  const junk: unknown[] = [
    ...[null, true, -1, 1e308, "", "x".repeat(100_000), "\uD800".repeat(9_000), "javascript:alert(1)"],
    ...[
      [],
      {},
      [[]],
      { constructor: 1 },
      JSON.parse('{"__proto__": {"url": 1}}'),
      Array(5_000).fill("x"),
      Array(5_000).fill({}),
    ],
  ];
  let taken = 0;
  for (const label of ["rebutted", "contested", "unmatched"] as const) {
    for (const path of pathsIn(answered(label))) {
      for (const value of junk) {
        const answer = attempt(replaced(answered(label), path, value));
        taken += answer === null ? 0 : 1;
        const said = JSON.stringify(answer, (_, inner: unknown) => {
          assert(typeof inner !== "string" || inner.isWellFormed());
          return inner;
        });
        assert(said.length < 60_000, `${path.join(".")}: ${said.length}`);
        for (const { rebuttal } of answer?.matches ?? []) {
          assert(
            rebuttal.citations.every(
              ({ url, archived_url }) => /^https?:/.test(url) && /^https?:|^null$/.test(`${archived_url}`),
            ),
          );
        }
      }
    }
  }
  assert(taken > 100, `${taken} were not turned away`);
});

function attempt(value: unknown): ReturnType<typeof answerOf> | null {
  try {
    return answerOf(value);
  } catch (error) {
    assert(error instanceof ShapeError, `${error}`);
    return null;
  }
}

/** Every place in a value, as the names that lead to it. */
function pathsIn(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) {
    return [[]];
  }
  return [[], ...Object.entries(value).flatMap(([name, inner]) => pathsIn(inner).map((path) => [name, ...path]))];
}

function replaced(value: unknown, [name, ...rest]: string[], by: unknown): unknown {
  if (name === undefined) {
    return by;
  }
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  copy[name] = replaced(copy[name], rest, by);
  return copy;
}
