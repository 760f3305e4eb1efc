"""A reader's world: the service on the starter store, a news site of our own, and the extension between them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, Playwright, sync_playwright
from support.browser import serving
from support.extension import Reader, Recording, Request, built
from support.fronts import Site, answering
from support.warm import warm_store

from service.api.app import create_app
from service.runtime import Runtime
from service.settings import Settings

STORIES = Path(__file__).resolve().parents[1] / "data" / "front_stories.tsv"
RUMORS = (
    "Pakistan handed rare earth samples to the US president",
    "Pakistan is exporting rare earths to the United States using Chinese equipment and technology",
    "Drinking bleach cures COVID-19, doctors say",
)
DENIALS = (
    "China rejects reports of Pakistan supplying rare earth samples to US",
    "Pakistan did not give rare earth samples to the US president, Beijing says",
    "They were gem ores bought locally by staff in Pakistan",
)
# The extension turned on for every page of our own site, and for nothing else.
SITES = ["http://127.0.0.1/*"]


class Story(NamedTuple):
    """A headline of the made-up fronts, what sort it is, and the record that it is about."""

    kind: str
    about: str
    text: str


class World(NamedTuple):
    """Everything that a test touches.

    Attributes:
        driver: starts browsers.
        extension: folder of the extension.
        runtime: what stands behind the service.
        service: address of the service.
        recording: every request that it got.
        site: the news site, whose pages may change.
        address: of the site.
    """

    driver: Playwright
    extension: Path
    runtime: Runtime
    service: str
    recording: Recording
    site: Site
    address: str

    def visit(self, reader: Reader, page: str, name: str = "front") -> Page:
        """Open a page of the site."""
        self.site.pages[f"/{name}"] = page
        opened = reader.context.new_page()
        opened.goto(f"{self.address}/{name}")
        return opened

    def requests(self, path: str = "/v1/") -> list[Request]:
        """What was asked of the service below a path."""
        return [one for one in self.recording.requests if one.path.startswith(path)]

    def asked(self) -> list[str]:
        """Every text that the service was asked about, in order."""
        bodies = [json.loads(one.body) for one in self.requests("/v1/check/batch") if one.body]
        return [item["text"] for body in bodies for item in body["claims"]]


@contextmanager
def opened_world(folder: Path) -> Iterator[World]:
    """Start it all on a new copy of the starter store."""
    # Without a cache every answer is worked out, as the first reader of a headline gets it.
    settings = Settings(db=warm_store(folder), multilingual="off", cache_size=0, feedback_per_minute=600)
    extension = built(folder)
    with sync_playwright() as driver:
        with ThreadPoolExecutor(1) as thread:  # Playwright's event loop runs in this one
            runtime = thread.submit(Runtime.open, settings).result()
        try:
            app = create_app(settings, runtime)
            recording, site = Recording(app), Site()
            with serving(app, through=recording) as service, answering(site.respond) as address:
                yield World(driver, extension, runtime, service, recording, site, address)
        finally:
            runtime.close()


def stories(*kinds: str) -> list[str]:
    """The made-up headlines of these sorts."""
    with STORIES.open(encoding="utf-8", newline="") as file:
        rows = [Story(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return [row.text for row in rows if row.kind in kinds]


def wait(true: Callable[[], bool], page: Page, seconds: float = 30) -> None:
    """Until something holds; the browser goes on meanwhile."""
    for _ in range(int(seconds * 20)):
        if true():
            return
        page.wait_for_timeout(50)
    pytest.fail(f"not within {seconds} s")


def wait_for_marks(reader: Reader, page: Page, texts: Sequence[str], seconds: float = 30) -> None:
    """Until exactly these headlines are marked."""
    due = sorted(texts)
    wait(lambda: reader.marked(page) == due, page, seconds)
