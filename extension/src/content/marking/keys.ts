/** The keyboard, while the focus is on a mark or in a note. */

/**
 * What a page could learn from about what is typed into the form, or where the reader is among the marks. All of it is
 * stopped before it gets to the page; what the browser itself does with it, it still does.
 */
const TOLD = [
  ...["keydown", "keypress", "keyup", "beforeinput", "input", "paste", "copy", "cut"],
  ...["compositionstart", "compositionupdate", "compositionend", "focusin", "focusout", "focus", "blur"],
] as const;

export interface Typed {
  escape(): boolean;
  /** Tab; returns whether the focus has been moved. */
  tab(backwards: boolean): boolean;
  focused(): void;
}

/** Listen until the signal says stop. Events of the closed root bear the host as their target out here. */
export function followKeys(window: Window, host: Element, on: Typed, signal: AbortSignal): void {
  const hear = (event: Event): void => {
    if (event.target !== host || !event.isTrusted) {
      return;
    }
    event.stopImmediatePropagation();
    if (event.type === "focusin") {
      on.focused();
    } else if (event instanceof KeyboardEvent && event.type === "keydown" && isHandled(event, on)) {
      event.preventDefault();
    }
  };
  for (const kind of TOLD) {
    window.addEventListener(kind, hear, { capture: true, signal });
  }
}

function isHandled(event: KeyboardEvent, on: Typed): boolean {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) {
    return false;
  }
  return (event.key === "Escape" && on.escape()) || (event.key === "Tab" && on.tab(event.shiftKey));
}
