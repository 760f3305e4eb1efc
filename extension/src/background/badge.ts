/** How many headlines of a page have a mark, on the toolbar's button. The browser clears it when the tab goes on. */

import { t } from "../words.ts";

// Neither red nor green: a mark says that somebody has denied something, and not more.
const BACKGROUND = "#475569";
const TEXT = "#ffffff";
const MOST = 99;

/** Show a number on a tab's button. */
export async function showCount(tabId: number, marks: number): Promise<void> {
  const text = marks > MOST ? `${MOST}+` : marks > 0 ? `${marks}` : "";
  const title = text === "" ? t("name") : t("menu_badge_title", text);
  // The tab may be closed by now.
  await Promise.allSettled([
    chrome.action.setBadgeBackgroundColor({ tabId, color: BACKGROUND }),
    chrome.action.setBadgeTextColor({ tabId, color: TEXT }),
    chrome.action.setBadgeText({ tabId, text }),
    chrome.action.setTitle({ tabId, title }),
  ]);
}
