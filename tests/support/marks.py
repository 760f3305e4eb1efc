"""Marks on a page of a test, without the extension around them: the page's own scripts and the marks in one browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import Browser, Page, Route
from support.node import EXTENSION, bundled

ADDRESS = "https://news.example/"
LOCALES = {"en": "en", "es": "es", "zh": "zh_CN", "ur": "ur"}

QUOTE = "The reported stories are either misinformed or invented."
RECORD: dict[str, Any] = {
    "id": "gem-ore",
    "rumor": "Pakistan presented rare earth samples to the US president and exports them with Chinese technology.",
    "statement": "The stones were raw gem ores that staff had bought in Pakistan; the stories have no foundation.",
    "quote": QUOTE,
    "language": "en",
    "authority": {"name": "China’s Foreign Ministry", "kind": "ministry", "country": "CN"},
    "speaker": {"name": "Lin Jian", "role": "spokesperson"},
    "rating": "false",
    "stated_on": "2025-10-13",
    "citations": [
        {
            "url": "https://example.org/reports/gem-ore",
            "title": "Ministry rejects reports on rare earth samples as baseless",
            "publisher": "Example News",
            "published_on": "2025-10-14",
            "kind": "report",
            "language": "en",
            "archived_url": "https://archive.example/gem-ore",
        },
        {
            "url": "https://ministry.example/2025/10/13",
            "title": "外交部发言人主持例行记者会",
            "publisher": "Ministry of Foreign Affairs",
            "published_on": "2025-10-13",
            "kind": "primary",
            "language": "zh",
        },
    ],
}
OTHER: dict[str, Any] = RECORD | {
    "id": "samples-were-given",
    "rumor": "No mineral samples changed hands.",
    "statement": "The office said that mineral samples were handed over in September.",
    "quote": "We were given a box of stones.",
    "authority": {"name": "Office of Example Affairs", "kind": "agency", "country": "US"},
    "speaker": {"name": None, "role": "Press secretary"},
    "stated_on": "2025-10-15",
}
WHY = {
    "field": "rumor",
    "text": RECORD["rumor"],
    "similarity": 0.93,
    "words": 0.5,
    "differs": [{"kind": "number", "claim": ["two"], "record": ["one"], "spans": []}],
}


STYLE = """<style>
  body { margin: 0; font: 16px/1.5 sans-serif; background: #fff; color: #222 }
  main { max-width: 800px; margin: 0 auto; padding: 20px }
  h2 { font-size: 22px; line-height: 1.3 }
  a { color: inherit }
</style>"""
FIRST = "Pakistan hands rare earth samples to the US president"
SECOND = "Box of stones was flown to Washington, sources say"
THIRD = "Both capitals had been talking all week"
FRONT = f"""<!doctype html><html lang="en"><title>News</title>{STYLE}
  <main><h1>News</h1>
    <h2 id="first"><a href="/first">{FIRST}</a></h2><p>What was said of it on Monday.</p>
    <h2 id="second"><a href="/second">{SECOND}</a></h2><p>More of the same.</p>
    <h2 id="third"><a href="/third">{THIRD}</a></h2><p>And more.</p>
  </main></html>"""
DARK = FRONT.replace("background: #fff; color: #222", "background: #14161a; color: #eee")
URDU = FRONT.replace('lang="en"', 'lang="ur" dir="rtl"').replace(
    FIRST, "وائٹ ہاؤس نے پاکستانی سفیر کو ناراضگی کا خط لکھا ہے"
)


def bundle() -> str:
    """What puts marks on a page and lets a test look at them."""
    return bundled(Path(__file__).with_suffix(".ts"))


def finding(text: str, *records: dict[str, Any], number: int = 1, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """What a text came to: denied by the first of the records unless `label` says otherwise.

    Args:
        text: the headline.
        records: the best match first; `RECORD` where none is given.
        number: the finding's own.
        changes: `label`, `confidence`; `verdict_id=None` as in private mode.
    """
    answer = {
        "verdict": {
            "label": changes.get("label", "rebutted"),
            "confidence": changes.get("confidence", 0.995),
            "summary": "",
        },
        "matches": [
            {"stance": "asserts", "score": 0.9, "why": changes.get("why", WHY), "rebuttal": record}
            for record in records or (RECORD,)
        ],
    }
    named = changes.get("verdict_id", "v-1")
    return {"id": number, "text": text, "answer": answer | ({"verdictId": named} if named else {})}


class Marked:
    """A page with marks.

    Attributes:
        page: as it is in the browser.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def show(self, selector: str, **changes: Any) -> None:  # noqa: ANN401 - as for `finding`
        """Mark the headline that a selector finds; its text is the finding's."""
        text = (self.page.locator(selector).first.text_content() or "").strip()
        records = changes.pop("records", ())
        self.page.evaluate(
            "([selector, finding]) => harness.show(selector, finding)", [selector, finding(text, *records, **changes)]
        )

    def seen(self) -> list[dict[str, Any]]:
        """Each mark as it is now."""
        return cast("list[dict[str, Any]]", self.page.evaluate("harness.seen()"))

    def until(self, expression: str) -> None:
        """Wait until something holds of the marks, `seen` in the expression."""
        self.page.wait_for_function(f"() => {{ const seen = harness.seen(); return {expression}; }}")

    def shown(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many marks are to be seen; these."""
        self.until(f"seen.filter((one) => one.shown).length === {count}")
        self.settled()
        return [one for one in self.seen() if one["shown"]]

    def settled(self) -> None:
        """Wait until two frames have been painted."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def press(self, at: int = 0) -> None:
        """Click on a mark that is to be seen, as a reader does."""
        x, y = middle([one for one in self.seen() if one["shown"]][at])
        self.page.mouse.click(x, y)

    @property
    def note(self) -> str | None:
        """The text of the note that is open; null where none is."""
        return cast("str | None", self.page.evaluate("harness.root.querySelector('.note')?.innerText ?? null"))

    def opened(self) -> str:
        """Press the first mark; what its note says."""
        self.shown(len([one for one in self.seen() if not one["absent"]]))
        self.press()
        return self.noted()

    def noted(self) -> str:
        """Wait until a note is open and lies still; what it says."""
        self.page.wait_for_function("() => harness.root.querySelector('.note') !== null")
        self.settled()
        self.of_note("note.getAnimations().forEach((one) => one.finish())")
        return self.note or ""

    def of_note(self, expression: str) -> Any:  # noqa: ANN401 - whatever is asked of it
        """Evaluate something of the open note, `note` in the expression."""
        return self.page.evaluate(f"() => {{ const note = harness.root.querySelector('.note'); return {expression}; }}")

    def focused(self) -> str | None:
        """What has the focus in the root: its name or its class."""
        found = self.page.evaluate(
            "(() => { const at = harness.root.activeElement; return at && (at.ariaLabel || at.className); })()"
        )
        return cast("str | None", found)


def middle(mark: dict[str, Any]) -> tuple[float, float]:
    """The point in the middle of a mark."""
    box = mark["box"]
    return box["left"] + box["width"] / 2, box["top"] + box["height"] / 2


def words(locale: str) -> dict[str, Any]:
    """The words of the interface, as the extension's background gives them to a page."""
    path = EXTENSION / "_locales" / LOCALES[locale] / "messages.json"
    messages = json.loads(path.read_text("utf-8"))
    return {"language": LOCALES[locale], "words": {name: one["message"] for name, one in messages.items()}}


@contextmanager
def marked(  # noqa: PLR0913 - each is something a page may be
    browser: Browser,
    script: str,
    html: str,
    *,
    locale: str = "en",
    open_roots: bool = False,
    policy: str = "",
    **options: Any,  # noqa: ANN401 - Playwright's own
) -> Iterator[Marked]:
    """A page with the script of marks in it. Whatever it complains of fails the test.

    Args:
        browser: in which it opens.
        script: of `bundled`.
        html: the page, which may have scripts of its own.
        locale: of the interface.
        open_roots: for axe, which sees into no other.
        policy: the page's content security policy.
        options: of the context, such as `viewport` and `color_scheme`.
    """
    context = browser.new_context(**({"viewport": {"width": 1000, "height": 700}} | options))
    complaints: list[str] = []

    def answer(route: Route) -> None:
        headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}
        first = route.request.url == ADDRESS
        route.fulfill(body=html if first else "<title>Elsewhere</title><p>Elsewhere</p>", headers=headers)

    try:
        context.route("**/*", answer)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(ADDRESS)
        page.evaluate("(given) => void Object.assign(globalThis, given)", _given(locale, open_roots=open_roots))
        page.evaluate(script)
        yield Marked(page)
        assert complaints == []
    finally:
        context.close()


def _given(locale: str, *, open_roots: bool) -> dict[str, Any]:
    return {"localeWords": words(locale), "openRoots": open_roots}
