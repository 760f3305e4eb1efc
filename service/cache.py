"""Answers kept for headlines that are asked again. Lives in memory only: a claim is never written down."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from typing import Final, NamedTuple

import msgspec
from msgspec import structs

from service.differences import respanned
from service.domain import CheckResult, Claim, Match
from service.normalise import clean, sought

_ENCODER: Final = msgspec.json.Encoder()
# What stands before the answer's own part in its JSON, and what after: the claim is whoever asks', and so is the time.
_HEAD: Final = b'{"claim":'
_TIME: Final = b',"took_ms":'


class Question(NamedTuple):
    """What an answer depends on, beside the models and the store: claims that share it share the answer.

    Attributes:
        text: what the models read.
        sought: what is searched with: a post's signature names its author there.
        language: as the sender names it, in small letters; "" where it is left to be found out.
        limit: of the matches.
        as_of: the day that is asked about.
    """

    text: str
    sought: str
    language: str
    limit: int
    as_of: dt.date | None


def question(claim: Claim) -> Question:
    """The question that a claim asks: spaces, links, emoji and characters that nobody sees make no other one."""
    text = clean(claim.claim)
    # Without a handle there is no signature, and the two are the same.
    searched = sought(claim.claim) if "@" in claim.claim else text
    return Question(text, searched, (claim.language or "").lower(), claim.limit, claim.as_of)


class Kept:
    """An answer, for every claim that asks the same question.

    The claim as it was sent stands in each asker's own copy, and so do the places of its words.

    Attributes:
        answer: as it was given first.
    """

    __slots__ = ("_after", "_before", "_placed", "answer")

    def __init__(self, answer: CheckResult) -> None:
        self.answer = answer
        self._placed = any(one.claim for match in answer.matches for one in match.why.differs)
        self._before = b""
        self._after = b""

    def result(self, claim: str, took_ms: float) -> CheckResult:
        """The answer to a claim that asks this question.

        Args:
            claim: as it was sent.
            took_ms: milliseconds that this asker has waited.
        """
        matches = self.answer.matches
        if not self._fits(claim):
            matches = tuple(_placed(one, claim) for one in matches)
        return structs.replace(self.answer, claim=claim, matches=matches, took_ms=took_ms)

    def encode(self, claim: str, took_ms: float) -> bytes:
        """`result` as JSON, of which all but the claim and the time is encoded once, when it is first asked for."""
        if not self._fits(claim):
            return _ENCODER.encode(self.result(claim, took_ms))
        if not self._before:
            self._before, self._after = self._split()
        return b"".join((_HEAD, _ENCODER.encode(claim), self._before, _ENCODER.encode(took_ms), self._after))

    def _fits(self, claim: str) -> bool:
        """Whether the places in the answer are those of this claim."""
        return not self._placed or claim == self.answer.claim

    def _split(self) -> tuple[bytes, bytes]:
        """The JSON between the claim and the time, and that behind the time."""
        whole = _ENCODER.encode(structs.replace(self.answer, claim="", took_ms=0))
        # Texts stand before the time and might hold its name; behind it there is only the verdict's.
        before, _, after = whole.rpartition(_TIME + b"0")
        return before.removeprefix(_HEAD + b'""') + _TIME, after


def _placed(match: Match, claim: str) -> Match:
    return structs.replace(match, why=structs.replace(match.why, differs=respanned(match.why.differs, claim)))


class AnswerCache:
    """The most recently used answers of one model at one state of the store; safe to use from several threads.

    A state is the number of the last event and the place in the feed of changes: vectors that are made after the fact
    are no event, and yet another answer may come of them.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._state = (-1, -1)
        self._answers: OrderedDict[Question, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, asked: Question, state: tuple[int, int]) -> Kept | None:
        """The answer to this question at this state of the store, or None."""
        with self._lock:
            if state != self._state:
                self._answers.clear()
                self._state = state
            kept = self._answers.get(asked)
            if kept is not None:
                self._answers.move_to_end(asked)
            return kept

    def put(self, asked: Question, state: tuple[int, int], answer: CheckResult) -> Kept:
        """Keep an answer, and let go of the one that was not asked for longest."""
        kept = Kept(answer)
        with self._lock:
            if state == self._state and self._size:
                self._answers[asked] = kept
                if len(self._answers) > self._size:
                    self._answers.popitem(last=False)
        return kept
