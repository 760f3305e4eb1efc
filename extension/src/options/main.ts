/** The options: every choice is kept at once. */

import { putIntoWords } from "../pages/opening.ts";
import { onSettings, readSettings, type Settings } from "../settings.ts";
import { t } from "../words.ts";
import { Choices } from "./choices.ts";
import { PrivateMode } from "./private.ts";
import { Server } from "./server.ts";
import { Sites } from "./sites.ts";

type Show = (settings: Settings) => Promise<void>;

/** What shows settings, one after the other: else an older state could be the last to arrive. */
function inTurn(show: Show): (settings: Settings) => void {
  let last = Promise.resolve();
  return (settings) => {
    last = last.then(() => show(settings)).catch((error: unknown) => console.error(error));
  };
}

async function open(): Promise<void> {
  // Changes that come while the page is being opened wait until it is.
  const missed: Settings[] = [];
  let changed = (settings: Settings): void => void missed.push(settings);
  onSettings((settings) => changed(settings));
  const first = await readSettings();
  await reword(first);
  changed = inTurn(showing(first));
  [first, ...missed].forEach(changed);
}

function showing(first: Settings): Show {
  const choices = new Choices(first);
  const server = new Server(first);
  const sites = new Sites(first);
  const privately = new PrivateMode(first);
  let spoken = first.interface;
  return async (settings) => {
    if (settings.interface !== spoken) {
      spoken = settings.interface;
      await reword(settings);
      choices.reword();
      server.reword();
      sites.reword();
    }
    choices.show(settings);
    server.show(settings);
    await Promise.all([sites.show(settings), privately.show(settings)]);
  };
}

async function reword(settings: Settings): Promise<void> {
  await putIntoWords(settings.interface);
  document.title = t("options_title");
}

void open();
