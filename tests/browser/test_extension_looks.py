"""What a reader sees, in pictures: light, dark, right to left, on a phone. `make pictures` puts them into the docs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page
from support.extension import Reader, reading
from support.fronts import front
from support.world import RUMORS, SITES, World, stories, wait_for_marks

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images" / "extension"
# Where `make pictures` wants them; elsewhere they are only taken.
WANTED = os.environ.get("REJOINDER_PICTURES")


class Look(NamedTuple):
    """A reader's taste, and what the page is like."""

    width: int
    browser: dict[str, Any]
    page: dict[str, Any]
    settings: dict[str, Any]


LOOKS = {
    "light": Look(1000, {"color_scheme": "light"}, {}, {}),
    "dark": Look(1000, {"color_scheme": "dark"}, {"dark": True}, {}),
    "rtl": Look(1000, {"color_scheme": "light"}, {"language": "ur", "direction": "rtl"}, {"interface": "ur"}),
    "phone": Look(390, {"color_scheme": "light", "device_scale_factor": 2}, {}, {}),
}
HEADLINES = [stories("ordinary")[0], RUMORS[0], *stories("ordinary")[1:4], RUMORS[1], *stories("ordinary")[4:9]]


@contextmanager
def looking(world: World, profile: Path, look: Look) -> Iterator[tuple[Reader, Page, bytes]]:
    """A front as this reader sees it once all is marked, and a picture of it from before."""
    with reading(world.driver, world.extension, profile, width=look.width, **look.browser) as reader:
        reader.choose(server=world.service, sites=[], **look.settings)
        page = world.visit(reader, front(HEADLINES, **look.page))
        page.set_viewport_size({"width": look.width, "height": 820})
        plain = page.screenshot()
        reader.choose(sites=SITES)
        wait_for_marks(reader, page, RUMORS[:2])
        yield reader, page, plain


def keep(name: str, picture: bytes) -> None:
    """Put a picture where it is wanted."""
    if WANTED:
        folder = Path(WANTED)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(picture)


@pytest.mark.parametrize("name", LOOKS)
def test_marks_and_the_note_can_be_seen(world: World, tmp_path: Path, name: str) -> None:
    with looking(world, tmp_path / "profile", LOOKS[name]) as (reader, page, plain):
        page.wait_for_timeout(400)
        marked = page.screenshot()
        assert marked != plain
        finding = next(one for one in reader.findings(page) if one["text"] == RUMORS[0])
        reader.worker.evaluate(
            """async ([url, id]) => {
              const tab = (await chrome.tabs.query({})).find((one) => one.url === url);
              await chrome.tabs.sendMessage(tab.id, { kind: "show", to: "page", id });
            }""",
            [page.url, finding["id"]],
        )
        page.wait_for_timeout(400)
        note = page.screenshot()
        assert note != marked
        keep(f"note-{name}.png", note)
        page.keyboard.press("Escape")
        page.wait_for_timeout(400)
        assert page.screenshot() != note


def test_the_popup_lists_what_was_found(world: World, tmp_path: Path) -> None:
    with looking(world, tmp_path / "profile", LOOKS["light"]) as (reader, page, _):
        tab = reader.worker.evaluate("async (url) => (await chrome.tabs.query({ url }))[0].id", page.url)
        popup = reader.context.new_page()
        popup.set_viewport_size({"width": 380, "height": 600})
        popup.goto(f"{reader.root}/popup.html?tab={tab}")
        for rumor in RUMORS[:2]:
            popup.get_by_text(rumor).wait_for()
        keep("popup.png", popup.screenshot(full_page=True))


def test_the_docs_show_every_look() -> None:
    guide = (PICTURES.parents[1] / "how-to" / "use-the-extension.md").read_text("utf-8")
    for name in (*(f"note-{look}.png" for look in LOOKS), "popup.png"):
        assert (PICTURES / name).stat().st_size > 10_000
        assert f"../images/extension/{name}" in guide
