"""``rejoinder watches`` on a store that somebody watches: what it prints where, and how it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from support.program import run_here
from support.warm import clean_environment

from service.store.sqlite import SqliteStore
from service.store.watches import Bounds, NewWatch, Notice, Outcome, Watch, WatchContent

PROGRAM = Path(sys.executable).parent / "rejoinder"


class Kept(NamedTuple):
    """A store with three watches, and what of their deliveries went wrong."""

    db: Path
    topic: Watch
    feed_only: Watch
    gone: Watch
    dead: str
    refused: str


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    db = tmp_path / "store.db"
    with SqliteStore.open(db) as store:

        def ask(url: str | None, text: str) -> Watch:
            content = WatchContent(owner="key:desk", kind="topic", text=text, url=url)
            watch = store.watches.add(NewWatch(content, "whsec_hidden", 0), bounds=Bounds(9, 9))
            assert watch is not None
            return watch

        topic, feed_only = ask("https://a.example.org/", "rare\x1b[31m earths"), ask(None, "space")
        gone = ask("https://b.example.org/", "gold")
        events = [store.watches.tell(Notice(watch.id, "watch.test", "{}")) for watch in (topic, feed_only, gone)]
        store.watches.settle(events[0].id, Outcome("dead", error="The receiver answered 500."))
        store.watches.settle(events[2].id, Outcome("dead", error="x", disable="The receiver answered 410."))
    return Kept(db, topic, feed_only, gone, events[0].id, events[2].id)


class Ran(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """What was printed as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(kept: Kept, *arguments: str) -> Ran:
    environment = clean_environment(kept.db.parent, REJOINDER_STARTER="false")
    done = run_here(["watches", *arguments, "--db", kept.db], environment)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_watches_are_listed_and_shown_without_their_secrets(kept: Kept) -> None:
    listed = run(kept, "list")
    assert [line.split()[0] for line in listed.out.splitlines()] == [
        "ID",
        kept.topic.id,
        kept.feed_only.id,
        kept.gone.id,
    ]
    assert "(address stopped)" in listed.out.splitlines()[3]
    assert "\x1b" not in listed.out
    assert [one["id"] for one in run(kept, "list", "--json").lines] == [kept.topic.id, kept.feed_only.id, kept.gone.id]
    shown = run(kept, "show", kept.gone.id).out
    assert "https://b.example.org/" in shown
    assert "The receiver answered 410." in shown
    (document,) = run(kept, "show", kept.topic.id, "--json").lines
    assert (document["kind"], document["url"]) == ("topic", "https://a.example.org/")
    assert "whsec" not in listed.out + shown + json.dumps(document)


def test_deliveries_are_listed_by_watch_and_by_state(kept: Kept) -> None:
    every = run(kept, "deliveries", "--json").lines
    assert [one["state"] for one in every] == ["dead", "none", "dead"]
    assert [one["id"] for one in run(kept, "deliveries", kept.topic.id, "--json").lines] == [kept.dead]
    dead = run(kept, "deliveries", "--state", "dead")
    assert kept.dead in dead.out
    assert "The receiver answered 500." in dead.out
    assert run(kept, "deliveries", "--state", "pending").err == "There are no such deliveries.\n"


def test_deliveries_are_queued_again_by_name_or_all_that_can_be(kept: Kept) -> None:
    queued = run(kept, "retry", kept.dead, "--json")
    assert (queued.code, queued.lines[0]["state"], queued.err) == (0, "pending", "Queued 1 of 1 deliveries.\n")
    rest = run(kept, "retry", "--all")
    assert rest.code == 1
    assert f"{kept.refused}: Nothing is sent to this address any more" in rest.err
    assert "Queued 0 of 1" in rest.err
    for arguments in ([], ["--all", kept.dead]):
        assert run(kept, "retry", *arguments).code == 2


def test_a_watch_is_deleted_and_what_is_not_there_is_named(kept: Kept) -> None:
    assert run(kept, "delete", kept.topic.id).code == 0
    for arguments in (["show", kept.topic.id], ["delete", kept.topic.id], ["deliveries", kept.topic.id]):
        missing = run(kept, *arguments)
        assert (missing.code, missing.err.startswith("rejoinder: There is no such watch")) == (2, True)
