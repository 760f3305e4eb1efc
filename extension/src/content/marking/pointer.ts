/**
 * Pointers over marks. Marks take no clicks of their own, or any page could ask what lies at a point and be told; so
 * clicks are recognised by where they fall. Only the reader's own count: what a page's script dispatches is not trusted.
 */

/** Everything that a press is told with. A page that acts on one of them would act on what lies under the mark. */
export const PRESSES = [
  ...["pointerdown", "pointerup", "mousedown", "mouseup", "touchstart", "touchend"],
  ...["click", "auxclick", "dblclick"],
];

export interface Pointed<M> {
  /** The mark at a point of the window, as things are at this moment. */
  at(x: number, y: number): M | null;
  pressed(mark: M): void;
  /** Somewhere else on the page. */
  elsewhere(): void;
  over(mark: M | null): void;
}

/** Listen until the signal says stop. `host` is where the note is: presses on it are its own. */
export function followPointer<M>(window: Window, host: Element, on: Pointed<M>, signal: AbortSignal): void {
  const press = (event: Event): void => {
    if (!event.isTrusted || event.target === host) {
      return;
    }
    const point = pointOf(event);
    const mark = point === null ? null : on.at(point.clientX, point.clientY);
    if (mark === null) {
      if (event.type === "pointerdown") {
        on.elsewhere();
      }
      return;
    }
    event.stopImmediatePropagation();
    if (event.cancelable && !event.type.startsWith("touch")) {
      event.preventDefault();
    }
    if (event.type === "click") {
      on.pressed(mark);
    }
  };
  for (const kind of PRESSES) {
    // Never waited for where a finger may be about to scroll.
    window.addEventListener(kind, press, { capture: true, passive: kind.startsWith("touch"), signal });
  }
  const move = (event: PointerEvent): void => {
    if (event.isTrusted) {
      on.over(event.target === host ? null : on.at(event.clientX, event.clientY));
    }
  };
  window.addEventListener("pointermove", move, { capture: true, passive: true, signal });
}

/** Where an event happened; null for a click that a keyboard made, which happened nowhere. */
function pointOf(event: Event): { clientX: number; clientY: number } | null {
  if (typeof TouchEvent !== "undefined" && event instanceof TouchEvent) {
    return event.changedTouches[0] ?? null;
  }
  if (!(event instanceof MouseEvent) || (event.type === "click" && event.detail === 0)) {
    return null;
  }
  return event;
}
