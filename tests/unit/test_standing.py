"""Which revision of a record counts for a day that is past: the rule by itself."""

from __future__ import annotations

import datetime as dt

import pytest
from support.records import content, stored

from service.domain import Citation, Status
from service.store.standing import Step, public_by, stood


def november(day: int) -> dt.date:
    return dt.date(2025, 11, day)


def steps(*made: tuple[int, Status]) -> list[Step]:
    return [Step(number, november(day), status) for number, (day, status) in enumerate(made, 1)]


EDITED = steps((3, "published"), (7, "published"), (9, "retracted"))
PREPARED = steps((3, "draft"), (7, "published"), (9, "superseded"))
BACK = steps((3, "published"), (5, "retracted"), (7, "published"))
ONE_DAY = steps((5, "published"), (5, "retracted"))
PULLED = steps((3, "published"), (6, "draft"), (8, "draft"))


@pytest.mark.parametrize(
    ("revisions", "day", "expected"),
    [
        (EDITED, 2, (2, 3, False)),  # the store knew nothing of it then: the last wording that it published
        (EDITED, 3, (1, 3, True)),
        (EDITED, 6, (1, 3, True)),
        (EDITED, 8, (2, 3, True)),
        (EDITED, 9, None),
        (PREPARED, 3, (2, 3, False)),  # published later, as if imported later
        (PREPARED, 8, (2, 3, True)),
        (PREPARED, 9, None),
        (BACK, 4, (1, None, True)),
        (BACK, 5, None),
        (BACK, 6, None),
        (BACK, 7, (3, None, True)),
        (ONE_DAY, 4, (1, 2, False)),
        (ONE_DAY, 5, None),
        (PULLED, 5, (1, 2, True)),
        (PULLED, 6, None),
        (PULLED, 9, None),
        (steps((3, "draft"), (4, "retracted")), 2, None),  # never published
        (steps((3, "draft")), 9, None),
        ([], 9, None),
    ],
)
def test_the_revision_that_counts(
    revisions: list[Step], day: int, expected: tuple[int, int | None, bool] | None
) -> None:
    assert stood(revisions, november(day)) == expected


def page(published_on: dt.date | None) -> Citation:
    return Citation(url="https://example.org/a", publisher="Example", published_on=published_on)


def test_a_statement_without_a_day_is_public_from_the_first_report_on() -> None:
    pages = (page(november(7)), page(None), page(november(5)))
    reported = stored(content("a", stated_on=None, citations=pages))
    assert [public_by(reported, november(day), published=False) for day in (4, 5, 6)] == [False, True, True]
    assert not public_by(reported, november(4), published=True)


def test_a_statement_is_public_from_its_day_on_or_where_nothing_is_dated_from_its_publication_here() -> None:
    dated = stored(content("a", stated_on=november(5)))
    undated = stored(content("b", stated_on=None, citations=(page(None),)))
    assert [public_by(dated, november(day), published=False) for day in (4, 5, 6)] == [False, True, True]
    assert not public_by(dated, november(4), published=True)
    assert public_by(undated, november(4), published=True)
    assert not public_by(undated, november(4), published=False)
