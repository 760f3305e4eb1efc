"""Claims as people type and pipe them."""

from __future__ import annotations

import datetime as dt
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cli.claims import Asked, RefusedClaimError, groups, to_claim


class Trickle(io.BytesIO):
    """A pipe that gives a few bytes at a time, cut anywhere."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = iter(sizes)

    def read1(self, size: int | None = -1) -> bytes:
        return self.read(next(self._sizes, size))


def asked(arguments: list[str], stdin: bytes = b"") -> list[Asked]:
    return [one for group in groups(arguments, io.BytesIO(stdin)) for one in group]


def test_arguments_are_claims_in_their_order() -> None:
    assert asked(["first", "second"]) == [Asked("claim 1", b"first"), Asked("claim 2", b"second")]


def test_without_arguments_lines_of_standard_input_are_claims() -> None:
    assert asked([], b"one\r\n\n  two \nthree") == [
        Asked("line 1", b"one"),
        Asked("line 3", b"two"),
        Asked("line 4", b"three"),
    ]


def test_a_dash_is_standard_input_at_its_place() -> None:
    assert [one.text for one in asked(["before", "-", "after"], b"between\n")] == [b"before", b"between", b"after"]


def test_a_byte_order_mark_is_no_part_of_a_claim() -> None:
    assert asked(["-"], b"\xef\xbb\xbffirst\n")[0].text == b"first"


def test_what_has_arrived_is_a_group_of_its_own() -> None:
    pipe = Trickle(b"one\ntwo\nthree\n", [4, 3, 100])
    assert [[one.text for one in group] for group in groups(["-"], pipe)] == [[b"one"], [b"two", b"three"]]


def test_groups_are_bounded_and_lines_keep_their_numbers() -> None:
    made = list(groups([], io.BytesIO(b"".join(b"claim %d\n" % n for n in range(1, 1001)))))
    assert max(map(len, made)) <= 64
    assert [one.place for group in made for one in group] == [f"line {n}" for n in range(1, 1001)]


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    endless, after = asked([], b"x" * 3_000_000 + b"\nafter\n")
    assert len(endless.text) <= 20_001 + (1 << 16)
    with pytest.raises(RefusedClaimError, match="line 1: longer than 5,000 characters"):
        to_claim(endless, {})
    assert after == Asked("line 2", b"after")


@given(
    st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=30), max_size=20),
    st.lists(st.integers(1, 9), max_size=40),
)
def test_however_a_pipe_is_cut_the_lines_are_the_same(lines: list[str], sizes: list[int]) -> None:
    data = "\n".join(lines).encode()
    whole = asked([], data)
    assert [one for group in groups([], Trickle(data, sizes)) for one in group] == whole


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b" \t ", "empty"),
        (b"x" * 5_001, r"longer than 5,000 characters \(5,001\)"),
        ("ü".encode() * 5_001, r"longer than 5,000 characters \(5,001\)"),
        (b"caf\xe9 says", r"not valid UTF-8 \(byte 4\)"),
        (os.fsencode("half \udcff a character"), "not valid UTF-8"),
        (b"\xed\xa0\x80 alone", "not valid UTF-8"),
        (b"nothing\x00more", "holds a NUL character"),
    ],
)
def test_what_is_no_claim_is_refused_by_its_place(text: bytes, why: str) -> None:
    with pytest.raises(RefusedClaimError, match=f"^line 7: {why}"):
        to_claim(Asked("line 7", text), {})


def test_the_longest_claim_is_taken() -> None:
    assert len(to_claim(Asked("claim 1", "字".encode() * 5_000), {}).claim) == 5_000


def test_options_go_with_each_claim() -> None:
    claim = to_claim(Asked("claim 1", b"text"), {"limit": 3, "language": "de", "as_of": dt.date(2025, 1, 2)})
    assert (claim.limit, claim.language, claim.as_of) == (3, "de", dt.date(2025, 1, 2))


def test_an_option_that_does_not_fit_is_named() -> None:
    with pytest.raises(RefusedClaimError, match=r"claim 1: .*language"):
        to_claim(Asked("claim 1", b"text"), {"language": "not a tag"})
