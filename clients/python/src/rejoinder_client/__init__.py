"""A typed client for Rejoinder, sync and async: a claim in, the closest official rebuttal with its source out.

>>> from rejoinder_client import Client
>>> with Client("http://127.0.0.1:8000") as client:
...     result = client.check("Pakistan handed rare earth samples to the US president")
>>> result.verdict.label
'rebutted'
"""

from rejoinder_client._client import AsyncClient, Client
from rejoinder_client._retries import Retries
from rejoinder_client.errors import (
    ChangedError,
    ConflictError,
    FieldError,
    InvalidRequestError,
    KeyNeededError,
    NotAllowedError,
    NotFoundError,
    Problem,
    ProblemError,
    RejoinderError,
    ServerError,
    TooManyError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from rejoinder_client.models.bodies import Sketch
from rejoinder_client.models.page import Page
from rejoinder_client.models.records import Authority, Citation, Rebuttal, RebuttalContent, Speaker
from rejoinder_client.models.verdicts import BatchResult, CheckResult, DocumentResult, Match, Verdict
from rejoinder_client.models.watches import Watch, WatchEvent
from rejoinder_client.webhooks import WebhookError, verify_webhook

__all__ = [
    "AsyncClient",
    "Authority",
    "BatchResult",
    "ChangedError",
    "CheckResult",
    "Citation",
    "Client",
    "ConflictError",
    "DocumentResult",
    "FieldError",
    "InvalidRequestError",
    "KeyNeededError",
    "Match",
    "NotAllowedError",
    "NotFoundError",
    "Page",
    "Problem",
    "ProblemError",
    "Rebuttal",
    "RebuttalContent",
    "RejoinderError",
    "Retries",
    "ServerError",
    "Sketch",
    "Speaker",
    "TooManyError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "Verdict",
    "Watch",
    "WatchEvent",
    "WebhookError",
    "verify_webhook",
]
