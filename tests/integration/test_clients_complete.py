"""The Python client knows what the service can do: held against its OpenAPI document, route by route, field by field.

A route or a field that is added to the service fails here until the client has it.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest
import rejoinder_client
from msgspec import Struct
from rejoinder_client import Client, _routes
from rejoinder_client._calls import Route
from rejoinder_client._methods import Group, call, listing
from rejoinder_client.models import words

from service.api.app import create_app
from service.settings import Settings

Json = dict[str, Any]

# What is no business of a program that uses this client.
LEFT_OUT = {
    "/docs": "for people",
    "/openapi.json": "for generators of other clients",
    "/metrics": "for Prometheus",
    "/v1/session": "for browsers: a program has a key",
    "/v1/session/password": "for browsers",
    "/sign-in/oidc": "for browsers",
    "/sign-in/oidc/callback": "for browsers",
    "/feeds/rebuttals.atom": "for feed readers",
    "/feeds/rebuttals.json": "for feed readers",
    "/v1alpha1/claims:search": "for the clients of Google's Fact Check Tools",
}
ROUTES = {name: value for name, value in vars(_routes).items() if isinstance(value, Route)}
DOCUMENT: Json = create_app(Settings()).state["openapi"]
SCHEMAS: Json = DOCUMENT["components"]["schemas"]


def operations() -> Iterator[tuple[str, str, Json]]:
    for path, methods in DOCUMENT["paths"].items():
        if path not in LEFT_OUT:
            for method, operation in methods.items():
                yield method.upper(), path, operation


OPERATIONS = {(method, path): operation for method, path, operation in operations()}
IDS = [" ".join(place) for place in OPERATIONS]


def routes_of(place: tuple[str, str]) -> list[Route[Any]]:
    return [route for route in ROUTES.values() if (route.method, route.path) == place]


def resolved(schema: Json) -> Json:
    """A schema without references and without null."""
    if "$ref" in schema:
        found: Json = SCHEMAS[schema["$ref"].rpartition("/")[2]]
        return found
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    return resolved(choices[0]) if len(choices) == 1 else schema


def missing(schema: Json, sort: Any, place: str, seen: set[tuple[str, str]]) -> Iterator[str]:  # noqa: ANN401 - a type
    """What a schema has and a type of the client lacks, all the way down."""
    schema, sort = resolved(schema), plain(sort)
    properties: Json | None = schema.get("properties")
    if properties is not None and is_struct(sort):
        name = str(schema.get("title"))
        if (name, str(sort)) in seen:
            return
        seen.add((name, str(sort)))
        fields = {field.encode_name: field for field in msgspec.structs.fields(sort)}
        for key, value in properties.items():
            if key not in fields:
                yield f"{place}.{key}"
            else:
                yield from missing(value, hints(sort)[fields[key].name], f"{place}.{key}", seen)
    elif isinstance(schema.get("items"), dict):
        yield from missing(schema["items"], get_args(sort)[0], f"{place}[]", seen)


def is_struct(sort: Any) -> bool:  # noqa: ANN401 - a type
    origin = get_origin(sort) or sort
    return isinstance(origin, type) and issubclass(origin, Struct)


def plain(sort: Any) -> Any:  # noqa: ANN401 - a type
    """A type without None."""
    choices = [choice for choice in get_args(sort) if choice is not type(None)]
    return choices[0] if type(None) in get_args(sort) and len(choices) == 1 else sort


def hints(sort: Any) -> dict[str, Any]:  # noqa: ANN401 - a type
    """The types of a struct's fields, those of a generic one filled in."""
    return {field.name: field.type for field in msgspec.structs.fields(sort)}


def the_answer(operation: Json) -> Json | None:
    good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    content = good[0].get("content", {}).get("application/json")
    return content["schema"] if content else None


@pytest.mark.parametrize("place", OPERATIONS, ids=IDS)
def test_every_route_is_known(place: tuple[str, str]) -> None:
    assert routes_of(place), "give it a line in rejoinder_client._routes and a method, or a reason in LEFT_OUT"


def test_no_route_is_made_up() -> None:
    assert {(route.method, route.path) for route in ROUTES.values()} <= set(OPERATIONS)
    assert set(LEFT_OUT) <= set(DOCUMENT["paths"])


def test_every_route_has_a_method() -> None:
    used: set[str] = set()
    for module in pkgutil.iter_modules(rejoinder_client.__path__, "rejoinder_client."):
        source = Path(str(import_module(module.name).__file__)).read_text("utf-8")
        used |= {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert set(ROUTES) <= used


@pytest.mark.parametrize("place", OPERATIONS, ids=IDS)
def test_every_field_of_an_answer_is_known(place: tuple[str, str]) -> None:
    schema = the_answer(OPERATIONS[place])
    if schema is None or schema == {"type": "object"}:
        return
    wanted = schema.get("oneOf", [schema])
    for choice in wanted:
        lacking = [list(missing(choice, route.answer, "$", set())) for route in routes_of(place)]
        assert [] in lacking, f"of {choice}: {lacking}"


@pytest.mark.parametrize("place", OPERATIONS, ids=IDS)
def test_every_field_of_a_body_can_be_sent(place: tuple[str, str]) -> None:
    content = OPERATIONS[place].get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return
    for route in routes_of(place):
        assert list(missing(content["application/json"]["schema"], route.body, "$", set())) == []


@pytest.mark.parametrize("place", OPERATIONS, ids=IDS)
def test_what_is_left_out_of_a_body_is_what_the_service_takes_for_it(place: tuple[str, str]) -> None:
    content = OPERATIONS[place].get("requestBody", {}).get("content", {})
    for route in routes_of(place) if "application/json" in content else []:
        properties = resolved(content["application/json"]["schema"])["properties"]
        for field in msgspec.structs.fields(route.body):
            schema = properties.get(field.encode_name)
            assert schema is not None, f"{field.name} is refused by the service"
            if "default" in schema and not isinstance(schema["default"], dict):
                default = schema["default"]
                assert field.default == (tuple(default) if isinstance(default, list) else default)


@pytest.mark.parametrize("place", OPERATIONS, ids=IDS)
def test_every_parameter_can_be_sent(place: tuple[str, str]) -> None:
    wanted = {one["name"] for one in OPERATIONS[place]["parameters"] if one["in"] == "query"}
    for route in routes_of(place):
        fields = msgspec.structs.fields(route.query) if route.query else ()
        assert {field.encode_name for field in fields} == wanted


def test_every_filter_and_word_is_known() -> None:
    filters = set(SCHEMAS["Filters"]["properties"])
    assert set(words.Filters.__annotations__) == filters
    for name, schema in {
        "Label": SCHEMAS["Verdict"]["properties"]["label"],
        "Stance": SCHEMAS["Match"]["properties"]["stance"],
        "Status": SCHEMAS["Rebuttal"]["properties"]["status"],
        "Rating": SCHEMAS["Rebuttal"]["properties"]["rating"],
        "Role": SCHEMAS["ApiKey"]["properties"]["role"],
        "AuthorityKind": SCHEMAS["Authority"]["properties"]["kind"],
        "LinkState": SCHEMAS["CitationReport"]["properties"]["state"],
        "WatchKind": SCHEMAS["WatchBody"]["properties"]["kind"],
        "DeliveryState": SCHEMAS["Delivery"]["properties"]["state"],
    }.items():
        assert set(get_args(getattr(words, name))) == set(resolved(schema)["enum"]), name


def test_a_problem_is_known_to_the_last_field() -> None:
    assert list(missing({"$ref": "#/components/schemas/Problem"}, rejoinder_client.Problem, "$", set())) == []


def groups() -> Mapping[str, Group[Any]]:
    with Client("http://127.0.0.1:9") as client:
        return {"": client, **{name: one for name, one in vars(client).items() if isinstance(one, Group)}}


@pytest.mark.parametrize("group", groups().values(), ids=lambda group: type(group).__name__)
def test_every_method_is_described(group: Group[Any]) -> None:
    methods = {
        name: value
        for sort in type(group).__mro__
        for name, value in vars(sort).items()
        if isinstance(value, call | listing)
    }
    assert methods
    for name, method in methods.items():
        assert inspect.getdoc(getattr(group, name)), f"{name} has no text"
        assert inspect.getdoc(method) == inspect.getdoc(getattr(group, name))
        # Whatever asks a method for its parameters, help() or an editor, is told the truth.
        shown = set(inspect.signature(getattr(group, name)).parameters) - {"self"}
        assert shown == set(inspect.signature(method.__wrapped__).parameters) - {"self"}


def test_the_check_itself_notices_what_is_missing() -> None:
    class Poor(Struct):
        label: str

    assert set(missing({"$ref": "#/components/schemas/Verdict"}, Poor, "$", set())) == {
        "$.confidence",
        "$.summary",
        "$.according_to",
    }
    rich = {"type": "array", "items": {"$ref": "#/components/schemas/Verdict"}}
    assert "$[].summary" in set(missing(rich, tuple[Poor, ...], "$", set()))
