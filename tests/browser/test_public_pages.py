"""The pages for readers, in a browser: what they say, that they can be read by anybody, and that nothing runs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from conftest import Served
from playwright.sync_api import Browser, Page
from support.browser import Scheme, Tab, tab
from support.records import GEM_ORE, content

pytestmark = pytest.mark.browser

CLAIM = "Pakistan handed rare earth samples to the US president."
ARTICLE = f"Reports made the round on Monday in Washington.\n{CLAIM}\nThe weather in Paris stayed dry all week long."
HOSTILE = """</script><script>window.ran = 1</script><img src=x onerror="window.ran = 1">{{ 7 * 7 }}" onfocus='ran=1'"""


def ask(page: Page, text: str) -> None:
    page.get_by_label("Claim, headline or article").fill(text)
    page.get_by_role("button", name="Check", exact=True).click()
    page.locator("#result h2").first.wait_for()


def after_asking(text: str) -> Callable[[Tab], None]:
    def act(opened: Tab) -> None:
        opened.go("/")
        ask(opened.page, text)

    return act


def shared(opened: Tab) -> None:
    after_asking(CLAIM)(opened)
    opened.page.get_by_role("link", name="Open the link").click()
    opened.page.wait_for_url("**/verdicts/**")


PAGES: dict[str, Callable[[Tab], object]] = {
    "first": lambda opened: opened.go("/"),
    "answer": after_asking(CLAIM),
    "nothing": after_asking("Bakers in Lyon sell more bread on Sundays"),
    "article": after_asking(ARTICLE),
    "shared": shared,
    "list": lambda opened: opened.go("/rebuttals"),
    "search": lambda opened: opened.go("/rebuttals?q=rare+earth&topic=rare+earths"),
    "record": lambda opened: opened.go("/rebuttals/gem-ore"),
    "superseded": lambda opened: opened.go("/rebuttals/old-gem-ore"),
    "retracted": lambda opened: opened.go("/rebuttals/wrong-gem-ore"),
    "history": lambda opened: opened.go("/rebuttals/wrong-gem-ore/revisions"),
    "sign-in": lambda opened: opened.go("/sign-in"),
    "problem": lambda opened: opened.go("/rebuttals/none-such", status=404),
}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: Browser, served: Served, name: str, scheme: Scheme, width: int) -> None:
    with tab(browser, served.address, scheme=scheme, width=width) as opened:
        PAGES[name](opened)
        opened.check_access()


def test_a_denied_claim_is_attributed_with_quote_sources_and_reasons(browser: Browser, served: Served) -> None:
    with tab(browser, served.address) as opened:
        opened.go("/")
        ask(opened.page, CLAIM)
        verdict = opened.page.locator("article.verdict")
        assert verdict.get_by_role("heading", level=2).inner_text() == (
            "Denied by Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025)"
        )
        assert "The reports are misinformed." in verdict.inner_text()
        assert verdict.get_by_role("link", name="Ministry rejects reports").get_attribute("href") == (
            "https://example.org/briefing"
        )
        verdict.get_by_text("Why this record?").click()
        assert "virtually certain (over 99 %)" in verdict.inner_text() or "very likely" in verdict.inner_text()
        assert "fake" not in verdict.inner_text().lower()


def test_the_focus_goes_to_the_answer(browser: Browser, served: Served) -> None:
    with tab(browser, served.address) as opened:
        page = opened.go("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.get_by_label("Claim, headline or article").focus()
        page.keyboard.type(CLAIM)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.locator("article.verdict").wait_for()
        page.wait_for_function("document.activeElement.matches('article.verdict > h2')")
        assert page.locator("#status").inner_text() == "Done."


def test_it_works_without_a_script(browser: Browser, served: Served) -> None:
    with tab(browser, served.address, script=False) as opened:
        page = opened.go("/")
        ask(page, CLAIM)
        assert page.get_by_role("heading", name="Denied by").is_visible()
        assert not page.get_by_role("button", name="Copy").is_visible()
        page.get_by_role("button", name="Yes").click()
        assert page.get_by_text("Thank you.").is_visible()


def test_a_link_shows_what_changed_since(browser: Browser, served: Served) -> None:
    rumor = "A comet was seen above the harbour of Gdansk."
    served.api.put_in(content("comet", rumor=rumor, variants=()))
    with tab(browser, served.address) as opened:
        opened.go("/")
        ask(opened.page, rumor)
        link = opened.page.get_by_label("Link to this verdict").input_value().removeprefix(opened.address)
        page = opened.go(link)
        assert page.get_by_text("The verdict is the same as when the link was made").is_visible()
        assert page.locator("blockquote.asked").inner_text() == rumor
        why = {"reason": "It was a kite."}
        assert served.api.client.post("/v1/rebuttals/comet/retract", json=why, headers=served.api.key()).is_success
        page = opened.go(link)
        assert page.get_by_role("heading", name="The verdict has changed").is_visible()
        assert "which has been retracted" in page.locator(".since").inner_text()
        page = opened.go(link.replace("comet", "rocket", 1).replace("harbour", "museum"))
        assert page.get_by_text("cannot be shown").is_visible()


def test_feedback_is_kept(browser: Browser, served: Served) -> None:
    with tab(browser, served.address) as opened:
        opened.go("/")
        ask(opened.page, CLAIM)
        opened.page.get_by_text("Add a comment").click()
        opened.page.get_by_label("For the editors (optional)").fill("It was somebody else.")
        opened.page.get_by_label("Send the text along").check()
        opened.page.get_by_role("button", name="No, the verdict is wrong").click()
        opened.page.locator(".thanks").wait_for()
        kept = served.api.runtime.store.feedback_page(cursor=None, limit=1).items[0]
        assert (kept.rating, kept.comment, kept.claim) == ("wrong", "It was somebody else.", CLAIM)


def test_nothing_in_a_record_runs(browser: Browser, served: Served) -> None:
    hostile = content(
        "hostile", rumor=f"Comets {HOSTILE}", statement=HOSTILE, quote=HOSTILE, variants=(HOSTILE,), topics=(HOSTILE,)
    )
    served.api.put_in(hostile)
    with tab(browser, served.address) as opened:
        page = opened.go("/rebuttals/hostile")
        found = json.loads(page.locator("script[type='application/ld+json']").inner_text())
        assert found["claimReviewed"] == hostile.rumor
        assert HOSTILE in page.locator(".statement").inner_text()
        page = opened.go("/")
        ask(page, HOSTILE)
        assert page.evaluate("window.ran") is None
        opened.check()


def test_a_record_carries_its_markup_and_its_address(browser: Browser, served: Served) -> None:
    with tab(browser, served.address) as opened:
        page = opened.go("/rebuttals/gem-ore")
        found = json.loads(page.locator("script[type='application/ld+json']").inner_text())
        assert (found["@type"], found["claimReviewed"]) == ("ClaimReview", GEM_ORE.rumor)
        assert page.locator("link[rel=canonical]").get_attribute("href") == f"{opened.address}/rebuttals/gem-ore"
        assert opened.go("/rebuttals/wrong-gem-ore").get_by_text("The quote was another’s.").is_visible()
        opened.go("/rebuttals/old-gem-ore").get_by_role("link", name=GEM_ORE.rumor).click()
        assert opened.page.url.endswith("/rebuttals/gem-ore")
        opened.go("/rebuttals/kept-gem-ore", status=404)


def test_a_page_is_light(browser: Browser, served: Served) -> None:
    """What a reader on a bad line loads for the first page: packed, less than a small photograph."""
    with tab(browser, served.address) as opened:
        sizes: list[int] = []
        opened.page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
        opened.go("/").wait_for_load_state("networkidle")
        assert 0 < sum(sizes) < 40_000
