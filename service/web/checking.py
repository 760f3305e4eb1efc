"""The first page: a claim, a headline or an article in, who has answered it out. And links to what was answered."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api.auth import reads
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, explain, read_query
from service.api.checks import note
from service.api.problems import FieldError
from service.document import check_document
from service.domain import MAX_CLAIM, AsOf, Claim, DocumentText, Language, Rebuttal
from service.verdict_id import LONGEST, Said
from service.web import answers, sharing
from service.web.answers import Answer, Article, Read
from service.web.browsing import public_records
from service.web.forms import Form, read_form
from service.web.marks import PAGE
from service.web.rendering import page

_NOT_INDEXED: Final = {"X-Robots-Tag": "noindex"}


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the form asks."""

    text: Annotated[DocumentText, Meta(description="A claim, a headline or an article.")]
    read: Read = "auto"
    language: Language | None = None
    as_of: AsOf = None

    def as_claim(self) -> Claim:
        """The question as the checker takes it; a text that is too long for a claim is not refused here."""
        return Claim(claim=self.text, language=self.language, as_of=self.as_of)


class AskQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first page's parameters: a text to begin with, as a bookmarklet or another page may hand over."""

    text: Annotated[str, Meta(max_length=MAX_CLAIM)] = ""


@get("/", guards=[reads], opt=PAGE)
async def ask(request: Asked) -> ASGIResponse:
    """The form, empty."""
    query = read_query(request, AskQuery)
    asked = {"text": query.text, "read": "auto", "language": "", "as_of": ""}
    logged = backend_of(request).settings.log_claims
    return page(request, "check.html", asked=asked, answer=None, article=None, errors=(), logged=logged)


@post("/", status_code=200, guards=[reads], opt=PAGE)
async def answer_page(request: Asked) -> ASGIResponse:
    """The form again, with the answer below it."""
    backend = backend_of(request)
    form = await read_form(request, backend.settings.max_body)
    asked = {name: form.text(name) for name in ("text", "read", "language", "as_of")}
    question, errors = _read(form)
    answer: Answer | None = None
    article: Article | None = None
    if question is not None:
        answer, article = await _answered(request, backend, question)
    return page(
        request,
        "check.html",
        part="_answer.html",
        status=422 if errors else 200,
        headers=_NOT_INDEXED,
        asked=asked,
        answer=answer,
        article=article,
        errors=errors,
        logged=backend.settings.log_claims,
    )


@get("/verdicts/{verdict_id:str}", guards=[reads], opt=PAGE)
async def read_verdict(request: Asked, verdict_id: FromPath[str]) -> ASGIResponse:
    """A verdict that somebody has shared: the one of now, and how it differs from the one of then."""
    backend = backend_of(request)
    claim = read_query(request, sharing.SharedQuery).as_claim()
    checker = backend.runtime.checker
    result = await checker.check(claim)
    note(request, backend, claim, result.verdict, result.matches)
    since = sharing.since(checker.ids, verdict_id[:LONGEST], claim, result)
    return page(
        request,
        "verdict.html",
        headers=_NOT_INDEXED,
        claim=claim,
        answer=answers.of_claim(claim, result),
        since=since,
        then=await _record_of(backend, since.then) if since.change == "changed" else None,
        store_version=result.store_version,
    )


def _read(form: Form) -> tuple[Question | None, tuple[FieldError, ...]]:
    """What the form asks, or what is wrong with it."""
    given = {name: form.text(name) for name in Question.__struct_fields__ if form.text(name)}
    try:
        return msgspec.convert(given, Question, strict=False), ()
    except msgspec.ValidationError as error:
        fault = explain(error)
        if fault.field == "$.text":
            words = f"Paste a text of at most {50_000:,} characters." if "text" in given else "Paste a text first."
            return None, (FieldError("text", words),)
        if fault.field == "$.as_of":
            return None, (FieldError("as_of", "Give the day as year-month-day, for example 2025-10-31."),)
        return None, (FieldError(fault.field.removeprefix("$."), fault.detail),)


async def _answered(request: Asked, backend: Backend, question: Question) -> tuple[Answer | None, Article | None]:
    checker = backend.runtime.checker
    claim = question.as_claim()
    if len(question.text) > MAX_CLAIM or answers.is_document(question.text, question.read):
        document = await check_document(checker, claim)
        note(request, backend, claim, document.verdict, document.findings[0].matches if document.findings else ())
        return None, answers.of_document(claim, document)
    result = await checker.check(claim)
    note(request, backend, claim, result.verdict, result.matches)
    return answers.of_claim(claim, result), None


async def _record_of(backend: Backend, said: Said | None) -> Rebuttal | None:
    """The record that the verdict of then stood on, as it is now."""
    if said is None or said.rebuttal_id is None:
        return None
    return (await public_records(backend, [said.rebuttal_id])).get(said.rebuttal_id)
