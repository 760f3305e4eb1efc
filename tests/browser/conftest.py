"""A browser; an application with quick models, its records, and people who can sign in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser
from support.api import ROLES, Api, open_runtime
from support.browser import Tab, browsing, serving
from support.extension import Reader, reading
from support.records import GEM_ORE, content
from support.world import SITES, World, opened_world

from service import passwords
from service.api.app import create_app
from service.domain import Role
from service.settings import Settings

PASSWORD = "correct horse battery staple"  # noqa: S105 - of people who live as long as a test
PEOPLE: dict[str, Role] = {"ann": "admin", "pia": "publisher", "ed": "editor"}


class Served(NamedTuple):
    """An application, and where it listens."""

    api: Api
    address: str


# Not for the whole session: as long as Playwright is open, its event loop runs in this thread, and no other can.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A store with one record of every status, behind a real server."""
    assert browser.is_connected()
    settings = Settings(db=tmp_path_factory.mktemp("served") / "store.db", starter=False, feedback_per_minute=600)
    # Playwright's event loop runs in this thread, which then can run no other.
    with ThreadPoolExecutor(1) as thread:
        runtime = thread.submit(open_runtime, settings).result()
    try:
        keys = {role: runtime.store.create_key(f"{role}-key", role) for role in ROLES}
        hashed = passwords.hash_(PASSWORD)
        for name, role in PEOPLE.items():
            runtime.store.people.create(name, role, actor="cli", password=hashed)
        app = create_app(settings, runtime)
        with serving(app) as address, httpx.Client(base_url=address) as client:
            api = Api(app, client, runtime, keys)
            fill(api)
            yield Served(api, address)
    finally:
        runtime.close()


def fill(api: Api) -> None:
    """Put in a record of every status."""
    api.put_in(GEM_ORE, content("old-gem-ore"), content("wrong-gem-ore"), content("kept-gem-ore", status="draft"))
    for name, step, body in (
        ("old-gem-ore", "supersede", {"by": "gem-ore", "reason": "A fuller statement."}),
        ("wrong-gem-ore", "retract", {"reason": "The quote was another’s."}),
    ):
        answer = api.client.post(f"/v1/rebuttals/{name}/{step}", json=body, headers=api.key())
        assert answer.is_success, answer.text


def sign_in(tab: Tab, name: str, path: str = "/desk") -> None:
    """Sign in by the form, and go on to a page of the desk."""
    tab.go(f"/sign-in?next={path}")
    tab.page.get_by_label("Name").fill(name)
    tab.page.get_by_label("Password").fill(PASSWORD)
    tab.page.get_by_role("button", name="Sign in").click()
    tab.page.wait_for_url(tab.address + path)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The service with the models that ship, a news site, and the extension."""
    with opened_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def reader(world: World, tmp_path: Path) -> Iterator[Reader]:
    """A reader who has turned on the news site; what was asked before is forgotten."""
    with reading(world.driver, world.extension, tmp_path / "profile") as reader:
        reader.choose(server=world.service, sites=SITES)
        world.recording.requests.clear()
        yield reader
