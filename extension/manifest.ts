/** The manifest of each browser, from one source. */

export type Target = "chromium" | "firefox";

const ANY_SITE = ["http://*/*", "https://*/*"];
const ICONS = { "16": "icons/16.png", "32": "icons/32.png", "48": "icons/48.png", "128": "icons/128.png" };

/**
 * What a browser reads first.
 *
 * @param granted a copy for tests, which has the permissions that a reader is otherwise asked for: no program can press
 *   the browser's own "Allow".
 */
export function manifest(target: Target, version: string, granted: boolean): Record<string, unknown> {
  return {
    manifest_version: 3,
    name: "__MSG_name__",
    short_name: "Rejoinder",
    description: "__MSG_description__",
    version,
    default_locale: "en",
    icons: ICONS,
    action: { default_title: "__MSG_name__", default_popup: "popup.html", default_icon: ICONS },
    options_ui: { page: "options.html", open_in_tab: true },
    permissions: permissions(target),
    ...(granted ? { host_permissions: ANY_SITE } : { optional_host_permissions: ANY_SITE }),
    commands: {
      "next-mark": { suggested_key: { default: "Alt+Shift+J" }, description: "__MSG_command_next_mark__" },
    },
    content_security_policy: {
      // The networks of private mode are WebAssembly, which has to be allowed by name.
      extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    },
    ...(target === "chromium" ? chromium() : firefox()),
  };
}

function permissions(target: Target): string[] {
  const both = ["activeTab", "contextMenus", "declarativeNetRequestWithHostAccess", "scripting", "storage", "unlimitedStorage"];
  // Firefox's background is a page and can start a worker itself.
  return target === "chromium" ? [...both, "offscreen"] : both;
}

function chromium(): Record<string, unknown> {
  return { minimum_chrome_version: "137", background: { service_worker: "background.js" } };
}

function firefox(): Record<string, unknown> {
  return {
    background: { scripts: ["background.js"] },
    browser_specific_settings: {
      gecko: {
        id: "rejoinder@rejoinder.example",
        strict_min_version: "140.0",
        data_collection_permissions: { required: ["websiteContent"] },
      },
      gecko_android: { strict_min_version: "142.0" },
    },
  };
}
