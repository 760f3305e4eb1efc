"""Import and export over HTTP: streamed, repeatable, and nothing lost when a connection breaks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from support.api import PROBLEM, Api, listening, ndjson, open_api, receive, send
from support.records import content

from service.domain import Rebuttal


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("transfer")) as api:
        yield api


def head(api: Api, path: str = "/v1/rebuttals/import") -> str:
    return f"POST {path} HTTP/1.1\r\nAuthorization: {api.key()['Authorization']}\r\nContent-Type: application/x-ndjson"


def test_importing_twice_changes_nothing(api: Api) -> None:
    records = [content(f"twice-{at}") for at in range(3)]
    assert api.put_in(*records) == {"created": 3, "updated": 0, "unchanged": 0, "rejected": [], "rejected_total": 0}
    version = api.runtime.store.head()
    assert api.put_in(*records)["unchanged"] == 3
    assert api.runtime.store.head() == version


def test_an_import_updates_what_has_changed(api: Api) -> None:
    api.put_in(content("edited"))
    assert api.put_in(content("edited", rating="scam"))["updated"] == 1
    assert api.client.get("/v1/rebuttals/edited").headers["etag"] == '"2"'


def test_what_is_exported_can_be_imported(api: Api, tmp_path: Path) -> None:
    api.put_in(content("kept", rumor="A rumor in 中文 and العربية"), content("held", status="draft"))
    answer = api.client.get("/v1/rebuttals/export?format=ndjson", headers=api.key("editor"))
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = answer.content.splitlines()
    assert len(lines) == api.runtime.store.count()
    with open_api(tmp_path) as copy:
        assert copy.put_in(*lines)["created"] == len(lines)
        again = copy.client.get("/v1/rebuttals/export", headers=copy.key("editor")).content.splitlines()
    stamps = ("created_at", "updated_at", "revision")
    bare = [
        [{k: v for k, v in msgspec.json.decode(line).items() if k not in stamps} for line in export]
        for export in (lines, again)
    ]
    assert bare[0] == bare[1]


def test_an_export_is_filtered_and_in_order(api: Api) -> None:
    api.put_in(*(content(f"z-{at:03}", topics=("ordered",)) for at in range(450)))
    lines = api.client.get("/v1/rebuttals/export?topic=ordered").content.splitlines()
    ids = [msgspec.json.decode(line, type=Rebuttal).id for line in lines]
    assert ids == [f"z-{at:03}" for at in range(450)]


def test_an_unknown_format_is_refused_with_those_that_exist(api: Api) -> None:
    answer = api.client.get("/v1/rebuttals/export?format=xml")
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert "ndjson, claimreview" in answer.json()["detail"]


def test_an_import_has_no_limit_but_its_lines_do(tmp_path: Path) -> None:
    with open_api(tmp_path, max_body=1_000, max_line=2_000) as api:
        report = api.put_in(*(content(f"r-{at}") for at in range(20)), content("long", statement="x" * 3_000))
    assert report["created"] == 20
    assert [rejected["line"] for rejected in report["rejected"]] == [21]


def test_a_file_cut_in_its_last_line_keeps_the_others(api: Api) -> None:
    body = ndjson(content("whole-1"), content("whole-2"), content("torn"))[:-40]
    answer = api.put_in(body)
    assert answer["created"] == 2
    assert answer["rejected"][0]["line"] == 3


def test_an_upload_that_breaks_off_keeps_its_complete_lines(api: Api) -> None:
    body = ndjson(*(content(f"sent-{at}") for at in range(300)), content("cut"))[:-40]
    with listening(api) as connection:
        send(connection, head(api), body, length=len(body) + 5_000)
        connection.close()
        deadline = time.monotonic() + 10
        while api.runtime.store.count() < 300 or "sent-299" not in stored(api):
            assert time.monotonic() < deadline, "the lines that came are not kept"
            time.sleep(0.02)
    assert "cut" not in stored(api)
    rest = api.put_in(*(content(f"sent-{at}") for at in range(300)), content("cut"))
    assert (rest["created"], rest["unchanged"]) == (1, 300)


def stored(api: Api) -> set[str]:
    return {record.id for record in api.runtime.store.scan()}


def test_a_large_upload_comes_in_pieces_over_a_socket(api: Api) -> None:
    lines = ndjson(*(content(f"piece-{at}") for at in range(200))) + b"\n"
    with listening(api) as connection:
        connection.sendall(f"{head(api)}\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for at in range(0, len(lines), 7_001):
            piece = lines[at : at + 7_001]
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        answer = receive(connection)
    assert answer.status == 200
    assert msgspec.json.decode(answer.body)["created"] == 200


def test_a_reader_who_leaves_in_the_middle_of_an_export_does_no_harm(api: Api) -> None:
    with listening(api) as connection:
        connection.sendall(b"GET /v1/rebuttals/export HTTP/1.1\r\nHost: test\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        connection.close()
    assert api.client.get("/v1/rebuttals?limit=1").status_code == 200
