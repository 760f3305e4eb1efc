"""What a record was, what changed, and the log of it over HTTP, held against its own hashes by other means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from support.api import Api, open_api
from support.records import content

from service.catalog import content_of
from service.diff import Change, apply
from service.domain import Rebuttal


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A record that was a draft, was corrected, published, and corrected again."""
    with open_api(tmp_path_factory.mktemp("revisions")) as api:
        states = [
            {"status": "draft", "topics": ()},
            {"status": "draft", "statement": "The stones were raw gem ores that staff had bought in Lahore."},
            {"status": "published"},
            {"status": "published", "variants": ("稀土样品送给总统",), "quote": None},
        ]
        for revision, changes in enumerate(states):
            record = msgspec.to_builtins(content("lived", **changes))
            if revision:
                answer = put(api, record, f'"{revision}"')
            else:
                answer = api.client.post("/v1/rebuttals", json=record, headers=api.key())
            assert answer.is_success, answer.text
        yield api


def put(api: Api, record: dict[str, Any], tag: str) -> Any:  # noqa: ANN401 - an answer
    headers = {**api.key(), "If-Match": tag}
    return api.client.put("/v1/rebuttals/lived", params={"reason": "Čeština"}, json=record, headers=headers)


def get(api: Api, path: str, *, editor: bool = True) -> Any:  # noqa: ANN401 - an answer
    return api.client.get(path, headers=api.key("editor") if editor else {})


def test_every_revision_is_where_its_number_says(api: Api) -> None:
    items = get(api, "/v1/rebuttals/lived/revisions").json()["items"]
    assert [item["revision"] for item in items] == [4, 3, 2, 1]
    for item in items:
        assert get(api, f"/v1/rebuttals/lived/revisions/{item['revision']}").json() == item
    for number in ("5", "0", "-1", "99999999999999999999999", "one"):
        assert get(api, f"/v1/rebuttals/lived/revisions/{number}").status_code == 404
    assert get(api, "/v1/rebuttals/nowhere/revisions/1").status_code == 404


def test_revisions_come_in_pages(api: Api) -> None:
    seen: list[int] = []
    page = {"next_before": 5}
    while page["next_before"]:
        page = get(api, f"/v1/rebuttals/lived/revisions?limit=3&before={page['next_before']}").json()
        seen += [item["revision"] for item in page["items"]]
    assert seen == [4, 3, 2, 1]
    assert get(api, "/v1/rebuttals/lived/revisions?limit=0").status_code == 422
    assert get(api, "/v1/rebuttals/lived/revisions?before=1").status_code == 404


def test_a_state_that_was_a_draft_is_for_editors(api: Api) -> None:
    assert get(api, "/v1/rebuttals/lived/revisions/3", editor=False).status_code == 200
    assert get(api, "/v1/rebuttals/lived/revisions/2", editor=False).status_code == 404
    assert get(api, "/v1/rebuttals/lived/diff?from=3&to=4", editor=False).status_code == 200
    assert get(api, "/v1/rebuttals/lived/diff?from=2&to=4", editor=False).status_code == 404
    assert get(api, "/v1/events", editor=False).status_code == 401
    assert api.client.get("/v1/events", headers=api.key("reader")).status_code == 403


def state(api: Api, number: int) -> Rebuttal:
    found = get(api, f"/v1/rebuttals/lived/revisions/{number}").json()["rebuttal"]
    return msgspec.convert(found, Rebuttal)


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (1, 4), (4, 1), (3, 3)])
def test_a_diff_leads_from_one_revision_to_the_other(api: Api, before: int, after: int) -> None:
    found = get(api, f"/v1/rebuttals/lived/diff?from={before}&to={after}").json()
    assert (found["rebuttal_id"], found["from"], found["to"]) == ("lived", before, after)
    changes = msgspec.convert(found["changes"], list[Change])
    assert apply(content_of(state(api, before)), changes) == content_of(state(api, after))


def test_a_diff_without_revisions_is_of_the_last_change(api: Api) -> None:
    found = get(api, "/v1/rebuttals/lived/diff").json()
    assert (found["from"], found["to"]) == (3, 4)
    assert [(change["kind"], change["path"]) for change in found["changes"]] == [
        ("changed", "$.variants[0]"),
        ("removed", "$.quote"),
    ]
    assert get(api, "/v1/rebuttals/lived/diff?from=1&to=9").status_code == 404
    assert get(api, "/v1/rebuttals/lived/diff?from=0").status_code == 422
    assert get(api, "/v1/rebuttals/nowhere/diff").status_code == 404


def test_the_words_that_changed_are_given_with_their_places(api: Api) -> None:
    changes = get(api, "/v1/rebuttals/lived/diff?from=1&to=2").json()["changes"]
    (change,) = [change for change in changes if change["path"] == "$.statement"]
    spans = change["words"]
    assert [change["before"][slice(*span["before"])] for span in spans] == ["", "Pakistan"]
    assert [change["after"][slice(*span["after"])] for span in spans] == ["raw ", "Lahore"]


def sealed(value: Any) -> str:  # noqa: ANN401 - JSON
    """By the words of the documentation and nothing of ours."""
    text = json.dumps(pruned(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def pruned(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        kept = {name: pruned(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if part not in (None, [], {})}
    return [pruned(part) for part in value] if isinstance(value, list) else value


def test_whoever_reads_the_log_can_verify_it(api: Api) -> None:
    api.put_in(*(content(f"other-{at}") for at in range(3)))
    events: list[dict[str, Any]] = []
    while True:
        page = get(api, f"/v1/events?since={events[-1]['number'] if events else 0}&limit=2").json()
        if not page["items"]:
            break
        events += page["items"]
    assert [event["number"] for event in events] == list(range(1, page["head"] + 1))
    assert [event["previous"] for event in events[1:]] == [event["hash"] for event in events[:-1]]
    for event in events:
        assert sealed({name: value for name, value in event.items() if name != "hash"}) == event["hash"]
        record = get(api, f"/v1/rebuttals/{event['rebuttal_id']}/revisions/{event['revision']}").json()["rebuttal"]
        own = {name: record[name] for name in record if name not in ("revision", "created_at", "updated_at")}
        assert sealed(own) == event["content_sha256"]


def test_the_log_of_one_record(api: Api) -> None:
    found = get(api, "/v1/events?rebuttal_id=lived&since=1").json()["items"]
    assert [(event["revision"], event["action"], event["reason"]) for event in found] == [
        (2, "update", "Čeština"),
        (3, "publish", "Čeština"),
        (4, "update", "Čeština"),
    ]
    assert get(api, "/v1/events?limit=0").status_code == 422
