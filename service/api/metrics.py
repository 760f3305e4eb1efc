"""Numbers for Prometheus: requests, their time, verdicts, queues. No claim and no key ever stands in them."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.response.base import ASGIResponse
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from service.api.backend import Backend, backend_of
from service.api.bodies import Asked
from service.api.openapi import documented

_MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

# When each series began: as many lines again, and nobody reads them.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the package is typed but for this


class Metrics:
    """The service's own registry.

    Attributes:
        in_flight: requests being worked on.
    """

    def __init__(self, backend: Backend) -> None:
        self.in_flight = 0
        self._backend = backend
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "rejoinder_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "rejoinder_request_seconds",
            "Time from a request's head to its whole answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._verdicts = Counter("rejoinder_verdicts", "Verdicts given.", ["label"], registry=self._registry)
        self._gauges()

    def count(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """Note an answered request; those of no route share one label, as their addresses have no end."""
        named, method = (route, method) if route else ("none", "other")
        self._requests.labels(method, named, str(status)).inc()
        self._seconds.labels(named).observe(seconds)

    def verdict(self, label: str) -> None:
        """Note a verdict."""
        self._verdicts.labels(label).inc()

    def render(self) -> bytes:
        """The exposition text. Reads the store: not for the event loop."""
        return generate_latest(self._registry)

    def _gauges(self) -> None:
        gauges = {
            "rejoinder_in_flight": ("Requests being worked on.", lambda: self.in_flight),
            "rejoinder_store_version": ("Number of the store's last event.", self._version),
            "rejoinder_ready": (
                "1 when every question can be answered.",
                lambda: not self._backend.waiting_for(),
            ),
        }
        for name, (text, read) in gauges.items():
            Gauge(name, text, registry=self._registry).set_function(read)
        queues = Gauge("rejoinder_queue_depth", "Texts or pairs waiting.", ["model"], registry=self._registry)
        queues.labels("encoder").set_function(lambda: self._waiting("encoder"))
        queues.labels("stance").set_function(lambda: self._waiting("stance"))

    def _waiting(self, model: str) -> float:
        if self._backend.waiting_for():
            return 0
        runtime = self._backend.runtime
        return (runtime.finder.batcher if model == "encoder" else runtime.checker.judges).depth

    def _version(self) -> float:
        return 0 if self._backend.waiting_for() else self._backend.runtime.store.head()


@get("/metrics", opt=documented("service", answers={200: "text/plain"}))
async def read_metrics(request: Asked) -> ASGIResponse:
    """Metrics in the text format of Prometheus.

    Counts and times of requests by route, verdicts by label, queues, the store's version, the process itself.
    Claims never appear.
    """
    text = await backend_of(request).call(metrics_of(request).render)
    return ASGIResponse(body=text, headers={"content-type": _MEDIA_TYPE})


def metrics_of(request: Asked) -> Metrics:
    """The metrics of the application that a request came to."""
    metrics: Metrics = request.scope["litestar_app"].state["metrics"]
    return metrics
