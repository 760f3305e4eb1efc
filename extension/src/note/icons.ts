/** The few pictures of the interface, drawn as paths: a speech mark, and in it what was said of the headline. */

const SVG = "http://www.w3.org/2000/svg";
const SPEECH =
  "M3.5 2h9A1.5 1.5 0 0 1 14 3.5v6a1.5 1.5 0 0 1-1.5 1.5H8l-3.5 3v-3h-1A1.5 1.5 0 0 1 2 9.5v-6A1.5 1.5 0 0 1 3.5 2Z";

const WITHIN = {
  /** Not so. */
  denied: "M5.75 4.5l4.5 4M10.25 4.5l-4.5 4",
  /** One says this, one says that. */
  disputed: "M5 5h4.5M9.5 5 8 3.75M11 8H6.5M6.5 8 8 9.25",
  in_line: "M5 5.25h6M5 7.75h6",
  background: "M5 6.5h.01M8 6.5h.01M11 6.5h.01",
} as const;

export type Icon = keyof typeof WITHIN;

/** A speech mark; hidden from screen readers, for whom the word beside it says the same. */
export function icon(document: Document, name: Icon): SVGElement {
  return picture(document, [SPEECH, WITHIN[name]]);
}

/** The cross that closes the note. */
export function cross(document: Document): SVGElement {
  return picture(document, ["M4 4l8 8M12 4l-8 8"]);
}

function picture(document: Document, paths: readonly string[]): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
