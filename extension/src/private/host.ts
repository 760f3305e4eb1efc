/** Private mode, from the background's side: starts the worker where this browser can hold one, and asks it. */

import type { Answer } from "../answers.ts";
import { anonymize } from "../background/anonymous.ts";
import { answerOf } from "../background/shapes.ts";
import type { PrivateStatus } from "../messages.ts";
import { readSettings, type Settings } from "../settings.ts";
import type { Question } from "./cascade.ts";
import type { Asked, PrivateCalls, Source } from "./protocol.ts";
import { Remote, WorkerError } from "./rpc.ts";

declare const TARGET: "chromium" | "firefox";

const PAGE = "offscreen.html";
const NOT_STARTED: PrivateStatus = { state: "failed", done: 0, total: 0, problem: "private_not_started" };

const ALIVE_EVERY_MS = 5_000;

let awake = false;
let opening: Promise<void> | null = null;
let worker: Remote<PrivateCalls> | null = null;

/** What is known of texts on this device; nobody is asked. The answers are in the order of the texts. */
export async function askPrivately(texts: readonly Question[]): Promise<Asked> {
  const source = await sourceOf(await readSettings());
  try {
    const { answers, condition } = await call("ask", { source, questions: [...texts] });
    stayAwake();
    return { answers: texts.map((_, at) => trusted(answers[at] ?? null)), condition };
  } catch (error) {
    console.warn(error);
    return { answers: texts.map(() => null), condition: { state: "private-missing" } };
  }
}

/** How far private mode is. */
export async function privateStatus(): Promise<PrivateStatus> {
  return told(() => call("status", null));
}

/** Begin to download what private mode needs, or to bring it up to date. `accept` takes another signing key. */
export async function installPrivately(settings: Settings, { accept = false } = {}): Promise<PrivateStatus> {
  const status = await told(async () => call("install", { source: await sourceOf(settings), accept }));
  stayAwake();
  return status;
}

/** Throw away what was downloaded, and stop. */
export async function removePrivately(): Promise<PrivateStatus> {
  // A worker that hangs over a download, or over a network that never ends, could not do it: another one does.
  await close();
  const status = await told(() => call("remove", null));
  await close();
  return status;
}

/** Firefox ends a background that has been quiet for half a minute, and with it the worker that downloads something. */
function stayAwake(): void {
  if (TARGET === "firefox" && !awake) {
    awake = true;
    void downloaded().finally(() => {
      awake = false;
    });
  }
}

async function downloaded(): Promise<void> {
  while ((await privateStatus()).state === "downloading") {
    // Any question to the browser is a sign of life.
    await chrome.runtime.getPlatformInfo();
    await new Promise((later) => setTimeout(later, ALIVE_EVERY_MS));
  }
}

async function sourceOf({ server, key }: Settings): Promise<Source> {
  return { server, key, reachable: await anonymize(server) };
}

/** The index comes from a service too: what of it is shown passes what its answers have to pass. */
function trusted(answer: Answer | null): Answer | null {
  try {
    return answer === null ? null : answerOf(answer);
  } catch (error) {
    console.warn(error);
    return null;
  }
}

async function told(ask: () => Promise<PrivateStatus>): Promise<PrivateStatus> {
  try {
    return await ask();
  } catch (error) {
    console.warn(error);
    return NOT_STARTED;
  }
}

async function call<K extends keyof PrivateCalls & string>(
  kind: K,
  ask: PrivateCalls[K]["ask"],
): Promise<PrivateCalls[K]["reply"]> {
  if (TARGET === "firefox") {
    worker ??= new Remote<PrivateCalls>(new Worker("private.js"));
    return worker.call(kind, ask);
  } else {
    await open();
    return throughPage(kind, ask);
  }
}

async function throughPage<K extends keyof PrivateCalls & string>(
  kind: K,
  ask: PrivateCalls[K]["ask"],
): Promise<PrivateCalls[K]["reply"]> {
  const reply: unknown = await chrome.runtime.sendMessage({ to: "offscreen", kind, ask });
  if (typeof reply === "object" && reply !== null && "answer" in reply) {
    return reply.answer as PrivateCalls[K]["reply"];
  }
  throw new WorkerError("The hidden page does not answer");
}

/** See to it that the hidden page is there; of several that ask at once, one opens it. */
async function open(): Promise<void> {
  opening ??= opened().finally(() => {
    opening = null;
  });
  await opening;
}

async function opened(): Promise<void> {
  const kind = "OFFSCREEN_DOCUMENT" as chrome.runtime.ContextType;
  const pages = await chrome.runtime.getContexts({ contextTypes: [kind] });
  if (pages.length === 0) {
    await chrome.offscreen.createDocument({
      url: PAGE,
      reasons: ["WORKERS" as chrome.offscreen.Reason],
      justification: "Compares headlines on this device, so that no service has to be asked",
    });
  }
}

async function close(): Promise<void> {
  worker?.close();
  worker = null;
  if (TARGET === "chromium") {
    await chrome.offscreen.closeDocument().catch(() => undefined);
  }
}
