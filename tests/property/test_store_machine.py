"""The store against a dictionary: any order of writes, retractions, embeddings and reopenings must leave both alike."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.engines import Engine
from support.records import content
from support.stores import MODEL, unit_rows

from service.domain import Filters, RebuttalContent, Status
from service.errors import AlreadyExistsError, RevisionMismatchError
from service.passages import passages
from service.store import Write

RUMORS = ("Volcanoes erupt in Iceland", "稀土样品送给总统", "A comet strikes tomorrow")
contents = st.builds(
    content,
    st.sampled_from("abcd"),
    rumor=st.sampled_from(RUMORS),
    rating=st.sampled_from(("false", "scam")),
    status=st.sampled_from(("published", "published", "draft", "retracted")),
    topics=st.sampled_from(((), ("trade",), ("trade", "gems"))),
)
writes = st.lists(
    st.tuples(contents, st.sampled_from((None, None, None, 0, 1, 2)), st.booleans(), st.booleans()),
    min_size=1,
    max_size=4,
)


class Kept(NamedTuple):
    """What the model knows of a record: every state, its last actor, and its vectors as a seed."""

    states: tuple[RebuttalContent, ...]
    actor: str
    seed: int | None


class StoreMachine(RuleBasedStateMachine):
    """The rules draw few ids and few texts, so that they meet."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        engine.renew()
        self.model: dict[str, Kept] = {}
        self.index: dict[str, int] = {}
        self.events = 0
        self.seeds = 0

    @initialize()
    def open(self) -> None:
        self.store = self.engine.open()
        self.position = 0

    def teardown(self) -> None:
        self.store.close()

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = self.engine.open(create=False)

    @rule(drawn=writes, actor=st.sampled_from(("ed", "starter")))
    def write(self, drawn: Sequence[tuple[RebuttalContent, int | None, bool, bool]], actor: str) -> None:
        after, events, outcomes = dict(self.model), self.events, []
        batch = []
        for record, expected, embedded, polite in drawn:
            self.seeds += 1
            seed = self.seeds if embedded else None
            batch.append(_write(record, expected, seed, polite=polite))
            outcomes.append(_apply(after, batch[-1], seed, actor))
            events += outcomes[-1] in {"created", "updated"}
            if outcomes[-1] == "refused":
                break
        if outcomes[-1] == "refused":
            with pytest.raises((AlreadyExistsError, RevisionMismatchError)):
                self.store.write(batch, actor=actor)
            return
        assert [written.outcome for written in self.store.write(batch, actor=actor)] == outcomes
        self.model, self.events = after, events

    @precondition(lambda self: self.model)
    @rule(behind=st.integers(0, 1), data=st.data())
    def put_vectors(self, behind: int, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        kept = self.model[name]
        self.seeds += 1
        made = (name, len(kept.states) - behind, unit_rows(kept.states[-1], self.seeds))
        self.store.put_vectors(MODEL, [made])
        if not behind:
            self.model[name] = kept._replace(seed=self.seeds)

    @rule()
    def follow_the_feed(self) -> None:
        """An index that looks now and then holds what an index made anew would hold."""
        for change in self.store.vector_changes(MODEL, self.position):
            if change.vectors is None:
                self.index.pop(change.id, None)
            else:
                self.index[change.id] = _seed(self.model[change.id], change.vectors)
            self.position = change.position
        expected = {name: kept.seed for name, kept in self.model.items() if _published(kept) and kept.seed is not None}
        assert self.index == expected
        assert {change.id for change in self.store.vector_changes(MODEL, 0)} == expected.keys()

    @invariant()
    def records_are_alike(self) -> None:
        names = sorted(self.model)
        assert [record.id for record in self.store.scan()] == names
        for record in self.store.get_many(names).values():
            states = self.model[record.id].states
            assert {name: getattr(record, name) for name in states[-1].__struct_fields__} == _fields(states[-1])
            assert record.revision == len(states)
        statuses: tuple[Status, ...] = ("published", "draft", "retracted")
        for status in statuses:
            expected = sum(kept.states[-1].status == status for kept in self.model.values())
            assert self.store.count(Filters(status=status)) == expected
        expected = sum("gems" in kept.states[-1].topics for kept in self.model.values())
        assert self.store.count(Filters(topic="gems")) == expected

    @invariant()
    def the_log_is_whole(self) -> None:
        assert self.store.verify_events() == self.store.head() == self.events
        for name, kept in self.model.items():
            revisions = self.store.revisions(name)
            assert [one.rebuttal.rating for one in reversed(revisions)] == [state.rating for state in kept.states]

    @invariant()
    def missing_vectors_are_known(self) -> None:
        missing = {record.id for record in self.store.without_vectors(MODEL, 9)}
        assert missing == {name for name, kept in self.model.items() if _published(kept) and kept.seed is None}


def _write(record: RebuttalContent, expected: int | None, seed: int | None, *, polite: bool) -> Write:
    vectors = None if seed is None else unit_rows(record, seed)
    return Write(
        content=record,
        action="update",
        expected_revision=expected,
        vectors=vectors,
        model=MODEL,
        unless_edited_by_others=polite,
    )


def _apply(model: dict[str, Kept], write: Write, seed: int | None, actor: str) -> str:
    """What the port promises, on a dictionary."""
    record = write.content
    name = record.id or ""
    old = model.get(name)
    revision = 0 if old is None else len(old.states)
    if write.expected_revision not in {None, revision}:
        return "refused"
    if old is None:
        model[name] = Kept((record,), actor, seed)
        return "created"
    if old.states[-1] == record or (write.unless_edited_by_others and old.actor != actor):
        return "unchanged"
    if seed is None and passages(old.states[-1]) == passages(record):
        seed = old.seed
    model[name] = Kept((*old.states, record), actor, seed)
    return "updated"


def _published(kept: Kept) -> bool:
    return kept.states[-1].status == "published"


def _fields(record: RebuttalContent) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _seed(kept: Kept, vectors: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> int:
    """The seed that the vectors were made from: the one that the model knows, or none of ours."""
    expected = unit_rows(kept.states[-1], kept.seed or 0)
    same = vectors.shape == expected.shape and np.allclose(vectors, expected, atol=2**-11)
    return (kept.seed or -1) if same else -1


PATIENT = settings(max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_the_store_and_the_dictionary_stay_alike(engine: Engine) -> None:
    run_state_machine_as_test(functools.partial(StoreMachine, engine), settings=PATIENT)
