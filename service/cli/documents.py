"""The work of ``rejoinder check --document``: a text in, its findings out, each with its place in the text."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click
import msgspec

from service.cli.answers import for_people
from service.cli.plain import visible
from service.document import CheckRequest, DocumentResult, Finding, check_document
from service.domain import MAX_DOCUMENT, CheckResult, Claim
from service.errors import RejoinderError
from service.runtime import Runtime

_MOST_BYTES = 4 * MAX_DOCUMENT
_BOM = b"\xef\xbb\xbf"
_WORDS = {
    "rebutted": "says what was denied",
    "contested": "says what one authority denied and another affirms",
    "consistent": "is in line with what an authority said",
    "related": "is on a matter that an authority has spoken of, without its being settled",
    "unmatched": "holds nothing that an official rebuttal in the store is about",
}


def read_document(name: str) -> bytes:
    """A file, or standard input for ``-``; no more of it than could be checked. Raises `OSError`."""
    with click.open_file(name, "rb") as stream:
        return bytes(stream.read(_MOST_BYTES + len(_BOM) + 1))


def to_document(name: str, data: bytes, options: Mapping[str, object]) -> Claim:
    """Make of a file's bytes what can be checked.

    Raises:
        RejoinderError: it is empty, too long, or no text in UTF-8; says which.
    """
    try:
        text = data.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        if len(data) <= _MOST_BYTES:
            raise RejoinderError(f"{name}: not valid UTF-8 (byte {error.start + 1}).") from None
        text = data.decode(errors="replace")
    if not text.strip():
        raise RejoinderError(f"{name}: empty.")
    if len(text) > MAX_DOCUMENT:
        raise RejoinderError(f"{name}: longer than {MAX_DOCUMENT:,} characters.")
    try:
        return msgspec.convert({"claim": text, **options}, CheckRequest).as_claim()
    except msgspec.ValidationError as error:
        raise RejoinderError(f"{name}: {'holds a NUL character' if chr(0) in text else error}.") from None


async def check_text(runtime: Runtime, document: Claim, *, as_json: bool) -> None:
    """Check the text and print what was found: for a person, or as ``POST /v1/check`` answers."""
    result = await check_document(runtime.checker, document)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
        sys.stdout.buffer.flush()
        return
    show = for_people(several=False)
    click.echo(_headline(result) + "\n")
    for finding in result.findings:
        click.echo(click.style(f"> [{finding.start}-{finding.end}] {visible(finding.text)}", bold=True))
        if finding.note:
            click.echo(f"  ({finding.note})")
        show(_as_result(result, finding))


def _headline(result: DocumentResult) -> str:
    counted = f"{result.checked:,} of {result.sentences:,} sentences checked"
    if result.truncated:
        counted += "; not all that could be: the text has too many"
    return f"The text {_WORDS[result.verdict.label]}. {counted}."


def _as_result(result: DocumentResult, finding: Finding) -> CheckResult:
    """A finding as an answer to a claim of its own, so that it is shown like one."""
    return CheckResult(
        claim=finding.text,
        verdict=finding.verdict,
        matches=finding.matches,
        model=result.model,
        store_version=result.store_version,
        took_ms=result.took_ms,
        verdict_id=finding.verdict_id,
    )
