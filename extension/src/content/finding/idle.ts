/** Work in the moments that a page leaves free, a few milliseconds at a time. */

export const SLICE_MS = 5;
/** A page that is never idle is not waited for longer than this. */
const LATEST_MS = 300;
const WITHOUT_IDLE_MS = 16;

/** One piece of work after another; each goes on until it says that it is done. */
export class Idle {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #callback: number | undefined;

  /** `task` is called again and again, until it gives true; it looks at `isOver` and returns soon after. */
  run(task: (isOver: () => boolean) => boolean, afterMs = 0): void {
    this.stop();
    if (afterMs > 0) {
      this.#timer = setTimeout(() => this.#wait(task), afterMs);
    } else {
      this.#wait(task);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#callback !== undefined && typeof cancelIdleCallback === "function") {
      cancelIdleCallback(this.#callback);
    }
    this.#callback = undefined;
  }

  #wait(task: (isOver: () => boolean) => boolean): void {
    if (typeof requestIdleCallback === "function") {
      this.#callback = requestIdleCallback(() => this.#slice(task), { timeout: LATEST_MS });
    } else {
      this.#timer = setTimeout(() => this.#slice(task), WITHOUT_IDLE_MS);
    }
  }

  #slice(task: (isOver: () => boolean) => boolean): void {
    this.#callback = undefined;
    const end = performance.now() + SLICE_MS;
    if (!task(() => performance.now() >= end)) {
      this.#wait(task);
    }
  }
}
