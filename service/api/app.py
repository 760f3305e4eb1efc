"""The composition root of the HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State

from service.api import (
    checks,
    citations,
    docs_page,
    drafts,
    events,
    feedback,
    feeds,
    google,
    health,
    index,
    interchange,
    keys,
    lifecycle,
    metrics,
    oidc,
    openapi,
    people,
    problems,
    rebuttals,
    revisions,
    search,
    sessions,
    similar,
    tallies,
    transfer,
    version,
    watches,
)
from service.api.auth import KeyRing
from service.api.backend import Backend, Opener
from service.api.following import Following, Held
from service.api.limits import Front
from service.api.metrics import Metrics
from service.api.rates import tell_rate
from service.api.seen import Seen
from service.api.shared import Alone, Limits, Shared
from service.api.watching import Watching
from service.settings import Settings
from service.web.routes import ROUTES

if TYPE_CHECKING:
    from service.runtime import Runtime

_HANDLERS: Final = (
    checks.check,
    checks.check_batch,
    checks.compare,
    version.read_version,
    search.search,
    feedback.give_feedback,
    feedback.list_feedback,
    rebuttals.list_rebuttals,
    rebuttals.create_rebuttal,
    google.search_claims,
    feeds.read_atom,
    feeds.read_json_feed,
    interchange.read_claim_review,
    interchange.read_provenance,
    transfer.import_rebuttals,
    transfer.export_rebuttals,
    index.read_index,
    index.read_index_file,
    rebuttals.read_rebuttal,
    rebuttals.update_rebuttal,
    revisions.read_revisions,
    revisions.read_revision,
    revisions.read_diff,
    similar.find_similar,
    lifecycle.publish_rebuttal,
    lifecycle.cite_rebuttal,
    lifecycle.merge_rebuttal,
    lifecycle.retract_rebuttal,
    lifecycle.supersede_rebuttal,
    drafts.extract_drafts,
    drafts.read_draft_source,
    events.read_event_log,
    citations.list_citations,
    citations.read_citations,
    citations.verify_citations,
    tallies.read_tallies,
    keys.list_keys,
    keys.create_key,
    keys.limit_key,
    keys.rotate_key,
    keys.revoke_key,
    keys.read_access_log,
    people.list_people,
    people.create_person,
    people.set_person_role,
    people.set_person_password,
    people.disable_person,
    people.enable_person,
    people.change_own_password,
    sessions.open_own_session,
    sessions.read_own_session,
    sessions.end_own_session,
    watches.create_watch,
    watches.list_watches,
    watches.read_watch,
    watches.delete_watch,
    watches.test_watch,
    watches.rotate_secret,
    watches.enable_watch,
    watches.read_watch_events,
    watches.read_events,
    watches.list_deliveries,
    watches.retry_delivery,
    health.live,
    health.ready,
    metrics.read_metrics,
    openapi.read_openapi,
    docs_page.read_docs,
)


def create_app(
    settings: Settings,
    runtime: Runtime | None = None,
    *,
    opener: Opener | None = None,
    shared: Shared | None = None,
) -> Litestar:
    """Build the application.

    Args:
        settings: what the operator chose.
        runtime: an open runtime, which its owner closes; None to open one from the settings when the server
            starts (it listens meanwhile, and ``/health/ready`` says what it waits for).
        opener: opens it then; None for what the settings say.
        shared: what this process shares with other workers of the service; None where there are none.

    Raises:
        SettingsError: nobody could sign in with these settings.
    """
    oidc.require(settings)
    backend = Backend(settings, runtime, opener)
    shared = shared or Alone()
    limits = Limits(settings, shared.take)
    counted = Metrics(backend, shared)
    tallying = tallies.Tallying(backend)
    watching = Watching(backend)
    indexing = index.Indexing(backend)
    following = Following(backend, watching.turn)
    app = Litestar(
        route_handlers=(*_HANDLERS, ROUTES),
        exception_handlers={Exception: problems.respond},
        lifespan=[
            backend.lifespan,
            tallying.lifespan,
            watching.lifespan,
            indexing.lifespan,
            following.lifespan,
            limits.lifespan,
        ],
        before_send=[tell_rate],
        state=State(
            {
                "backend": backend,
                "keys": KeyRing(backend, limits.take),
                "openid": oidc.OpenId(settings),
                "metrics": counted,
                "watching": watching,
                "links": citations.LinkChecks(backend),
                "tallies": tallying,
                "index": indexing,
                "allowance": feedback.Allowance(settings.feedback_per_minute, limits.take),
            }
        ),
        cors_config=_cors(settings.cors_origins) if settings.cors_origins else None,
        # Its own document, and its own logging, which would write tracebacks that may quote a claim.
        openapi_config=None,
        logging_config=None,
    )
    app.state["openapi"] = openapi.document(app)
    answering = Held(Seen(app.asgi_handler, backend), backend)
    app.asgi_handler = Front(answering, most=settings.max_in_flight, metrics=counted)
    return app


def _cors(origins: tuple[str, ...]) -> CORSConfig:
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", "X-Store-Version"],
        expose_headers=["ETag", "Link", "Location", "Retry-After"],
        max_age=3600,
    )
