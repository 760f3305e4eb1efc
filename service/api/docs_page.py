"""The docs page: one HTML file made from the OpenAPI document, without script, loading nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Any, Final

from litestar import get
from litestar.response.base import ASGIResponse

from service.api.bodies import Asked
from service.api.openapi import documented
from service.api.problems import KINDS

Json = dict[str, Any]

_STYLE: Final = """
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a404b); --soft: light-dark(#f4f6f9, #20242b);
  --mark: light-dark(#0b57a4, #8ab8f0); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem 1rem 4rem; }
h1 { margin-bottom: 0; } h2 { border-bottom: 1px solid var(--line); margin-top: 3rem; }
h3 { margin-top: 2.5rem; } a { color: var(--mark); }
code, pre { font: 14px/1.45 ui-monospace, monospace; background: var(--soft); padding: 0 .25em; }
pre { padding: .75em; overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3em .6em .3em 0; text-align: left; }
td { vertical-align: top; }
.method { color: var(--mark); font-weight: 700; } nav li { list-style: none; } summary { cursor: pointer; }
"""
# Nothing may load or run on this page but the one style sheet, known by its hash.
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@get("/docs", opt=documented("service", answers={200: "text/html"}))
async def read_docs(request: Asked) -> ASGIResponse:
    """Read the documentation of every route, as a page."""
    headers = {"Content-Security-Policy": _POLICY, "Content-Type": "text/html; charset=utf-8"}
    return ASGIResponse(body=page(request.app.state["openapi"]), headers=headers)


def page(document: Json) -> bytes:
    """The whole page, from the OpenAPI document."""
    operations = [(path, method, op) for path, methods in document["paths"].items() for method, op in methods.items()]
    tags = [_tag(tag, [entry for entry in operations if tag["name"] in entry[2]["tags"]]) for tag in document["tags"]]
    title = escape(document["info"]["title"])
    schemas = "".join(_schema(name, schema) for name, schema in document["components"]["schemas"].items())
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title} API</title><style>{_STYLE}</style></head>
<body>
<h1>{title} API</h1><p>{_text(document["info"]["description"])}
Machines read the same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
<nav>{_contents(operations)}</nav>{"".join(tags)}
<h2 id="problems">Problems</h2><p>Every error is a problem document (RFC 9457),
<code>application/problem+json</code>; its <code>type</code> leads here.</p>{_problems()}
<h2 id="types">Types</h2>{schemas}</body></html>""".encode()


def _contents(operations: list[tuple[str, str, Json]]) -> str:
    links = [
        f'<li><span class="method">{method.upper()}</span> <a href="#{op["operationId"]}">{escape(path)}</a> '
        f"{_text(op['summary'])}</li>"
        for path, method, op in operations
    ]
    return f"<ul>{''.join(links)}</ul>"


def _tag(tag: Json, operations: list[tuple[str, str, Json]]) -> str:
    return f"<h2>{escape(tag['name'].capitalize())}</h2><p>{_text(tag['description'])}</p>" + "".join(
        _operation(path, method, op) for path, method, op in operations
    )


def _operation(path: str, method: str, operation: Json) -> str:
    body = "".join(
        f"<p>Request: <code>{escape(kind)}</code>{_reference(content['schema'])}</p>{_examples(content)}"
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    )
    answers = "".join(
        f"<p>{status}: {_text(answer['description'])}</p>"
        + "".join(
            f"<p><code>{escape(kind)}</code>{_reference(content['schema'])}</p>{_examples(content)}"
            for kind, content in answer.get("content", {}).items()
        )
        for status, answer in operation["responses"].items()
        if status.startswith(("2", "3"))
    )
    return (
        f'<h3 id="{operation["operationId"]}"><span class="method">{method.upper()}</span> {escape(path)}'
        "</h3>"
        f"<p><b>{_text(operation['summary'])}.</b> {_text(operation['description'])}</p>"
        f"{_parameters(operation['parameters'])}{body}{answers}"
    )


def _parameters(parameters: list[Json]) -> str:
    rows = [
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{p['in']}"
        f"{', required' if p.get('required') else ''}</td>"
        f"<td>{_text(p.get('description', ''))}</td></tr>"
        for p in parameters
    ]
    return f"<table><tr><th>Parameter</th><th>in</th><th></th></tr>{''.join(rows)}</table>" if rows else ""


def _examples(content: Json) -> str:
    return "".join(
        f"<details open><summary>{_text(example['summary'])}</summary><pre>{_json(example['value'])}</pre></details>"
        for example in content.get("examples", {}).values()
    )


def _problems() -> str:
    rows = [
        f'<tr id="{name}"><td>{kind.status}</td><td><code>{name}</code></td><td>{_text(kind.title)}. '
        f"{_text(kind.remedy)}</td></tr>"
        for name, kind in KINDS.items()
    ]
    return f"<table><tr><th>Status</th><th>Problem</th><th>What to do</th></tr>{''.join(rows)}</table>"


def _schema(name: str, schema: Json) -> str:
    return (
        f'<details id="type-{escape(name)}"><summary><code>{escape(name)}</code> '
        f"{_text(schema.get('description', ''))}</summary><pre>{_json(schema)}</pre></details>"
    )


def _reference(schema: Json) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    return f' (<a href="#type-{escape(name)}">{escape(name)}</a>)' if name else ""


def _json(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return escape(text)


def _text(text: str) -> str:
    """Prose with `code` in back quotes, as docstrings have it."""
    parts = escape(text).replace("``", "`").split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
