/**
 * The background: answers the pages and the popup, and keeps the browser's lists in line with the settings. The browser
 * stops and starts it at will, so every listener is there from the first moment, and what has to outlive a stop lies in
 * `chrome.storage.session`.
 */

import {
  answer,
  tellPage,
  type Condition,
  type ServerTest,
  type ToBackground,
} from "../messages.ts";
import { askPrivately, installPrivately, privateStatus, removePrivately } from "../private/host.ts";
import { onSettings, readSettings, type Settings } from "../settings.ts";
import { readWords, speak } from "../words.ts";
import { anonymize } from "./anonymous.ts";
import { Asker } from "./asker.ts";
import { showCount } from "./badge.ts";
import { Cache } from "./cache.ts";
import { languageOf } from "./languages.ts";
import { listenToMenu, renewMenu, takeSelection } from "./menu.ts";
import { Patience } from "./patience.ts";
import { countIn, fromOwnPage, reportIn, textsIn } from "./senders.ts";
import { LONGEST_CLAIM, readVersion, ServiceError } from "./service.ts";
import { renewSites } from "./sites.ts";
import { fromPageThatIsRead, keepSettingsFromPages, tellPages, wishesFor } from "./wishes.ts";

const ASKED = "asked";

const patience = new Patience();
const asker = new Asker(new Cache(), patience, {
  async ask(texts) {
    return askPrivately(await Promise.all(texts.map(async (text) => ({ text, language: await languageOf(text) }))));
  },
  async storeVersion() {
    return (await privateStatus()).storeVersion;
  },
});

answer<ToBackground>("background", {
  ask: async (message, sender) => {
    const texts = textsIn(message, sender);
    await fromPageThatIsRead(sender);
    return asker.ask(texts);
  },
  count: async (message, sender) => {
    const { tab, marks } = countIn(message, sender);
    await spoken;
    await showCount(tab, marks);
    return null;
  },
  check: ({ text }, sender) => {
    fromOwnPage(sender);
    return asker.check(text.trim().slice(0, LONGEST_CLAIM));
  },
  report: async (message, sender) => {
    const content = reportIn({ claim: undefined, ...message }, sender);
    await fromPageThatIsRead(sender);
    return { sent: await asker.report(content) };
  },
  condition: async (_, sender) => {
    fromOwnPage(sender);
    return { condition: await condition() };
  },
  "test-server": ({ server, key }, sender) => {
    fromOwnPage(sender);
    return testServer(server, key);
  },
  selection: async (_, sender) => {
    fromOwnPage(sender);
    return { text: await takeSelection() };
  },
  wishes: (_, sender) => wishesFor(sender),
  "private-status": (_, sender) => {
    fromOwnPage(sender);
    return privateStatus();
  },
  "private-install": async ({ accept }, sender) => {
    fromOwnPage(sender);
    return installPrivately(await readSettings(), { accept: accept === true });
  },
  "private-remove": (_, sender) => {
    fromOwnPage(sender);
    return removePrivately();
  },
});

keepSettingsFromPages();
listenToMenu();
onSettings((settings) => void follow(settings));
// Pages that are open hear of it, too: their script stays in them whatever becomes of the permission.
chrome.permissions.onAdded.addListener(() => void renewAll().then(tellPages));
chrome.permissions.onRemoved.addListener(() => void renewSites().then(tellPages));
chrome.runtime.onStartup.addListener(() => void renewAll());
chrome.runtime.onInstalled.addListener(({ reason }) => {
  void renewAll();
  if (reason === "install") {
    void chrome.runtime.openOptionsPage();
  }
});
// Absent in Firefox for Android.
(chrome.commands as typeof chrome.commands | undefined)?.onCommand.addListener((command, tab) => {
  if (command === "next-mark" && tab?.id !== undefined) {
    // A page without our script has no next mark.
    tellPage(tab.id, "next", {}).catch(() => undefined);
  }
});

let spoken = readSettings()
  .then(talk)
  .catch((error: unknown) => console.error(error));

/** What a change of the settings makes necessary. */
async function follow(settings: Settings): Promise<void> {
  spoken = talk(settings).catch((error: unknown) => console.error(error));
  if (await asksElsewhere(settings)) {
    await asker.reset();
  }
  await renewAll();
  await tellPages();
}

/** Whether another is asked than before. The change itself may have started the background: memory knows no other. */
async function asksElsewhere({ server, key, private: here }: Settings): Promise<boolean> {
  const asked = JSON.stringify([server, key, here]);
  const before = (await chrome.storage.session.get(ASKED))[ASKED];
  await chrome.storage.session.set({ [ASKED]: asked });
  return before !== asked;
}

async function renewAll(): Promise<void> {
  const { server } = await readSettings();
  await Promise.all([renewSites(), spoken.then(renewMenu), anonymize(server)]);
}

async function talk(settings: Settings): Promise<void> {
  speak(settings.interface === "" ? null : await readWords(settings.interface));
}

async function condition(): Promise<Condition> {
  // Asked about nothing, private mode says how it would answer: while it is brought up to date, from what is here.
  return (await readSettings()).private ? (await askPrivately([])).condition : patience.condition();
}

async function testServer(server: string, key: string): Promise<ServerTest> {
  try {
    const version = await readVersion({ server, key });
    const settings = await readSettings();
    if (settings.server === server && settings.key === key) {
      await patience.forget();
    }
    return { condition: { state: "ready" }, storeVersion: version.storeVersion, model: version.model };
  } catch (error) {
    const { trouble, retryAfterMs } = error instanceof ServiceError ? error : new ServiceError("strange");
    return { condition: trouble === "busy" ? { state: "busy", retryInMs: retryAfterMs ?? 0 } : { state: trouble } };
  }
}
