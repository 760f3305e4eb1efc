"""What the public never sees: drafts, not by their ids either, and what was thrown away before it was published."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from support.api import Api, open_api
from support.records import content

RUMOR = "The lighthouse keeper of Exampleport has sold the lamp"
NEVER = ("merged-away", "thrown-away", "replaced")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("unseen")) as api:
        api.put_in(
            content("a-published"),
            content("b-draft", rumor=RUMOR, status="draft"),
            *(content(name, rumor=RUMOR, status="draft") for name in NEVER),
            content("withdrawn"),
            content("imported-withdrawn", status="retracted"),
        )
        step(api, "b-draft", "merge", other="merged-away")
        step(api, "thrown-away", "retract", reason="It was never said.")
        step(api, "replaced", "supersede", by="a-published")
        step(api, "withdrawn", "retract", reason="The source withdrew it.")
        yield api


def step(api: Api, name: str, route: str, **body: str) -> None:
    answer = api.client.post(f"/v1/rebuttals/{name}/{route}", json=body, headers=api.key("publisher"))
    assert answer.status_code == 200, answer.text


def get(api: Api, path: str, role: Any = "reader") -> Any:  # noqa: ANN401 - an answer
    return api.client.get(path, headers=api.key(role) if role else {})


@pytest.mark.parametrize("role", [None, "reader"])
@pytest.mark.parametrize("name", NEVER)
@pytest.mark.parametrize(
    "route", ["", "/revisions", "/revisions/1", "/revisions/2", "/diff", "/citations", "/claimreview", "/provenance"]
)
def test_what_was_thrown_away_as_a_draft_is_seen_by_editors_alone(
    api: Api, role: str | None, name: str, route: str
) -> None:
    answer = get(api, f"/v1/rebuttals/{name}{route}", role)
    assert (answer.status_code, RUMOR in answer.text) == (404, False)
    assert get(api, f"/v1/rebuttals/{name}{route}", "editor").status_code == 200


@pytest.mark.parametrize("role", [None, "reader"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/rebuttals",
        "/v1/rebuttals?status=superseded",
        "/v1/rebuttals/export",
        "/v1/rebuttals/export?format=claimreview&status=retracted",
        "/feeds/rebuttals.atom",
        "/feeds/rebuttals.json",
        "/v1/citations",
    ],
)
def test_no_list_tells_of_it(api: Api, role: str | None, path: str) -> None:
    text = get(api, path, role).text
    assert not [name for name in (*NEVER, "b-draft", RUMOR) if name in text]


@pytest.mark.parametrize("name", ["withdrawn", "imported-withdrawn"])
def test_what_was_published_stays_readable(api: Api, name: str) -> None:
    assert get(api, f"/v1/rebuttals/{name}").json()["status"] == "retracted"
    assert get(api, f"/v1/rebuttals/{name}/revisions").status_code == 200
    for path in ("/v1/rebuttals", "/v1/rebuttals/export", "/feeds/rebuttals.json"):
        assert name in get(api, path).text


def test_no_cursor_names_what_is_not_shown(api: Api) -> None:
    named, cursor = [], ""
    while cursor is not None:
        page = get(api, f"/v1/rebuttals?limit=1{cursor and f'&cursor={cursor}'}").json()
        assert len(page["items"]) == 1, "a page holds what it may hold"
        named.append(page["items"][0]["id"])
        cursor = page["next_cursor"]
        if cursor:
            assert base64.urlsafe_b64decode(cursor + "==").decode() == f"1:{named[-1]}"
    assert named == ["a-published", "imported-withdrawn", "withdrawn"]


def test_drafts_take_no_place_among_the_similar(api: Api) -> None:
    rumor = "The ferry to Exampleport runs on seawater"
    names = [f"ferry-{at}" for at in range(12)]
    api.put_in(
        *(content(name, rumor=rumor, status="draft" if at % 2 else "published") for at, name in enumerate(names))
    )
    sketch = {"rumor": rumor, "language": "en"}
    found = api.client.post("/v1/rebuttals/similar", json=sketch).json()["items"]
    assert {one["rebuttal"]["id"] for one in found} >= set(names[::2])
    assert {one["rebuttal"]["status"] for one in found} == {"published"}
    edited = api.client.post("/v1/rebuttals/similar", json=sketch, headers=api.key("editor")).json()["items"]
    assert {one["rebuttal"]["status"] for one in edited} == {"published", "draft"}


def test_a_watch_hears_nothing_of_it(api: Api) -> None:
    body = {"kind": "topic", "text": "smuggling"}
    watch = api.client.post("/v1/watches", json=body, headers=api.key("reader")).json()["id"]
    made = [content(name, topics=("smuggling",), status="draft") for name in ("hidden", "keeper")]
    for one in (*made, content("shown", topics=("smuggling",))):
        answer = api.client.post("/v1/rebuttals", json=msgspec.to_builtins(one), headers=api.key("editor"))
        assert answer.status_code == 201, answer.text
    step(api, "keeper", "merge", other="hidden")
    step(api, "hidden", "retract", reason="It was never said.")
    step(api, "shown", "retract", reason="The source withdrew it.")
    heard: list[str] = []
    cursor = ""
    while "rebuttal.retracted shown" not in heard:
        feed = get(api, f"/v1/watches/{watch}/events{cursor}").json()
        heard += [f"{one['type']} {one['data']['rebuttal']['id']}" for one in feed["items"]]
        cursor = f"?cursor={feed['next_cursor']}"
    assert heard == ["rebuttal.published shown", "rebuttal.retracted shown"]
