"""Near-duplicates: warned of where a record is written, and found before it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from support.api import Api, open_api
from support.records import GEM_ORE, content

from embeddings.batcher import Overloaded

FLOOD = "The reservoir above Exampletown has burst and the valley must be evacuated"
FLOOD_AGAIN = "The reservoir above Exampletown burst and the valley has to be evacuated"
SAFE = "The reservoir is intact; nobody has to leave the valley."


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("similar")) as api:
        yield api


def body(name: str, **changes: object) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(content(name, **changes))
    return record


def flood(name: str, rumor: str = FLOOD, **changes: object) -> dict[str, Any]:
    return body(name, rumor=rumor, statement=SAFE, variants=(), **changes)


def create(api: Api, record: dict[str, Any]) -> list[str]:
    """Create a record. Returns the ids of those that the answer warns of."""
    answer = api.client.post("/v1/rebuttals", json=record, headers=api.key("editor"))
    assert answer.status_code == 201, answer.text
    return linked(answer)


def linked(answer: Any) -> list[str]:  # noqa: ANN401 - an answer
    return re.findall(r'</v1/rebuttals/([^>]+)>; rel="similar"', answer.headers.get("link", ""))


def similar(api: Api, sketch: dict[str, Any], *, editor: bool = True) -> list[dict[str, Any]]:
    answer = api.client.post("/v1/rebuttals/similar", json=sketch, headers=api.key("editor") if editor else {})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_record_that_repeats_another_is_written_with_a_warning(api: Api) -> None:
    assert create(api, body("gem-ore")) == []
    assert create(api, flood("flood")) == []
    assert create(api, flood("flood-again", FLOOD_AGAIN)) == ["flood"]
    record = api.client.get("/v1/rebuttals/flood-again")
    headers = {**api.key("editor"), "If-Match": record.headers["etag"]}
    changed = flood("flood-again", FLOOD_AGAIN, topics=("dams",))
    answer = api.client.put("/v1/rebuttals/flood-again", json=changed, headers=headers)
    assert linked(answer) == ["flood"]
    assert "similar" not in answer.json()


def test_drafts_are_warned_of_and_warn(api: Api) -> None:
    create(api, flood("draft", status="draft"))
    assert create(api, flood("second-draft", FLOOD_AGAIN, status="draft")) == ["draft"]
    answer = api.client.post("/v1/rebuttals/draft/publish", json={}, headers=api.key("publisher"))
    assert linked(answer) == ["second-draft"]
    changed = {**body("second-draft", status="draft"), "id": "second-draft"}
    headers = {**api.key("editor"), "If-Match": "*"}
    assert linked(api.client.put("/v1/rebuttals/second-draft", json=changed, headers=headers)) == []
    assert create(api, flood("third", FLOOD_AGAIN)) == ["draft"]


def test_what_is_out_of_use_is_no_duplicate(api: Api) -> None:
    create(api, flood("gone"))
    api.client.post("/v1/rebuttals/gone/retract", json={"reason": "x"}, headers=api.key())
    assert create(api, flood("again", FLOOD_AGAIN)) == []


def test_a_rumor_alone_is_enough_to_ask(api: Api) -> None:
    create(api, flood("flood"))
    create(api, flood("flood-draft", status="draft"))
    found = similar(api, {"rumor": FLOOD_AGAIN})
    assert [(one["rebuttal"]["id"], one["duplicate"]) for one in found] == [("flood", True), ("flood-draft", True)]
    assert found[0]["same_rumor"] > 0.9
    assert [one["rebuttal"]["id"] for one in similar(api, {"rumor": FLOOD_AGAIN}, editor=False)] == ["flood"]
    assert similar(api, {"rumor": "Zebras can be seen on the harbour bridge"}) == []


def test_a_whole_record_is_compared_with_all_but_itself(api: Api) -> None:
    create(api, flood("flood"))
    create(api, flood("other", FLOOD_AGAIN))
    (found,) = similar(api, flood("flood"))
    assert (found["rebuttal"]["id"], found["same_authority"], found["same_page"]) == ("other", True, True)
    assert similar(api, {**flood("other"), "id": None})[0]["rebuttal"]["id"] == "flood"
    assert api.client.post("/v1/rebuttals/similar", json={"rumors": "x"}).status_code == 422


def test_what_the_model_does_not_read_must_share_words_and_a_source(api: Api) -> None:
    other = msgspec.to_builtins(GEM_ORE.authority) | {"name": "Somebody else"}
    elsewhere = [{"url": "https://example.com/elsewhere", "publisher": "Elsewhere"}]
    create(api, flood("flood", language="xx"))
    assert create(api, flood("same", language="xx")) == ["flood"]
    assert (
        create(api, flood("far", "Schools of Exampletown close as the valley has no drinking water", language="xx"))
        == []
    )
    assert create(api, {**flood("stranger", language="xx"), "authority": other, "citations": elsewhere}) == []
    assert create(api, {**flood("same-page", language="xx"), "authority": other}) == ["flood", "same", "stranger"]


def test_a_record_is_kept_where_nobody_has_time_for_a_warning(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object, **__: object) -> None:
        raise Overloaded("full", retry_after=1)

    create(api, flood("flood"))
    monkeypatch.setattr(api.runtime.neighbours, "of", busy)
    assert create(api, flood("again")) == []
    assert api.client.get("/v1/rebuttals/again").status_code == 200
    answer = api.client.post("/v1/rebuttals/similar", json={"rumor": FLOOD})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_text_that_says_nothing_has_no_neighbours(api: Api) -> None:
    create(api, flood("flood"))
    assert similar(api, {"rumor": "https://example.org/1"}) == []
    (found,) = similar(api, {"rumor": "https://example.org/1", "statement": SAFE})
    assert (found["near"], found["duplicate"]) == (0.0, False)
    assert found["statement_near"] > 0.9
