"""The shared statements in PostgreSQL's spelling."""

from __future__ import annotations

import pytest

from service.store.postgres.spelling import bound, spelled


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FROM a WHERE b = ? AND c > ?", "SELECT 1 FROM a WHERE b = %s AND c > %s"),
        ("UPDATE a SET b = ?2 WHERE c = ?1", "UPDATE a SET b = %(p2)s WHERE c = %(p1)s"),
        ("SELECT 1 WHERE (:now IS NULL OR a <= :now)", "SELECT 1 WHERE (%(now)s IS NULL OR a <= %(now)s)"),
        ("SELECT 'key:' || a, b LIKE '5%'", "SELECT 'key:' || a, b LIKE '5%%'"),
        ("IN (SELECT value FROM json_each(?))", "IN (SELECT value FROM json_array_elements_text(CAST(%s AS json)))"),
        ("SELECT CAST(r.record AS BLOB) FROM r", "SELECT r.record FROM r"),
        ("json_extract(p.record, '$.status') = 'draft'", "(CAST(p.record AS json) ->> 'status') = 'draft'"),
    ],
)
def test_each_spelling(sql: str, expected: str) -> None:
    assert spelled(sql).decode() == expected


def test_numbered_places_take_their_values_by_number() -> None:
    assert bound(spelled("SELECT ?2, ?1"), ("a", "b")) == {"p1": "a", "p2": "b"}
    assert bound(spelled("SELECT ?, ?"), ("a", "b")) == ("a", "b")
    assert bound(spelled("SELECT :name"), {"name": "a"}) == {"name": "a"}
