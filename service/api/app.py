"""The composition root of the HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State

from service.api import checks, docs_page, feedback, health, metrics, openapi, problems, rebuttals, search, transfer
from service.api.auth import KeyRing
from service.api.backend import Backend
from service.api.limits import Front
from service.api.metrics import Metrics
from service.settings import Settings

if TYPE_CHECKING:
    from service.runtime import Runtime

_HANDLERS: Final = (
    checks.check,
    checks.check_batch,
    checks.compare,
    search.search,
    feedback.give_feedback,
    feedback.list_feedback,
    rebuttals.list_rebuttals,
    rebuttals.create_rebuttal,
    transfer.import_rebuttals,
    transfer.export_rebuttals,
    rebuttals.read_rebuttal,
    rebuttals.update_rebuttal,
    rebuttals.read_revisions,
    rebuttals.retract_rebuttal,
    rebuttals.supersede_rebuttal,
    health.live,
    health.ready,
    metrics.read_metrics,
    openapi.read_openapi,
    docs_page.read_docs,
)


def create_app(settings: Settings, runtime: Runtime | None = None) -> Litestar:
    """Build the application.

    Args:
        settings: what the operator chose.
        runtime: an open runtime, which its owner closes; None to open one from the settings when the server
            starts (it listens meanwhile, and ``/health/ready`` says what it waits for).
    """
    backend = Backend(settings, runtime)
    counted = Metrics(backend)
    app = Litestar(
        route_handlers=_HANDLERS,
        exception_handlers={Exception: problems.respond},
        lifespan=[backend.lifespan],
        state=State(
            {
                "backend": backend,
                "keys": KeyRing(backend),
                "metrics": counted,
                "allowance": feedback.Allowance(settings.feedback_per_minute),
            }
        ),
        cors_config=_cors(settings.cors_origins) if settings.cors_origins else None,
        # Its own document, and its own logging, which would write tracebacks that may quote a claim.
        openapi_config=None,
        logging_config=None,
    )
    app.state["openapi"] = openapi.document(app)
    app.asgi_handler = Front(app.asgi_handler, most=settings.max_in_flight, metrics=counted)
    return app


def _cors(origins: tuple[str, ...]) -> CORSConfig:
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT"],
        allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match"],
        expose_headers=["ETag", "Location", "Retry-After"],
        max_age=3600,
    )
