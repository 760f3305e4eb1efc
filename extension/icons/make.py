"""Draw the toolbar's pictures from ``icon.svg``: ``python extension/icons/make.py``.

Needs Playwright and Chromium, as the browser tests do. Sizes are in pixels.
"""

# ruff: noqa: INP001 - a script beside what it draws

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
SIZES = (16, 32, 48, 128)


def main() -> None:
    """Write one PNG with a transparent ground for each size."""
    drawing = (HERE / "icon.svg").read_text(encoding="utf-8")
    program = os.environ.get("REJOINDER_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--headless", "--no-sandbox"])
        page = browser.new_page()
        for size in SIZES:
            page.set_viewport_size({"width": size, "height": size})
            page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{drawing}")
            page.screenshot(path=HERE / f"{size}.png", omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
