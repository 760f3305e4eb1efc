"""The extension's popup and options, opened as tabs: the real service and the real background behind them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from support.browser import OPTIONS, Tab
from support.extension import Reader, reading
from support.fronts import front
from support.pages import allowing, opened, settings
from support.world import DENIALS, RUMORS, SITES, World, stories, wait, wait_for_marks

pytestmark = pytest.mark.browser

WIDTHS = (320, 390, 768, 1280)
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
LANGUAGES = {"en": "ltr", "es": "ltr", "zh_CN": "ltr", "ur": "rtl"}
# One claim for each label, and what the popup has to say of it.
CLAIMS = {
    "rebutted": (RUMORS[0], "Denied by"),
    "consistent": (DENIALS[0], "In line with what"),
    "contested": ("Russia blew up the Kakhovka dam", "Authorities disagree"),
    "related": ("India handed rare earth samples to the US president", "on a related matter"),
    "unmatched": ("A bakery in Lyon wins a prize for its bread", "That does not make it true."),
}


def bare(text: str) -> str:
    """Without the marks that keep a name's direction to itself."""
    return text.replace("\u2068", "").replace("\u2069", "")


def number_of(reader: Reader, page: Page) -> int:
    """The tab that a page is in."""
    number = reader.worker.evaluate(
        "async (url) => (await chrome.tabs.query({})).find((tab) => tab.url === url).id", page.url
    )
    assert isinstance(number, int)
    return number


def popup(reader: Reader, about: Page | None = None, *scripts: str) -> Tab:
    """The popup as a tab, about a page."""
    return opened(reader, f"/popup.html?tab={number_of(reader, about)}" if about else "/popup.html", *scripts)


def answer_of(tab: Tab, text: str) -> str:
    """What the popup says of a text that is typed in."""
    tab.page.get_by_label("Check a text").fill(text)
    tab.page.keyboard.press("Enter")
    result = tab.page.locator("#result")
    expect(result.locator(".finding, .notice")).to_be_visible(timeout=30_000)
    return result.inner_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_can_be_read_by_everybody(world: World, tmp_path: Path, language: str) -> None:
    with reading(world.driver, world.extension, tmp_path / "profile") as reader:
        reader.choose(server=world.service, sites=SITES, interface=language, extras=True)
        page = world.visit(reader, front([*RUMORS[:2], DENIALS[0], *stories("ordinary")[:5]]))
        wait(lambda: len(reader.findings(page)) >= 3, page)
        small, full = popup(reader, page), opened(reader, "/options.html")
        expect(small.page.locator(".finding").nth(2)).to_be_visible()
        full.page.locator("#server-test").click()
        expect(full.page.locator("#server-result .good")).to_be_visible()
        for tab in (small, full):
            assert tab.page.locator("html").get_attribute("dir") == LANGUAGES[language]
            assert tab.page.locator("html").get_attribute("lang") == language.replace("_", "-")
            check_everywhere(tab)


def check_everywhere(tab: Tab) -> None:
    """No complaint of axe in light and dark, nothing too wide for any window."""
    for scheme in SCHEMES:
        tab.page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            tab.page.set_viewport_size({"width": width, "height": 800})
            tab.check()
            if width in {WIDTHS[0], WIDTHS[-1]}:
                tab.check_access()


def test_the_popup_lists_what_the_page_has(world: World, reader: Reader) -> None:
    story = stories("ordinary")
    page = world.visit(reader, front([*story[:40], RUMORS[1], *story[40:60], RUMORS[0]]))
    wait_for_marks(reader, page, RUMORS[:2])
    tab = popup(reader, page)
    expect(tab.page.get_by_role("heading", name="Marked on this page: 2")).to_be_visible()
    finding = tab.page.get_by_role("article", name=RUMORS[0])
    assert "Denied by Ministry of Foreign Affairs of China (Oct 13, 2025)" in bare(finding.inner_text())
    finding.get_by_text("Who said what, and where").click()
    for text in ("Lin Jian", "What was denied", "What was said instead", "Sources"):
        expect(finding.get_by_text(text).first).to_be_visible()
    link = finding.get_by_role("link").first
    assert (link.get_attribute("href") or "").startswith("https://")
    assert link.get_attribute("rel") == "noopener noreferrer"
    before = page.evaluate("scrollY")
    finding.get_by_role("button", name="Show on page").click()
    wait(lambda: page.evaluate("scrollY") > before, page)


def test_the_list_follows_the_page_and_the_switch(world: World, reader: Reader) -> None:
    reader.choose(sites=[])
    page = world.visit(reader, front([RUMORS[0], *stories("ordinary")[:5]]))
    tab = popup(reader, page, allowing(allowed=True))
    switch = tab.page.get_by_role("switch", name="Headlines on")
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(tab.page.locator("#site-words")).to_have_text("Off: nothing is read here.")
    assert world.asked() == []
    switch.press("Space")
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(tab.page.get_by_role("article", name=RUMORS[0])).to_be_visible(timeout=30_000)
    assert settings(reader)["sites"] == SITES
    assert tab.page.evaluate("window.asked") == [{"origins": [*SITES, *SITES], "clicked": True}]
    switch.press("Space")
    expect(tab.page.locator(".finding")).to_have_count(0)
    assert settings(reader)["sites"] == []
    tab.check()


def test_a_site_stays_off_when_the_browser_may_not(world: World, reader: Reader) -> None:
    reader.choose(sites=["https://other.example/*"])
    page = world.visit(reader, front(RUMORS))
    tab = popup(reader, page, allowing(allowed=False))
    tab.page.get_by_role("switch").click()
    expect(tab.page.locator("#site-words")).to_contain_text("Still off")
    expect(tab.page.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    assert settings(reader)["sites"] == ["https://other.example/*"]
    assert world.asked() == []


def test_each_verdict_is_said_in_words_of_its_own(world: World, reader: Reader) -> None:
    assert world.service
    tab = popup(reader)
    result = tab.page.locator("#result")
    expect(tab.page.get_by_label("Check a text")).to_be_focused()
    for label, (claim, words) in CLAIMS.items():
        said = answer_of(tab, claim)
        expect(result.locator(".finding")).to_contain_class(label)
        assert words in bare(said)
    # Whoever hears the page instead of seeing it is told, and nobody takes silence for "true".
    assert result.get_attribute("aria-live") == "polite"
    assert "No official rebuttal of this is known here." in result.inner_text()


def test_enter_checks_but_neither_begins_a_line_nor_ends_a_word(world: World, reader: Reader) -> None:
    tab = popup(reader)
    box = tab.page.get_by_label("Check a text")
    box.press_sequentially("first")
    box.press("Shift+Enter")
    # What an input method sends while a word is being put together.
    box.evaluate("""one => one.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }))""")
    box.press_sequentially("second")
    assert box.input_value() == "first\nsecond"
    assert tab.page.locator("#result").inner_text() == ""
    box.press("Control+Enter")
    expect(tab.page.locator("#result .unmatched")).to_be_visible()
    assert [one.path for one in world.requests("/v1/check")] == ["/v1/check"]


def test_the_selection_is_checked_at_once(world: World, reader: Reader) -> None:
    assert world.service
    reader.worker.evaluate("text => chrome.storage.session.set({ selection: text })", RUMORS[1])
    tab = opened(reader, "/popup.html?selection")
    expect(tab.page.get_by_label("Check a text")).to_have_value(RUMORS[1])
    expect(tab.page.locator("#result .rebutted")).to_be_visible(timeout=30_000)
    again = opened(reader, "/popup.html?selection")
    expect(again.page.get_by_label("Check a text")).to_have_value("")


def test_what_is_wrong_is_said_with_what_to_do(world: World, reader: Reader) -> None:
    reader.choose(server="http://127.0.0.1:9")
    tab = popup(reader)
    said = answer_of(tab, "Anything at all")
    assert "The service cannot be reached." in said
    assert "Look in the options" in said
    reader.choose(server=world.address)
    assert "not as Rejoinder does" in answer_of(popup(reader), "Anything at all")
    reader.choose(private=True)
    assert "its files are not on this device yet" in answer_of(popup(reader), "Anything at all")
    expect(popup(reader).page.locator("#condition")).to_contain_text("Download them in the options.")


def test_hostile_texts_stay_texts(world: World, reader: Reader) -> None:
    name = '<img src=x onerror="window.taken = true">' + "W" * 300 + "\u202egnp.exe"
    page = world.visit(reader, front([f"{RUMORS[0]}"]))
    wait_for_marks(reader, page, RUMORS[:1])
    tab = popup(
        reader,
        page,
        """
          const send = chrome.tabs.sendMessage.bind(chrome.tabs);
          chrome.tabs.sendMessage = async (tab, message) => {
            const reply = await send(tab, message);
            for (const { answer } of reply?.findings ?? []) {
              const record = answer.matches[0].rebuttal;
              Object.assign(record, { rumor: NAME, statement: NAME, quote: NAME, speaker: { name: NAME, role: NAME } });
              record.authority.name = NAME;
              record.citations = [{ url: "javascript:alert(1)", title: NAME, publisher: NAME, kind: "report" }];
            }
            return reply;
          };""".replace("NAME", repr(name)),
    )
    tab.page.set_viewport_size({"width": 378, "height": 600})
    tab.page.get_by_text("Who said what, and where").click()
    expect(tab.page.locator(".finding")).to_contain_text("onerror")
    assert tab.page.locator("img[src=x]").count() == 0
    assert tab.page.locator(".finding a").count() == 0
    assert tab.page.evaluate("window.taken") is None
    tab.check()


@pytest.fixture
def urdu(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """A reader whose browser speaks Urdu."""
    monkeypatch.setattr("support.extension.OPTIONS", [*OPTIONS, "--lang=ur"])
    environment = {**os.environ, "LANGUAGE": "ur", "LANG": "ur_PK.UTF-8"}
    with reading(world.driver, world.extension, tmp_path / "profile", env=environment) as reader:
        yield reader


def test_the_browsers_language_is_taken_and_can_be_changed(urdu: Reader) -> None:
    tab = popup(urdu)
    expect(tab.page.get_by_role("link", name="اختیارات")).to_be_visible()
    assert tab.page.locator("html").get_attribute("dir") == "rtl"
    full = opened(urdu, "/options.html")
    full.page.locator("#interface").select_option("es")
    expect(full.page.get_by_role("heading", name="Opciones")).to_be_visible()
    assert full.page.locator("html").get_attribute("dir") == "ltr"
    assert full.page.title() == "Rejoinder: opciones"
