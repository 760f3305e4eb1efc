"""What tells a page from a route of the API."""

from __future__ import annotations

from typing import Any, Final

PAGE: Final[dict[str, Any]] = {"page": True}
"""Stands in the ``opt`` of every handler of a page: pages are for people, so the OpenAPI document leaves them out."""
