"""The OpenAPI 3.1 document, made from what stands beside each route: types, docstrings and examples.

Made here rather than by the framework because the handlers decode their bodies themselves (strictly, into
msgspec structs), and because msgspec knows the JSON Schema of those structs to the last constraint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec
from litestar import Litestar, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from service.api.bodies import JSON, Asked, answer
from service.api.examples import Examples
from service.api.problems import KINDS, MEDIA_TYPE, Problem
from service.domain import Role

Json = dict[str, Any]

_KEY: Final = "rejoinder"
_REFERENCE: Final = "#/components/schemas/{name}"
_SAID: Final = {303: "Go on to the address in `Location`.", 304: "Nothing has changed."}
_SECURITY: Final = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key made with `rejoinder keys create NAME --role reader|editor|publisher|admin`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "rejoinder",
        "description": "The cookie that `POST /v1/session` sets; over https it is called `__Host-rejoinder`. All "
        "but reads needs the header `X-CSRF-Token` beside it.",
    },
}
_TAGS: Final = {
    "checks": "Claims in, verdicts and rebuttals out.",
    "citations": "The pages that records cite: whether each is there, and whether it still says it.",
    "feedback": "What readers say of verdicts, for the editors.",
    "rebuttals": "The records: each states what one authority said about one rumor, not what is true.",
    "drafts": "Articles in, proposed rebuttals out; never published by the machine.",
    "watches": "Standing questions: told by webhook or feed when a rebuttal that fits appears, changes or goes.",
    "transfer": "Many records at once, streamed.",
    "keys": "Who may write: programs with a key, and the log of who let whom in.",
    "people": "Who may sign in, and the session of whoever has.",
    "service": "Is it well, what does it do, what can be called.",
}


def _header(name: str, text: str, example: str) -> Json:
    return {
        "name": name,
        "in": "header",
        "description": text,
        "schema": {"type": "string"},
        "example": example,
    }


REBUTTAL_ID: Final[Json] = {
    "name": "rebuttal_id",
    "in": "path",
    "required": True,
    "description": "The record's id.",
    "schema": {"type": "string", "maxLength": 200},
    "example": "cn-mfa-pakistan-rare-earth-samples-us",
}
IF_MATCH: Final = _header("If-Match", "The ETag of the revision that the change was made from, or `*`.", '"1"')
IF_NONE_MATCH: Final = _header("If-None-Match", "The ETag of what the caller has.", '"1"')


def documented(  # noqa: PLR0913  each is a part of a route's description
    tag: str,
    *,
    answers: Mapping[int, type | tuple[type, ...] | str | None],
    body: type | None = None,
    body_type: str = JSON,
    other_bodies: Mapping[str, Examples] | None = None,
    query: type | None = None,
    parameters: tuple[Json, ...] = (),
    examples: Examples | None = None,
    needs: Role | None = None,
) -> Json:
    """What the document says of a route beside its docstring, as the route handler's ``opt``.

    Args:
        tag: the resource that the route belongs to.
        answers: what each status carries: a type (JSON), one of several types, a media type, or nothing.
        body: type of the request body.
        body_type: its media type.
        other_bodies: further media types that the body may have, each with its examples.
        query: a struct whose fields are the query parameters.
        parameters: path and header parameters, as OpenAPI writes them.
        examples: a request, and what it is answered with.
        needs: the role that a key must have at least; None where reading is enough.
    """
    described = {
        "tag": tag,
        "answers": answers,
        "body": body,
        "body_type": body_type,
        "other_bodies": other_bodies or {},
        "query": query,
        "parameters": parameters,
        "examples": examples,
        "needs": needs,
    }
    return {_KEY: described}


def document(app: Litestar) -> Json:
    """The OpenAPI document of an application."""
    routes = sorted(described_routes(app), key=lambda route: (list(_TAGS).index(route[2]["tag"]), route[0], route[1]))
    types = {sort for _, _, entry, _ in routes for sort in _types(entry)} | {Problem}
    names = sorted(types, key=lambda sort: sort.__name__)
    references, components = msgspec.json.schema_components(names, ref_template=_REFERENCE)
    schemas = dict(zip(names, references, strict=True))
    paths: Json = {}
    for path, method, entry, handler in routes:
        paths.setdefault(path, {})[method.lower()] = _operation(entry, handler, schemas)
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SECURITY},
    }


def described_routes(app: Litestar) -> Iterator[tuple[str, str, Json, HTTPRouteHandler]]:
    """Path, method, description and handler of every route that has a description."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if _KEY in handler.opt:
                path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
                for method in sorted(handler.http_methods):
                    yield path, str(method), handler.opt[_KEY], handler


@get("/openapi.json", opt=documented("service", answers={200: JSON}))
async def read_openapi(request: Asked) -> ASGIResponse:
    """Read this document."""
    return answer(request.app.state["openapi"])


def _info() -> Json:
    try:
        number = version("rejoinder")
    except PackageNotFoundError:  # run from source
        number = "0"
    text = "A claim in, the closest official rebuttal with its source out. A verdict says who stated what."
    return {
        "title": "Rejoinder",
        "version": number,
        "description": text,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def _types(entry: Json) -> Iterator[type]:
    if entry["body"]:
        yield entry["body"]
    for sort in entry["answers"].values():
        yield from sort if isinstance(sort, tuple) else [sort] if isinstance(sort, type) else []


def _operation(entry: Json, handler: HTTPRouteHandler, schemas: dict[type, Json]) -> Json:
    summary, _, description = (handler.fn.__doc__ or "").strip().partition("\n")
    operation: Json = {
        "operationId": handler.fn.__name__,
        "tags": [entry["tag"]],
        "summary": summary.rstrip("."),
        "description": re.sub(r"\n    ", "\n", description).strip() or summary,
        "parameters": [*entry["parameters"], *_query(entry["query"])],
        "responses": _responses(entry, schemas),
    }
    if entry["body"]:
        operation["requestBody"] = {
            "required": True,
            "content": {entry["body_type"]: _request(entry, schemas), **_other_requests(entry)},
        }
    if entry["needs"]:
        operation["security"] = [{"key": []}, {"session": []}]
        operation["description"] += f"\n\nNeeds a key, or a person, of the role `{entry['needs']}` or above."
    elif entry["tag"] != "service":
        operation["security"] = [{}, {"key": []}, {"session": []}]
    return operation


def _request(entry: Json, schemas: dict[type, Json]) -> Json:
    found: Examples | None = entry["examples"]
    # A line of an import is a record, but the body as a whole is text to whoever reads only the schema.
    content: Json = {"schema": schemas[entry["body"]] if entry["body_type"] == JSON else {"type": "string"}}
    if found:
        content["examples"] = _shown(found)
    return content


def _other_requests(entry: Json) -> Json:
    return {
        kind: {"schema": {"type": "string"}, "examples": _shown(found)} for kind, found in entry["other_bodies"].items()
    }


def _shown(found: Examples) -> Json:
    return {name: {"summary": example.summary, "value": example.request} for name, example in found.items()}


def _responses(entry: Json, schemas: dict[type, Json]) -> Json:
    problem = {"description": "A problem document.", "content": {MEDIA_TYPE: {"schema": schemas[Problem]}}}
    responses: Json = {}
    for status, sort in entry["answers"].items():
        responses[str(status)] = {"description": _SAID.get(status, "As asked.")}
        if isinstance(sort, str):
            responses[str(status)]["content"] = {sort: {"schema": {"type": "object" if sort == JSON else "string"}}}
        elif sort:
            schema = {"oneOf": [schemas[one] for one in sort]} if isinstance(sort, tuple) else schemas[sort]
            responses[str(status)]["content"] = {JSON: {"schema": schema, **_answers(entry)}}
    return responses | {str(status): problem for status in _statuses(entry)} | {"default": problem}


def _answers(entry: Json) -> Json:
    found: Examples = entry["examples"] or {}
    given = {name: {"summary": e.summary, "value": e.answer} for name, e in found.items() if e.answer is not None}
    return {"examples": given} if given else {}


def _statuses(entry: Json) -> list[int]:
    """The statuses that a caller of this route should expect, beside those that any route may have."""
    statuses = {kind.status for name, kind in KINDS.items() if name in {"malformed-body", "unsupported-media-type"}}
    found = statuses | {413, 422} if entry["body"] else set()
    if entry["query"]:
        found |= {400, 422}
    if entry["needs"]:
        found |= {401, 403}
    if any(parameter["in"] == "path" for parameter in entry["parameters"]):
        found.add(404)
    if IF_MATCH["name"] in {parameter["name"] for parameter in entry["parameters"]}:
        found |= {409, 412}
    return sorted(found)


def _query(sort: type | None) -> list[Json]:
    if sort is None:
        return []
    _, components = msgspec.json.schema_components([sort], ref_template=_REFERENCE)
    fields: Json = components[sort.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, **_parameter(schema)} for name, schema in fields.items()]


def _parameter(schema: Json) -> Json:
    """A query parameter cannot be null: leaving it out is what null means elsewhere."""
    wanted = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    plain = {**(wanted[0] if wanted else schema)}
    if isinstance(plain.get("enum"), list):
        plain["enum"] = [value for value in plain["enum"] if value is not None]
    described = plain.pop("description", None) or schema.get("description")
    return {"schema": plain, **({"description": described} if described else {})}
