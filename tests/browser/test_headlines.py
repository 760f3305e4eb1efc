"""The extension finds the headlines of front pages of every kind, and nothing else; hostile pages cost it little."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page
from support.finder import EXPECTED, FRONTS, bundle, find, opened, settle

pytestmark = pytest.mark.browser

# Of the main thread, for a page with 150 headlines; twice as much fails.
_BUDGET_MS = 30
# A machine that runs other tests beside may take several times as long.
_SLOW = 4
_CARDS = "".join(
    f"<article class=card><a href=/s/{n}><img alt=''></a><h3><a href=/s/{n}>Story number {n} is told in full</a></h3>"
    f"<p>Some words that sum it up for readers in a hurry.</p><div class=meta><time>10:{n % 60:02}</time>"
    f"<span class=author>By somebody</span></div></article>"
    for n in range(150)
)


@pytest.fixture(scope="module")
def finder() -> str:
    return bundle()


def texts(page: Page) -> list[str]:
    found: list[str] = page.evaluate("standing().map((one) => one.text)")
    return found


def check(page: Page, name: str) -> dict[str, Any]:
    told: dict[str, Any] = page.evaluate(EXPECTED)
    assert {key: told[key] for key in ("missing", "extra", "wrong", "twice")} == {
        "missing": [],
        "extra": [],
        "wrong": [],
        "twice": 0,
    }, name
    return told


@pytest.mark.parametrize("name", sorted(path.stem for path in FRONTS.glob("*.html")))
def test_front_pages(browser: Browser, finder: str, name: str) -> None:
    with opened(browser, (FRONTS / f"{name}.html").read_text("utf-8")) as page:
        find(page, finder)
        told = check(page, name)
        assert told["decoys"] >= max(8, told["expected"])
        assert told["expected"] >= 8 or name == "nothing"


def test_takes_little_time(browser: Browser, finder: str) -> None:
    with opened(browser, f"<!doctype html><html lang=en><meta charset=utf-8><main>{_CARDS}</main>") as page:
        session = page.context.new_cdp_session(page)
        # The main thread's own time: what other programs take meanwhile is not counted.
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.evaluate(finder)
        before = script_ms(session)
        page.evaluate("find()")
        page.wait_for_function("standing().length === 150")
        settle(page)
        assert script_ms(session) - before < 2 * _BUDGET_MS
        # Those near the window first, the rest in one go.
        assert page.evaluate("told.batches.length") == 2
        assert page.evaluate("told.batches[0].every(({ element }) => element.getBoundingClientRect().top < 1800)")


def script_ms(session: CDPSession) -> float:
    """Milliseconds that scripts have taken of the page's main thread."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * sum(float(one["value"]) for one in metrics if one["name"] == "ScriptDuration")


def test_an_application_goes_to_another_page(browser: Browser, finder: str) -> None:
    with opened(browser, (FRONTS / "application.html").read_text("utf-8"), width=390) as page:
        find(page, finder)
        page.wait_for_function("standing().length === 8")
        page.evaluate("told.batches.length = 0; go('/world')")
        page.wait_for_function("told.gone.length === 8 && standing().length === 8")
        check(page, "application")
        assert "Islands agree on a common fishing zone" in texts(page)


def test_a_feed_that_goes_on(browser: Browser, finder: str) -> None:
    with opened(browser, (FRONTS / "social.html").read_text("utf-8")) as page:
        find(page, finder)
        before = texts(page)
        for batch in range(1, 4):
            page.evaluate("more()")
            page.wait_for_function("(most) => standing().length === most", arg=len(before) + 5 * batch)
        told = page.evaluate("told.batches.flat().map((one) => one.text)")
        assert len(told) == len(set(told)) == len(before) + 15
        assert page.evaluate("told.gone.length") == 0


def test_a_text_that_never_rests(browser: Browser, finder: str) -> None:
    moving = "<h2 id=moving>The counter of the fair stands at 0</h2><h2>That of the town hall stands still</h2>"
    with opened(browser, f"<!doctype html><meta charset=utf-8><article>{moving}</article>") as page:
        page.evaluate(
            """() => {
              let turns = 0;
              window.turning = setInterval(() => {
                turns += 1;
                moving.textContent = `The counter of the fair stands at ${turns}`;
                if (turns === 120) { clearInterval(turning); window.turned = true; }
              }, 1000 / 60);
            }"""
        )
        page.evaluate(finder)
        page.evaluate("find()")
        page.wait_for_function("window.turned")
        assert page.evaluate("told.batches.flat().filter((one) => one.element === moving).length") <= 1
        assert page.evaluate("told.looks") <= 24
        page.wait_for_function("standing().some(({ text }) => text.endsWith('at 120'))")
        assert page.evaluate("told.ms") < 30 * _SLOW


def test_a_text_that_keeps_changing_is_told_a_few_times_only(browser: Browser, finder: str) -> None:
    with opened(browser, "<!doctype html><h2 id=one>The first wording of this story</h2>") as page:
        find(page, finder)
        for turn in range(1, 4):
            page.evaluate("(turn) => { one.textContent = `Wording number ${turn} of this story`; }", turn)
            page.wait_for_function("(turn) => standing().some(({ text }) => text.includes(`number ${turn}`))", arg=turn)
        page.evaluate("one.textContent = 'The very last wording of this story'")
        page.wait_for_function("standing().length === 0")
        settle(page)
        assert page.evaluate("told.batches.flat().map(({ text }) => text).at(-1)") == "Wording number 3 of this story"


def test_ten_thousand_nodes(browser: Browser, finder: str) -> None:
    with opened(browser, "<!doctype html><meta charset=utf-8><main id=main></main>") as page:
        page.evaluate(
            """() => {
              for (let n = 0; n < 2500; n += 1) {
                const card = document.createElement("article");
                card.innerHTML = `<h3><a href="/s/${n}">Story number ${n} of very many</a></h3><p>Words.</p>`;
                main.append(card);
              }
            }"""
        )
        find(page, finder)
        assert len(texts(page)) == 1000
        assert page.evaluate("told.longest") < 50 * _SLOW


def test_a_deep_nest(browser: Browser, finder: str) -> None:
    with opened(browser, "<!doctype html><meta charset=utf-8><main id=main></main>") as page:
        page.evaluate(
            """() => {
              let at = main;
              for (let n = 0; n < 5000; n += 1) {
                at = at.appendChild(document.createElement("div"));
                at.style.display = "contents"; // so many boxes crash the browser by themselves
              }
              at.innerHTML = "<h2 id=deep>A story at the bottom of a deep well</h2>";
              const title = document.createElement("h2");
              let part = title;
              for (let n = 0; n < 5000; n += 1) part = part.appendChild(document.createElement("span"));
              part.textContent = "A title that is wrapped too many times";
              document.body.prepend(title);
            }"""
        )
        find(page, finder)
        assert texts(page) == ["A story at the bottom of a deep well"]
        page.evaluate("deep.firstChild.data = 'Another story at the bottom of it'")
        page.wait_for_function("standing().some(({ text }) => text.startsWith('Another'))")


def test_a_page_that_hides_its_tree(browser: Browser, finder: str) -> None:
    html = """<!doctype html><fieldset name=firstElementChild form=f><form id=f>
      <input name=localName><input name=parentNode><input name=getAttribute><input name=querySelector>
      <input name=attributes><input name=nextElementSibling></form><img name=querySelectorAll><img name=documentElement>
      <h2>The <b>well</b> is deep <script>alert(1)</script>&lt;img src=x onerror=alert(2)&gt;</h2></fieldset>
      <h3>The form did not lead us in circles</h3>"""
    with opened(browser, html) as page:
        find(page, finder)
        assert "The form did not lead us in circles" in texts(page)


def test_the_same_text_in_two_stories(browser: Browser, finder: str) -> None:
    story = (
        "<a href='/{0}'><img alt=''>Fountain is dry after all</a><h3><a href='/{0}'>Fountain is dry after all</a></h3>"
    )
    html = "<!doctype html>" + "".join(f"<article>{story.format(n)}</article>" for n in (1, 2))
    with opened(browser, html) as page:
        find(page, finder)
        assert texts(page) == ["Fountain is dry after all"] * 2
        page.evaluate("document.querySelector('article').remove()")
        page.wait_for_function("standing().length === 1 && told.gone.length === 1")


def test_languages(browser: Browser, finder: str) -> None:
    with opened(browser, (FRONTS / "urdu.html").read_text("utf-8")) as page:
        find(page, finder, ("ar",))
        assert texts(page) == ["وزارة الصحة تنفي إغلاق المستشفى المركزي", "الميناء يعود إلى العمل بعد العاصفة"]


def test_what_is_folded_is_told_when_it_is_shown(browser: Browser, finder: str) -> None:
    html = "<!doctype html><div id=tab hidden><h2>What stands behind the second tab</h2></div>"
    with opened(browser, html) as page:
        find(page, finder)
        assert texts(page) == []
        page.evaluate("tab.hidden = false")
        page.wait_for_function("standing().length === 1")


def test_stops(browser: Browser, finder: str) -> None:
    with opened(browser, "<!doctype html><h2>The first and only story here</h2>") as page:
        find(page, finder)
        looks = page.evaluate("stopFinding(); told.looks")
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<h2>A story that comes too late</h2>')")
        settle(page)
        assert page.evaluate("told.looks") == looks
        assert page.evaluate("told.batches.flat().length") == 1
