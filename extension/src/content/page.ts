/** What the finder of headlines tells of a page. */

export interface Headline {
  /** The innermost block, or the link, that holds the whole text. */
  element: Element;
  /** Cleaned: 12 to 500 characters, from 6 on in scripts without spaces. */
  text: string;
}

export interface Watching {
  stop(): void;
  /** Those that stand on the page now. */
  headlines(): Headline[];
}
