/**
 * What the parts of the extension say to each other. Each message has a `kind`; its answer has the type that stands
 * beside it here.
 */

import type { Answer, Finding } from "./answers.ts";
import type { Words } from "./words.ts";

/** How things stand with the service, or with private mode in its place. */
export type Condition =
  | { state: "ready" }
  /** Not asked yet, or nothing to ask. */
  | { state: "idle" }
  /** No connection, or no answer in time. */
  | { state: "unreachable" }
  /** It asks for patience (429, 503); asked again by itself after that many milliseconds. */
  | { state: "busy"; retryInMs: number }
  /** It wants another key (401, 403). */
  | { state: "refused" }
  /** It answers, but not as this service does. */
  | { state: "strange" }
  /** Private mode is on, and its files are not there yet or do not fit. */
  | { state: "private-missing" }
  /** Private mode is on, and this device needs too long for a headline. */
  | { state: "private-slow"; msPerHeadline: number };

/** How far private mode is. */
export interface PrivateStatus {
  state: "absent" | "downloading" | "ready" | "slow" | "failed";
  /** Bytes that are here, and bytes in all, while downloading. */
  done: number;
  total: number;
  /** Once measured. */
  msPerHeadline?: number;
  records?: number;
  storeVersion?: number;
  /** When the index was last found to be the newest: milliseconds since 1970. */
  checkedAt?: number;
  /** Fingerprint of the key that signs the index. */
  fingerprint?: string;
  /** Name of a message of `_locales` that says what went wrong. */
  problem?: string;
}

export interface ServerTest {
  condition: Condition;
  storeVersion?: number;
  model?: string;
}

/** What a reader wants of a page. */
export interface Wishes {
  /** Whether this site is turned on. */
  read: boolean;
  /** Primary BCP 47 codes of the headlines to ask about; empty for all. */
  languages: string[];
  /** The words of the interface in the language that was chosen; null for the browser's own. */
  words: Words | null;
  /** Another one whenever the same question may have another answer. */
  stamp: string;
}

/** A reader's word on a verdict. */
export interface Report {
  verdictId: string;
  /** The reader's own comment; empty for none. */
  comment: string;
  /** The text that was checked, only where the reader agrees to send it along. */
  claim?: string;
}

/** To the background. The key is the `kind`; `ask` is what is sent along, `reply` what comes back. */
export interface ToBackground {
  /** Texts of headlines, distinct and cleaned, the visible ones first; null where there is no answer (yet). */
  ask: { ask: { texts: string[] }; reply: { answers: (Answer | null)[]; condition: Condition } };
  /** How many marks a page shows now. */
  count: { ask: { marks: number }; reply: null };
  /** A reader's own text, checked at once. */
  check: { ask: { text: string }; reply: { answer: Answer | null; condition: Condition } };
  report: { ask: Report; reply: { sent: boolean } };
  condition: { ask: Record<never, never>; reply: { condition: Condition } };
  "test-server": { ask: { server: string; key: string }; reply: ServerTest };
  /** The text that the context menu was opened on; given once. */
  selection: { ask: Record<never, never>; reply: { text: string } };
  /** What the script in a page is to do. It cannot read the settings itself: the API key is among them. */
  wishes: { ask: Record<never, never>; reply: Wishes };
  "private-status": { ask: Record<never, never>; reply: PrivateStatus };
  /** Download what private mode needs, or bring it up to date. `accept` takes a new signing key. */
  "private-install": { ask: { accept?: boolean }; reply: PrivateStatus };
  /** Throw away what private mode has downloaded. */
  "private-remove": { ask: Record<never, never>; reply: PrivateStatus };
}

/** To the script in a page. */
export interface ToPage {
  /** What was found on the page. */
  findings: { ask: Record<never, never>; reply: { findings: Finding[] } };
  /** Scroll to a finding and open its note. */
  show: { ask: { id: number }; reply: null };
  /** The settings have changed: ask for the wishes again. */
  changed: { ask: Record<never, never>; reply: null };
  /** Go to the next mark, as the keyboard's command asks. */
  next: { ask: Record<never, never>; reply: null };
}

type Kind<M> = keyof M & string;
type Ask<M, K extends Kind<M>> = M[K] extends { ask: infer A extends object } ? A : never;
type Reply<M, K extends Kind<M>> = M[K] extends { reply: infer R } ? R : never;

export type Handlers<M> = {
  [K in Kind<M>]: (ask: Ask<M, K>, sender: chrome.runtime.MessageSender) => Reply<M, K> | Promise<Reply<M, K>>;
};

/** Say something to the background. Rejects when the extension was updated or turned off under this page. */
export async function tell<K extends Kind<ToBackground>>(kind: K, ask: Ask<ToBackground, K>): Promise<Reply<ToBackground, K>> {
  return (await chrome.runtime.sendMessage({ ...ask, kind, to: "background" })) as Reply<ToBackground, K>;
}

/** Say something to the script in a tab. Rejects where there is none. */
export async function tellPage<K extends Kind<ToPage>>(tab: number, kind: K, ask: Ask<ToPage, K>): Promise<Reply<ToPage, K>> {
  return (await chrome.tabs.sendMessage(tab, { ...ask, kind, to: "page" })) as Reply<ToPage, K>;
}

/** Answer what is said to this part. Messages of other extensions never get here: `onMessage` is for our own. */
export function answer<M>(part: "background" | "page", handlers: Handlers<M>): void {
  chrome.runtime.onMessage.addListener((message: unknown, sender, reply) => {
    if (!isMessage(message) || message.to !== part || !Object.hasOwn(handlers, message.kind)) {
      return false;
    }
    const handle = handlers[message.kind as Kind<M>] as (ask: unknown, sender: chrome.runtime.MessageSender) => unknown;
    void Promise.resolve()
      .then(() => handle(message, sender))
      .then(reply, (error: unknown) => {
        console.error(error);
        reply(undefined);
      });
    return true;
  });
}

function isMessage(message: unknown): message is { to: string; kind: string } {
  return typeof message === "object" && message !== null && "to" in message && "kind" in message && typeof message.kind === "string";
}
