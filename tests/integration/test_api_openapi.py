"""The OpenAPI document and the docs: complete, true, and run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.api import Api, open_api

from service.api import access_examples, examples, watch_examples
from service.api.openapi import described_routes
from service.api.sessions import SignedInAs
from service.api.similar import SimilarList
from service.api.watches import WatchAnswer
from service.document import DocumentResult
from service.domain import CheckResult
from service.feedback import Feedback
from service.people import Person

STARTER = "cn-mfa-pakistan-rare-earth-samples-us"
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "http-api.md"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("openapi"), starter=True) as api:
        yield api


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(path, method): op for path, methods in document["paths"].items() for method, op in methods.items()}


def test_every_route_is_described(api: Api, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path), str(method).lower())
        for route in api.app.routes
        for handler in getattr(route, "route_handlers", ())
        if "page" not in handler.opt  # pages are for people: docs/how-to/use-the-desk.md describes them
        for method in handler.http_methods
        if method != "OPTIONS"
    }
    assert routes == set(operations(document))
    assert len(list(described_routes(api.app))) == len(routes)
    for place, operation in operations(document).items():
        assert operation["summary"], place
        assert operation["description"], place


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = msgspec.json.encode(document).decode()
    wanted = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert wanted == wanted & set(document["components"]["schemas"])
    assert document["openapi"].startswith("3.1")


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    for place, operation in operations(document).items():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content["examples"], place


def test_example_answers_have_the_shape_of_answers() -> None:
    shapes = {"document": DocumentResult}
    for name, example in examples.CHECK.items():
        if example.answer:
            msgspec.convert(example.answer, shapes.get(name, CheckResult))
    for examples_of, shape in (
        (examples.FEEDBACK, Feedback),
        (examples.SIMILAR, SimilarList),
        (access_examples.CREATE_PERSON, Person),
        (access_examples.SET_ROLE, Person),
        (access_examples.SIGN_IN, SignedInAs),
        (watch_examples.WATCH, WatchAnswer),
    ):
        for example in examples_of.values():
            if example.answer:
                msgspec.convert(example.answer, shape)


def test_the_examples_are_taken_in_the_order_of_a_record_s_life(api: Api, document: dict[str, Any]) -> None:
    order = ["check", "check_batch", "compare", "search", "give_feedback", "create_rebuttal", "update_rebuttal"]
    order += ["find_similar", "cite_rebuttal", "publish_rebuttal", "merge_rebuttal"]
    order += ["supersede_rebuttal", "retract_rebuttal", "import_rebuttals", "verify_citations"]
    order += ["create_key", "limit_key", "rotate_key"]
    order += ["create_person", "set_person_role", "set_person_password", "open_own_session", "change_own_password"]
    order += ["create_watch", "extract_drafts"]
    drafts = {"publish_rebuttal": "cn-mfa-gem-ore-draft"}
    found = {op["operationId"]: (path, method, op) for (path, method), op in operations(document).items()}
    assert set(order) == {name for name, (_, _, op) in found.items() if "requestBody" in op}
    for name in order:
        path, method, operation = found[name]
        for kind, content in operation["requestBody"]["content"].items():
            for example in content["examples"].values():
                value = example["value"]
                if name == "give_feedback":  # a verdict of another store is not one of this
                    value = {**value, "verdict_id": verdict_id(api)}
                body = value.encode() if isinstance(value, str) else msgspec.json.encode(value)
                headers = {"Content-Type": kind, **api.key()}
                if name == "change_own_password":  # a person's, who has just signed in
                    token = api.client.get("/v1/session").json()["csrf_token"]
                    headers = {"Content-Type": kind, "X-CSRF-Token": token}
                if name == "update_rebuttal":
                    headers["If-Match"] = operation["parameters"][1]["example"]
                url = path.replace("{rebuttal_id}", drafts.get(name, "cn-mfa-gem-ore-example"))
                if "{name}" in url:
                    url = url.replace("{name}", operation["parameters"][0]["example"])
                answer = api.client.request(method, url, content=body, headers=headers)
                assert answer.is_success, f"{name}: {answer.text}"
                assert str(answer.status_code) in operation["responses"]


def verdict_id(api: Api) -> str:
    return str(api.client.post("/v1/check", json=examples.CHECK["rumor"].request).json()["verdict_id"])


class Links(HTMLParser):
    """Collects everything that a page could load or run, and its anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inside: set[str] = set()
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag refers to."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name == "href" and (value or "").startswith("#"):
                self.inside.add((value or "")[1:])
            elif name in {"src", "href", "action"} and value != "/openapi.json":
                self.loaded.append(f"{tag} {name}={value}")
        if tag in {"script", "iframe", "object", "link", "img"}:
            self.loaded.append(tag)


def test_the_docs_page_loads_nothing_and_its_links_hold(api: Api, document: dict[str, Any]) -> None:
    answer = api.client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers.get_list("content-security-policy") == [answer.headers["content-security-policy"]]
    links = Links()
    links.feed(answer.text)
    assert links.loaded == []
    assert links.inside <= links.anchors
    assert {op["operationId"] for op in operations(document).values()} <= links.anchors
    problem = api.client.post("/v1/check", json={}).json()
    assert problem["type"].removeprefix("/docs#") in links.anchors


def test_the_guide_s_examples_run(tmp_path: Path) -> None:
    requests = re.findall(r"```http\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert len(requests) >= 12
    with open_api(tmp_path, starter=True) as api:
        for text in requests:
            head, _, body = text.partition("\n\n")
            first, *lines = head.strip().splitlines()
            method, path = first.split()
            headers = dict(line.split(": ", 1) for line in lines)
            if "Authorization" in headers:
                headers |= api.key()
            body = body.replace("VERDICT_ID", verdict_id(api))
            answer = api.client.request(method, path, headers=headers, content=body.encode())
            assert answer.is_success, f"{first}: {answer.text}"
            if path.endswith("import"):
                assert answer.json()["rejected"] == []


def test_the_guide_names_every_problem_status_and_route(document: dict[str, Any]) -> None:
    text = GUIDE.read_text("utf-8")
    for path in document["paths"]:
        assert path.partition("{")[0] in text, path
    for status in {kind["status"] for kind in [{"status": 400}, {"status": 412}, {"status": 503}, {"status": 507}]}:
        assert str(status) in text
