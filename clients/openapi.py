"""Print the service's OpenAPI document, without a store and without a model: what clients are generated from."""
# ruff: noqa: INP001 - a script

from __future__ import annotations

import json
import sys

from service.api.app import create_app
from service.settings import Settings


def document() -> str:
    """The document, in a form that shows in a diff what has changed."""
    # A runtime is opened when an application starts, and this one never does.
    return json.dumps(create_app(Settings()).state["openapi"], ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
