"""Every route of the service that the clients know, each described once."""

from __future__ import annotations

from typing import Any, Final

from rejoinder_client._calls import Route
from rejoinder_client.models import access, bodies, drafts, records, verdicts, watches
from rejoinder_client.models.page import Items, Page

_RECORD: Final = "/v1/rebuttals/{rebuttal_id}"
_WATCH: Final = "/v1/watches/{watch_id}"
_KEY: Final = "/v1/keys/{name}"
_PERSON: Final = "/v1/people/{name}"

CHECK: Final = Route("POST", "/v1/check", verdicts.CheckResult, bodies.CheckBody, repeatable=True)
CHECK_DOCUMENT: Final = Route(
    "POST", "/v1/check", verdicts.DocumentResult, bodies.CheckBody, repeatable=True, slow_s=60
)
CHECK_AND_WATCH: Final = Route("POST", "/v1/check", verdicts.CheckResult, bodies.CheckBody)
CHECK_BATCH: Final = Route(
    "POST", "/v1/check/batch", verdicts.BatchResults, bodies.BatchBody, repeatable=True, slow_s=60
)
COMPARE: Final = Route("POST", "/v1/compare", verdicts.Comparison, bodies.PairBody, repeatable=True)
SEARCH: Final = Route("POST", "/v1/search", verdicts.Results, bodies.QueryBody, repeatable=True)

LIST_REBUTTALS: Final = Route(
    "GET", "/v1/rebuttals", Page[records.Rebuttal], query=bodies.RecordsQuery, repeatable=True
)
READ_REBUTTAL: Final = Route("GET", _RECORD, records.Rebuttal, repeatable=True)
READ_REVISIONS: Final = Route(
    "GET", f"{_RECORD}/revisions", records.Revisions, query=bodies.RevisionsQuery, repeatable=True
)
READ_REVISION: Final = Route("GET", f"{_RECORD}/revisions/{{revision}}", records.Revision, repeatable=True)
READ_DIFF: Final = Route("GET", f"{_RECORD}/diff", records.Diff, query=bodies.DiffQuery, repeatable=True)
FIND_SIMILAR: Final = Route("POST", "/v1/rebuttals/similar", Items[records.Similar], bodies.Sketch, repeatable=True)
CREATE_REBUTTAL: Final = Route(
    "POST", "/v1/rebuttals", records.Rebuttal, records.RebuttalContent, query=bodies.ReasonQuery
)
UPDATE_REBUTTAL: Final = Route("PUT", _RECORD, records.Rebuttal, records.RebuttalContent, query=bodies.ReasonQuery)
PUBLISH_REBUTTAL: Final = Route("POST", f"{_RECORD}/publish", records.Rebuttal, bodies.ReasonBody)
RETRACT_REBUTTAL: Final = Route("POST", f"{_RECORD}/retract", records.Rebuttal, bodies.ReasonBody)
SUPERSEDE_REBUTTAL: Final = Route("POST", f"{_RECORD}/supersede", records.Rebuttal, bodies.SuccessionBody)
MERGE_REBUTTAL: Final = Route("POST", f"{_RECORD}/merge", records.Rebuttal, bodies.MergerBody)
CITE_REBUTTAL: Final = Route("POST", f"{_RECORD}/citations", records.Rebuttal, bodies.CitationsBody)
READ_CLAIM_REVIEW: Final = Route("GET", f"{_RECORD}/claimreview", dict[str, Any], repeatable=True)
READ_PROVENANCE: Final = Route("GET", f"{_RECORD}/provenance", Items[drafts.Provenance], repeatable=True)
IMPORT_REBUTTALS: Final = Route(
    "POST",
    "/v1/rebuttals/import",
    records.ImportReport,
    query=bodies.ImportQuery,
    repeatable=True,
    slow_s=3_600,
)
EXPORT_REBUTTALS: Final[Route[None]] = Route(
    "GET", "/v1/rebuttals/export", None, query=bodies.ExportQuery, repeatable=True, slow_s=60
)
READ_EVENTS: Final = Route("GET", "/v1/events", records.Events, query=bodies.EventsQuery, repeatable=True)

READ_INDEX: Final[Route[None]] = Route("GET", "/v1/index", None, query=bodies.IndexQuery, repeatable=True, slow_s=60)
READ_INDEX_FILE: Final[Route[None]] = Route("GET", "/v1/index/files/{sha256}", None, repeatable=True)

EXTRACT: Final = Route("POST", "/v1/drafts/extract", drafts.Extracted, bodies.ExtractBody, repeatable=True, slow_s=60)
EXTRACT_AND_SAVE: Final = Route("POST", "/v1/drafts/extract", drafts.Extracted, bodies.ExtractBody, slow_s=60)
READ_DRAFT_SOURCE: Final = Route("GET", "/v1/drafts/{rebuttal_id}/source", drafts.DraftSource, repeatable=True)

LIST_CITATIONS: Final = Route(
    "GET", "/v1/citations", Page[records.CitationReport], query=bodies.StateQuery, repeatable=True
)
READ_CITATIONS: Final = Route("GET", f"{_RECORD}/citations", Items[records.CitationReport], repeatable=True)
VERIFY_CITATIONS: Final = Route(
    "POST", "/v1/citations/verify", records.VerifiedCitations, bodies.VerificationBody, repeatable=True, slow_s=90
)

GIVE_FEEDBACK: Final = Route("POST", "/v1/feedback", verdicts.Feedback, bodies.FeedbackBody)
LIST_FEEDBACK: Final = Route("GET", "/v1/feedback", Page[verdicts.Feedback], query=bodies.PageQuery, repeatable=True)

CREATE_WATCH: Final = Route("POST", "/v1/watches", watches.Watch, bodies.WatchBody)
LIST_WATCHES: Final = Route("GET", "/v1/watches", Page[watches.Watch], query=bodies.PageQuery, repeatable=True)
READ_WATCH: Final = Route("GET", _WATCH, watches.Watch, repeatable=True)
DELETE_WATCH: Final[Route[None]] = Route("DELETE", _WATCH, None)
TEST_WATCH: Final = Route("POST", f"{_WATCH}/test", watches.Delivery)
ROTATE_WATCH: Final = Route("POST", f"{_WATCH}/rotate-secret", watches.Watch)
ENABLE_WATCH: Final = Route("POST", f"{_WATCH}/enable", watches.Watch, repeatable=True)
READ_WATCH_EVENTS: Final = Route(
    "GET", f"{_WATCH}/events", Page[watches.WatchEvent], query=bodies.PageQuery, repeatable=True
)
READ_ALL_WATCH_EVENTS: Final = Route(
    "GET", "/v1/events/watches", Page[watches.WatchEvent], query=bodies.PageQuery, repeatable=True
)
LIST_DELIVERIES: Final = Route(
    "GET", f"{_WATCH}/deliveries", Page[watches.Delivery], query=bodies.StateQuery, repeatable=True
)
RETRY_DELIVERY: Final = Route("POST", f"{_WATCH}/deliveries/{{delivery_id}}/retry", watches.Delivery)

LIST_KEYS: Final = Route("GET", "/v1/keys", Items[access.ApiKey], repeatable=True)
CREATE_KEY: Final = Route("POST", "/v1/keys", access.Secret, bodies.KeyBody)
LIMIT_KEY: Final = Route("PUT", f"{_KEY}/limits", access.ApiKey, bodies.LimitsBody, repeatable=True)
ROTATE_KEY: Final = Route("POST", f"{_KEY}/rotate", access.Secret, bodies.RotationBody)
REVOKE_KEY: Final = Route("POST", f"{_KEY}/revoke", access.ApiKey, repeatable=True)
READ_ACCESS_LOG: Final = Route("GET", "/v1/keys/log", Items[access.AccessEvent], query=bodies.LogQuery, repeatable=True)

LIST_PEOPLE: Final = Route("GET", "/v1/people", Items[access.Person], repeatable=True)
CREATE_PERSON: Final = Route("POST", "/v1/people", access.Person, bodies.PersonBody)
SET_ROLE: Final = Route("PUT", f"{_PERSON}/role", access.Person, bodies.RoleBody, repeatable=True)
SET_PASSWORD: Final = Route("PUT", f"{_PERSON}/password", access.Person, bodies.PasswordBody, repeatable=True)
DISABLE_PERSON: Final = Route("POST", f"{_PERSON}/disable", access.Person, repeatable=True)
ENABLE_PERSON: Final = Route("POST", f"{_PERSON}/enable", access.Person, repeatable=True)

VERSION: Final = Route("GET", "/v1/version", verdicts.Version, repeatable=True)
LIVE: Final = Route("GET", "/health/live", verdicts.Health, repeatable=True)
READY: Final = Route("GET", "/health/ready", verdicts.Health, repeatable=True)
READ_TALLIES: Final = Route("GET", "/v1/tallies", verdicts.Tallies, query=bodies.DaysQuery, repeatable=True)
