"""The finder of headlines, bundled from the extension's source and put into pages of a browser by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Route
from support.node import bundled

ROOT = Path(__file__).parents[2]
FRONTS = ROOT / "tests" / "data" / "fronts"
SECOND = ROOT / "tests" / "data" / "fronts_second"
ADDRESS = "https://front.example/"

# What the finder tells is kept as it comes; what it does on the main thread is timed where the browser calls it.
_HARNESS = """
import { watch, type Watching } from "./src/content/finding/watcher.ts";
import type { Headline } from "./src/content/page.ts";

const told = { batches: [] as Headline[][], gone: [] as Headline[], ms: 0, longest: 0, looks: 0, notes: 0 };
function timed<T>(work: () => T): T {
  const start = performance.now();
  const result = work();
  const ms = performance.now() - start;
  told.ms += ms;
  told.longest = Math.max(told.longest, ms);
  return result;
}
const idle = requestIdleCallback.bind(globalThis);
globalThis.requestIdleCallback = (work, options) =>
  idle((deadline) => { told.looks += 1; timed(() => work(deadline)); }, options);
const Observer = MutationObserver;
globalThis.MutationObserver = class extends Observer {
  constructor(work: MutationCallback) {
    super((records, self) => { told.notes += 1; timed(() => work(records, self)); });
  }
};
let watching: Watching;
Object.assign(globalThis, {
  told,
  find: (languages: string[] = []) => {
    const found = (batch: Headline[]) => told.batches.push(batch);
    const gone = (one: Headline) => told.gone.push(one);
    timed(() => { watching = watch(document, { found, gone }, () => languages); });
  },
  standing: () => watching.headlines(),
  stopFinding: () => watching.stop(),
});
//# sourceURL=finder.ts
"""

# What a page says of itself in `data-expected` and `data-decoy`, held against what was told.
EXPECTED = """() => {
  const open = (one) => (one.shadowRoot ? all(one.shadowRoot) : []);
  const all = (root) => [...root.querySelectorAll("*")].flatMap((one) => [one, ...open(one)]);
  const clean = (text) => text.replace(/\\s+/g, " ").trim();
  const expected = all(document).filter((one) => one.hasAttribute("data-expected"));
  const found = told.batches.flat();
  const wanted = (one) => one.getAttribute("data-expected") || clean(one.textContent);
  const at = (one) => `${one.element.outerHTML.slice(0, 200)}: ${one.text}`;
  return {
    expected: expected.length,
    decoys: all(document).filter((one) => one.hasAttribute("data-decoy")).length,
    missing: expected.filter((one) => !found.some(({ element }) => element === one)).map((one) => one.outerHTML),
    extra: found.filter(({ element }) => !expected.includes(element)).map(at),
    wrong: found.filter(({ element, text }) => expected.includes(element) && text !== wanted(element)).map(at),
    twice: found.length - new Set(found.map(({ element }) => element)).size,
  };
}"""


def bundle() -> str:
    """The finder and what listens to it. Fails the test where the extension has no tools installed."""
    return bundled(_HARNESS) + "\n//# sourceURL=finder.js\n"


@contextmanager
def opened(browser: Browser, html: str, *, width: int = 1280, height: int = 900) -> Iterator[Page]:
    """A page with this markup at an address of its own; nothing else is there to be loaded."""
    context = browser.new_context(viewport={"width": width, "height": height})
    try:
        page = context.new_page()
        page.set_default_timeout(20_000)

        def answer(route: Route) -> None:
            is_page = route.request.resource_type == "document"
            route.fulfill(status=200 if is_page else 204, content_type="text/html", body=html if is_page else "")

        page.route("**/*", answer)
        page.goto(ADDRESS)
        yield page
    finally:
        context.close()


def find(page: Page, finder: str, languages: tuple[str, ...] = ()) -> None:
    """Start the finder on a page and wait until it has told of all that is there."""
    page.evaluate(finder)
    page.evaluate("(languages) => find(languages)", list(languages))
    settle(page)


def settle(page: Page) -> None:
    """Wait until the finder has had nothing to do for a while."""
    page.evaluate(
        """() => new Promise((done) => {
          let before = -1;
          let still = 0;
          const look = () => {
            still = told.looks === before ? still + 1 : 0;
            before = told.looks;
            if (still > 12) done(); else setTimeout(look, 50);
          };
          look();
        })"""
    )
