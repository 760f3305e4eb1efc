"""Notes beside marks: what they say of a denial, in every language and window, and what hostile texts cannot do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from support.marks import DARK, FIRST, FRONT, LOCALES, OTHER, RECORD, URDU, Marked, bundle, finding, marked, words

pytestmark = pytest.mark.browser

HOSTILE = '</p><script>window.ran = 1</script><img src=x onerror="window.ran = 1">{{ 7 * 7 }}'
OVERRIDE = "\u202eelttil si siht\u202c\u2066"


@pytest.fixture(scope="module")
def script() -> str:
    return bundle()


def test_authorities_that_disagree_stand_side_by_side(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT) as page:
        page.show("#third", label="contested", records=(RECORD, OTHER))
        (mark,) = page.shown()
        assert mark["word"] == '"Disputed"'
        said = page.opened()
        assert said.startswith("Authorities disagree")
        for record in (RECORD, OTHER):
            assert record["authority"]["name"] in said
            assert record["statement"] in said
        assert "called it" not in said
        shapes = page.of_note(
            "[...note.querySelectorAll('.sides > section')].map((one) => [...one.children].map((part) => part.tagName))"
        )
        assert shapes[0] == shapes[1]
        assert len(shapes) == 2


@pytest.mark.parametrize(
    ("label", "word", "heading"),
    [
        ("consistent", "In line", "In line with what \u2068China’s Foreign Ministry\u2069 said"),
        ("related", "Background", "Background: \u2068China’s Foreign Ministry\u2069 on a related matter"),
    ],
)
def test_what_is_no_denial_is_not_called_one(
    browser: Browser, script: str, label: str, word: str, heading: str
) -> None:
    with marked(browser, script, FRONT) as page:
        page.show("#first", label=label)
        assert page.shown()[0]["word"] == f'"{word}"'
        said = page.opened()
        assert said.startswith(heading)
        assert "denied" not in said.lower()
        assert "called it" not in said


def test_links_lead_only_to_the_web_and_say_so_in_words(browser: Browser, script: str) -> None:
    bad = [
        "javascript:window.ran=1",
        "data:text/html,x",
        "https://user:word@example.org/",
        "//example.org",
        "file:///etc/passwd",
    ]
    citations = [
        {"url": url, "title": f"Source {at}", "publisher": "P", "kind": "report"} for at, url in enumerate(bad)
    ]
    with marked(browser, script, FRONT) as page:
        page.show("#first", records=(RECORD | {"citations": [*RECORD["citations"], *citations]},))
        assert "More sources: 4" in page.opened()
        links = page.of_note("[...note.querySelectorAll('a')].map((a) => [a.href, a.rel, a.target, a.lang])")
        safe = ["noopener noreferrer", "_blank"]
        assert links == [
            ["https://ministry.example/2025/10/13", *safe, "zh"],
            ["https://example.org/reports/gem-ore", *safe, "en"],
            ["https://archive.example/gem-ore", *safe, ""],
        ]
        facts = page.of_note("[...note.querySelectorAll('.sources .meta')].map((one) => one.textContent)")
        assert facts[0] == "Ministry of Foreign Affairs · October 13, 2025 · Primary source · Chinese"
        assert facts[1] == "Example News · October 14, 2025 · Report · Archived copy"


def test_hostile_texts_stay_texts(browser: Browser, script: str) -> None:
    hostile = RECORD | {
        "rumor": HOSTILE,
        "statement": "Long and longer. " * 600,
        "quote": f"“{OVERRIDE}{HOSTILE}”",
        "language": '"><script>',
        "authority": {"name": f"{OVERRIDE}Ministry\u0000\n{HOSTILE}" + "x" * 5_000},
        "speaker": {"name": HOSTILE, "role": "e" + "\u0301" * 500},
        "rating": "toString",
        "stated_on": HOSTILE,
        "citations": [
            {
                "url": "https://e.example/" + "x" * 5_000,
                "title": HOSTILE,
                "publisher": HOSTILE,
                "kind": HOSTILE,
                "language": HOSTILE,
            }
        ]
        * 500,
    }
    why = {
        "field": "constructor",
        "text": HOSTILE,
        "similarity": 9,
        "words": -1,
        "reason": HOSTILE,
        "differs": [{"kind": "toString", "claim": ["x"]}, {"kind": "name", "claim": [HOSTILE] * 99, "record": []}],
    }
    with marked(browser, script, FRONT) as page:
        page.show("#first", records=(hostile,), why=why)
        said = page.opened()
        assert HOSTILE in said, "it is shown as it is written"
        whole = page.of_note("note.textContent") + page.seen()[0]["name"]
        assert not re.search(r"[\u0000-\u0008\u202a-\u202e\u2066\u2067]", whole)
        assert len(whole) < 12_000
        assert whole.count("\u0301") <= 12
        assert page.of_note("note.querySelectorAll('script, img, iframe, object, [onerror]').length") == 0
        assert page.of_note("note.querySelectorAll('li').length") < 50
        assert page.page.evaluate("window.ran") is None
        box = page.of_note("note.getBoundingClientRect().toJSON()")
        assert box["left"] >= 0
        assert box["right"] <= 1000
        assert page.of_note("note.scrollWidth <= note.clientWidth")
        before = page.of_note("note.textContent.length")
        page.of_note("note.querySelector('.more').scrollIntoView()")
        spot = page.of_note("note.querySelector('.more').getBoundingClientRect().toJSON()")
        page.page.mouse.click(spot["left"] + 5, spot["top"] + 5)
        assert page.of_note("note.textContent.length") > before + 5_000


def report(page: Marked) -> None:
    """Open the form with the keyboard, and write into it."""
    page.of_note("[...note.querySelectorAll('.more')].at(-1).focus()")
    page.page.keyboard.press("Enter")
    page.page.wait_for_function("() => harness.root.activeElement.tagName === 'TEXTAREA'")
    page.page.keyboard.type("It is another box")


def status(page: Marked, text: str) -> None:
    page.page.wait_for_function("(text) => harness.root.querySelector('.state').textContent === text", arg=text)


def test_a_report_goes_out_only_with_what_the_reader_gives(browser: Browser, script: str) -> None:
    listen = """for (const kind of ["keydown", "keyup", "input", "beforeinput", "focusin"]) {
      document.addEventListener(kind, () => { window.heard = kind }, true);
    }"""
    with marked(browser, script, FRONT) as page:
        page.page.evaluate(listen)
        page.show("#first")
        page.opened()
        report(page)
        assert page.of_note("note.querySelector('textarea').maxLength") == 1_000
        assert not page.of_note("note.querySelector('input').checked")
        page.page.evaluate("harness.arrives = false")
        send = "note.querySelector('.primary').focus()"
        page.of_note(send)
        page.page.keyboard.press("Enter")
        status(page, "It could not be sent. Nothing is lost: try again later.")
        assert page.of_note("note.querySelector('textarea').value") == "It is another box"
        page.page.evaluate("harness.arrives = true")
        page.of_note("note.querySelector('input').focus()")
        page.page.keyboard.press("Space")
        page.of_note(send)
        page.page.keyboard.press("Enter")
        status(page, "Sent. Thank you.")
        assert page.page.evaluate("harness.reports") == [
            {"text": FIRST, "comment": "It is another box", "withClaim": False},
            {"text": FIRST, "comment": "It is another box", "withClaim": True},
        ]
        assert page.page.evaluate("window.heard") is None, "the page hears nothing of what is typed"


def test_private_mode_offers_no_form_and_says_why(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT) as page:
        page.show("#first", verdict_id=None)
        assert "nothing leaves this device" in page.opened()
        assert page.of_note("note.querySelector('form')") is None


@pytest.mark.parametrize("locale", LOCALES)
def test_notes_speak_the_readers_language(browser: Browser, script: str, locale: str) -> None:
    told = words(locale)["words"]
    with marked(browser, script, URDU if locale == "ur" else FRONT, locale=locale) as page:
        page.show("#first")
        (mark,) = page.shown()
        assert mark["word"] == f'"{told["mark_denied"]}"'
        said = page.opened()
        for name in ("note_denied", "note_said", "note_sources", "note_why", "note_wrong", "note_footer"):
            assert told[name] in said
        assert page.of_note("note.lang").startswith(locale)
        assert page.of_note("note.dir") == told["direction"]


@pytest.mark.parametrize("size", [(320, 640), (320, 256), (1280, 300)], ids=lambda size: "x".join(map(str, size)))
def test_small_windows_and_large_letters(browser: Browser, script: str, size: tuple[int, int]) -> None:
    width, height = size
    with marked(browser, script, FRONT, viewport={"width": width, "height": height}) as page:
        page.show("#first")
        page.page.evaluate("harness.marks.open(1)")
        page.noted()
        box = page.of_note("note.getBoundingClientRect().toJSON()")
        assert box["left"] >= 0
        assert box["right"] <= width
        assert box["top"] >= 0
        assert box["bottom"] <= height
        assert page.of_note("note.scrollWidth <= note.clientWidth")
        if width == 320:
            assert (box["left"], box["right"], box["bottom"]) == (0, width, height)
        page.of_note("note.querySelector('.foot').scrollIntoView()")
        foot = page.of_note("note.querySelector('.foot').getBoundingClientRect().toJSON()")
        assert foot["bottom"] <= height, "everything can be scrolled to"
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width


LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark", "html": DARK},
    "dark page, light system": {"html": DARK},
    "phone": {"viewport": {"width": 320, "height": 640}},
    "urdu": {"html": URDU, "locale": "ur"},
    "reduced motion": {"reduced_motion": "reduce"},
}


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(browser: Browser, script: str, look: str) -> None:
    options = {"html": FRONT} | LOOKS[look]
    html = options.pop("html")
    with marked(browser, script, html, open_roots=True, **options) as page:
        for at, label in enumerate(("rebutted", "contested", "related")):
            page.show(("#first", "#second", "#third")[at], label=label, records=(RECORD, OTHER), number=at)
        page.shown(3)
        for at in range(3):
            page.page.evaluate(f"harness.marks.open({at})")
            page.noted()
            page.of_note("[...note.querySelectorAll('details')].forEach((one) => { one.open = true })")
            page.of_note("note.querySelector('form').hidden = false")
            found = Axe().run(page.page)
            told = [(one["id"], [node["target"] for node in one["nodes"]]) for one in found.response["violations"]]
            assert [one for one in told if "div" in json.dumps(one[1]) or "mark" in json.dumps(one[1])] == []


def test_the_strictest_policy_of_a_page_does_not_matter(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT, policy="default-src 'none'; require-trusted-types-for 'script'") as page:
        page.show("#first")
        page.shown()
        page.opened()
        assert page.of_note("getComputedStyle(note).position") == "fixed"
        assert page.of_note("getComputedStyle(note).borderTopLeftRadius") != "0px"


def test_a_headline_that_goes_takes_its_note_along_and_a_new_answer_does_not(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT) as page:
        page.show("#first")
        page.opened()
        again = "(finding) => { harness.remove('#first'); harness.show('#first', finding) }"
        page.page.evaluate(again, finding(FIRST, number=9))
        page.settled()
        assert page.note, "the same headline was asked about anew"
        page.page.evaluate("harness.remove('#first')")
        page.page.wait_for_function("() => harness.root.querySelector('.note') === null")


def test_a_second_press_or_a_press_elsewhere_closes_the_note(browser: Browser, script: str) -> None:
    with marked(browser, script, FRONT) as page:
        page.show("#first")
        page.show("#second", number=2)
        page.shown(2)
        page.press()
        assert page.noted()
        page.page.mouse.click(5, 690)
        assert page.note is None
        page.press(1)
        page.noted()
        page.page.mouse.click(20, 20)
        page.press(0)
        page.noted()
        page.press(0)
        assert page.note is None
