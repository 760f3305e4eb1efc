/** How light the page is behind a headline: a mark has to be seen on it. */

import { parentOf } from "./tree.ts";

/** From this alpha on, a background counts for what is seen. */
const OPAQUE = 0.5;
const DARK_BELOW = 0.35;

export interface Shade {
  /** 0 black, 1 white. */
  light: number;
  alpha: number;
}

/** Whether an element stands on a dark ground. `known` holds what was found of its ancestors in the same look. */
export function onDark(element: Element, known: Map<Element, boolean> = new Map()): boolean {
  const passed: Element[] = [];
  let dark: boolean | undefined;
  for (let at: Element | null = element; at !== null && dark === undefined; at = parentOf(at)) {
    dark = known.get(at);
    if (dark === undefined) {
      passed.push(at);
      const behind = shade(getComputedStyle(at).backgroundColor);
      dark = behind !== null && behind.alpha >= OPAQUE ? behind.light < DARK_BELOW : undefined;
    }
  }
  if (dark === undefined) {
    // Nothing is painted behind it, or only a picture: text is light where its ground is dark.
    return (shade(getComputedStyle(element).color)?.light ?? 0) > 0.5;
  }
  for (const one of passed) {
    known.set(one, dark);
  }
  return dark;
}

/** A computed color; null for a notation that is not known. */
export function shade(color: string): Shade | null {
  const [, notation = "", inside = ""] = /^([a-z]+)\((.*)\)$/.exec(color) ?? [];
  const numbers = inside.match(/-?\d*\.?\d+(?:e-?\d+)?%?/g) ?? [];
  const alphaAt = inside.includes("/") || notation === "rgba" ? 3 : -1;
  const alpha = alphaAt < 0 ? 1 : amount(numbers[alphaAt], 1);
  if (/^rgba?$/.test(notation)) {
    return { light: luminance(numbers.slice(0, 3).map((one) => amount(one, 255))), alpha };
  }
  if (/^color$/.test(notation) && inside.startsWith("srgb ")) {
    return { light: luminance(numbers.slice(0, 3).map((one) => amount(one, 1))), alpha };
  }
  if (/^(ok)?l(ab|ch)$/.test(notation)) {
    const lightness = amount(numbers[0], notation.startsWith("ok") ? 1 : 100);
    return { light: lightness ** 2.4, alpha };
  }
  return null;
}

function amount(number: string | undefined, whole: number): number {
  const value = Number.parseFloat(number ?? "0");
  return number?.endsWith("%") === true ? value / 100 : value / whole;
}

/** Relative luminance as in WCAG 2.2. */
function luminance(channels: number[]): number {
  const linear = channels.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  const [red = 0, green = 0, blue = 0] = linear;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
