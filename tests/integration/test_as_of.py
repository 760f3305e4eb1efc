"""What would have been answered on a day that is past, with the real models, from a store written over a month."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from support.records import GEM_ORE, content
from support.stores import Days, put

from service import history
from service.document import check_document
from service.domain import Authority, CheckResult, Claim, Match, RebuttalContent
from service.history import History, Question
from service.runtime import Runtime
from service.settings import Settings
from service.store import Write
from service.store.base import Action
from service.store.sqlite import SqliteStore


def record(name: str, rumor: str, statement: str, **more: object) -> RebuttalContent:
    bare = structs.replace(GEM_ORE.citations[0], title=None)
    return content(name, rumor=rumor, statement=statement, variants=(), quote=None, citations=(bare,), **more)


DAM = record("dam", "The Tarbela dam has burst.", "The dam is intact and was inspected today.")
REWORDED = structs.replace(DAM, rumor="Engineers blew up a bridge in Karachi.", statement="The bridge stands.")
VACCINE = record("vaccine", "The new vaccine makes people infertile.", "It has no effect on fertility.")
COMET = structs.replace(
    record("comet", "Schools in Peru close because of a comet.", "All schools are open.", stated_on=None),
    citations=(structs.replace(GEM_ORE.citations[0], title=None, published_on=None),),
)
LATE = record("late", "The central bank will confiscate savings.", "Savings are safe.")
DRAFT = record("draft", "Wolves were set free in Paris.", "No wolf is in Paris.", status="draft")
POLL = record(
    "poll",
    "Polling stations in Kenya will open at night.",
    "Every polling station opens at six in the morning.",
    contested_with=("poll-union",),
)
UNION = record(
    "poll-union",
    "Polling stations in Kenya stay closed at night.",
    "Some stations do open at night.",
    authority=Authority(name="Union of Clerks"),
)
BRIDGE = record("bridge", "The Oresund bridge was sold to a bank.", "The bridge belongs to two states.")
RENAMED = structs.replace(BRIDGE, rumor="A bank has bought the Oresund bridge.")


def withdraw(store: SqliteStore, record: RebuttalContent, action: Action = "retract", by: str | None = None) -> None:
    status = "retracted" if by is None else "superseded"
    gone = structs.replace(record, status=status, superseded_by=by)
    store.write([Write(content=gone, action=action, reason="The ministry corrected itself")], actor="jo")


def write_november(path: Path) -> None:
    """A month of work: added on the 1st and 5th, edited on the 10th, withdrawn on the 20th, added late on the 22nd."""
    days = Days()
    with SqliteStore.open(path, clock=days) as store:
        store.write(put(GEM_ORE, DAM, VACCINE, DRAFT, POLL, UNION, BRIDGE), actor="ed")
        days.set(5)
        store.write(put(COMET), actor="ed")
        days.set(10)
        store.write(put(REWORDED, RENAMED), actor="ed")
        days.set(20)
        store.write(put(structs.replace(VACCINE, id="vaccine-2", stated_on=dt.date(2025, 11, 20))), actor="ed")
        withdraw(store, VACCINE, "supersede", by="vaccine-2")
        for one in (GEM_ORE, REWORDED, UNION):
            withdraw(store, one)
        days.set(22)
        store.write(put(LATE), actor="ed")
        days.set(25)
        withdraw(store, LATE)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    path = tmp_path_factory.mktemp("as-of") / "store.db"
    write_november(path)
    runtime = Runtime.open(Settings(db=path, starter=False))
    yield runtime
    runtime.close()


def november(day: int) -> dt.date:
    return dt.date(2025, 11, day)


def check(runtime: Runtime, text: str, day: dt.date | int | None) -> CheckResult:
    as_of = november(day) if isinstance(day, int) else day
    return asyncio.run(runtime.checker.check(Claim(claim=text, as_of=as_of)))


def found(runtime: Runtime, text: str, day: dt.date | int | None, name: str) -> Match | None:
    return next((match for match in check(runtime, text, day).matches if match.rebuttal.id == name), None)


def test_a_retracted_record_answers_until_it_was_retracted_and_says_so(runtime: Runtime) -> None:
    then = check(runtime, GEM_ORE.rumor, 19)
    assert then.verdict.label == "rebutted"
    match = then.matches[0]
    assert (match.rebuttal.id, match.rebuttal.status, match.rebuttal.revision) == ("gem-ore", "published", 1)
    assert match.why.reason == "Retracted since, on 2025-11-20: The ministry corrected itself."
    assert match.why.text == GEM_ORE.rumor
    assert match.why.similarity > 0.98
    for day in (20, 30, None):
        assert found(runtime, GEM_ORE.rumor, day, "gem-ore") is None


def test_nothing_answers_before_it_was_said(runtime: Runtime) -> None:
    assert found(runtime, GEM_ORE.rumor, dt.date(2025, 10, 12), "gem-ore") is None
    assert found(runtime, GEM_ORE.rumor, dt.date(2025, 10, 13), "gem-ore") is not None


def test_a_superseded_record_names_its_successor(runtime: Runtime) -> None:
    match = found(runtime, VACCINE.rumor, 19, "vaccine")
    assert match is not None
    reason = "Superseded since, on 2025-11-20, by the record vaccine-2: The ministry corrected itself."
    assert match.why.reason == reason
    assert found(runtime, VACCINE.rumor, 19, "vaccine-2") is None  # said later
    assert found(runtime, VACCINE.rumor, 20, "vaccine") is None
    assert found(runtime, VACCINE.rumor, 20, "vaccine-2") is not None


@pytest.mark.parametrize(("day", "claim", "wording"), [(9, DAM.rumor, DAM), (19, REWORDED.rumor, REWORDED)])
def test_a_withdrawn_record_answers_in_the_wording_of_the_day(
    runtime: Runtime, day: int, claim: str, wording: RebuttalContent
) -> None:
    answer = check(runtime, claim, day)
    match = answer.matches[0]
    assert (answer.verdict.label, match.rebuttal.id) == ("rebutted", "dam")
    assert (match.rebuttal.rumor, match.rebuttal.statement) == (wording.rumor, wording.statement)
    assert (match.why.text, str(match.why.reason)[:15]) == (wording.rumor, "Retracted since")
    assert check(runtime, claim, 28 - day).verdict.label != "rebutted"  # the other wording is of another matter


def test_a_record_that_was_edited_answers_in_the_wording_of_the_day(runtime: Runtime) -> None:
    then, now = (found(runtime, BRIDGE.rumor, day, "bridge") for day in (9, 10))
    assert then is not None
    assert now is not None
    assert (then.rebuttal.rumor, then.why.text) == (BRIDGE.rumor, BRIDGE.rumor)
    assert then.why.similarity > max(now.why.similarity, 0.98)
    assert then.why.reason == "Edited since: this is revision 1, which stood then; revision 2 stands now."
    assert (now.rebuttal.rumor, now.why.reason) == (RENAMED.rumor, None)


def test_a_statement_of_unknown_date_counts_from_its_publication_here(runtime: Runtime) -> None:
    assert found(runtime, COMET.rumor, 4, "comet") is None
    assert found(runtime, COMET.rumor, 5, "comet") is not None


def test_a_record_that_came_late_answers_for_the_days_since_it_was_said(runtime: Runtime) -> None:
    match = found(runtime, LATE.rumor, dt.date(2025, 10, 20), "late")
    assert match is not None
    assert str(match.why.reason).startswith("Retracted since, on 2025-11-25")
    assert found(runtime, LATE.rumor, dt.date(2025, 10, 12), "late") is None
    assert found(runtime, LATE.rumor, 25, "late") is None


def test_a_draft_never_answers(runtime: Runtime) -> None:
    assert [found(runtime, DRAFT.rumor, day, "draft") for day in (1, 15, 30, None)] == [None] * 4


def test_a_dispute_counts_while_it_stood(runtime: Runtime) -> None:
    then, now = check(runtime, POLL.rumor, 19), check(runtime, POLL.rumor, 20)
    assert (then.verdict.label, now.verdict.label) == ("contested", "rebutted")
    beside = then.matches[1]
    assert (beside.rebuttal.id, beside.rebuttal.status) == ("poll-union", "published")
    assert str(beside.why.reason).startswith("Retracted since, on 2025-11-20")
    assert "Disputes the record poll" in str(beside.why.reason)


def test_a_batch_says_what_single_questions_say(runtime: Runtime) -> None:
    texts = [GEM_ORE.rumor, BRIDGE.rumor, "Subscribe now", DAM.rumor, "Rain is expected over the weekend in Leeds"]
    single = [check(runtime, text, 9) for text in texts]
    claims = [Claim(claim=text, as_of=november(9), limit=4) for text in texts]  # another limit: not out of the cache
    batch = asyncio.run(runtime.checker.check_many([*claims, Claim(claim=GEM_ORE.rumor)]))
    for one, other in zip(single, batch, strict=False):
        assert (one.verdict, one.matches[:4]) == (other.verdict, other.matches)
    assert "gem-ore" not in [match.rebuttal.id for match in batch[-1].matches]


def test_a_text_is_checked_as_of_a_day_too(runtime: Runtime) -> None:
    text = f"The leaders met in Washington on Monday. {GEM_ORE.rumor} The talks went on for two hours."
    then, now = (
        asyncio.run(check_document(runtime.checker, Claim(claim=text, as_of=november(day)))) for day in (19, 20)
    )
    assert [finding.text for finding in then.findings if finding.matches[0].rebuttal.id == "gem-ore"] == [GEM_ORE.rumor]
    assert "gem-ore" not in [match.rebuttal.id for finding in now.findings for match in finding.matches]


def test_days_at_the_ends_of_the_calendar_are_days(runtime: Runtime) -> None:
    assert check(runtime, GEM_ORE.rumor, dt.date.min).verdict.label == "unmatched"
    assert found(runtime, BRIDGE.rumor, dt.date.max, "bridge") is not None


def test_only_so_many_texts_are_encoded_for_one_question(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    finder = runtime.finder

    def recalled() -> set[str]:
        past = History(finder).recall([Question(november(9), DAM.rumor, [])], finder.version)
        return set(asyncio.run(past)[0].records)

    assert recalled() == {"gem-ore", "dam", "vaccine", "poll-union", "late"}
    monkeypatch.setattr(history, "_MOST_ENCODED", 2)  # a rumor and a statement
    assert recalled() == {"late"}  # the last withdrawn


def test_only_so_many_withdrawn_records_are_considered(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_WITHDRAWN", 1)
    assert found(runtime, LATE.rumor, 8, "late") is not None  # withdrawn last
    assert found(runtime, GEM_ORE.rumor, 8, "gem-ore") is None


def test_a_retraction_is_seen_at_once(tmp_path: Path) -> None:
    runtime = Runtime.open(Settings(db=tmp_path / "today.db", starter=False))
    try:
        asyncio.run(runtime.catalog.create(GEM_ORE, actor="ed"))
        yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        before = found(runtime, GEM_ORE.rumor, yesterday, "gem-ore")
        asyncio.run(runtime.catalog.retract("gem-ore", reason="wrong", expected_revision=1, actor="ed"))
        after = found(runtime, GEM_ORE.rumor, yesterday, "gem-ore")
    finally:
        runtime.close()
    assert before is not None
    assert after is not None
    assert (after.rebuttal, after.stance) == (before.rebuttal, before.stance)
    assert (before.why.reason, str(after.why.reason)[:15]) == (None, "Retracted since")
    assert after.score == pytest.approx(before.score, abs=0.02)
    assert after.why.similarity == pytest.approx(before.why.similarity, abs=0.001)
