"""A piece of the log as whoever watches sees it: what happened to which record, found by topic, record and wording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from service.domain import Rebuttal
from service.passages import passages
from service.store.watches import Change, EventType, Watch
from service.watches.standing import happened, on_topic


class Step(NamedTuple):
    """A change that somebody may want to hear of.

    Attributes:
        sort: what it is to them.
        change: the record before and after it.
        states: wordings of the record that are or were public, each once.
    """

    sort: EventType
    change: Change
    states: tuple[Rebuttal, ...]

    @property
    def number(self) -> int:
        """Of the event."""
        return self.change.event.number


class Steps:
    """The changes of a piece that concern anybody.

    Attributes:
        every: in the order of the log.
    """

    def __init__(self, changes: Iterable[Change]) -> None:
        self.every = [step for change in changes if (step := _step(change.before, change))]
        self._by_topic: dict[str, list[Step]] = {}
        self._by_wording: dict[str, list[Step]] = {}
        self._last: dict[str, int] = {}
        for step in self.every:
            self._last[step.change.after.id] = step.number
            for record in step.states:
                self._by_wording.setdefault(name_of(record), []).append(step)
            for topic in {topic.casefold() for record in _both(step.change) for topic in record.topics}:
                self._by_topic.setdefault(topic, []).append(step)

    def on_topic(self, watch: Watch) -> Iterator[Step]:
        """Those about a record that carries the topic, or carried it before."""
        for step in self._by_topic.get(watch.text.casefold(), ()):
            if step.number > watch.since and any(on_topic(watch, record) for record in _both(step.change)):
                yield step

    def worded(self, watch: Watch, names: set[str]) -> list[Step]:
        """Those with a wording among the names, each once and in order."""
        found = {step.number: step for name in names for step in self._by_wording.get(name, ())}
        return [found[number] for number in sorted(found) if number > watch.since]

    def touch(self, watch: Watch, names: set[str]) -> bool:
        """Whether the piece can have changed the verdict on what is watched, given the wordings that are near it."""
        touched = watch.stand.touches if watch.stand else ()
        return any(self._last.get(name, 0) > watch.since for name in touched) or bool(self.worded(watch, names))

    def net(self, watch: Watch) -> list[Step]:
        """Of several changes of one record, what they come to: a claim is checked against the store as it is now."""
        first: dict[str, Rebuttal | None] = {}
        last: dict[str, Change] = {}
        for step in self.every:
            name = step.change.after.id
            if step.number > watch.since:
                first.setdefault(name, step.change.before)
                last.pop(name, None)
                last[name] = step.change
        return [net for name, change in last.items() if (net := _step(first[name], change))]

    def states(self) -> list[Rebuttal]:
        """Every wording."""
        return [record for step in self.every for record in step.states]


def name_of(record: Rebuttal) -> str:
    """A wording's name: the record and its revision."""
    return f"{record.id}@{record.revision}"


def _step(before: Rebuttal | None, change: Change) -> Step | None:
    """A change as one from an earlier state; None where it concerns nobody."""
    sort = happened(before, change.after)
    return None if sort is None else Step(sort, change._replace(before=before), _public(before, change.after))


def _public(before: Rebuttal | None, after: Rebuttal) -> tuple[Rebuttal, ...]:
    """The wordings that count: of a record that goes back to being a draft, the one that was public."""
    states = [] if after.status == "draft" else [after]
    was_public = before is not None and before.status != "draft"
    if before is not None and was_public and (not states or passages(before) != passages(after)):
        states.append(before)
    return tuple(states)


def _both(change: Change) -> Sequence[Rebuttal]:
    """What was public before, and what is there now; a draft's own words are nobody's to hear of."""
    found = (change.after, change.before)
    return [record for record in found if record is not None and record.status != "draft"]
