/** Keeps marks where their headlines are: looks again when something may have moved, once a frame at most. */

import type { Look, Mark } from "./mark.ts";

/** Pages also move things without telling: a picture that has loaded, a banner that folds. */
const AGAIN_MS = 500;
/** This far outside the window marks are already in place when they come in. */
const MARGIN = "256px";
/** Marks looked at in one frame. Where there are more, each has its turn: with the page they scroll by themselves. */
const MOST_A_FRAME = 10;

export class Sight {
  readonly #window: Window;
  readonly #own: Element;
  readonly #marks: () => Mark[];
  readonly #moved: () => void;
  readonly #stopping = new AbortController();
  readonly #sizes: ResizeObserver;
  readonly #near: IntersectionObserver;
  readonly #byElement = new Map<Element, Set<Mark>>();
  /** What is to be looked at in the frames to come, who waits longest first. */
  readonly #due = new Set<Mark>();
  #frame = 0;
  #clock: ReturnType<typeof setInterval> | undefined;

  /**
   * @param own the extension's own element, where the layer of marks begins.
   * @param moved told after marks have been looked at.
   */
  constructor(window: Window, own: Element, marks: () => Mark[], moved: () => void) {
    this.#window = window;
    this.#own = own;
    this.#marks = marks;
    this.#moved = moved;
    this.#sizes = new ResizeObserver(() => this.soon());
    this.#near = new IntersectionObserver((entries) => this.#neared(entries), { rootMargin: MARGIN });
    const { signal } = this.#stopping;
    for (const kind of ["scroll", "transitionend", "animationend", "load", "toggle"]) {
      window.addEventListener(kind, this.#heard, { capture: true, passive: true, signal });
    }
    for (const target of [window, window.visualViewport]) {
      target?.addEventListener("resize", this.#heard, { passive: true, signal });
    }
    window.document.fonts.addEventListener("loadingdone", this.#heard, { signal });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.#heard, { signal });
  }

  /** Follow a mark's headline from now on. */
  add(mark: Mark): void {
    const { element } = mark.headline;
    const same = this.#byElement.get(element);
    if (same === undefined) {
      this.#byElement.set(element, new Set([mark]));
      this.#sizes.observe(element);
      this.#near.observe(element);
    } else {
      same.add(mark);
      mark.near = [...same].some((one) => one.near);
    }
    this.#clock ??= setInterval(() => this.#window.document.visibilityState === "visible" && this.soon(), AGAIN_MS);
    this.soon();
  }

  drop(mark: Mark): void {
    const { element } = mark.headline;
    const same = this.#byElement.get(element);
    same?.delete(mark);
    this.#due.delete(mark);
    if (same?.size === 0) {
      this.#byElement.delete(element);
      this.#sizes.unobserve(element);
      this.#near.unobserve(element);
    }
    if (this.#byElement.size === 0) {
      clearInterval(this.#clock);
      this.#clock = undefined;
    }
    this.soon();
  }

  /** Look at all that are near before the next frame is painted. */
  soon(): void {
    for (const mark of this.#marks()) {
      if (mark.near) {
        this.#due.add(mark);
      }
    }
    this.#schedule();
  }

  /** Look at one at once. */
  look(mark: Mark): void {
    this.#lookAt([mark]);
  }

  stop(): void {
    this.#stopping.abort();
    clearInterval(this.#clock);
    this.#window.cancelAnimationFrame(this.#frame);
    this.#sizes.disconnect();
    this.#near.disconnect();
  }

  #schedule(): void {
    if (this.#frame === 0 && !this.#stopping.signal.aborted) {
      this.#frame = this.#window.requestAnimationFrame(() => {
        this.#frame = 0;
        const turn = [...this.#due].slice(0, MOST_A_FRAME);
        turn.forEach((mark) => this.#due.delete(mark));
        this.#lookAt(turn);
        this.#moved();
        if (this.#due.size > 0) {
          this.#schedule();
        }
      });
    }
  }

  readonly #heard = (event: Event): void => {
    if (event.isTrusted && this.#byElement.size > 0) {
      this.soon();
    }
  };

  #neared(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      for (const mark of this.#byElement.get(target) ?? []) {
        mark.near = isIntersecting;
        if (!isIntersecting) {
          const state = target.isConnected && target.checkVisibility() ? "away" : "absent";
          mark.apply({ state }, { left: 0, top: 0 });
        }
      }
    }
    this.soon();
  }

  /** First all that reads the page, then all that changes the marks: the page is laid out once. */
  #lookAt(marks: Mark[]): void {
    if (marks.length === 0) {
      return;
    }
    const known = new Map<Element, boolean>();
    const origin = this.#own.getBoundingClientRect();
    const looks: [Mark, Look][] = marks.map((mark) => [mark, mark.look(this.#own, known)]);
    for (const [mark, look] of looks) {
      mark.apply(look, origin);
    }
  }
}
