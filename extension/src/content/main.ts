/** The script in a page: headlines out, answers in, marks on what was denied. */

import { answer, tell, type ToPage, type Wishes } from "../messages.ts";
import { speak } from "../words.ts";
import { Reading } from "./reading.ts";

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
  void follow();
}
