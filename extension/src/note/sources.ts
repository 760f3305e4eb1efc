/** Where a statement can be read. */

import type { Record_ } from "../answers.ts";
import { language, t } from "../words.ts";
import { date } from "./dates.ts";
import { folded, make, type Attributes } from "./elements.ts";
import { linkable, plain, tag } from "./plain.ts";

type Citation = Record_["citations"][number];

/** More than these wait behind a fold. */
const SHOWN = 3;
const MOST = 30;

/** Sources as lists of links, the authority's own words first; empty where there is none. */
export function sources(document: Document, citations: readonly Citation[]): HTMLElement[] {
  const rank = ({ kind }: Citation): number => (kind === "primary" ? 0 : 1);
  const sorted = citations.slice(0, MOST).sort((a, b) => rank(a) - rank(b));
  if (sorted.length === 0) {
    return [];
  }
  const list = (some: Citation[]): HTMLElement =>
    make(document, "ul", { class: "sources" }, ...some.map((one) => item(document, one)));
  const rest = sorted.slice(SHOWN);
  const first = list(sorted.slice(0, SHOWN));
  const more = t("note_more_sources", number(rest.length));
  return rest.length === 0 ? [first] : [first, folded(document, more, list(rest))];
}

function number(count: number): string {
  return new Intl.NumberFormat(language()).format(count);
}

function item(document: Document, citation: Citation): HTMLElement {
  const title = plain(citation.title, 300) || plain(citation.publisher, 200) || hostOf(citation.url);
  const address = linkable(citation.url);
  const shown = { class: "foreign", lang: tag(citation.language), dir: "auto" };
  const name = address === null ? make(document, "span", shown, title) : link(document, address, title, shown);
  return make(document, "li", {}, name, facts(document, citation, title));
}

function link(document: Document, address: string, title: string, attributes: Attributes): HTMLAnchorElement {
  return make(
    document,
    "a",
    { ...attributes, href: address, title: address.slice(0, 300), target: "_blank", rel: "noopener noreferrer" },
    title,
  );
}

function facts(document: Document, citation: Citation, title: string): HTMLElement {
  const publisher = plain(citation.publisher, 200);
  const archived = linkable(citation.archived_url);
  const parts: Node[] = [];
  if (publisher !== "" && publisher !== title) {
    parts.push(make(document, "bdi", {}, publisher));
  }
  if (citation.published_on) {
    parts.push(date(document, citation.published_on));
  }
  parts.push(make(document, "span", {}, t(citation.kind === "primary" ? "note_primary" : "note_report")));
  const spoken = languageName(citation.language);
  if (spoken !== null) {
    parts.push(make(document, "span", {}, spoken));
  }
  if (archived !== null) {
    const copy = link(document, archived, t("note_archived"), {});
    copy.setAttribute("aria-label", t("note_archived_of", title));
    parts.push(copy);
  }
  return make(document, "span", { class: "meta" }, ...parts.flatMap((part, at) => (at === 0 ? [part] : [" · ", part])));
}

/** The language of a source in the reader's own, where it is another one. */
function languageName(spoken: string | null | undefined): string | null {
  const known = tag(spoken);
  if (known === "" || known.split("-")[0]?.toLowerCase() === language().split("-")[0]) {
    return null;
  }
  try {
    return new Intl.DisplayNames(language(), { type: "language" }).of(known) ?? null;
  } catch {
    return null;
  }
}

function hostOf(address: unknown): string {
  const fine = linkable(address);
  return fine === null ? plain(address, 200) : new URL(fine).hostname.replace(/^www\./, "");
}
