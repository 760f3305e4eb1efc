"""What reading a page costs: the time that the page had to wait for, shifts of its layout, requests, and patience."""

from __future__ import annotations

from typing import Any, NamedTuple

from playwright.sync_api import Page
from support.extension import Reader
from support.fronts import front
from support.world import World, wait_for_marks

_EVERY_US = 100
# Waits inside the extension until the marks are there: polling from outside would add its own time.
_MARKED = """async ([url, due]) => {
  const tabs = await chrome.tabs.query({});
  const tab = tabs.find((one) => one.url === url);
  for (;;) {
    const reply = await chrome.tabs.sendMessage(tab.id, { kind: "findings", to: "page" }).catch(() => null);
    if (reply !== null && reply.findings.length === due) return Date.now();
    await new Promise((done) => setTimeout(done, 10));
  }
}"""
_SHIFTS = """() => {
  window.shifts = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts.push(entry.value);
  });
  observer.observe({ type: "layout-shift", buffered: true });
}"""
_LOADED = "performance.timeOrigin + performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


class Cost(NamedTuple):
    """Of one page, from its load until a second after the last mark.

    Attributes:
        main_thread_ms: time that the page's thread spent in the extension's script, layout that it caused included.
        marked_ms: from the moment that the page could be read to the last mark.
        requests: to the service.
        shift: sum of the layout shifts.
    """

    main_thread_ms: float
    marked_ms: float
    requests: int
    shift: float


def cost(world: World, reader: Reader, headlines: list[str], due: list[str]) -> Cost:
    """Read a front with these headlines, of which some are due to be marked.

    The profiler samples every 0.1 ms what runs on the page's thread (DevTools protocol, `Profiler`).
    """
    page = world.visit(reader, "<title>Before</title>", "before")
    world.recording.requests.clear()
    profiler = page.context.new_cdp_session(page)
    profiler.send("Profiler.enable")
    profiler.send("Profiler.setSamplingInterval", {"interval": _EVERY_US})
    profiler.send("Profiler.start")
    world.site.pages["/front"] = front(headlines)
    page.goto(f"{world.address}/front", wait_until="domcontentloaded")
    page.evaluate(_SHIFTS)
    marked = reader.worker.evaluate(_MARKED, [page.url, len(due)])
    loaded = page.evaluate(_LOADED)
    page.wait_for_timeout(1_000)
    profile = profiler.send("Profiler.stop")["profile"]
    wait_for_marks(reader, page, due)
    return Cost(_ours_ms(profile, reader.root), marked - loaded, len(world.requests()), _shifted(page))


def _shifted(page: Page) -> float:
    shift = page.evaluate("window.shifts.reduce((sum, one) => sum + one, 0)")
    return float(shift)


def _ours_ms(profile: dict[str, Any], root: str) -> float:
    """Samples whose stack holds a function of the extension."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    parents = {child: node["id"] for node in profile["nodes"] for child in node.get("children", ())}

    def ours(name: int | None) -> bool:
        while name is not None:
            if nodes[name]["callFrame"]["url"].startswith(root):
                return True
            name = parents.get(name)
        return False

    known = {name: ours(name) for name in nodes}
    spent = sum(took for name, took in zip(profile["samples"], profile["timeDeltas"], strict=True) if known[name])
    return spent / 1000
