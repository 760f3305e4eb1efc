/** The marks of a page, and the note that is open beside one of them. */

import type { Finding } from "../../answers.ts";
import { language, t } from "../../words.ts";
import { make } from "../../note/elements.ts";
import { Host } from "./host.ts";
import { followKeys } from "./keys.ts";
import { Mark } from "./mark.ts";
import type { Headline } from "../page.ts";
import { meet } from "./place.ts";
import { followPointer, PRESSES } from "./pointer.ts";
import { Note } from "./popover.ts";
import { lookOf } from "../../note/said.ts";
import { Sight } from "./sight.ts";
import { order } from "./tree.ts";
import type { Send } from "../../note/wrong.ts";

/** More would be no help to a reader. What is beyond waits until others have gone. */
export const MOST_MARKS = 200;
/** A finger's width of room around a mark belongs to it. */
const REACH = 3;

export interface Told {
  /** Send a reader's word on a finding; true when it has arrived. */
  report(finding: Finding, comment: string, withClaim: boolean): Promise<boolean>;
}

interface Open {
  note: Note;
  mark: Mark;
}

/**
 * Marks lie over the page in a closed root of their own: nothing of the page's tree changes, nothing moves, and no
 * script of the page sees what is there.
 */
export class Marks {
  readonly #document: Document;
  readonly #window: Window;
  readonly #on: Told;
  readonly #host: Host;
  readonly #region: HTMLElement;
  readonly #sight: Sight;
  readonly #marks = new Map<Headline, Mark>();
  readonly #waiting = new Map<Headline, Finding>();
  readonly #stopping = new AbortController();
  #open: Open | null = null;
  #over: Mark | null = null;

  constructor(document: Document, on: Told) {
    this.#document = document;
    this.#window = document.defaultView ?? window;
    this.#on = on;
    this.#host = new Host(document, () => this.#returned());
    const named = { class: "marks", "aria-label": t("mark_region"), lang: language() };
    this.#region = make(document, "section", { ...named, hidden: true });
    this.#host.root.append(this.#region);
    this.#sight = new Sight(this.#window, this.#host.element, () => [...this.#marks.values()], () => this.#moved());
    this.#keepToItself();
    const { signal } = this.#stopping;
    const pointed = {
      at: (x: number, y: number) => this.#at(x, y),
      pressed: (mark: Mark) => this.#toggle(mark),
      elsewhere: () => this.#close(false),
      over: (mark: Mark | null) => this.#hover(mark),
    };
    followPointer(this.#window, this.#host.element, pointed, signal);
    const typed = {
      escape: () => this.#close(true),
      tab: (backwards: boolean) => this.#tab(backwards),
      focused: () => this.#focused(),
    };
    followKeys(this.#window, this.#host.element, typed, signal);
  }

  /** Mark a headline; in place of what it bore before. Findings that say nothing bear no mark. */
  show(headline: Headline, finding: Finding): void {
    const open = this.#open;
    this.#take(headline);
    if (lookOf(finding) === null) {
      return;
    }
    if (this.#marks.size >= MOST_MARKS) {
      this.#waiting.set(headline, finding);
      return;
    }
    const mark = new Mark(this.#document, headline, finding);
    mark.button.addEventListener("click", (event) => event.isTrusted && this.#toggle(mark));
    this.#marks.set(headline, mark);
    this.#line(mark);
    this.#sight.add(mark);
    if (open !== null && open.mark.headline === headline) {
      // Asked about anew while its note was open: the note stays as it was read.
      open.mark = mark;
      mark.button.setAttribute("aria-expanded", "true");
    }
  }

  remove(headline: Headline): void {
    this.#take(headline);
    const next = this.#waiting.entries().next().value;
    if (next !== undefined && this.#marks.size < MOST_MARKS) {
      this.#waiting.delete(next[0]);
      this.show(...next);
    }
  }

  /** What is marked, in the order of the page; then what waits for a mark. */
  findings(): Finding[] {
    return [...this.#ordered().map((mark) => mark.finding), ...this.#waiting.values()];
  }

  /** Scroll to a finding and open its note. */
  open(id: number): void {
    const mark = [...this.#marks.values()].find((one) => one.finding.id === id);
    if (mark !== undefined) {
      this.#bringIn(mark);
      this.#openNote(mark);
    }
  }

  /** Put the focus on the next mark in the order of the page, the first after the last. */
  next(): void {
    const marks = this.#ordered().filter((mark) => !mark.button.classList.contains("absent"));
    const at = marks.findIndex((mark) => mark.button === this.#host.root.activeElement || mark === this.#open?.mark);
    this.#close(false);
    const mark = marks[(at + 1) % marks.length];
    if (mark !== undefined) {
      this.#bringIn(mark);
      mark.button.focus({ preventScroll: true });
    }
  }

  clear(): void {
    this.#close(false);
    this.#waiting.clear();
    for (const headline of [...this.#marks.keys()]) {
      this.#take(headline);
    }
  }

  /** Leave the page as if nothing had been there. */
  destroy(): void {
    this.clear();
    this.#stopping.abort();
    this.#sight.stop();
    this.#host.remove();
  }

  #take(headline: Headline): void {
    this.#waiting.delete(headline);
    const mark = this.#marks.get(headline);
    if (mark === undefined) {
      return;
    }
    this.#marks.delete(headline);
    this.#sight.drop(mark);
    mark.button.remove();
    this.#region.hidden = this.#marks.size === 0;
    this.#over = this.#over === mark ? null : this.#over;
  }

  /** Put a button among the others in the order of the page. */
  #line(mark: Mark): void {
    const after = this.#ordered().find((one) => one !== mark && order(mark.headline.element, one.headline.element) < 0);
    this.#region.insertBefore(mark.button, after?.button ?? null);
    this.#region.hidden = false;
  }

  #ordered(): Mark[] {
    return [...this.#marks.values()].sort((a, b) => order(a.headline.element, b.headline.element));
  }

  #at(x: number, y: number): Mark | null {
    const reached = { left: x - REACH, top: y - REACH, right: x + REACH, bottom: y + REACH };
    const hit = ({ box }: Mark): boolean => box !== null && meet(box, reached);
    const mark = [...this.#marks.values()].find((one) => hit(one));
    if (mark === undefined) {
      return null;
    }
    // The page may have moved since the last look: a press must not fall on a mark that is there no more.
    this.#sight.look(mark);
    return hit(mark) ? mark : null;
  }

  #hover(mark: Mark | null): void {
    if (mark !== this.#over) {
      this.#over?.button.classList.remove("over");
      mark?.button.classList.add("over");
      this.#over = mark;
    }
  }

  #toggle(mark: Mark): void {
    if (this.#open?.mark === mark) {
      this.#close(true);
    } else {
      this.#openNote(mark);
    }
  }

  #openNote(mark: Mark): void {
    this.#close(false);
    const { finding } = mark;
    const send: Send = (comment, withHeadline) => this.#on.report(finding, comment, withHeadline);
    const note = new Note(this.#document, finding, {
      close: () => this.#close(true),
      send: finding.answer.verdictId === undefined ? null : send,
    });
    this.#open = { note, mark };
    mark.button.setAttribute("aria-expanded", "true");
    note.open(this.#host.root, mark.box);
  }

  /** Returns whether a note was open. `back` brings the focus to its mark. */
  #close(back: boolean): boolean {
    if (this.#open === null) {
      return false;
    }
    const { note, mark } = this.#open;
    const within = note.element.contains(this.#host.root.activeElement);
    this.#open = null;
    mark.button.setAttribute("aria-expanded", "false");
    note.close();
    if (back || within) {
      mark.button.focus({ preventScroll: true });
    }
    return true;
  }

  #tab(backwards: boolean): boolean {
    return this.#open?.note.turn(this.#host.root.activeElement, backwards) ?? false;
  }

  /** A mark that got the focus by Tab brings its headline into view. */
  #focused(): void {
    const mark = [...this.#marks.values()].find(({ button }) => button === this.#host.root.activeElement);
    if (mark !== undefined) {
      this.#bringIn(mark);
    }
  }

  #bringIn(mark: Mark): void {
    this.#sight.look(mark);
    if (mark.box === null) {
      mark.headline.element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
      this.#sight.look(mark);
    }
  }

  /** Marks were looked at anew: the note goes with its mark, and goes away with its headline. */
  #moved(): void {
    if (this.#open === null) {
      return;
    }
    const { note, mark } = this.#open;
    if (this.#marks.get(mark.headline) !== mark) {
      this.#close(false);
    } else if (mark.box !== null) {
      note.place(mark.box);
    }
  }

  #returned(): void {
    this.#open?.note.raise();
    this.#sight.soon();
  }

  /** What happens in the note is not told to the page around it. */
  #keepToItself(): void {
    for (const kind of [...PRESSES, "wheel", "contextmenu"]) {
      this.#host.root.addEventListener(kind, (event) => event.stopPropagation(), { passive: true });
    }
  }
}
