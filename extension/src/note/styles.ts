/** How marks and notes look. Sizes are in pixels: pages set the size of `rem` as they like. */

// Every pair of text and ground keeps 4.5:1, in both sets.
const LIGHT = `
  --ground: #ffffff; --sunk: #f4f2ed; --ink: #1d1f23; --soft: #565c66; --line: #dedad1; --edge: #8a8578;
  --link: #0f4c75; --on-link: #ffffff; --focus: #b35c00;
  --denied: #98291b; --denied-ground: #fdf4f2; --denied-line: #e3bcb5;
  --disputed: #6f4b00; --disputed-ground: #fdf7e8; --disputed-line: #e2cd97;
  --in_line: #1b5f46; --in_line-ground: #f1f9f5; --in_line-line: #b5d6c7;
  --background: #3d4a5c; --background-ground: #f4f6f9; --background-line: #c4ccd7;
  --shadow: 0 1px 2px rgb(0 0 0 / .06), 0 8px 32px rgb(20 22 28 / .18);`;
const DARK = `
  --ground: #1c1f24; --sunk: #262a31; --ink: #e9e7e2; --soft: #adb3bd; --line: #383d46; --edge: #767d89;
  --link: #92c4ec; --on-link: #10202e; --focus: #ffb35c;
  --denied: #f3a99d; --denied-ground: #2e1f1d; --denied-line: #65403a;
  --disputed: #e6c36f; --disputed-ground: #2b2516; --disputed-line: #5f5228;
  --in_line: #8ed3b2; --in_line-ground: #18261f; --in_line-line: #33584a;
  --background: #b6c2d4; --background-ground: #21262e; --background-line: #46505f;
  --shadow: 0 0 0 1px rgb(255 255 255 / .04), 0 8px 32px rgb(0 0 0 / .55);`;

const SANS = `system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", "Liberation Sans", sans-serif`;
const SERIF = `"Iowan Old Style", Palatino, "Palatino Linotype", "Source Serif 4", "Noto Serif", Georgia, serif`;

const HOST = `
:host { all: initial !important; position: absolute !important; left: 0 !important; top: 0 !important; width: 0 !important;
  height: 0 !important; contain: layout size style !important; z-index: 2147483647 !important; pointer-events: none !important; }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }`;

// The word is painted and no text of the tree: what is no text, no page can search for. Nothing of a mark is animated:
// a page might be told of that.
const MARKS = `
.marks { position: absolute; left: 0; top: 0; width: 0; height: 0; user-select: none; }
.mark { ${LIGHT} position: absolute; left: 0; top: 0; margin: 0; padding: 0 7px 0 5px; height: 20px; border-radius: 10px;
  display: inline-flex; align-items: center; gap: 4px; white-space: nowrap; pointer-events: none; cursor: pointer;
  font: 600 11.5px/1 ${SANS}; letter-spacing: .01em; text-transform: none; appearance: none; opacity: 0;
  color: var(--tone); background: var(--tone-ground); border: 1px solid var(--tone-line); }
.mark.dark { ${DARK} }
.mark[dir="rtl"] { padding: 0 5px 0 7px; letter-spacing: 0; font-size: 12px; }
.mark::after { content: attr(data-word); }
.mark.small { padding: 0; width: 20px; justify-content: center; }
.mark.small::after { content: none; }
.mark.shown { opacity: 1; }
.mark.absent { visibility: hidden; }
.mark.over, .mark[aria-expanded="true"] { border-color: var(--tone); box-shadow: 0 1px 4px rgb(0 0 0 / .16); }
.mark:focus { outline: none; }
.mark:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; box-shadow: 0 0 0 2px var(--ground); opacity: 1; }
.denied { --tone: var(--denied); --tone-ground: var(--denied-ground); --tone-line: var(--denied-line); }
.disputed { --tone: var(--disputed); --tone-ground: var(--disputed-ground); --tone-line: var(--disputed-line); }
.in_line { --tone: var(--in_line); --tone-ground: var(--in_line-ground); --tone-line: var(--in_line-line); }
.background { --tone: var(--background); --tone-ground: var(--background-ground); --tone-line: var(--background-line); }
svg { width: 13px; height: 13px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round;
  stroke-linejoin: round; }`;

const NOTE = `
.note { ${LIGHT} color-scheme: light; position: fixed; inset: auto; margin: 0; padding: 0; width: 408px; max-width: calc(100vw - 24px);
  max-height: calc(100vh - 24px); overflow: auto; overscroll-behavior: contain; pointer-events: auto; user-select: text;
  color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow);
  font: 400 14.5px/1.5 ${SANS}; text-align: start; overflow-wrap: anywhere; hyphens: manual; }
.note:focus { outline: none; }
.note.sheet { inset: auto 0 0 0; width: 100%; max-width: none; border-radius: 14px 14px 0 0; border-width: 1px 0 0; }
.head { position: sticky; top: 0; z-index: 1; display: flex; align-items: flex-start; gap: 10px; padding: 14px 12px 10px 18px;
  background: var(--ground); }
[dir="rtl"] > .head { padding: 14px 18px 10px 12px; }
.head > svg { width: 18px; height: 18px; margin-top: 3px; color: var(--tone); stroke-width: 1.35; }
h2 { flex: 1; margin: 0; font: 600 17px/1.35 ${SERIF}; color: var(--ink); text-wrap: balance; }
.close svg { width: 15px; height: 15px; }
.body { padding: 0 18px 16px; }
p, ul, dl, dd, blockquote, h3, h4, form { margin: 0; padding: 0; }
ul { list-style: none; }
.who { color: var(--soft); font-size: 13.5px; margin-bottom: 14px; }
.who bdi { unicode-bidi: isolate; }
h3, h4, dt { font: 600 12.5px/1.4 ${SANS}; color: var(--soft); margin: 14px 0 3px; }
h3.side { font: 600 15px/1.4 ${SERIF}; color: var(--ink); margin: 0 0 2px; }
.foreign { unicode-bidi: isolate; display: block; }
.said > .foreign { text-wrap: pretty; }
blockquote.foreign { border-inline-start: 3px solid var(--tone-line); padding-inline-start: 12px; margin: 12px 0 0; font: italic 400 15.5px/1.5 ${SERIF}; }
/* Browsers take the marks of the language around a quotation, not of its own. */
blockquote { quotes: "\u201c" "\u201d"; }
blockquote:is(:lang(ur), :lang(ar), :lang(fa)) { quotes: "\u201d" "\u201c"; }
blockquote:is(:lang(fr), :lang(ru), :lang(uk), :lang(es)) { quotes: "\u00ab" "\u00bb"; }
blockquote:lang(de) { quotes: "\u201e" "\u201c"; }
blockquote::before { content: open-quote; }
blockquote::after { content: close-quote; }
blockquote.foreign:is(:lang(ur), :lang(ar), :lang(fa), :lang(zh), :lang(ja), :lang(ko), :lang(hi), :lang(th)) { font-style: normal; }
:is(.foreign, h2, h3.side):lang(ur) { line-height: 1.9; }
.sides { display: grid; gap: 12px; }
.sides > section { border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px 14px; }
.sides .who { margin-bottom: 8px; }
.judged { margin-top: 12px; }
.sources li { margin-top: 7px; }
.sources li:first-child { margin-top: 0; }
.sources .foreign { display: inline; }
.sources .meta { display: block; }
.meta :is(time, span) { white-space: nowrap; }
.meta { color: var(--soft); font-size: 12.5px; }
.meta > * { unicode-bidi: isolate; }
a { color: var(--link); text-underline-offset: 2px; text-decoration-thickness: 1px; border-radius: 2px; }
a:hover { text-decoration-thickness: 2px; }
details { margin-top: 10px; }
summary { cursor: pointer; padding: 3px 0; border-radius: 3px; color: var(--ink); font-weight: 500; font-size: 13.5px; }
.after { margin-top: 14px; padding-top: 8px; border-top: 1px solid var(--line); }
.after > * { margin: 0 0 4px; }
.after > div > .more { padding: 3px 0; }
.sure { font-size: 13.5px; margin-top: 14px; }
.sure .meta { display: block; }
dt:first-child { margin-top: 6px; }
dd { font-size: 13.5px; }
.note button { font: 500 13.5px/1.2 ${SANS}; color: var(--ink); background: var(--ground); border: 1px solid var(--edge);
  border-radius: 6px; padding: 7px 14px; min-height: 32px; cursor: pointer; text-transform: none; }
.note button:hover { border-color: var(--link); color: var(--link); }
.note button.primary { background: var(--link); border-color: var(--link); color: var(--on-link); }
.note button.primary:hover { color: var(--on-link); text-decoration: underline; }
.note button:disabled { opacity: .7; cursor: default; }
.note button.more { border: 0; padding: 2px 0; min-height: 0; background: none; color: var(--link); text-decoration: underline; }
.note .close { flex: none; width: 28px; height: 28px; margin-top: -2px; padding: 0; border: 0; border-radius: 14px; background: none;
  color: var(--soft); display: grid; place-items: center; min-height: 0; }
.note .close:hover { background: var(--sunk); color: var(--ink); }
form { margin-top: 8px; }
label { display: block; font-size: 13.5px; }
textarea { display: block; width: 100%; min-height: 64px; margin: 4px 0 8px; padding: 7px 9px; resize: vertical; font: 400 14px/1.45 ${SANS};
  color: var(--ink); background: var(--ground); border: 1px solid var(--edge); border-radius: 6px; }
label.tick { display: flex; gap: 8px; align-items: flex-start; margin-bottom: 10px; }
label.tick input { flex: none; width: 16px; height: 16px; margin: 3px 0 0; accent-color: var(--link); }
.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.state:empty { display: none; }
.state { font-size: 13.5px; margin-top: 8px; }
.foot { color: var(--soft); font-size: 12px; margin-top: 12px; }
:is(a, button, summary, textarea, input, .foreign):focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.note .foreign:focus { outline: none; }`;

const CIRCUMSTANCES = `
@media (prefers-color-scheme: dark) { .note { ${DARK} color-scheme: dark; } }
@media (max-height: 420px) { .head { position: static; } .note.sheet { max-height: calc(100vh - 12px); } }
@media (prefers-reduced-motion: no-preference) {
  .note { animation: come .14s ease-out; }
  .note.sheet { animation-name: rise; }
  @keyframes come { from { opacity: 0; transform: translateY(4px); } }
  @keyframes rise { from { opacity: 0; transform: translateY(24px); } }
}
@media (forced-colors: active) {
  .mark { forced-color-adjust: auto; color: ButtonText; background: ButtonFace; border-color: ButtonText; }
  .mark:focus-visible { outline-color: Highlight; }
  .note { border: 2px solid CanvasText; }
  blockquote.foreign { border-color: CanvasText; }
  .head > svg { color: CanvasText; }
}
@media print { .marks, .note { display: none !important; } }`;

/** For the closed root: nothing of the page's own styles comes in, and none of these gets out. */
export const STYLES = HOST + MARKS + NOTE + CIRCUMSTANCES;

/** For the popup (`src/pages/notes.ts`), which shows what a note says: without the host that lies over a page. */
export const NOTE_STYLES = MARKS + NOTE + CIRCUMSTANCES;
