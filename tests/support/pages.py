"""The extension's own pages, opened as tabs."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import expect
from support.browser import Tab
from support.extension import Reader

_ALLOWING = """
  window.asked = [];
  chrome.permissions.request = ({ origins }) => {
    window.asked.push({ origins, clicked: navigator.userActivation.isActive });
    return Promise.resolve(ALLOWED);
  };
"""


def allowing(*, allowed: bool) -> str:
    """A script that answers the browser's question in the reader's place.

    ``window.asked`` then says what was asked for, and whether within a click: outside of one a browser asks nothing.
    """
    return _ALLOWING.replace("ALLOWED", json.dumps(allowed))


def opened(reader: Reader, path: str, *scripts: str) -> Tab:
    """One of the extension's pages, once it has its words; the scripts run before its own."""
    tab = Tab(reader.context, reader.root)
    for script in scripts:
        tab.page.add_init_script(script)
    tab.go(path)
    expect(tab.page.locator("[data-t]:empty")).to_have_count(0)
    return tab


def settings(reader: Reader) -> dict[str, Any]:
    """What is kept of a reader's choices."""
    kept = reader.worker.evaluate("chrome.storage.local.get('settings').then(({ settings }) => settings ?? {})")
    assert isinstance(kept, dict)
    return kept
