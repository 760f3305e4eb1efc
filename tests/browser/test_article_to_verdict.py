"""The whole path with the models that ship: an article comes in, an editor publishes, a reader's claim is answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import PASSWORD, sign_in
from playwright.sync_api import Browser
from support.browser import Tab, serving, tab

from service import passwords
from service.api.app import create_app
from service.runtime import Runtime
from service.settings import Settings
from service.store import Store

pytestmark = pytest.mark.browser

ADDRESS = "https://news.example.org/2025/10/13/stones"
ARTICLE = """Beijing calls rare earth samples story invented

BEIJING, Oct 13 - China's Foreign Ministry on Monday rejected reports that Pakistan had handed samples of rare earths \
to the US president.

"The reports are either misinformed or made up," spokesperson Lin Jian told a regular press conference in Beijing.

The stones that Pakistani leaders showed to the US side were gem ores that staff had bought in Pakistan, Lin said.

Follow us on social media. All rights reserved. The views expressed are not those of the publisher.
"""
CLAIMS = (
    "Pakistan gave the US president samples of rare earths",
    "Pakistan handed rare earth samples to Trump",
)
DENIAL = "China denies that Pakistan handed rare earth samples to the US president"
OTHER = "Norway opened a new lighthouse museum on Sunday"


@pytest.fixture(scope="module")
def runtime(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """An empty store with the models that ship, and a publisher."""
    assert browser.is_connected()
    settings = Settings(db=tmp_path_factory.mktemp("path") / "store.db", starter=False, multilingual="off")
    with ThreadPoolExecutor(1) as thread:  # Playwright's event loop runs in this one
        runtime = thread.submit(Runtime.open, settings).result()
    try:
        runtime.store.people.create("pia", "publisher", actor="cli", password=passwords.hash_(PASSWORD))
        yield runtime
    finally:
        runtime.close()


@pytest.fixture(scope="module")
def address(runtime: Runtime) -> Iterator[str]:
    with serving(create_app(runtime.settings, runtime)) as address:
        yield address


def ask(opened: Tab, claim: str) -> str:
    """The heading of the verdict on a claim."""
    page = opened.go("/")
    page.get_by_label("Claim, headline or article").fill(claim)
    page.get_by_role("button", name="Check", exact=True).click()
    return page.locator("article.verdict h2").inner_text()


def extract(opened: Tab, store: Store) -> str:
    """Read the article and keep its first draft; the draft's id."""
    sign_in(opened, "pia", "/desk/extract")
    page = opened.page
    page.get_by_label("Text or HTML").fill(ARTICLE)
    page.get_by_label("Address").fill(ADDRESS)
    page.get_by_label("Publisher").fill("Example News")
    page.get_by_label("Published on").fill("2025-10-13")
    page.get_by_role("button", name="Read it").click()
    page.locator("#found").wait_for()
    assert "All rights reserved" not in page.locator(".found").first.inner_text()
    for other in page.get_by_label("Keep this draft").all()[1:]:
        other.uncheck()
    page.get_by_role("button", name="Keep the chosen drafts").click()
    page.get_by_text("Kept as a draft.").wait_for()
    return store.drafts(1)[0].id


def test_from_an_article_to_a_verdict(browser: Browser, runtime: Runtime, address: str) -> None:
    store = runtime.store
    with tab(browser, address) as opened, tab(browser, address, width=360) as reader:
        assert ask(reader, CLAIMS[0]) == "No official rebuttal in this store is about it"
        name = extract(opened, store)
        page = opened.page
        draft = store.get(name)
        assert (draft.status, draft.stated_on) == ("draft", dt.date(2025, 10, 13))
        assert draft.speaker is not None
        assert draft.speaker.name == "Lin Jian"
        marked = page.locator("mark.quote").all_inner_texts()
        assert draft.quote is not None
        assert draft.quote in "".join(marked).replace("[quote: ", "").replace("]", "")
        assert ask(reader, CLAIMS[0]) == "No official rebuttal in this store is about it"  # a draft answers nobody
        page.get_by_label("Statement (needed)").fill("The stones were gem ores that staff had bought in Pakistan.")
        page.get_by_label("Authority (needed)").fill("Ministry of Foreign Affairs of China")
        page.get_by_role("button", name="Save and publish").click()
        page.get_by_text("Published: it answers claims from now on.").wait_for()
        for claim in CLAIMS:
            assert ask(reader, claim) == "Denied by Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025)"
        source = reader.page.locator(".citations a").first
        assert source.get_attribute("href") == ADDRESS
        assert reader.page.get_by_role("link", name="Read the record").get_attribute("href") == f"/rebuttals/{name}"
        reader.check_access()
        assert not ask(reader, DENIAL).startswith("Denied by")
        assert ask(reader, OTHER) == "No official rebuttal in this store is about it"
