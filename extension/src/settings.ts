/** What a reader has chosen. Kept on this device alone: the key is among it. */

export const LANGUAGES = ["en", "es", "zh_CN", "ur"] as const;
export type InterfaceLanguage = (typeof LANGUAGES)[number];

/** `careful` leaves out what the service is not practically certain of. */
export type Sensitivity = "careful" | "balanced";

export interface Settings {
  /** Origin of the service, without a path at the end. */
  server: string;
  /** API key; empty for none. */
  key: string;
  /** Match patterns of the sites that the reader has turned on. */
  sites: string[];
  sensitivity: Sensitivity;
  /** Also note headlines that are in line with a statement, and background. */
  extras: boolean;
  /** Primary BCP 47 codes of the headlines to ask about; empty for all. */
  languages: string[];
  /** Language of buttons and notes; empty for the browser's. */
  interface: InterfaceLanguage | "";
  /** Compare on this device and ask nobody. */
  private: boolean;
}

export const DEFAULTS: Settings = {
  server: "http://127.0.0.1:8000",
  key: "",
  sites: [],
  sensitivity: "balanced",
  extras: false,
  languages: [],
  interface: "",
  private: false,
};

const KEY = "settings";

/** The settings as they are; what was never chosen has its default. */
export async function readSettings(): Promise<Settings> {
  const stored = await chrome.storage.local.get(KEY);
  return { ...DEFAULTS, ...(stored[KEY] as Partial<Settings> | undefined) };
}

/** Change some settings. */
export async function changeSettings(changes: Partial<Settings>): Promise<Settings> {
  const settings = { ...(await readSettings()), ...changes };
  await chrome.storage.local.set({ [KEY]: settings });
  return settings;
}

/** Be told of every change, from whichever page it comes. */
export function onSettings(told: (settings: Settings) => void): void {
  chrome.storage.local.onChanged.addListener((changes) => {
    if (KEY in changes) {
      told({ ...DEFAULTS, ...(changes[KEY]?.newValue as Partial<Settings> | undefined) });
    }
  });
}
