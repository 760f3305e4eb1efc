"""The signed index and its files over HTTP, as a browser that asks nobody fetches them."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient
from msgspec import structs
from rejoinder_client import Client, NotFoundError
from support.api import PROBLEM, Api, open_api, open_runtime
from support.packed import Read, Stand, read
from support.records import content
from support.service import serving

from service.api.app import create_app
from service.api.index import takes_gzip
from service.packed import Offer, models_offered, ready
from service.packed.format import FORMAT
from service.store.sqlite import SqliteStore

INDEX = "/v1/index"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with open_api(tmp_path, Stand()) as api:
        yield api


def index(api: Api, since: int | None = None) -> Read:
    answer = api.client.get(INDEX, params={} if since is None else {"since": since})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.rejoinder.index"
    assert answer.headers["cache-control"] == "no-cache"
    assert "set-cookie" not in answer.headers
    return read(answer.content)


def step(api: Api, name: str, route: str, **body: str) -> None:
    answer = api.client.post(f"/v1/rebuttals/{name}/{route}", json=body, headers=api.key())
    assert answer.status_code == 200, answer.text


def test_a_snapshot_has_what_the_public_reads_and_nothing_else(api: Api) -> None:
    api.put_in(content("a"), content("b"), content("draft", status="draft"), content("gone"))
    step(api, "gone", "retract", reason="Withdrawn.")
    found = index(api)
    assert set(found.records) == {"a", "b"}
    assert found.header["removed"] == []
    raw = api.client.get(INDEX).content
    assert b"draft" not in raw
    assert b"gone" not in raw
    public = api.client.get("/v1/rebuttals/a").json()
    shown = found.records["a"]
    assert shown.items() >= {name: public[name] for name in ("rumor", "statement", "authority", "revision")}.items()
    assert {"topics", "status", "created_at"}.isdisjoint(shown)
    assert found.header["store_version"] == api.client.get("/v1/version").json()["store_version"]
    assert found.header["model"] == api.client.get("/v1/version").json()["model"]


def test_deltas_follow_every_step_of_a_record(api: Api) -> None:
    api.put_in(content("a"), content("b"), content("c"))
    position = index(api).header["position"]

    def delta() -> tuple[set[str], set[str]]:
        nonlocal position
        found = index(api, position)
        assert found.header["since"] == position
        position = found.header["position"]
        return set(found.records), set(found.header["removed"])

    assert delta() == (set(), set())
    api.put_in(content("new"), content("secret", status="draft"))
    assert delta() == ({"new"}, set())
    api.put_in(content("a", rumor="The moon is made of cheese."))
    assert delta() == ({"a"}, set())
    step(api, "b", "retract", reason="Withdrawn.")
    assert delta() == (set(), {"b"})
    step(api, "c", "supersede", by="a")
    assert delta() == (set(), {"c"})
    step(api, "secret", "publish")
    assert delta() == ({"secret"}, set())
    api.put_in(content("thrown-away", status="draft"))
    step(api, "thrown-away", "retract", reason="Never said.")
    assert delta() == (set(), set())
    assert set(index(api).records) == {"a", "new", "secret"}


def test_what_cannot_be_gone_on_from_gives_the_whole(api: Api) -> None:
    api.put_in(content("a"))
    for since in (10**6, 2**63, 10**30):
        found = index(api, since)
        assert (found.header["since"], set(found.records)) == (0, {"a"})


@pytest.mark.parametrize("since", ["-1", "one", "", "1.5", "%00", "1;2"])
def test_what_is_no_position_is_a_problem(api: Api, since: str) -> None:
    answer = api.client.get(f"{INDEX}?since={since}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert [fault["field"] for fault in answer.json()["errors"]] == ["since"]


def test_another_parameter_is_refused(api: Api) -> None:
    assert api.client.get(f"{INDEX}?until=1").status_code == 422
    assert api.client.get(f"{INDEX}?since=1&since=2").status_code == 400


def test_nothing_new_is_told_without_a_body(api: Api) -> None:
    api.put_in(content("a"))
    first = api.client.get(INDEX)
    tag = first.headers["etag"]
    known = {"If-None-Match": tag}
    same = api.client.get(INDEX, headers=known)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    position = read(first.content).header["position"]
    assert api.client.get(f"{INDEX}?since={position}", headers=known).status_code == 200  # another document
    step(api, "a", "retract", reason="Withdrawn.")
    changed = api.client.get(INDEX, headers=known)
    assert changed.status_code == 200
    assert read(changed.content).records == {}


@pytest.mark.parametrize("upgraded", ["format", "calibration", "models"])
def test_what_was_kept_before_an_upgrade_is_not_taken_for_what_comes_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, upgraded: str
) -> None:
    with open_api(tmp_path, Stand()) as api:
        api.put_in(content("a"))
        tag = api.client.get(INDEX).headers["etag"]
        settings = api.runtime.settings

    def asked() -> httpx.Response:
        runtime = open_runtime(settings, Stand())
        with closing(runtime), TestClient(create_app(settings, runtime)) as client:
            return client.get(INDEX, headers={"If-None-Match": tag})

    assert asked().status_code == 304

    def offered(*given: Any, **named: Any) -> Offer | None:  # noqa: ANN401 - whatever it is called with
        offer = models_offered(*given, **named)
        assert offer is not None
        if upgraded == "calibration":
            return offer._replace(numbers=structs.replace(offer.numbers, rebutted=0.123))
        return offer._replace(stance=structs.replace(offer.stance, max_claim_tokens=7))

    if upgraded == "format":
        monkeypatch.setattr("service.packed.models.FORMAT", FORMAT + 1)
    else:
        monkeypatch.setattr("service.api.index.models_offered", offered)
    changed = asked()
    assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)


def test_it_comes_compressed_to_those_who_take_that(api: Api) -> None:
    api.put_in(*(content(f"record-{number}") for number in range(20)))
    with api.client.stream("GET", INDEX, headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert int(answer.headers["content-length"]) == len(packed)
    with api.client.stream("GET", INDEX, headers={"Accept-Encoding": "identity"}) as answer:
        plain = b"".join(answer.iter_raw())
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(plain) > len(packed)
    assert gzip.decompress(packed) == plain
    assert len(read(plain).records) == 20


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0.001", True),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
    ],
)
def test_what_a_caller_takes(header: str, *, takes: bool) -> None:
    assert takes_gzip(header) is takes


def test_many_callers_cost_one_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    keep = ready.Ready._keep  # noqa: SLF001 - where every build ends

    def keeping(self: ready.Ready, since: int, one: ready.Prepared) -> None:
        made.append(since)
        keep(self, since, one)

    monkeypatch.setattr(ready.Ready, "_keep", keeping)
    with serving(tmp_path, reading=Stand()) as service, ThreadPoolExecutor(16) as callers:
        asked = [callers.submit(httpx.get, f"{service.address}{INDEX}", timeout=60) for _ in range(64)]
        answers = {answer.result().content for answer in asked}
    assert len(answers) == 1
    assert made == [0]


def test_the_key_stays_the_same_after_a_restart(tmp_path: Path) -> None:
    with open_api(tmp_path, Stand()) as api:
        key = index(api).header["key"]
        settings = api.runtime.settings
    runtime = open_runtime(settings, Stand())
    with closing(runtime), TestClient(create_app(settings, runtime)) as client:
        assert read(client.get(INDEX).content).header["key"] == key


MAKE_KEY = """
import sys
from service.packed import public_key, signing_key
from service.store.sqlite import SqliteStore
with SqliteStore.open(sys.argv[1]) as store:
    print("open", flush=True)
    sys.stdin.readline()
    print(public_key(signing_key(store)).hex())
"""


def test_processes_that_make_the_key_at_once_end_with_one(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SqliteStore.open(path).close()
    started = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE_KEY, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0] for process in started}
    assert len(keys) == 1
    assert len(bytes.fromhex(keys.pop().strip())) == 32


def test_every_file_that_the_header_names_is_given(api: Api) -> None:
    api.put_in(content("a"))
    header = index(api).header
    for file in [*header["encoder"]["files"], *header["stance"]["files"]]:
        path = f"{INDEX}/files/{file['sha256']}"
        digest = hashlib.sha256()
        with api.client.stream("GET", path) as answer:
            for piece in answer.iter_raw():
                digest.update(piece)
        assert answer.status_code == 200
        assert digest.hexdigest() == file["sha256"]
        assert int(answer.headers["content-length"]) == file["bytes"]
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "set-cookie" not in answer.headers
        again = api.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    [
        "0" * 64,
        "model.onnx",
        "..%2F..%2Fpyproject.toml",
        "%2Fetc%2Fpasswd",
        "%2E%2E",
        "",
        "a/b",
        "%00",
        "tokenizer.json",
    ],
)
def test_no_other_file_is_given(api: Api, name: str) -> None:
    answer = api.client.get(f"{INDEX}/files/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)


def test_the_python_client_saves_what_is_there(tmp_path: Path) -> None:
    with serving(tmp_path, reading=Stand()) as service, Client(service.address) as client:
        size = client.index.save(tmp_path / "whole")
        whole = read((tmp_path / "whole").read_bytes())
        assert (size, len(whole.records)) == ((tmp_path / "whole").stat().st_size, 171)
        client.index.save(tmp_path / "delta", since=whole.header["position"])
        assert read((tmp_path / "delta").read_bytes()).records == {}
        assert client.version().store_version == whole.header["store_version"]
        file = whole.header["stance"]["files"][2]
        assert client.index.save_file(file["sha256"], tmp_path / file["name"]) == file["bytes"]
        with pytest.raises(NotFoundError):
            client.index.save_file("0" * 64, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_another_encoder_has_no_index(tmp_path: Path) -> None:
    with open_api(tmp_path) as api:
        api.put_in(content("a"))
        for path in (INDEX, f"{INDEX}/files/{'0' * 64}"):
            answer = api.client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
            assert answer.json()["type"] == "/docs#no-index"
            assert "encoder that ships" in answer.json()["detail"]


def test_where_reads_need_a_key_these_do(tmp_path: Path) -> None:
    with open_api(tmp_path, Stand(), reads_need_key=True) as api:
        api.put_in(content("a"))
        for path in (INDEX, f"{INDEX}/files/{'0' * 64}"):
            assert api.client.get(path).status_code == 401
        answer = api.client.get(INDEX, headers=api.key("reader"))
        assert answer.status_code == 200
        sha256 = read(answer.content).header["encoder"]["files"][1]["sha256"]
        assert api.client.get(f"{INDEX}/files/{sha256}").status_code == 401
        assert api.client.get(f"{INDEX}/files/{sha256}", headers=api.key("reader")).status_code == 200


def test_more_builds_than_can_wait_are_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object) -> None:
        raise ready.BusyError

    monkeypatch.setattr(ready.Ready, "get", busy)
    answer = api.client.get(INDEX)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert json.loads(answer.content)["type"] == "/docs#overloaded"
