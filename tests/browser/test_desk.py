"""The desk in a browser: every page can be read by anybody who may, and every step of a record's life can be taken."""

from __future__ import annotations

import re

import pytest
from conftest import PASSWORD, Served, sign_in
from playwright.sync_api import Browser, Page
from support.browser import Scheme, tab
from support.records import content

pytestmark = pytest.mark.browser

PAGES = (
    *("/desk", "/desk/new", "/desk/extract", "/desk/records", "/desk/links?state=any", "/desk/watches"),
    *("/desk/feedback", "/desk/dashboard", "/desk/access", "/desk/records/gem-ore", "/desk/records/kept-gem-ore"),
    "/desk/records/wrong-gem-ore/revisions",
)
ARTICLE = """Beijing rejects talk of rare earth samples

BEIJING, Oct 13 - China's Foreign Ministry on Monday rejected reports that Pakistan had handed samples of rare earths \
to the US president.

"The reports are either misinformed or made up," spokesperson Lin Jian told a regular press conference in Beijing.
"""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing(browser: Browser, served: Served, scheme: Scheme, width: int) -> None:
    with tab(browser, served.address, scheme=scheme, width=width) as opened:
        sign_in(opened, "ann")
        for path in PAGES:
            opened.go(path)
            opened.check_access()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_where_something_went_wrong(
    browser: Browser, served: Served, scheme: Scheme, width: int
) -> None:
    with tab(browser, served.address, scheme=scheme, width=width) as opened:
        sign_in(opened, "ann", "/desk/extract")
        page = opened.page
        page.get_by_label("Text or HTML").fill(ARTICLE)
        page.get_by_role("button", name="Read it").click()
        page.locator("#found").wait_for()
        opened.check_access()
        opened.go("/desk/new")
        with opened.expecting(422):
            page.get_by_role("button", name="Save as a draft").click()
            page.locator("#errors").wait_for()
        opened.check_access()


def test_the_public_is_asked_to_sign_in_and_comes_back(browser: Browser, served: Served) -> None:
    with tab(browser, served.address) as opened:
        page = opened.go("/desk/records?status=draft")
        assert page.url == f"{opened.address}/sign-in?next=%2Fdesk%2Frecords%3Fstatus%3Ddraft"
        page.get_by_label("Name").fill("ed")
        page.get_by_label("Password").fill("something else")
        with opened.expecting(401):
            page.get_by_role("button", name="Sign in").click()
            page.locator("#errors").wait_for()
        assert "do not belong together" in page.locator("#errors").inner_text()
        page.wait_for_function("document.activeElement.id === 'errors'")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(r"/desk/records\?status=draft"))
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{opened.address}/")
        assert "/sign-in" in opened.go("/desk").url


def test_faults_lead_to_their_fields(browser: Browser, served: Served) -> None:
    with tab(browser, served.address) as opened:
        sign_in(opened, "ed", "/desk/new")
        page = opened.page
        page.get_by_label("Language tag").first.fill("not a language")
        page.get_by_label("Rumor (needed)").fill("Owls were seen at noon in Oslo.")
        with opened.expecting(422):
            page.get_by_role("button", name="Save as a draft").click()
            page.locator("#errors").wait_for()
        told = page.locator("#errors li").all_inner_texts()
        assert [text.partition(":")[0] for text in told] == ["Statement", "Language", "Authority", "Sources"]
        page.locator("#errors").get_by_text("Statement: fill this in.").click()
        page.wait_for_function("document.activeElement.id === 'statement'")
        statement = page.get_by_label("Statement (needed)")
        assert statement.get_attribute("aria-describedby") == "statement-fault"
        assert page.get_by_label("Rumor (needed)").input_value() == "Owls were seen at noon in Oslo."
        assert not page.get_by_role("button", name="Save and publish").is_visible()


def fill_in(page: Page, rumor: str) -> None:
    """What a record needs, in the form."""
    page.get_by_label("Rumor (needed)").fill(rumor)
    page.get_by_label("Statement (needed)").fill("No owl flew that day, the city says.")
    page.get_by_label("Authority (needed)").fill("City of Oslo")
    page.get_by_label("Address", exact=True).fill("https://oslo.example.org/owls")
    page.get_by_label("Publisher").fill("City of Oslo")


def test_a_record_s_life(browser: Browser, served: Served) -> None:
    with tab(browser, served.address) as opened:
        sign_in(opened, "pia", "/desk/new")
        page = opened.page
        fill_in(page, "Owls flew over the palace of Oslo at noon.")
        page.get_by_role("button", name="Another source").click()
        page.get_by_label("Publisher").nth(1).wait_for()
        page.get_by_role("button", name="Save as a draft").click()
        page.get_by_text("Saved.").wait_for()
        name = page.url.rpartition("/")[2].partition("?")[0]
        assert [one.id for one in served.api.runtime.store.drafts(1)] == [name]
        page.get_by_label("Quote", exact=True).fill("Not a single owl.")
        page.get_by_label("Why you change it").fill("The quote was missing.")
        page.get_by_role("button", name="Save and publish").click()
        page.get_by_text("Published: it answers claims from now on.").wait_for()
        opened.go(f"/desk/records/{name}/revisions")
        assert page.locator("ins", has_text="Not a single owl.").is_visible()
        assert "The quote was missing." in page.locator(".history").inner_text()
        assert "person:pia" in page.locator(".history").inner_text()
        opened.go(f"/desk/records/{name}")
        page.get_by_text("Retract it").click()
        page.get_by_label("Why; readers see this").fill("It was an owl after all.")
        page.get_by_role("button", name="Retract", exact=True).click()
        page.get_by_text("Retracted: it answers no claim any more.").wait_for()
        assert opened.go(f"/rebuttals/{name}").get_by_text("It was an owl after all.").is_visible()


def test_near_duplicates_are_shown_and_merged(browser: Browser, served: Served) -> None:
    rumor = "A whale swam up the river Elbe to Dresden."
    served.api.put_in(content("whale", rumor=rumor, variants=()), content("whale-again", rumor=rumor, variants=()))
    with tab(browser, served.address) as opened:
        sign_in(opened, "pia", "/desk/records/whale")
        page = opened.page
        assert "1 record much like this one" in page.locator("#near-record").inner_text()
        page.get_by_text("Merge another record into this one").click()
        page.get_by_label("Id of the other record").fill("whale-again")
        page.get_by_role("button", name="Merge", exact=True).click()
        page.get_by_text("Merged: this record has taken the other one in.").wait_for()
        assert served.api.runtime.store.get("whale-again").superseded_by == "whale"


def test_a_lost_update_shows_both_versions(browser: Browser, served: Served) -> None:
    served.api.put_in(content("meteor", rumor="A meteor fell into the lake of Geneva.", status="draft"))
    with tab(browser, served.address) as first, tab(browser, served.address) as second:
        sign_in(first, "ed", "/desk/records/meteor")
        sign_in(second, "pia", "/desk/records/meteor")
        second.page.get_by_label("Quote", exact=True).fill("There was no meteor.")
        second.page.get_by_role("button", name="Save", exact=True).last.click()
        second.page.get_by_text("Saved.").wait_for()
        first.page.get_by_label("Quote", exact=True).fill("Nothing fell.")
        with first.expecting(409):
            first.page.get_by_role("button", name="Save", exact=True).last.click()
            first.page.locator("#errors").wait_for()
        told = first.page.locator("#errors").inner_text()
        assert "person:pia" in told
        assert "There was no meteor." in first.page.locator("#errors section").first.inner_text()
        assert "Nothing fell." in first.page.locator("#errors section").last.inner_text()
        first.check_access()
        assert first.page.get_by_label("Quote", exact=True).input_value() == "Nothing fell."
        first.page.get_by_role("button", name="Save", exact=True).last.click()
        first.page.get_by_text("Saved.").wait_for()
        assert served.api.runtime.store.get("meteor").quote == "Nothing fell."


def test_watches_are_kept_and_deleted(browser: Browser, served: Served) -> None:
    with tab(browser, served.address) as opened:
        sign_in(opened, "ed", "/desk/watches")
        page = opened.page
        page.get_by_label("Claim, words or topic").fill("Owls in Oslo")
        page.get_by_role("button", name="Watch", exact=True).click()
        page.get_by_text("It is watched now.").wait_for()
        opened.check_access()
        page.get_by_role("button", name="Delete the watch Owls in Oslo").click()
        page.get_by_text("Deleted.").wait_for()
        assert "Nothing is watched yet." in page.locator("main").inner_text()


def test_the_dashboard_draws_without_a_script(browser: Browser, served: Served) -> None:
    with tab(browser, served.address) as opened:
        sign_in(opened, "ed", "/desk/dashboard")
        drawn = opened.page.locator(".chart img")
        assert drawn.evaluate("image => image.complete && image.naturalWidth > 0")
        answer = opened.page.request.get(f"{opened.address}/desk/charts/claims.svg")
        assert answer.headers["content-type"] == "image/svg+xml"
        assert "<script" not in answer.text()
        opened.go("/desk/access", status=403)
