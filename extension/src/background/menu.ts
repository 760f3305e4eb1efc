/** The entry "Check this claim" of the context menu. */

import { t } from "../words.ts";

const ID = "check-selection";
const KEY = "selection";
const LONGEST = 2_000;
const POPUP = "popup.html";

// Absent in Firefox for Android.
const menus: typeof chrome.contextMenus | undefined = chrome.contextMenus;
let last: Promise<void> = Promise.resolve();
let keeping: Promise<void> = Promise.resolve();

/** Put the entry into the menu, or give it its words anew. */
export function renewMenu(): Promise<void> {
  last = last.then(renew).catch((error: unknown) => console.error(error));
  return last;
}

async function renew(): Promise<void> {
  if (menus === undefined) {
    return;
  }
  await menus.removeAll();
  menus.create(
    { id: ID, title: t("menu_check_selection"), contexts: ["selection"] },
    () => void chrome.runtime.lastError,
  );
}

/** Open the popup on each selection that the entry is chosen for. */
export function listenToMenu(): void {
  menus?.onClicked.addListener(({ menuItemId, selectionText }) => {
    if (menuItemId === ID) {
      keeping = keep(selectionText ?? "");
      // Before anything is waited for: the browser opens it only as an answer to the click.
      void open();
    }
  });
}

/** The text that the entry was last chosen for; given once, then empty. */
export async function takeSelection(): Promise<string> {
  await keeping;
  const text = (await chrome.storage.session.get(KEY))[KEY];
  await chrome.storage.session.remove(KEY);
  return typeof text === "string" ? text : "";
}

async function keep(selected: string): Promise<void> {
  await chrome.storage.session.set({ [KEY]: selected.trim().slice(0, LONGEST).trim().toWellFormed() });
}

async function open(): Promise<void> {
  try {
    await chrome.action.openPopup();
  } catch {
    await openApart();
  }
}

/** Where the popup cannot be opened by a program: as a window of its own, or a tab on a phone. */
async function openApart(): Promise<void> {
  const url = chrome.runtime.getURL(`${POPUP}?selection`);
  try {
    await chrome.windows.create({ url, type: "popup", width: 420, height: 640 });
  } catch {
    await chrome.tabs.create({ url });
  }
}
