"""A running service follows its store to another encoder: nothing fails, nothing is mixed, and there is a way back."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient
from msgspec import structs
from support.api import NDJSON, WordStance, ndjson
from support.encoders import WIDE, WIDER, load_quick
from support.engines import Engine
from support.records import content
from support.stores import put, unit_rows

from service.api.app import create_app
from service.calibration import load_calibration
from service.catalog import Catalog
from service.encoders import Encoded, EncoderError, Ledger, State
from service.parts import Parts, fitted_for
from service.places import place_of
from service.reindex import begin, drop, encode_missing, turn
from service.runtime import Runtime, load_encoded, present_of
from service.settings import Settings
from service.store.sql import SqlStore

pytestmark = pytest.mark.usefixtures("quick_encoders")
CLAIM = "The dam above the valley has cracked"


class Desk:
    """A service, and an operator with the same store in hand."""

    def __init__(self, client: TestClient[Any], runtime: Runtime, store: SqlStore) -> None:
        self.client = client
        self.runtime = runtime
        self.store = store
        self.key = {"Authorization": f"Bearer {store.create_key('desk', 'admin')}"}

    def encode(self, name: str) -> Encoded:
        """Encode the store with another encoder."""
        encoder = load_quick(name)
        encoded = begin(self.store, encoder, name, None).encoded
        encode_missing(self.store, encoder, encoded.model, quiet=True)
        Ledger(self.store).change(lambda state: structs.replace(state, next=encoded))
        return encoded

    def turn(self, to: Encoded, **options: Any) -> list[str]:  # noqa: ANN401 - those of `turn`
        """Let it answer. Returns what the processes answer with then."""
        present = present_of(Ledger(self.store).state())
        encoder = load_encoded(to, self.runtime.settings)
        return [one.model for one in turn(self.store, encoder, to, present, **options)]

    def check(self, claim: str = CLAIM) -> dict[str, Any]:
        """Ask the service."""
        answer = self.client.post("/v1/check", json={"claim": claim})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def publish(self, name: str, **changes: object) -> None:
        """Import a record through the service."""
        body = ndjson(content(name, **changes))
        answer = self.client.post("/v1/rebuttals/import", content=body, headers=NDJSON | self.key)
        assert answer.json()["created"] == 1, answer.text

    def nearest(self, claim: str) -> str | None:
        """The record that the claim is nearest to."""
        answer = self.client.post("/v1/search", json={"query": claim, "limit": 1})
        results = answer.json()["results"]
        return str(results[0]["rebuttal"]["id"]) if results else None


@contextmanager
def desk_on(engine: Engine, **settings: Any) -> Iterator[Desk]:  # noqa: ANN401 - the settings' own types
    place = place_of(engine.place)
    chosen = Settings(db=place, starter=False, multilingual="off", encoders=(WIDE, WIDER), **settings)
    runtime = Runtime.open(chosen, stance=WordStance())
    try:
        with TestClient(create_app(chosen, runtime)) as client, engine.open() as store:
            yield Desk(client, runtime, store)
    finally:
        runtime.close()


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # where indexes are kept of a store on a server
    monkeypatch.setattr("service.reindex.turning._SPEAK_UP_S", 1.5)
    with desk_on(engine) as desk:
        yield desk


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.02)


def encoder_of(answer: dict[str, Any]) -> str:
    return str(answer["model"]).partition("+")[0]


def test_the_other_encoder_answers_and_then_the_former_one_again(desk: Desk) -> None:
    desk.publish("dam", rumor=CLAIM, variants=())
    before = [desk.check(), desk.check()]
    assert {encoder_of(one) for one in before} == {"hashing@1-128"}
    version = desk.client.get("/v1/version")
    wide = desk.encode(WIDE)
    assert encoder_of(desk.check()) == "hashing@1-128"  # nobody is told before the switch
    assert desk.turn(wide) == ["hashing@1-96"]
    after = desk.check()  # the kept answer of before would name the other one
    assert encoder_of(after) == "hashing@1-96"
    assert after["matches"][0]["rebuttal"]["id"] == "dam"
    assert after["store_version"] == before[0]["store_version"]
    asked = desk.client.get("/v1/version", headers={"If-None-Match": version.headers["ETag"]})
    assert asked.status_code == 200  # whoever keeps answers learns of it
    desk.publish("zebra", rumor="Zebras escaped from the zoo", variants=())
    former = Ledger(desk.store).state().former
    assert former is not None
    assert desk.turn(former) == ["hashing@1-128"]
    assert encoder_of(desk.check()) == "hashing@1-128"
    assert desk.nearest("Zebras escaped from the zoo") == "zebra"


def test_what_others_write_comes_in_though_nobody_asks(desk: Desk) -> None:
    finder, record = desk.runtime.finder, content("late")
    write = structs.replace(put(record)[0], vectors=unit_rows(record, dim=128), model=finder.model)
    desk.store.write([write], actor="t")  # with vectors: whoever made those that are missing would look too
    wait_until(lambda: finder.version == desk.store.head())


def test_what_answers_from_now_on_has_what_the_former_had(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    wide, whole, turned, versions = desk.encode(WIDE), Catalog.encode_missing, Runtime.turn, []

    async def then_others_write(catalog: Catalog) -> None:
        await whole(catalog)
        if catalog is not desk.runtime.catalog:
            desk.store.write(put(content("late")), actor="t")
            await asyncio.to_thread(desk.runtime.finder.refresh)

    def turn_to(runtime: Runtime, parts: Parts) -> Parts:
        versions.extend([runtime.finder.version, parts.finder.version])
        return turned(runtime, parts)

    monkeypatch.setattr(Catalog, "encode_missing", then_others_write)
    monkeypatch.setattr(Runtime, "turn", turn_to)
    assert desk.turn(wide) == [wide.model]
    assert versions == [desk.store.head()] * 2


def test_what_is_written_before_during_and_after_is_found(desk: Desk) -> None:
    desk.publish("first", rumor="The first bridge fell", variants=())
    wide = desk.encode(WIDE)
    desk.publish("second", rumor="A second tunnel was flooded", variants=())
    ready = threading.Event()

    def publish_meanwhile(reports: Any) -> None:  # noqa: ANN401 - a sequence of reports
        if all(one.ready for one in reports) and not ready.is_set():
            ready.set()
            desk.publish("third", rumor="The third airport was closed", variants=())

    desk.turn(wide, on_followers=publish_meanwhile)
    assert ready.is_set()
    desk.publish("fourth", rumor="Four ferries have sunk", variants=())
    assert encoder_of(desk.check()) == "hashing@1-96"
    asked = [
        "The first bridge fell",
        "A second tunnel was flooded",
        "The third airport was closed",
        "Four ferries sunk",
    ]
    assert [desk.nearest(one) for one in asked] == ["first", "second", "third", "fourth"]
    assert desk.store.encodings.missing(wide.model, 0, 10) == []


def test_what_a_process_with_another_encoder_writes_is_soon_found_here(desk: Desk) -> None:
    desk.publish("first", rumor="The first bridge fell", variants=())
    desk.turn(desk.encode(WIDE))
    chosen = structs.replace(desk.runtime.settings, encoder=WIDER)
    other = Runtime.open(chosen, stance=WordStance())
    try:
        asyncio.run(other.catalog.create(content("late", rumor="Ostriches on the runway", variants=()), actor="t"))
    finally:
        other.close()
    wait_until(lambda: desk.nearest("Ostriches on the runway") == "late")
    wait_until(lambda: not desk.store.encodings.missing("hashing@1-96", 0, 1))


def test_who_is_busy_with_what_others_write_is_waited_for_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide, entered = desk.encode(WIDE), threading.Event()

    async def never(*_: object) -> None:
        entered.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(desk.runtime.catalog, "encode_missing", never)
    desk.store.write(put(content("late", rumor="Ostriches on the runway", variants=())), actor="t")
    assert entered.wait(30)
    assert desk.turn(wide) == ["hashing@1-96"]
    assert desk.nearest("Ostriches on the runway") == "late"


def test_requests_under_way_are_answered_by_the_encoder_that_they_came_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.publish("dam", rumor=CLAIM, variants=())
    former = desk.runtime.parts
    held, go = threading.Event(), threading.Event()
    predict = WordStance.predict

    def slow(self: WordStance, pairs: Any) -> Any:  # noqa: ANN401 - as in the double
        held.set()
        go.wait(30)
        return predict(self, pairs)

    monkeypatch.setattr(WordStance, "predict", slow)
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: answers.append(desk.check()))
    asking.start()
    assert held.wait(30)
    assert desk.turn(desk.encode(WIDE)) == ["hashing@1-96"]
    assert former.users == 1
    go.set()
    asking.join(30)
    assert encoder_of(answers[0]) == "hashing@1-128"
    assert answers[0]["matches"]
    wait_until(lambda: not former.users)
    with pytest.raises(RuntimeError, match="closed"):
        wait_until(lambda: asyncio.run(former.finder.look(["anything"])) is None)


def test_no_answer_of_many_is_mixed_or_refused(desk: Desk) -> None:
    desk.publish("dam", rumor=CLAIM, variants=())
    wide = desk.encode(WIDE)
    done = threading.Event()
    answers: list[dict[str, Any]] = []
    failed: list[str] = []

    def ask(who: int) -> None:
        number = 0
        while not done.is_set():
            number += 1
            answer = desk.client.post("/v1/check", json={"claim": f"{CLAIM} {who} {number % 5}"})
            (answers if answer.status_code == 200 else failed).append(answer.json())

    threads = [threading.Thread(target=ask, args=(who,)) for who in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert desk.turn(wide) == ["hashing@1-96"]
        former = Ledger(desk.store).state().former
        assert former is not None
        assert desk.turn(former) == ["hashing@1-128"]
    finally:
        done.set()
        for thread in threads:
            thread.join(30)
    assert failed == []
    assert {encoder_of(one) for one in answers} == {"hashing@1-128", "hashing@1-96"}
    assert all(one["matches"][0]["rebuttal"]["id"] == "dam" for one in answers)


def test_a_process_with_an_encoder_of_its_own_is_named(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with desk_on(engine, encoder=WIDER) as desk:
        wide = desk.encode(WIDE)
        with pytest.raises(EncoderError, match=r"1 of 1 processes cannot follow.*REJOINDER_ENCODER"):
            desk.turn(wide)
        assert Ledger(desk.store).state().turn is None
        assert desk.turn(wide, force=True) == ["hashing@1-64"]
        assert encoder_of(desk.check()) == "hashing@1-64"


def test_what_a_pinned_process_answers_with_is_let_go_of_only_by_force_and_it_goes_on(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with desk_on(engine, encoder=WIDE) as desk:
        desk.publish("dam", rumor=CLAIM, variants=())
        wide, present = desk.encode(WIDE), present_of(State())
        with pytest.raises(EncoderError, match=r"Nothing was let go of: process \d+ on .* answers with hashing@1-96"):
            drop(desk.store, present)
        assert desk.store.encodings.kept()[wide.model].records == 1
        assert Ledger(desk.store).state().turn is None
        done = drop(desk.store, present, force=True)
        assert (done.records, [one.model for one in done.users]) == ({wide.model: 1}, [wide.model])
        desk.publish("zebra", rumor="Zebras escaped from the zoo", variants=())
        assert desk.nearest("Zebras escaped from the zoo") == "zebra"
        after = desk.check()
        assert (encoder_of(after), after["matches"][0]["rebuttal"]["id"]) == (wide.model, "dam")
        settings = desk.runtime.settings
    again = Runtime.open(settings, stance=WordStance())  # what was taken is made anew
    try:
        assert asyncio.run(again.finder.find([CLAIM]))[0][0].id == "dam"
        assert again.store.encodings.kept()[wide.model].records == 2
    finally:
        again.close()


def test_a_process_that_cannot_load_it_goes_on_and_says_why(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = desk.encode(WIDE)
    monkeypatch.setattr("service.runtime.load_encoder", lambda *_, **__: _absent())
    present, encoder = Encoded(encoder=None, model="hashing@1-128", dim=128), load_quick(WIDE)
    with pytest.raises(EncoderError, match=r"The encoder wide cannot be used: no such folder\."):
        turn(desk.store, encoder, wide, present)
    assert encoder_of(desk.check()) == "hashing@1-128"


def _absent() -> object:
    raise OSError("no such folder")


def test_a_turn_that_nobody_finishes_is_let_go_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.following._SILENCE_S", 2.0)
    desk.publish("dam", rumor=CLAIM, variants=())
    wide = desk.encode(WIDE)
    monkeypatch.setattr("service.reindex.turning._Waiting.until", _killed)
    monkeypatch.setattr("service.reindex.turning._withdrawn", lambda state, _: state)
    with pytest.raises(KeyboardInterrupt):
        desk.turn(wide)
    standing = Ledger(desk.store).state().turn
    assert standing is not None
    ledger = Ledger(desk.store)
    wait_until(lambda: any(one.ready for one in ledger.reports(standing.id).values()))
    wait_until(lambda: not ledger.reports(standing.id))
    assert encoder_of(desk.check()) == "hashing@1-128"
    monkeypatch.undo()
    monkeypatch.setattr("service.runtime.load_encoder", load_quick)
    assert desk.turn(wide) == ["hashing@1-96"]  # another try finishes it


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_the_index_for_private_mode_is_refused_while_another_encoder_answers(desk: Desk) -> None:
    answer: httpx.Response = desk.client.get("/v1/index")
    assert answer.status_code == 404  # these encoders are not the one that ships
    desk.turn(desk.encode(WIDE))
    assert "hashing@1-96" in desk.client.get("/v1/index").json()["detail"]


def test_who_opens_the_store_later_takes_the_encoder_that_answers(desk: Desk) -> None:
    desk.turn(desk.encode(WIDE))
    later = Runtime.open(desk.runtime.settings, stance=WordStance())
    assert (later.finder.model, later.pinned) == ("hashing@1-96", False)
    later.close()


def test_who_is_pinned_to_another_encoder_than_the_store_says_is_told(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.turn(desk.encode(WIDE))
    for name, told in ((WIDE, False), (WIDER, True)):
        caplog.clear()
        chosen = structs.replace(desk.runtime.settings, encoder=name)
        Runtime.open(chosen, stance=WordStance()).close()
        assert ("the store says hashing@1-96" in caplog.text) is told


def test_after_an_upgrade_the_one_that_ships_now_is_the_one_that_answers() -> None:
    before = Encoded(encoder=None, model="hashing@0-128", dim=128, run=2, whole=True)
    assert present_of(State(active=before)).model == "hashing@1-128"
    same = structs.replace(before, model="hashing@1-128")
    assert present_of(State(active=same)) == same


def test_numbers_that_were_fitted_for_another_stance_model_are_not_used() -> None:
    shipped = load_calibration()
    wide = Encoded(encoder=WIDE, model="hashing@1-96", dim=96, calibration=structs.replace(shipped, gate=0.25))
    assert fitted_for(load_quick(WIDE), wide, "strict").own
    assert fitted_for(load_quick(WIDE), wide, "strict").calibration.gate == 0.25
    other = structs.replace(wide, calibration=structs.replace(shipped, stance="another", gate=0.25))
    assert fitted_for(load_quick(WIDE), other, "strict") == (load_calibration("strict"), False)


def test_an_encoder_that_is_gone_or_another_one_is_an_error_that_says_what_to_do(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.turn(desk.encode(WIDE))
    monkeypatch.setattr("service.runtime.load_encoder", lambda *_, **__: _absent())
    with pytest.raises(EncoderError, match=r"answered by hashing@1-96\. .*rejoinder reindex back"):
        Runtime.open(desk.runtime.settings, stance=WordStance())
    monkeypatch.setattr("service.runtime.load_encoder", lambda *_, **__: load_quick(WIDER))
    with pytest.raises(EncoderError, match="there is hashing@1-64, not hashing@1-96"):
        Runtime.open(desk.runtime.settings, stance=WordStance())
