/** The hidden page that holds the worker of private mode where the background is no page: a service worker cannot. */

import type { PrivateCalls } from "./protocol.ts";
import { Remote } from "./rpc.ts";

const worker = new Remote<PrivateCalls>(new Worker("private.js"));
const OURS = chrome.runtime.getURL("");

chrome.runtime.onMessage.addListener((message: unknown, sender, reply) => {
  // A page's script process speaks with a tab; only the extension's own pages and its background do without.
  const trusted = sender.id === chrome.runtime.id && sender.tab === undefined && sender.url?.startsWith(OURS) === true;
  if (!trusted || !isCall(message)) {
    return false;
  }
  void worker.call(message.kind, message.ask as never).then(
    (answer) => reply({ answer }),
    (error: unknown) => reply({ error: String(error) }),
  );
  return true;
});

function isCall(message: unknown): message is { kind: keyof PrivateCalls & string; ask: unknown } {
  return typeof message === "object" && message !== null && "to" in message && message.to === "offscreen";
}
