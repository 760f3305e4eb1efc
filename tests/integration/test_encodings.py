"""What a store holds of each encoder, and the facts about encoders, on both engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from msgspec import structs
from support.engines import Engine
from support.hashing import HashingEncoder
from support.records import content
from support.stores import MODEL, put, unit_rows, with_vectors

from embeddings.encoder import Vectors
from service.encoders import Encoded, EncoderError, Ledger, Report, State, Turn
from service.errors import StoreError, StoreLockedError
from service.reindex import drop, encode_missing, turn
from service.store.sql import SqlStore

OTHER = "other@2"
SMALL = Encoded(encoder="small", model="hashing@1-16", dim=16, run=1, whole=True)
LARGE = Encoded(encoder=None, model="hashing@1-128", dim=128)


@pytest.fixture
def store(engine: Engine) -> Iterator[SqlStore]:
    with engine.open() as store:
        yield store


def fill(store: SqlStore, *names: str) -> None:
    store.write([with_vectors(content(name)) for name in names], actor="t")


def test_drafts_are_encoded_too_and_what_answers_nothing_is_not(store: SqlStore) -> None:
    fill(store, "a", "b")
    store.write(put(content("c", status="draft"), content("d", status="retracted")), actor="t")
    found = store.encodings.missing(OTHER, 0, 10)
    assert [record.id for _, record in found] == ["a", "b", "c"]
    assert [record.id for _, record in store.encodings.missing(OTHER, found[0][0], 1)] == ["b"]
    assert store.encodings.due() == 3
    assert store.encodings.kept()[MODEL].records == 2


def test_quiet_vectors_move_nothing_in_the_feed(store: SqlStore) -> None:
    fill(store, "a")
    before = store.position()
    record = store.get("a")
    assert store.encodings.put(OTHER, [("a", 1, unit_rows(record))], quiet=True) == 1
    assert store.position() == before
    assert store.encodings.put(OTHER, [("a", 9, unit_rows(record))], quiet=True) == 0
    assert store.encodings.put(OTHER, [("a", 1, unit_rows(record))], quiet=False) == 1
    assert store.position() > before
    assert store.vectors_of(["a"], model=OTHER)["a"].rows.shape == unit_rows(record).shape


def test_what_is_dropped_is_one_models_alone_and_goes_in_pieces(store: SqlStore) -> None:
    fill(store, "a", "b", "c")
    for name in "abc":
        store.encodings.put(OTHER, [(name, 1, unit_rows(store.get(name)))], quiet=True)
    assert [store.encodings.drop(OTHER, 2) for _ in range(3)] == [2, 1, 0]
    assert set(store.encodings.kept()) == {MODEL}


def test_of_two_who_change_the_fact_the_second_decides_again(engine: Engine, store: SqlStore) -> None:
    tries = []

    def decide(state: State) -> State:
        tries.append(state.runs)
        if len(tries) == 1:
            Ledger(other).change(lambda theirs: structs.replace(theirs, runs=theirs.runs + 10))
        return structs.replace(state, runs=state.runs + 1)

    with engine.open() as other:
        assert Ledger(store).change(decide).runs == 11
        assert Ledger(other).state().runs == 11
    assert tries == [0, 10]


def test_who_is_always_too_late_is_told(store: SqlStore) -> None:
    ledger = Ledger(store)

    def decide(state: State) -> State:
        ledger.change(lambda theirs: structs.replace(theirs, runs=theirs.runs + 1))
        return state

    with pytest.raises(StoreLockedError, match="try again"):
        ledger.change(decide)


def test_a_fact_of_a_later_version_is_refused(store: SqlStore) -> None:
    assert store.encodings.exchange(None, '{"another":1}')
    with pytest.raises(StoreError, match="newer"):
        Ledger(store).state()


def test_reports_are_those_of_one_turn(store: SqlStore) -> None:
    ledger = Ledger(store)
    mine = Report(id="now", host="h", pid=1, beat=0, model="m", ready=True)
    ledger.report("one", mine)
    ledger.report("two", structs.replace(mine, id="before"))
    store.encodings.report("three", "no report")
    assert ledger.reports("now") == {"one": mine}
    ledger.report("one", None)
    assert ledger.reports("now") == {}
    ledger.forget()
    assert store.encodings.reports() == {}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody serves these stores, so nobody is waited for."""
    monkeypatch.setattr("service.reindex.turning._SPEAK_UP_S", 0.0)


@pytest.mark.usefixtures("hurried")
def test_there_and_back_and_nothing_is_left_of_what_is_dropped(store: SqlStore) -> None:
    fill(store, "a", "b")
    large, small = HashingEncoder(), HashingEncoder(16)
    encode_missing(store, large, LARGE.model, quiet=False)
    encode_missing(store, small, SMALL.model, quiet=True)
    Ledger(store).change(lambda state: structs.replace(state, next=SMALL))
    turn(store, small, SMALL, LARGE, actor="person:ann")
    state = Ledger(store).state()
    assert (state.active, state.former, state.next, state.turn) == (
        SMALL,
        structs.replace(LARGE, whole=True),
        None,
        None,
    )
    fill(store, "c")
    turn(store, large, state.former or LARGE, SMALL)
    assert set(store.vectors_of(["a", "b", "c"], model=LARGE.model)) == {"a", "b", "c"}
    log = store.people.log(0, 10)
    assert [(one.actor, one.subject) for one in log] == [
        ("person:ann", "encoder:hashing@1-16"),
        ("cli", "encoder:hashing@1-128"),
    ]
    assert drop(store, LARGE).records == {SMALL.model: 2}
    assert Ledger(store).state().former is None
    assert drop(store, LARGE).records == {}


@pytest.mark.usefixtures("hurried")
def test_a_third_encoder_leaves_one_to_go_back_to(store: SqlStore) -> None:
    fill(store, "a")
    small, third = HashingEncoder(16), HashingEncoder(32)
    other = Encoded(encoder="third", model="hashing@1-32", dim=32, run=2, whole=True)
    turn(store, small, SMALL, LARGE)
    turn(store, third, other, SMALL)
    state = Ledger(store).state()
    assert state.former is not None
    assert (state.former.model, state.stale) == (SMALL.model, (LARGE.model,))


class Falling(HashingEncoder):
    """An encoder that fails after some calls."""

    def __init__(self, calls: int) -> None:
        super().__init__(16)
        self._left = calls

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `embeddings.encoder.Encoder`."""
        self._left -= 1
        if self._left < 0:
            raise MemoryError("no more")
        return super().encode(texts)


def test_a_turn_that_fails_is_taken_back(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.reindex.turning._SPEAK_UP_S", 0.2)
    fill(store, "a")
    encode_missing(store, HashingEncoder(16), SMALL.model, quiet=True)
    announced = []

    def write(ledger: Ledger, _: str) -> dict[str, Report]:
        if not announced:
            announced.append(ledger.state().turn)
            store.write(put(content("b")), actor="t")
        return {}

    monkeypatch.setattr(Ledger, "reports", write)
    with pytest.raises(MemoryError):
        turn(store, Falling(0), SMALL, LARGE)
    assert announced[0] is not None
    assert Ledger(store).state() == State()


def test_a_process_that_cannot_follow_keeps_it_from_happening_unless_forced(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.reindex.turning._SPEAK_UP_S", 0.3)
    monkeypatch.setattr("service.reindex.turning._FOLLOWED_S", 0.3)
    fill(store, "a")
    small, ledger = HashingEncoder(16), Ledger(store)

    def refuse(*_: object) -> dict[str, Report]:
        now = ledger.state().turn
        said = Report(
            id=now.id if now else "",
            host="box",
            pid=7,
            beat=0,
            model=LARGE.model,
            ready=False,
            trouble="No room.",
        )
        return {"one": said}

    monkeypatch.setattr(Ledger, "reports", refuse)
    with pytest.raises(EncoderError, match=r"1 of 1 processes cannot follow\. process 7 on box: No room\."):
        turn(store, small, SMALL, LARGE)
    assert ledger.state() == State()
    said = turn(store, small, SMALL, LARGE, force=True)
    assert [one.model for one in said] == [LARGE.model]
    assert (ledger.state().active or LARGE).model == SMALL.model


def test_a_turn_that_somebody_else_replaced_changes_nothing(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.reindex.turning._SPEAK_UP_S", 0.3)
    fill(store, "a")
    ledger, theirs = Ledger(store), Turn(id="theirs", to=LARGE)

    class Slow(HashingEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            if ledger.state().turn:
                ledger.change(lambda state: structs.replace(state, turn=theirs))
            return super().encode(texts)

    def write(*_: object) -> dict[str, Report]:
        if store.count() == 1:
            store.write(put(content("b")), actor="t")
        return {}

    monkeypatch.setattr(Ledger, "reports", write)
    with pytest.raises(EncoderError, match="Somebody else"):
        turn(store, Slow(16), SMALL, LARGE)
    assert ledger.state() == State(turn=theirs)
