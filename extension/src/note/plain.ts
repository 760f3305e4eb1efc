/** Texts from elsewhere, made safe to set beside the interface's own words. */

/** The longest text that is shown at all; records hold no longer one. */
export const MOST_CHARACTERS = 10_000;

// Controls, marks that turn the direction of what follows, characters that spell nothing. The joiners U+200C and U+200D
// stay: Urdu and emoji are written with them.
const SECOND =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;
// No script stacks more marks on a letter; a tower of them paints over the lines around it.
const TOWER = /(\p{M}{6})\p{M}+/gu;

/** One line of text: no controls, no overrides of direction, at most `most` characters. */
export function plain(text: unknown, most = MOST_CHARACTERS): string {
  if (typeof text !== "string") {
    return "";
  }
  const line = text
    .slice(0, 2 * MOST_CHARACTERS)
    .toWellFormed()
    .replace(/\s+/g, " ")
    .replace(SECOND, "")
    .replace(TOWER, "$1")
    .trim();
  return line.length > most ? `${cut(line, most - 1)}…` : line;
}

/** The first part of a text, which ends between words where it can and never within a character. */
export function cut(text: string, most: number): string {
  const head = text.slice(0, most).replace(/[\ud800-\udbff]$/, "");
  const space = head.lastIndexOf(" ");
  return (space > most / 2 ? head.slice(0, space) : head).trimEnd();
}

/** A name within a sentence of the interface: its direction turns nothing around it. */
export function isolated(text: unknown, most = 200): string {
  return `\u2068${plain(text, most)}\u2069`;
}

/** An address that a link may lead to: http or https, without a password in it; null for any other. */
export function linkable(address: unknown): string | null {
  const url = typeof address === "string" && address.length <= 4_096 && URL.canParse(address) ? new URL(address) : null;
  const fine = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  return fine ? url.href : null;
}

/** A BCP 47 tag that is safe to set as `lang`; empty where there is none, which says "unknown". */
export function tag(language: unknown): string {
  return typeof language === "string" && /^[a-z]{2,8}(-[a-z0-9]{1,8}){0,6}$/i.test(language) ? language : "";
}

/** What a table has under a name from elsewhere: what every object inherits, such as `constructor`, is none of it. */
export function among<V>(table: Readonly<Record<string, V>>, name: unknown, otherwise: V): V {
  return typeof name === "string" && Object.hasOwn(table, name) ? (table[name] ?? otherwise) : otherwise;
}
