"""Answers kept for headlines that are asked again. Lives in memory only: a claim is never written down."""

from __future__ import annotations

import threading
from collections import OrderedDict

from msgspec import structs

from service.domain import CheckResult, Claim


class AnswerCache:
    """The most recently used answers of one store version; safe to use from several threads.

    An entry is found only by the exact question: the claim's text and every option that changes the answer.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._version = -1
        self._answers: OrderedDict[tuple[object, ...], CheckResult] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, claim: Claim, version: int) -> CheckResult | None:
        """The answer to this question at this store version, or None."""
        with self._lock:
            if version != self._version:
                self._answers.clear()
                self._version = version
            key = structs.astuple(claim)
            if key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return self._answers[key]

    def put(self, claim: Claim, version: int, answer: CheckResult) -> None:
        """Keep an answer, and let go of the one that was not asked for longest."""
        with self._lock:
            if version != self._version or not self._size:
                return
            self._answers[structs.astuple(claim)] = answer
            if len(self._answers) > self._size:
                self._answers.popitem(last=False)
