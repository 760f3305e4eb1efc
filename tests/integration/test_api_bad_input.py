"""Whatever is sent, the answer is a problem document that says what is wrong, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from support.api import NDJSON, PROBLEM, Api, open_api

JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 100_000
DEEP_CLOSED = DEEP + b"]" * 100_000


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("bad")) as api:
        yield api


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["type"] == f"/docs#{kind}"
    assert document["title"]
    assert document["detail"]
    return document


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"claim": "x"', id="cut off"),
        pytest.param(b'{"claim": "\xff\xfe"}', id="invalid UTF-8"),
        pytest.param(b'{"claim": "\\ud800"}', id="lone high surrogate"),
        pytest.param(b'{"claim": "\\udc00"}', id="lone low surrogate"),
        pytest.param(b'{"claim": "\xed\xa0\x80"}', id="surrogate in UTF-8"),
        pytest.param(DEEP, id="100,000 brackets"),
        pytest.param(DEEP_CLOSED, id="100,000 brackets, closed"),
        pytest.param(b'{"claim": ' + DEEP_CLOSED + b"}", id="brackets in a field"),
        pytest.param(b'{"deep": ' + DEEP_CLOSED + b', "claim": "x"}', id="brackets in an unknown field"),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, id="50,000 objects"),
        pytest.param(b'{"claim": NaN}', id="NaN"),
        pytest.param(b'{"claim": "x", "limit": NaN}', id="NaN as a number"),
        pytest.param(b'{"claim": "x", "limit": Infinity}', id="Infinity"),
        pytest.param(b'{"claim": "a\x00b"}', id="raw NUL"),
        pytest.param('{"claim": "x"}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'\xef\xbb\xbf{"claim": "x"}', id="byte order mark"),
        pytest.param(b'{"claim": "x"} trailing', id="trailing text"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/check", "/v1/check/batch", "/v1/compare", "/v1/search", "/v1/rebuttals"])
def test_what_is_not_json_is_400(api: Api, path: str, body: bytes) -> None:
    answer = api.client.post(path, content=body, headers={**JSON, **api.key()})
    problem(answer, 400, "malformed-body")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"claim": ""}, "$.claim"),
        ({"claim": " \n\t "}, "$.claim"),
        ({"claim": "x" * 5001}, "$.claim"),
        ({"claim": "a\x00b"}, "$.claim"),
        ({"claim": None}, "$.claim"),
        ({"claim": 7}, "$.claim"),
        ({}, "$.claim"),
        ([], "$"),
        (None, "$"),
        ({"claim": "x", "limit": 0}, "$.limit"),
        ({"claim": "x", "limit": 21}, "$.limit"),
        ({"claim": "x", "limit": "5"}, "$.limit"),
        ({"claim": "x", "limit": 10**30}, "$.limit"),
        ({"claim": "x", "language": "no language"}, "$.language"),
        ({"claim": "x", "as_of": "yesterday"}, "$.as_of"),
        ({"claim": "x", "colour": "red"}, "$.colour"),
    ],
)
def test_a_field_that_breaks_a_rule_is_named(api: Api, body: object, field: str) -> None:
    sent = msgspec.json.encode(body)
    document = problem(api.client.post("/v1/check", content=sent, headers=JSON), 422, "invalid-body")
    assert document["errors"][0]["field"] == field
    assert document["instance"] == "/v1/check"
    assert "xxx" not in document["detail"]
    assert "regex" not in document["detail"]


def test_5000_characters_are_taken(api: Api) -> None:
    assert api.client.post("/v1/check", json={"claim": "x" * 5000}).status_code == 200


@pytest.mark.parametrize("given", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_another_content_type_is_415(api: Api, given: str) -> None:
    answer = api.client.post("/v1/check", content=b'{"claim": "x"}', headers={"Content-Type": given})
    assert "application/json" in problem(answer, 415, "unsupported-media-type")["detail"]


def test_a_charset_and_capitals_do_no_harm(api: Api) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert api.client.post("/v1/check", content=b'{"claim": "x"}', headers=headers).status_code == 200


def test_a_compressed_body_is_415(api: Api) -> None:
    answer = api.client.post("/v1/check", content=b"\x1f\x8b", headers={**JSON, "Content-Encoding": "gzip"})
    problem(answer, 415, "unsupported-media-type")


def test_a_body_over_the_limit_is_413(api: Api) -> None:
    body = b'{"claim": "' + b"x" * api.runtime.settings.max_body + b'"}'
    problem(api.client.post("/v1/check", content=body, headers=JSON), 413, "body-too-large")


def test_a_body_without_length_is_counted_as_it_comes(api: Api) -> None:
    pieces = (b"x" * 100_000 for _ in range(100))
    problem(api.client.post("/v1/check", content=pieces, headers=JSON), 413, "body-too-large")


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("limit=0", 422, "invalid-parameter"),
        ("limit=ten", 422, "invalid-parameter"),
        ("colour=red", 422, "invalid-parameter"),
        ("status=gone", 422, "invalid-parameter"),
        ("stated_from=soon", 422, "invalid-parameter"),
        ("limit=1&limit=2", 400, "bad-request"),
        ("topic=%ff", 400, "bad-request"),
        ("&".join(f"a{at}=1" for at in range(60)), 400, "bad-request"),
        ("cursor=nonsense", 400, "bad-request"),
    ],
)
def test_bad_parameters_are_named(api: Api, query: str, status: int, kind: str) -> None:
    document = problem(api.client.get(f"/v1/rebuttals?{query}"), status, kind)
    if status == 422:
        assert document["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/nothing", "/v2/check", "/v1/rebuttals/none", "/v1/rebuttals/%00"]
)
def test_nothing_there_is_404(api: Api, path: str) -> None:
    problem(api.client.get(path), 404, "not-found")


def test_another_method_is_405_and_says_which_are_allowed(api: Api) -> None:
    answer = api.client.get("/v1/check")
    problem(answer, 405, "method-not-allowed")
    assert "POST" in answer.headers["allow"]


def test_bad_lines_of_an_import_are_named_and_good_ones_kept(api: Api) -> None:
    good = b'{"id": "%s", "rumor": "r", "statement": "s", "authority": {"name": "a"}, "citations": [%s]}'
    cited = b'{"url": "https://example.org/1", "publisher": "p"}'
    lines = [
        good % (b"line-1", cited),
        good % (b"no-citation", b""),
        good % (b"bad-url", b'{"url": "javascript:alert(1)", "publisher": "p"}'),
        good % (b"file-url", b'{"url": "file:///etc/passwd", "publisher": "p"}'),
        good % (b"line-1", cited),
        good % (b"unknown", cited + b'], "colour": ["red"'),
        DEEP,
        b'{"id": "latin", "rumor": "\xe9"}',
        b'{"id": "nul", "rumor": "a\\u0000b"}',
        b"NaN",
        b"x" * (api.runtime.settings.max_line + 1),
        good % (b"line-12", cited),
        (good % (b"cut", cited))[:60],
    ]
    report = api.put_in(*lines)
    assert report["created"] == 2
    assert [rejected["line"] for rejected in report["rejected"]] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]
    assert {rejected["id"] for rejected in report["rejected"]} >= {"no-citation", "bad-url", "file-url", "line-1"}
    assert all(rejected["error"] for rejected in report["rejected"])
    assert api.client.get("/v1/rebuttals/line-12").status_code == 200


def test_an_import_of_another_type_is_415(api: Api) -> None:
    answer = api.client.post(
        "/v1/rebuttals/import", content=b"{}", headers={"Content-Type": "application/pdf", **api.key()}
    )
    assert NDJSON["Content-Type"] in problem(answer, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"citations": []}, "$.citations"),
        ({"citations": [{"url": "ftp://example.org", "publisher": "p"}]}, "$.citations[0].url"),
        ({"rumor": "x" * 2001}, "$.rumor"),
        ({"id": "no spaces allowed"}, "$.id"),
        ({"revision": 7}, "$.revision"),
        ({"authority": {"name": "a", "kind": "newspaper"}}, "$.authority.kind"),
    ],
)
def test_a_record_that_breaks_a_rule_is_not_created(api: Api, change: dict[str, Any], field: str) -> None:
    cited = [{"url": "https://example.org/1", "publisher": "p"}]
    record = {"rumor": "r", "statement": "s", "authority": {"name": "a"}, "citations": cited, **change}
    before = api.runtime.store.head()
    document = problem(api.client.post("/v1/rebuttals", json=record, headers=api.key()), 422, "invalid-body")
    assert document["errors"][0]["field"] == field
    assert api.runtime.store.head() == before
