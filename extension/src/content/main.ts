/** The script in a page: headlines out, answers in, marks on what was denied. */

import { answer, tell, type ToPage, type Wishes } from "../messages.ts";
import { speak } from "../words.ts";
import { Reading } from "./reading.ts";

declare global {
  interface Document {
    /** Chromium alone. */
    readonly prerendering?: boolean;
  }
}

// The script may be put into a page twice: once as registered, once because its site was just turned on.
const here = globalThis as { rejoinderReads?: true };

let wishes: Wishes | null = null;
let reading: Reading | null = null;
// One change after the other: each waits for the answer of the background.
let turn = Promise.resolve();

function follow(): Promise<void> {
  // A rejection says that the extension was updated or removed under this page: there is nobody to ask any more.
  turn = turn.then(read).catch(stop);
  return turn;
}

async function read(): Promise<void> {
  const now = await tell("wishes", {});
  if (!now.read || now.stamp !== wishes?.stamp) {
    stop();
  }
  wishes = now;
  if (now.read && reading === null) {
    speak(now.words);
    reading = new Reading(document, () => wishes?.languages ?? []);
  }
}

function stop(): void {
  reading?.stop();
  reading = null;
}

if (here.rejoinderReads === undefined) {
  here.rejoinderReads = true;
  answer<ToPage>("page", {
    findings: () => ({ findings: reading?.findings() ?? [] }),
    changed: async () => {
      await follow();
      return null;
    },
    show: ({ id }) => {
      reading?.open(id);
      return null;
    },
    next: () => {
      reading?.next();
      return null;
    },
  });
  // A page that was put aside and is come back to heard of no change meanwhile, and its button has lost its number.
  window.addEventListener("pageshow", (event) => {
    if (event.isTrusted && event.persisted) {
      void follow().then(() => reading?.recount());
    }
  });
  // A page that the browser loads on the chance that it will be wanted has not been opened by anybody.
  if (document.prerendering === true) {
    document.addEventListener("prerenderingchange", () => void follow(), { once: true });
  } else {
    void follow();
  }
}
