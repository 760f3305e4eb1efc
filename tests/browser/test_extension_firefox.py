"""The same extension in Firefox: loaded as it is packed, a front gets its marks and the service no name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.firefox import FIREFOX, Firefox, firefox, zipped
from support.fronts import front
from support.world import DENIALS, RUMORS, SITES, World, stories

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(FIREFOX is None, reason="Firefox is not installed: apt-get install firefox-esr"),
]

_SETTLE = """const { settings } = await chrome.storage.local.get("settings");
await chrome.storage.local.set({ settings: { ...settings, ...given[0] } });"""
# A tab is named by its number: without the permission its address is not told.
_TAB = "return (await chrome.tabs.query({ url: given[0] }))[0].id;"
_MARKED = """const { findings } = await chrome.tabs.sendMessage(given[0], { kind: "findings", to: "page" })
  .catch(() => ({ findings: [{ text: "not there yet" }] }));
return JSON.stringify(findings.map(({ text }) => text).sort()) === JSON.stringify(given[1]);"""
_NUMBER = """const [tab] = await chrome.tabs.query({ url: given[0] });
return tab !== undefined && (await chrome.action.getBadgeText({ tabId: tab.id })) === given[1];"""
_ANOTHER = """const article = document.querySelector("article").cloneNode(true);
article.querySelector("h2").textContent = given[0];
document.querySelector("main").append(article);"""
_REGISTERED = "return (await chrome.scripting.getRegisteredContentScripts()).length === given[0]"


@pytest.fixture(scope="module")
def fox(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Firefox with the extension, turned on for our site."""
    with firefox(tmp_path_factory.mktemp("firefox")) as fox:
        fox.install(zipped(tmp_path_factory.mktemp("packed")), SITES)
        fox.run(_SETTLE, {"server": world.service, "sites": SITES})
        fox.wait(_REGISTERED, 1)
        yield fox


def test_a_front_is_marked_and_the_service_told_no_name(world: World, fox: Firefox) -> None:
    world.recording.requests.clear()
    world.site.pages["/front"] = front([*RUMORS, *DENIALS, *stories("ordinary")[:8]])
    fox.tab()
    fox.go(f"{world.address}/front")
    fox.turn_to(fox.own)
    number = fox.run(_TAB, f"{world.address.rpartition(':')[0]}/front")
    fox.wait(_MARKED, number, sorted(RUMORS))
    asked = world.requests()
    assert asked
    for request in asked:
        assert not {"origin", "referer", "cookie", "dnt", "sec-gpc"} & set(request.headers)
        assert request.headers["user-agent"] == "Mozilla/5.0 (compatible; Rejoinder)"
        assert request.headers["accept-language"] == "*"


def test_a_page_that_is_come_back_to_has_its_number_again(world: World, fox: Firefox) -> None:
    world.site.pages |= {"/again": front([RUMORS[0], *stories("ordinary")[:4]]), "/other": "<title>Other</title>"}
    address = f"{world.address.rpartition(':')[0]}/again"
    tab = fox.tab()
    fox.go(f"{world.address}/again")
    fox.turn_to(fox.own)
    fox.wait(_NUMBER, address, "1")
    fox.turn_to(tab)
    fox.go(f"{world.address}/other")
    fox.back()
    fox.turn_to(fox.own)
    fox.wait(_NUMBER, address, "1")


def test_a_page_is_read_no_more_once_its_permission_is_taken_back(world: World, fox: Firefox) -> None:
    world.site.pages["/open"] = front([RUMORS[0], *stories("ordinary")[:4]])
    tab = fox.tab()
    fox.go(f"{world.address}/open")
    fox.turn_to(fox.own)
    number = fox.run(_TAB, f"{world.address.rpartition(':')[0]}/open")
    fox.wait(_MARKED, number, RUMORS[:1])
    # The service is reached under another name, which stays allowed.
    fox.permit("add", ["http://localhost/*"])
    fox.run(_SETTLE, {"server": world.service.replace("127.0.0.1", "localhost")})
    fox.wait(_MARKED, number, RUMORS[:1])
    fox.permit("remove", SITES)
    fox.wait(_MARKED, number, [])
    fox.turn_to(tab)
    kept = "A headline that nobody is to be told of any more"
    fox.run(_ANOTHER, kept)
    # As long as it takes for any other: the finder gathers, and the background does.
    fox.run("await new Promise((later) => setTimeout(later, 3000));")
    assert kept not in world.asked()
    fox.permit("add", SITES)
    fox.turn_to(fox.own)
    fox.wait(_MARKED, number, RUMORS[:1])
