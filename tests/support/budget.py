"""What reading a page costs: the time that the page had to wait for, shifts of its layout, requests, and patience."""

from __future__ import annotations

from typing import NamedTuple

from support.extension import Reader
from support.fronts import front
from support.world import SITES, World, wait_for_marks

# What a page's thread does for a script: running it, and the styles and the layout that it asks for.
_WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
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
        main_thread_ms: processor time of the page's thread, beyond what the same page takes unread.
        marked_ms: from the moment that the page could be read to the last mark.
        requests: to the service.
        shift: sum of the layout shifts.
    """

    main_thread_ms: float
    marked_ms: float
    requests: int
    shift: float


def cost(world: World, reader: Reader, headlines: list[str], due: list[str]) -> Cost:
    """Read a front with these headlines, of which some are due to be marked; and load it once unread, to compare.

    The browser's own counters tell the time (DevTools protocol, `Performance`, in ticks of the thread: what other
    programs of the machine take meanwhile does not count).
    """
    world.site.pages |= {"/before": "<title>Before</title>", "/front": front(headlines)}
    reader.choose(sites=[])
    unread = _Visit(world, reader)
    unread.rest()
    reader.choose(sites=SITES)
    world.recording.requests.clear()
    read = _Visit(world, reader)
    marked = reader.worker.evaluate(_MARKED, [read.page.url, len(due)])
    loaded = read.page.evaluate(_LOADED)
    read.rest()
    wait_for_marks(reader, read.page, due)
    return Cost(read.work_ms() - unread.work_ms(), marked - loaded, len(world.requests()), read.shifted())


class _Visit:
    """A page that is loaded under the eyes of the browser's counters."""

    def __init__(self, world: World, reader: Reader) -> None:
        self.page = reader.context.new_page()
        self.page.goto(f"{world.address}/before")
        self._counters = self.page.context.new_cdp_session(self.page)
        self._counters.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._began = self._counted()
        self.page.goto(f"{world.address}/front", wait_until="domcontentloaded")
        self.page.evaluate(_SHIFTS)
        self._ended = self._began

    def rest(self) -> None:
        """Look on for a second more."""
        self.page.wait_for_timeout(1_000)
        self._ended = self._counted()

    def work_ms(self) -> float:
        """Until the end of `rest`."""
        return (self._ended - self._began) * 1000

    def shifted(self) -> float:
        """The sum of the layout shifts."""
        return float(self.page.evaluate("window.shifts.reduce((sum, one) => sum + one, 0)"))

    def _counted(self) -> float:
        metrics = self._counters.send("Performance.getMetrics")["metrics"]
        return sum(float(one["value"]) for one in metrics if one["name"] in _WORK)
