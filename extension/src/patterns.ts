/** Match patterns of sites, as the browser's permissions speak of them. */

/** Whether an address is covered by a pattern such as `https://example.org/*` or `*://*.example.org/*`. */
export function covers(pattern: string, address: string): boolean {
  const parts = /^(\*|https?):\/\/(\*|(?:\*\.)?[^/*]+)\/\*$/.exec(pattern);
  const url = URL.canParse(address) ? new URL(address) : null;
  const [, scheme, host] = parts ?? [];
  if (url === null || scheme === undefined || host === undefined) {
    return false;
  }
  const spoken = scheme === "*" ? ["http:", "https:"] : [`${scheme}:`];
  // A pattern without a port holds for every port, as the browser reads it.
  return spoken.includes(url.protocol) && (host === "*" || hosts(host, url));
}

function hosts(host: string, url: URL): boolean {
  if (host.startsWith("*.")) {
    const domain = host.slice(2);
    return url.hostname === domain || url.hostname.endsWith(`.${domain}`);
  }
  return host === url.hostname || host === url.host;
}

/** The pattern of the site that an address belongs to: its host with all its paths; null where it cannot be a site. */
export function siteOf(address: string): string | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "" ? `${url.protocol}//${url.hostname}/*` : null;
}
