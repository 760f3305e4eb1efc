"""Marks on pages of every kind: where they stand, what a reader does with them, and what the page's scripts cannot."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page
from support.marks import (
    ADDRESS,
    DARK,
    FIRST,
    FRONT,
    OTHER,
    RECORD,
    SECOND,
    STYLE,
    THIRD,
    URDU,
    Marked,
    bundle,
    marked,
    middle,
)
from support.world import wait

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def script() -> str:
    return bundle()


def contrast(one: str, other: str) -> float:
    """The ratio of two computed colors, as WCAG 2.2 reckons it."""

    def light(color: str) -> float:
        shares = [int(number) / 255 for number in re.findall(r"\d+", color)[:3]]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    bright, dim = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def written(page: Marked, selector: str) -> dict[str, float]:
    """The box of a headline's text in the window."""
    box = page.page.evaluate(
        """(selector) => {
          const range = document.createRange();
          range.selectNodeContents(document.querySelector(selector));
          return range.getBoundingClientRect().toJSON();
        }""",
        selector,
    )
    assert isinstance(box, dict)
    return box


def test_a_mark_stands_after_its_headline_and_the_note_says_who_denied_what(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT) as page:
        page.show("#first")
        (mark,) = page.shown()
        text = written(page, "#first")
        assert 0 < mark["box"]["left"] - text["right"] < 12
        assert abs(middle(mark)[1] - (text["top"] + text["bottom"]) / 2) < 4
        assert mark["word"] == '"Denied"'
        said = page.opened()
        assert said.startswith("Denied by \u2068China’s Foreign Ministry\u2069")
        for part in (
            "Lin Jian",
            "spokesperson",
            "October 13, 2025",
            RECORD["rumor"],
            RECORD["statement"],
            RECORD["quote"],
        ):
            assert part in said
        assert "\u2068China’s Foreign Ministry\u2069 called it false." in said
        assert "The match is practically certain." in said
        assert "fake" not in said.lower()


def test_nothing_moves_and_the_page_stays_as_it_was(browser: Browser, script: str) -> None:
    watch = """() => {
      window.shifts = [];
      const shifted = new PerformanceObserver((list) => shifts.push(...list.getEntries()));
      shifted.observe({ type: "layout-shift", buffered: true });
      const { documentElement: root } = document;
      window.before = [document.body.outerHTML, root.scrollWidth, root.scrollHeight];
      window.changes = [];
      new MutationObserver((list) => changes.push(...list)).observe(document,
        { subtree: true, childList: true, attributes: true, characterData: true });
    }"""
    with marked(browser, script, FRONT.replace("</main>", '<p style="height: 2000px"></p></main>')) as page:
        page.page.evaluate(watch)
        for at, selector in enumerate(("#first", "#second", "#third")):
            page.show(selector, number=at)
        page.shown(3)
        page.page.evaluate("scrollTo(0, 60)")
        page.settled()
        page.opened()
        page.page.keyboard.press("Escape")
        page.settled()
        assert page.page.evaluate("shifts.filter((one) => !one.hadRecentInput).map((one) => one.value)") == []
        assert page.page.evaluate("changes.map((one) => one.type)") == []
        now = "[document.body.outerHTML, document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert page.page.evaluate(f"JSON.stringify({now}) === JSON.stringify(before)")


def test_the_host_says_nothing_of_what_was_found(browser: Browser, script: str) -> None:
    look = """() => { const host = document.documentElement.lastElementChild;
      return [host.outerHTML, host.shadowRoot, JSON.stringify(host.getBoundingClientRect()), host.innerText,
              JSON.stringify(getComputedStyle(host).cssText), document.body.innerText,
              document.getAnimations().length, document.documentElement.getAnimations({ subtree: true }).length,
              window.heard, find("Denied"), find("Washington")] }"""
    listen = """for (const kind of ["transitionrun", "animationstart", "focusin", "slotchange", "toggle", "scroll"]) {
      addEventListener(kind, () => { window.heard = kind }, true);
    }"""
    with marked(browser, script, FRONT) as page:
        page.page.evaluate(listen)
        before = page.page.evaluate(look)
        page.show("#first")
        (mark,) = page.shown()
        page.page.evaluate("getSelection().removeAllRanges()")
        assert page.page.evaluate(look) == before
        assert before[:2] == ["<div></div>", None]
        assert before[-2:] == [False, True], "a page can search itself for what it has, and for nothing of a mark"
        hit = page.page.evaluate(
            "([x, y]) => document.elementsFromPoint(x, y).map((one) => one.tagName)", list(middle(mark))
        )
        assert "DIV" not in hit
        assert (
            page.page.evaluate(
                "(([x, y]) => document.caretPositionFromPoint(x, y)?.offsetNode.nodeName)", list(middle(mark))
            )
            != "DIV"
        )


def test_only_a_readers_own_click_opens_a_note(browser: Browser, script: str) -> None:
    forge = """([x, y]) => {
      const at = { clientX: x, clientY: y, bubbles: true, cancelable: true, composed: true, detail: 1 };
      for (const target of [document.elementFromPoint(x, y), document.documentElement.lastElementChild, window]) {
        for (const kind of ["pointerdown", "mousedown", "mouseup", "click"]) {
          target.dispatchEvent(new PointerEvent(kind, at));
        }
        target.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, composed: true }));
        target.dispatchEvent(new FocusEvent("focusin", { bubbles: true, composed: true }));
      }
      postMessage({ kind: "show", to: "page", id: 1 }, "*");
    }"""
    with marked(browser, script, FRONT.replace('href="/first"', 'href="#forged"')) as page:
        page.show("#first")
        (mark,) = page.shown()
        page.page.evaluate(forge, list(middle(mark)))
        page.settled()
        assert page.note is None
        page.press()
        assert page.noted()


def test_the_link_under_a_mark_is_not_followed(browser: Browser, script: str) -> None:
    wide = FRONT.replace('<a href="/first">', '<a href="/first" style="display: block">')
    told = """for (const kind of ["pointerdown", "mousedown", "click"]) {
      addEventListener(kind, () => (window.told ??= []).push(kind));
    }"""
    with marked(browser, script, wide) as page:
        page.show("#first")
        page.page.evaluate(told)
        (mark,) = page.shown()
        under = page.page.evaluate("([x, y]) => document.elementFromPoint(x, y).tagName", list(middle(mark)))
        assert under == "A", "the mark lies over the link"
        page.press()
        assert page.noted()
        page.page.mouse.click(*middle(mark), button="middle")
        page.settled()
        assert len(page.page.context.pages) == 1
        assert page.page.url == ADDRESS
        assert page.page.evaluate("window.told ?? []") == []
        page.page.locator("#first a").click(position={"x": 20, "y": 10})
        page.page.wait_for_url("**/first")


def test_the_keyboard_is_enough(browser: Browser, script: str) -> None:
    told = """for (const kind of ["keydown", "keyup", "input", "beforeinput"]) {
      document.addEventListener(kind, (one) => (window.typed ??= []).push(one.key ?? one.data), true);
    }"""
    with marked(browser, script, FRONT) as page:
        page.page.evaluate(told)
        page.show("#second", number=2)
        page.show("#first", number=1)
        page.shown(2)
        assert [one["name"] for one in page.seen()] == [
            f"Denied by \u2068China’s Foreign Ministry\u2069: \u2068{text}\u2069" for text in (FIRST, SECOND)
        ]
        page.page.locator("#third a").focus()
        page.page.keyboard.press("Tab")
        assert FIRST in (page.focused() or "")
        page.page.keyboard.press("Enter")
        page.noted()
        assert "note" in (page.focused() or "")
        page.page.keyboard.press("Tab")
        assert page.focused() == "Close"
        page.page.keyboard.press("Shift+Tab")
        page.page.keyboard.press("Tab")
        assert page.focused() == "Close", "the focus goes round in the note"
        page.page.keyboard.press("Escape")
        assert page.note is None
        assert FIRST in (page.focused() or "")
        page.page.keyboard.press("Tab")
        page.page.keyboard.press("Space")
        page.noted()
        page.page.keyboard.press("Tab")
        page.page.keyboard.press("Enter")
        assert page.note is None
        assert SECOND in (page.focused() or "")
        # The page saw no more than the keys on its own link.
        assert page.page.evaluate("window.typed.filter((key) => key !== 'Tab')") == []


def test_next_goes_round_in_reading_order_and_scrolls(browser: Browser, script: str) -> None:
    html = FRONT.replace("<p>What was said of it on Monday.</p>", '<p style="height: 3000px"></p>')
    with marked(browser, script, html) as page:
        page.show("#third", number=3)
        page.show("#first", number=1)
        for text, least in ((FIRST, 0), (THIRD, 2000), (FIRST, 0)):
            page.page.evaluate("harness.marks.next()")
            assert text in (page.focused() or "")
            assert page.page.evaluate("scrollY") >= least
            # Scrolled to, it is to be seen.
            wait(lambda text=text: any(one["shown"] and text in one["name"] for one in page.seen()), page.page, 5)
        assert [one["id"] for one in page.page.evaluate("harness.marks.findings()")] == [1, 3]
        page.page.evaluate("harness.marks.open(3)")
        page.noted()
        assert page.page.evaluate("scrollY") > 2000


def test_what_was_not_found_bears_no_mark(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT) as page:
        page.show("#first", label="unmatched")
        page.show("#second", number=2)
        page.shown(1)
        assert [one["id"] for one in page.page.evaluate("harness.marks.findings()")] == [2]


def sticky(page: Page) -> None:
    page.evaluate("scrollTo(0, 130)")


def hidden(page: Page) -> None:
    page.evaluate("document.querySelector('#first').style.display = 'none'")


def faded(page: Page) -> None:
    page.evaluate("document.querySelector('main').style.opacity = 0")


def removed(page: Page) -> None:
    page.evaluate("document.querySelector('#first').remove()")


def under_a_dialog(page: Page) -> None:
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"position:fixed;inset:0;background:#000a\">')"
    )


@pytest.mark.parametrize("happens", [sticky, hidden, faded, removed, under_a_dialog])
def test_no_mark_where_the_headline_is_not_to_be_seen(
    browser: Browser, script: str, happens: Callable[[Page], None]
) -> None:
    html = FRONT.replace(
        "<main>", '<header style="position: sticky; top: 0; height: 90px; background: #eee">Top</header><main>'
    )
    with marked(browser, script, html.replace("</main>", '<p style="height: 2000px"></p></main>')) as page:
        page.show("#first")
        page.shown()
        happens(page.page)
        page.shown(0)


def test_marks_follow_a_box_that_scrolls(browser: Browser, script: str) -> None:
    html = FRONT.replace("<main>", '<main id="box" style="height: 260px; overflow: auto">').replace(
        "</main>", '<p style="height: 900px"></p></main>'
    )
    with marked(browser, script, html) as page:
        page.show("#second")
        (before,) = page.shown()
        page.page.evaluate("document.querySelector('#box').scrollTop = 40")
        page.until(f"Math.abs(seen[0].box.top - {before['box']['top']} + 40) < 1")
        page.page.evaluate("document.querySelector('#box').scrollTop = 600")
        page.shown(0)
        page.page.evaluate("document.querySelector('#box').scrollTop = 0")
        page.shown(1)


def test_marks_follow_what_the_page_moves_without_a_word(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT) as page:
        page.show("#second")
        (before,) = page.shown()
        page.page.evaluate("document.querySelector('main').style.transform = 'translateY(50px)'")
        page.until(f"Math.abs(seen[0].box.top - {before['box']['top']} - 50) < 1")


def test_a_mark_covers_no_text_where_there_is_no_room(browser: Browser, script: str) -> None:
    row = "<ul><li style='width: 330px'><a id='first' href='/1'>Box of stones</a> by our reporter in Lahore</li></ul>"
    with marked(browser, script, FRONT.replace("<main>", f"<main>{row}").replace('<h2 id="first">', "<h2>")) as page:
        page.show("#first")
        (mark,) = page.shown()
        rest = page.page.evaluate(
            "(() => { const range = document.createRange(); const { nextSibling } = document.querySelector('#first');"
            "range.selectNode(nextSibling); return [...range.getClientRects()].map((one) => one.toJSON()) })()"
        )
        box = mark["box"]
        assert all(box["top"] >= one["bottom"] - 4 or box["left"] >= one["right"] for one in rest[:1])
        assert mark["small"]


def test_the_host_comes_back_a_few_times(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT) as page:
        page.show("#first")
        page.opened()
        page.page.evaluate("document.documentElement.lastElementChild.remove()")
        page.page.wait_for_function("() => harness.root.host.isConnected")
        assert page.of_note("note.matches(':popover-open')")
        for _ in range(4):
            page.page.evaluate("harness.root.host.remove()")
            page.page.wait_for_function("() => harness.root.host.isConnected")
        page.page.evaluate("harness.root.host.remove()")
        page.settled()
        assert not page.page.evaluate("harness.root.host.isConnected"), "a page that does not want it wins"


def test_two_hundred_marks_and_no_more(browser: Browser, script: str) -> None:
    rows = "".join(f"<h2 id='h{at}'>Headline of the day, number {at}</h2>" for at in range(230))
    with marked(browser, script, f"<!doctype html>{STYLE}<main>{rows}</main>") as page:
        for at in reversed(range(230)):
            page.show(f"#h{at}", number=at)
        page.until("seen.filter((one) => one.shown).length > 5 || seen.length === 200")
        assert len(page.seen()) == 200
        assert len(page.page.evaluate("harness.marks.findings()")) == 230
        names = [re.findall(r"\d+", one["name"])[-1] for one in page.seen()]
        assert names == [str(at) for at in range(30, 230)]
        page.page.evaluate("harness.remove('#h100')")
        assert len(page.seen()) == 200, "one that waited has its mark now"
        page.page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
        page.until("seen.filter((one) => one.shown).length > 5")
        page.page.evaluate("harness.marks.clear()")
        assert page.seen() == []
        page.page.evaluate("harness.marks.destroy()")
        assert page.page.evaluate("document.documentElement.lastElementChild.tagName") == "BODY"


def test_from_right_to_left(browser: Browser, script: str) -> None:
    with marked(browser, script, URDU, locale="ur") as page:
        page.show("#first")
        (mark,) = page.shown()
        text = written(page, "#first")
        assert 0 < text["left"] - (mark["box"]["left"] + mark["box"]["width"]) < 12
        page.opened()
        close = page.of_note("note.querySelector('.close').getBoundingClientRect().left")
        assert close < page.of_note("note.querySelector('h2').getBoundingClientRect().left")


@pytest.mark.parametrize("html", [FRONT, DARK], ids=["light", "dark"])
def test_marks_can_be_read_on_any_ground(browser: Browser, script: str, html: str) -> None:
    with marked(browser, script, html) as page:
        labels = ("rebutted", "contested", "consistent")
        for at, label in enumerate(labels):
            page.show(("#first", "#second", "#third")[at], label=label, records=(RECORD, OTHER), number=at)
        for mark in page.shown(len(labels)):
            assert contrast(mark["color"], mark["ground"]) >= 4.5
            dark = contrast(mark["ground"], "rgb(0, 0, 0)") < 4
            assert dark == (html == DARK)


def test_forced_colors_are_the_readers(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT, forced_colors="active") as page:
        page.show("#first")
        (mark,) = page.shown()
        system = page.page.evaluate(
            "(() => { const one = document.body.appendChild(document.createElement('i'));"
            "one.style.cssText = 'color: ButtonText; background: ButtonFace'; const style = getComputedStyle(one);"
            "return [style.color, style.backgroundColor] })()"
        )
        assert [mark["color"], mark["ground"]] == system
