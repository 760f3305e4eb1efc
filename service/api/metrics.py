"""Numbers for Prometheus: requests, their time, verdicts, queues. No claim and no key ever stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from litestar import get
from litestar.response.base import ASGIResponse
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from service.api.backend import Backend
from service.api.bodies import Asked
from service.api.openapi import documented
from service.api.shared import Shared

_MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

# When each series began: as many lines again, and nobody reads them.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the package is typed but for this


class Metrics:
    """The service's own registry.

    Attributes:
        in_flight: requests being worked on.
    """

    def __init__(self, backend: Backend, shared: Shared) -> None:
        self.in_flight = 0
        self._shared = shared
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
        # Looking a series up by its labels costs more than counting in it.
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._labels: dict[str, Counter] = {}
        self._gauges()

    def count(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """Note an answered request; those of no route share one label, as their addresses have no end."""
        named, method = (route, method) if route else ("none", "other")
        key = (method, named, status)
        if key not in self._series:
            self._series[key] = (self._requests.labels(method, named, str(status)), self._seconds.labels(named))
        requests, taken = self._series[key]
        requests.inc()
        taken.observe(seconds)

    def verdict(self, label: str) -> None:
        """Note a verdict."""
        if label not in self._labels:
            self._labels[label] = self._verdicts.labels(label)
        self._labels[label].inc()

    def families(self) -> list[Metric]:
        """The metrics of this process. Reads the store: not for the event loop."""
        return list(self._registry.collect())

    async def expose(self) -> bytes:
        """The exposition text: of this process, or of every worker, each sample with its number as `worker`."""
        told = await self._shared.families()
        return await self._backend.call(generate_latest, self._registry if told is None else _together(told))

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


class _Together:
    """A collector of what several processes have told."""

    def __init__(self, told: Mapping[int, list[Metric]]) -> None:
        self._told = told

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for number, own in self._told.items():
            for metric in own:
                family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                for sample in metric.samples:
                    family.add_sample(sample.name, {"worker": f"{number}", **sample.labels}, sample.value)
        yield from families.values()


def _together(told: Mapping[int, list[Metric]]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Together(told))
    return registry


@get("/metrics", opt=documented("service", answers={200: "text/plain"}))
async def read_metrics(request: Asked) -> ASGIResponse:
    """Metrics in the text format of Prometheus.

    Counts and times of requests by route, verdicts by label, queues, the store's version, the process itself.
    Claims never appear. Where several workers answer, every sample has the number of its own as `worker`.
    """
    text = await metrics_of(request).expose()
    return ASGIResponse(body=text, headers={"content-type": _MEDIA_TYPE})


def metrics_of(request: Asked) -> Metrics:
    """The metrics of the application that a request came to."""
    metrics: Metrics = request.scope["litestar_app"].state["metrics"]
    return metrics
