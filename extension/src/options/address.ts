/** The address of a service as a reader types it. */

/** What is wrong with an address: the name of a message. */
export type Fault =
  "options_address_unreadable" | "options_address_scheme" | "options_address_user" | "options_address_path";

export type Address = { origin: string; open: boolean } | { fault: Fault };

/**
 * Read an address: the origin alone, `https` where none is named, `http` for this device.
 *
 * @returns `open` when others on the way can read what is sent: plain http to a host that is not this device or a
 *   network of one's own.
 */
export function readAddress(typed: string): Address {
  const text = typed.trim();
  const url = parse(text);
  if (url === null || url.hostname === "") {
    return { fault: "options_address_unreadable" };
  }
  if (!/^https?:$/.test(url.protocol)) {
    return { fault: "options_address_scheme" };
  }
  if (url.username !== "" || url.password !== "") {
    return { fault: "options_address_user" };
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return { fault: "options_address_path" };
  }
  return { origin: url.origin, open: url.protocol === "http:" && !isOwn(url.hostname) };
}

/** Patterns of the site that is meant: a name alone stands for itself and for the same with `www.` before it. */
export function sitesMeant(typed: string): string[] {
  const url = parse(typed.trim());
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    !/^[^*]+$/.test(url.hostname) ||
    (!url.hostname.includes(".") && !isOwn(url.hostname))
  ) {
    return [];
  }
  const { hostname, protocol } = url;
  const bare = hostname.replace(/^www\./, "");
  const hosts = isOwn(hostname) || isNumber(hostname) ? [hostname] : [bare, `www.${bare}`];
  return hosts.map((host) => `${protocol}//${host}/*`);
}

function parse(text: string): URL | null {
  if (text === "" || /\s/.test(text)) {
    return null;
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    return URL.canParse(text) ? new URL(text) : null;
  }
  const plain = `http://${text}`;
  const named = URL.canParse(plain) ? new URL(plain) : null;
  return named === null || isOwn(named.hostname) ? named : new URL(`https://${text}`);
}

/** This device, or a network that is not the internet (RFC 1918, RFC 4193, RFC 3927, RFC 6762). */
function isOwn(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (host === "localhost" || /\.(localhost|local|internal)$/.test(host) || host === "::1") {
    return true;
  }
  if (host.includes(":")) {
    return /^(f[cd]|fe[89ab])/.test(host);
  }
  return isNumber(host) && /^(127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host);
}

function isNumber(hostname: string): boolean {
  return /^[\d.]+$/.test(hostname) || hostname.startsWith("[");
}
