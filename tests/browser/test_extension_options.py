"""The options: what is typed is checked, what is chosen is kept at once, and all of it works by keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from support.browser import Tab
from support.extension import Reader, reading
from support.pages import allowing, opened, settings
from support.world import World

pytestmark = pytest.mark.browser

# Private mode as the background tells of it, step by step; what it is asked to do is written down.
_PRIVATE = """
  window.told = [];
  const steps = STEPS;
  const send = chrome.runtime.sendMessage.bind(chrome.runtime);
  chrome.runtime.sendMessage = async (message) => {
    if (!message.kind.startsWith("private-")) return send(message);
    if (message.kind !== "private-status") { window.told.push(message); steps.shift(); }
    if (message.kind === "private-install") {
      while (steps[0].state === "downloading") await new Promise((done) => setTimeout(done, 20));
    } else if (message.kind === "private-status" && steps[0].state === "downloading") {
      return steps.length > 1 ? steps.shift() : steps[0];
    }
    return steps[0];
  };
"""
PRIVACY = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"
MB = 1_000_000
KEY = "3f2a 9b1c 77de 0a41 c5d0 6e8b 1122 3344"
READY = {
    "state": "ready",
    "done": 115 * MB,
    "total": 115 * MB,
    "records": 171,
    "storeVersion": 171,
    "msPerHeadline": 31.4,
    "checkedAt": 1_763_800_000_000,
    "fingerprint": KEY,
}


def options(reader: Reader, *, allowed: bool = True, private: list[dict[str, Any]] | None = None) -> Tab:
    """The options; ``private`` are the states of private mode, one after the other."""
    scripts = [_PRIVATE.replace("STEPS", json.dumps(private))] if private else []
    return opened(reader, "/options.html", allowing(allowed=allowed), *scripts)


def kept(reader: Reader, holds: Callable[[dict[str, Any]], bool]) -> None:
    """The settings are soon such that this holds."""
    for _ in range(200):
        if holds(settings(reader)):
            return
        reader.context.pages[-1].wait_for_timeout(50)
    pytest.fail(f"{settings(reader)}")


def test_a_new_reader_is_welcomed_and_told_that_it_is_off(world: World, tmp_path: Path) -> None:
    with reading(world.driver, world.extension, tmp_path / "profile") as reader:
        tab = options(reader)
        welcome = tab.page.get_by_role("region", name="Welcome")
        expect(welcome).to_contain_text("It is off until you turn a site on.")
        reader.choose(sites=["https://news.example.org/*"])
        expect(welcome).to_be_hidden()
        expect(tab.page.locator("#sites-list li")).to_have_count(1)


def test_the_service_is_tested_and_kept_by_the_same_key(world: World, reader: Reader) -> None:
    reader.choose(server="http://127.0.0.1:9")
    tab = options(reader)
    address = tab.page.get_by_label("Address", exact=True)
    address.fill(f" {world.service.removeprefix('http://')}/ ")
    address.press("Enter")
    result = tab.page.locator("#server-result")
    expect(result.locator(".good")).to_contain_text("The service answers.")
    version = httpx.get(f"{world.service}/v1/version").json()
    expect(result).to_contain_text(str(version["store_version"]))
    expect(result).to_contain_text(version["model"])
    expect(address).to_have_value(world.service)
    assert tab.page.evaluate("window.asked") == [{"origins": ["http://127.0.0.1/*"], "clicked": True}]
    kept(reader, lambda now: now["server"] == world.service)
    expect(tab.page.locator("#saved")).to_have_text("Saved")
    tab.check()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "That is no address."),
        ("ftp://example.org", "must begin with https://"),
        ("https://ann:secret@example.org", "must not hold a name or password"),
        ("https://example.org/v1", "Only the beginning is wanted"),
    ],
)
def test_what_is_no_address_is_not_kept(reader: Reader, typed: str, said: str) -> None:
    reader.choose(server="https://kept.example")
    tab = options(reader)
    address = tab.page.get_by_label("Address", exact=True)
    address.fill(typed)
    tab.page.get_by_role("button", name="Save and test").click()
    expect(tab.page.locator("#server-fault")).to_contain_text(said)
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_be_focused()
    assert tab.page.evaluate("window.asked") == []
    kept(reader, lambda now: now["server"] == "https://kept.example")


def test_an_address_that_others_can_read_along_is_kept_with_a_warning(reader: Reader) -> None:
    tab = options(reader, allowed=False)
    tab.page.get_by_label("Address", exact=True).fill("http://rejoinder.example.org")
    tab.page.get_by_role("button", name="Save and test").click()
    result = tab.page.locator("#server-result")
    expect(result).to_contain_text("others on the way can read the headlines")
    expect(result).to_contain_text("was not allowed to reach this address")
    kept(reader, lambda now: now["server"] == "http://rejoinder.example.org")


def test_a_server_that_is_no_rejoinder_is_said_to_be_none(world: World, reader: Reader) -> None:
    tab = options(reader)
    for server, said in ((world.address, "not as Rejoinder does"), ("http://127.0.0.1:9", "cannot be reached")):
        tab.page.get_by_label("Address", exact=True).fill(server)
        tab.page.get_by_role("button", name="Save and test").click()
        expect(tab.page.locator("#server-result")).to_contain_text(said)


def test_the_key_is_hidden_until_asked_for(reader: Reader) -> None:
    tab = options(reader)
    key = tab.page.get_by_label("API key")
    key.fill("rj_secret")
    assert key.get_attribute("type") == "password"
    tab.page.get_by_role("button", name="Show").press("Enter")
    assert key.get_attribute("type") == "text"
    expect(tab.page.get_by_role("button", name="Hide")).to_have_attribute("aria-pressed", "true")
    kept(reader, lambda now: now["key"] == "rj_secret")


def test_sites_are_added_and_removed_by_keyboard(world: World, reader: Reader) -> None:
    reader.choose(sites=[])
    tab = options(reader)
    site = tab.page.get_by_label("Add a site by its address")
    site.fill("nowhere")
    site.press("Enter")
    expect(tab.page.locator("#site-fault")).to_contain_text("no address of a site")
    site.fill("www.News.example.org/world")
    site.press("Enter")
    remove = tab.page.get_by_role("button", name="Remove news.example.org")
    expect(remove).to_be_visible()
    expect(site).to_have_value("")
    patterns = ["https://news.example.org/*", "https://www.news.example.org/*"]
    kept(reader, lambda now: now["sites"] == patterns)
    # The service's address is asked for with it: one question of the browser instead of two.
    server = "http://127.0.0.1/*"
    assert world.service.startswith("http://127.0.0.1:")
    assert tab.page.evaluate("window.asked") == [{"origins": [*patterns, server], "clicked": True}]
    remove.press("Enter")
    kept(reader, lambda now: now["sites"] == [])
    expect(tab.page.get_by_text("No site is on.")).to_be_visible()


def test_all_sites_come_with_a_warning(reader: Reader) -> None:
    reader.choose(sites=[])
    tab = options(reader)
    everywhere = tab.page.get_by_role("switch", name="All sites")
    expect(everywhere).to_have_accessible_description(
        "Then the headlines of every page that you open are sent to the service, those of private pages such as mail "
        "included. Rather turn on the few sites that you read, or use private mode."
    )
    everywhere.press("Space")
    kept(reader, lambda now: now["sites"] == ["http://*/*", "https://*/*"])
    expect(everywhere).to_have_attribute("aria-checked", "true")
    everywhere.press("Space")
    kept(reader, lambda now: now["sites"] == [])


def test_a_refused_site_is_not_kept(reader: Reader) -> None:
    reader.choose(sites=[])
    tab = options(reader, allowed=False)
    tab.page.get_by_label("Add a site by its address").fill("news.example.org")
    tab.page.get_by_role("button", name="Add", exact=True).click()
    expect(tab.page.locator("#site-fault")).to_contain_text("stays off")
    tab.page.get_by_role("switch", name="All sites").click()
    kept(reader, lambda now: now["sites"] == [])


def test_choices_are_kept_at_once(reader: Reader) -> None:
    tab = options(reader)
    tab.page.get_by_label("Only what is practically certain").check()
    tab.page.get_by_label("Also note what is in line").check()
    languages = tab.page.get_by_label("Languages of headlines")
    languages.fill("EN, zh-Hans")
    languages.press("Tab")
    expect(tab.page.locator("#languages-named")).to_have_text("Only: English and Chinese")
    kept(reader, lambda now: (now["sensitivity"], now["extras"], now["languages"]) == ("careful", True, ["en", "zh"]))
    languages.fill("english")
    languages.press("Tab")
    expect(tab.page.locator("#languages-fault")).to_contain_text("no code of a language")
    kept(reader, lambda now: now["languages"] == ["en", "zh"])
    again = options(reader)
    expect(again.page.get_by_label("Only what is practically certain")).to_be_checked()
    expect(again.page.get_by_label("Languages of headlines")).to_have_value("en, zh")


def test_private_mode_is_followed_from_download_to_use(reader: Reader) -> None:
    steps = [
        {"state": "absent", "done": 0, "total": 0},
        *({"state": "downloading", "done": done * MB, "total": 115 * MB} for done in (0, 40, 115)),
        READY,
    ]
    tab = options(reader, private=steps)
    private = tab.page.get_by_role("region", name="Private mode")
    private.get_by_role("switch").press("Space")
    kept(reader, lambda now: now["private"] is True)
    expect(private).to_contain_text("Nothing is marked either until the files have been downloaded.")
    private.get_by_role("button", name="Download").press("Enter")
    expect(private.get_by_role("progressbar")).to_be_visible()
    expect(private).to_contain_text("40 MB of 115 MB")
    expect(private).to_contain_text("Headlines are compared on this device. Nobody is asked.")
    expect(private).to_contain_text(KEY)
    expect(private).to_contain_text("31 milliseconds")
    expect(private.get_by_role("progressbar")).to_have_count(0)
    expect(private.get_by_role("button", name="Update now")).to_be_visible()
    assert [(one["kind"], one.get("accept")) for one in tab.page.evaluate("window.told")] == [("private-install", None)]
    tab.check_access()


def test_another_signing_key_is_taken_only_expressly(reader: Reader) -> None:
    changed = {**READY, "state": "failed", "problem": "private_key_changed"}
    tab = options(reader, private=[changed, READY])
    private = tab.page.get_by_role("region", name="Private mode")
    expect(private).to_contain_text("signs with another key than before")
    assert private.get_by_role("button", name="Try again").count() == 0
    tab.check_access()
    private.get_by_role("button", name="Accept the new key").click()
    expect(private.get_by_role("button", name="Update now")).to_be_visible()
    assert [(one["kind"], one["accept"]) for one in tab.page.evaluate("window.told")] == [("private-install", True)]


def test_a_device_that_is_too_slow_is_told_so(reader: Reader) -> None:
    slow = {**READY, "state": "slow", "msPerHeadline": 412.7}
    tab = options(reader, private=[slow, {"state": "absent", "done": 0, "total": 0}])
    private = tab.page.get_by_role("region", name="Private mode")
    expect(private).to_contain_text("too slow for private mode: one headline takes 413 milliseconds")
    private.get_by_role("button", name="Remove from this device").click()
    expect(private.get_by_role("button", name="Download")).to_be_visible()


def test_what_leaves_is_said_as_the_docs_say_it(reader: Reader) -> None:
    statement = options(reader).page.get_by_role("region", name="What leaves this device").inner_text()
    privacy = " ".join(PRIVACY.read_text(encoding="utf-8").split())
    for words in ("text of", "no cookie", "IP address", "six hours at most", "neither logs nor stores", "private mode"):
        assert words in statement
        assert words in privacy
