"""The Python client against the running service: every call, by `Client` and by `AsyncClient` alike."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio.from_thread
import msgspec
import pytest
from rejoinder_client import (
    AsyncClient,
    Authority,
    ChangedError,
    Citation,
    Client,
    ConflictError,
    InvalidRequestError,
    KeyNeededError,
    NotAllowedError,
    NotFoundError,
    Rebuttal,
    RebuttalContent,
    Retries,
    Sketch,
)
from support.service import Service, serving

STARTER = "cn-mfa-pakistan-rare-earth-samples-us"
CLAIM = "Pakistan handed rare earth samples to the US president"
CONTENT = RebuttalContent(
    rumor="The museum sold its dinosaur to a circus.",
    statement="The skeleton is on loan to another museum until May.",
    authority=Authority(name="City Museum", kind="other", country="NZ"),
    citations=(Citation(url="https://example.org/dinosaur", publisher="Example Times"),),
)


class Blocking:
    """An `AsyncClient` as if it were a `Client`: so that one test speaks to both."""

    def __init__(self, inner: object, portal: anyio.from_thread.BlockingPortal) -> None:
        self._inner = inner
        self._portal = portal

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        value = getattr(self._inner, name)
        return self._called(value) if callable(value) else Blocking(value, self._portal)

    def _called(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: object, **kwargs: object) -> object:
            value = method(*args, **kwargs)
            if inspect.isasyncgen(value):
                return iter(self._portal.call(gathered, value))
            assert inspect.iscoroutine(value), "what an AsyncClient does is awaited"
            return self._portal.call(awaited, value)

        return call


async def gathered(items: AsyncIterator[object]) -> list[object]:
    return [item async for item in items]


async def awaited(value: Any) -> object:  # noqa: ANN401 - a coroutine of whatever it comes to
    return await value


@pytest.fixture(scope="module", params=["sync", "async"])
def service(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[tuple[str, Service]]:
    with serving(tmp_path_factory.mktemp("clients")) as service:
        yield request.param, service


@pytest.fixture(scope="module")
def connect(service: tuple[str, Service]) -> Iterator[Callable[[str | None], Client]]:
    way, (address, keys) = service
    with anyio.from_thread.start_blocking_portal() as portal:
        closing: list[Callable[[], object]] = []

        def connect(role: str | None) -> Any:  # noqa: ANN401 - a Client, or what looks like one
            key = keys[role] if role else None  # type: ignore[index]
            if way == "sync":
                client = Client(address, key)
                closing.append(client.close)
                return client
            inner = AsyncClient(address, key)
            closing.append(lambda: portal.call(inner.aclose))
            return Blocking(inner, portal)

        yield connect
        for close in closing:
            close()


@pytest.fixture(scope="module")
def client(connect: Callable[[str | None], Client]) -> Client:
    return connect("admin")


def test_a_claim_gets_its_verdict_and_source(client: Client) -> None:
    result = client.check(CLAIM, limit=2)
    assert result.verdict.label == "rebutted"
    assert result.matches[0].rebuttal.id == STARTER
    assert result.matches[0].rebuttal.citations[0].url.startswith("https://")
    assert isinstance(result.matches[0].rebuttal.created_at, dt.datetime)
    assert len(result.matches) <= 2
    earlier = client.check(CLAIM, as_of=dt.date(2025, 1, 1))
    assert earlier.verdict.label == "unmatched"


def test_a_document_is_read_sentence_by_sentence(client: Client) -> None:
    text = f"A delegation was in Washington. {CLAIM}. A dinner was served at eight."
    found = client.check_document(text)
    assert found.mode == "document"
    assert found.sentences == 3
    assert text[found.findings[0].start : found.findings[0].end].startswith("Pakistan")


def test_any_number_of_claims_go_in_batches(client: Client) -> None:
    claims = [f"Bakery number {n} wins a prize" for n in range(300)]
    claims[299], claims[7] = CLAIM, ""
    results = client.check_batch(claims, limit=1)
    assert [result.id for result in results] == [str(n) for n in range(300)]
    assert results[299].verdict is not None
    assert results[299].verdict.label == "rebutted"
    assert results[7].verdict is None
    assert results[7].error is not None
    assert results[7].error.kind == "invalid-body"
    assert client.check_batch([]) == []


def test_texts_are_compared_and_the_store_searched(client: Client) -> None:
    pair = client.compare("China denies that Pakistan gave Trump rare earths", "Pakistan gave Trump rare earths")
    assert pair.stance == "denies"
    assert sum(pair.probabilities.values()) == pytest.approx(1, abs=0.01)
    hits = client.search("Pakistan rare earths", limit=3, country="CN", stated_from=dt.date(2025, 1, 1))
    assert hits[0].rebuttal.authority.country == "CN"


def test_a_record_from_draft_to_retraction(client: Client) -> None:
    draft = client.rebuttals.create(msgspec.structs.replace(CONTENT, status="draft"), reason="From the morning's mail.")
    assert (draft.status, draft.revision) == ("draft", 1)
    published = client.rebuttals.publish(draft.id, revision=1, reason="Checked.")
    assert published.status == "published"
    changed = msgspec.structs.replace(published, statement="It is on loan until June.")
    updated = client.rebuttals.update(changed, reason="Another month.")
    assert (updated.statement, updated.revision) == ("It is on loan until June.", 3)
    with pytest.raises(ChangedError) as lost:
        client.rebuttals.update(changed)
    assert lost.value.problem.current_revision == 3
    overwritten = client.rebuttals.update(msgspec.structs.replace(changed, quote="Until June."), revision="*")
    assert client.rebuttals.refresh(updated) == overwritten != updated
    diff = client.rebuttals.diff(draft.id, before=2, after=3)
    assert [change.path for change in diff.changes] == ["$.statement"]
    assert diff.changes[0].words
    gone = client.rebuttals.retract(draft.id, reason="The museum has closed.")
    assert gone.status == "retracted"
    history = list(client.rebuttals.revisions(draft.id, page_size=2))
    assert [revision.revision for revision in history] == [5, 4, 3, 2, 1]
    assert [revision.actor for revision in history] == ["key:admin-key"] * len(history)
    assert history[-1].reason == "From the morning's mail."
    assert client.rebuttals.revision(draft.id, 1).rebuttal.status == "draft"
    events = client.rebuttals.events(rebuttal_id=draft.id)
    assert events.items[-1].number <= events.head


def test_what_has_not_changed_is_the_same_object(client: Client) -> None:
    record = client.rebuttals.get(STARTER)
    assert client.rebuttals.refresh(record) is record
    cited = client.rebuttals.cite(STARTER, Citation(url="https://example.org/gem-ore", publisher="Example"))
    assert client.rebuttals.refresh(record) == cited


def test_records_are_merged_superseded_and_compared(client: Client) -> None:
    content = msgspec.structs.replace(CONTENT, rumor="The zoo sold its tiger to a film studio.")
    one = client.rebuttals.create(content)
    again = msgspec.structs.replace(content, citations=(Citation(url="https://example.org/2", publisher="Two"),))
    near = client.rebuttals.similar(again)
    assert (near[0].rebuttal.id, near[0].duplicate) == (one.id, True)
    assert client.rebuttals.similar(Sketch(rumor=content.rumor))[0].rebuttal.id == one.id
    two = client.rebuttals.create(msgspec.structs.replace(again, id="zoo-two"))
    merged = client.rebuttals.merge(one.id, two.id, reason="One statement.", other_revision=two.revision)
    assert len(merged.citations) == 2
    assert client.rebuttals.get(two.id).superseded_by == one.id
    three = client.rebuttals.create(msgspec.structs.replace(content, id="zoo-three", rumor="Another rumor."))
    assert client.rebuttals.supersede(three.id, by=one.id).superseded_by == one.id
    assert client.rebuttals.claim_review(one.id)["@type"] == "ClaimReview"
    assert client.rebuttals.provenance(one.id) == ()


def test_a_list_is_gone_through_page_by_page(client: Client) -> None:
    every = list(client.rebuttals.list(page_size=7))
    assert len(every) > 14
    assert [record.id for record in every] == sorted({record.id for record in every})
    chinese = list(client.rebuttals.list(country="CN", status="published"))
    assert {record.authority.country for record in chinese} == {"CN"}


def test_what_is_exported_is_imported_unchanged(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "all.ndjson"
    assert client.rebuttals.export_file(file) == file.stat().st_size > 10_000
    assert list(tmp_path.iterdir()) == [file]
    report = client.rebuttals.import_file(file)
    assert (report.created, report.updated, report.rejected) == (0, 0, ())
    assert report.unchanged == len(file.read_text("utf-8").splitlines())
    feed = tmp_path / "feed.jsonld"
    client.rebuttals.export_file(feed, format="claimreview", country="CN")
    assert json.loads(feed.read_text("utf-8"))["@type"] == "DataFeed"


def test_records_are_imported_as_they_come(client: Client) -> None:
    records = [msgspec.structs.replace(CONTENT, id=f"import-{n}", rumor=f"Rumor number {n}.") for n in range(3)]
    report = client.rebuttals.import_records((record for record in records), source="a test", as_draft=True)
    assert report.created == 3
    assert client.rebuttals.get("import-2").status == "draft"
    refused = client.rebuttals.import_records([{"id": "x"}, records[0]], as_draft=True)
    assert [(line.line, line.id) for line in refused.rejected] == [(1, "x")]
    assert refused.unchanged == 1


def test_a_file_that_is_not_there_or_not_known(client: Client, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        client.rebuttals.import_file(tmp_path / "none.ndjson")
    with pytest.raises(ValueError, match="media_type"):
        client.rebuttals.import_file(tmp_path / "what.docx")
    with pytest.raises(InvalidRequestError):
        client.rebuttals.export_file(tmp_path / "out", format="papyrus")
    assert list(tmp_path.iterdir()) == []


def test_an_article_becomes_drafts(client: Client) -> None:
    text = (
        "BEIJING, Oct 13 - Chinese Foreign Ministry spokesperson Lin Jian on Monday denied reports that Pakistan gave "
        'rare earth samples to the United States. "The samples were gem ores," Lin Jian told a press briefing.'
    )
    found = client.drafts.extract(
        text=text, address="https://example.org/gem", publisher="Example", published_on=dt.date(2025, 10, 13), save=True
    )
    assert found.source.text
    assert found.drafts
    assert found.saved[0].status == "draft"
    assert client.drafts.source(found.saved[0].id).sources[0].text == found.source.text


def test_citations_say_how_their_pages_are(client: Client) -> None:
    reports = client.citations.of(STARTER)
    assert reports[0].rebuttal_id == STARTER
    assert next(iter(client.citations.list(state="unchecked"))).state == "unchecked"
    gone = msgspec.structs.replace(
        CONTENT, rumor="A page is gone.", citations=(Citation(url="http://127.0.0.1:9/gone", publisher="Nobody"),)
    )
    verified = client.citations.verify(client.rebuttals.create(gone).id)
    assert (verified.checked, verified.left) == (1, 0)
    assert verified.items[0].state == "unreachable"


def test_feedback_reaches_the_editors(client: Client) -> None:
    verdict_id = client.check(CLAIM).verdict_id
    said = client.feedback.give(verdict_id, "wrong", expected="consistent", comment="It reports the denial.")
    assert said.label == "rebutted"
    assert next(iter(client.feedback.list())) == said


def test_keys_and_people_are_looked_after(client: Client, connect: Callable[[str | None], Client]) -> None:
    made = client.keys.create("agent", "reader", expires_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    assert made.key not in repr(made)
    assert client.keys.limit("agent", per_minute=5).per_minute == 5
    assert client.keys.rotate("agent", grace=dt.timedelta(0)).key != made.key
    assert client.keys.revoke("agent").revoked_at is not None
    assert {key.name for key in client.keys.list()} >= {"agent", "admin-key"}
    person = client.people.create("ann@example.org", "editor", password="the gem ore was bought in a shop")  # noqa: S106
    assert client.people.set_role(person.name, "publisher").role == "publisher"
    client.people.set_password(person.name, "no samples of rare earths at all")
    assert client.people.disable(person.name).disabled_at is not None
    assert client.people.enable(person.name).disabled_at is None
    assert [one.name for one in client.people.list()] == [person.name]
    assert {entry.action for entry in client.keys.log()} >= {"key-revoked", "person-role"}
    assert connect("editor").tallies(days=3).days


def test_a_watch_is_told(client: Client) -> None:
    watch = client.watches.create("topic", "museums", language="en")
    assert watch.webhook is None
    delivery = client.watches.test(watch.id)
    assert delivery.state == "none"
    feed = client.watches.events(watch.id)
    assert [event.type for event in feed.items] == ["watch.test"]
    assert feed.following is None
    assert client.watches.events(watch.id, cursor=feed.next_cursor).items == ()
    assert client.watches.events().items[-1].id == feed.items[0].id
    assert [one.id for one in client.watches.deliveries(watch.id)] == [delivery.id]
    assert client.watches.get(watch.id) in list(client.watches.list())
    remembered = client.check_and_watch("The moon landing was filmed in Ohio")
    assert remembered.watch is not None
    assert client.watches.delete(watch.id) is None
    with pytest.raises(NotFoundError):
        client.watches.get(watch.id)


def test_a_watch_with_a_webhook(client: Client) -> None:
    watch = client.watches.create("claim", CLAIM, url="http://127.0.0.1:9/hook")
    assert watch.secret
    assert watch.verdict is not None
    assert watch.verdict.label == "rebutted"
    rotated = client.watches.rotate_secret(watch.id)
    assert rotated.secret not in {None, watch.secret}
    assert client.watches.enable(watch.id).webhook == rotated.webhook
    delivery = client.watches.test(watch.id)
    assert client.watches.retry(watch.id, delivery.id).id == delivery.id
    client.watches.delete(watch.id)


def test_health_is_told(client: Client) -> None:
    assert client.live().status == "live"
    assert client.ready().status == "ready"


def test_problems_are_exceptions_that_say_what_to_do(connect: Callable[[str | None], Client]) -> None:
    anybody, editor = connect(None), connect("editor")
    with pytest.raises(InvalidRequestError, match="limit") as wrong:
        anybody.check("x", limit=99)
    assert (wrong.value.status, list(wrong.value.fields)) == (422, ["$.limit"])
    assert wrong.value.problem.kind == "invalid-body"
    with pytest.raises(KeyNeededError):
        anybody.rebuttals.create(CONTENT)
    with pytest.raises(NotAllowedError, match="publisher"):
        editor.rebuttals.retract(STARTER, reason="x")
    with pytest.raises(NotFoundError):
        anybody.rebuttals.get("no such record/..?")
    with pytest.raises(ConflictError):
        editor.rebuttals.create(msgspec.structs.replace(CONTENT, id=STARTER))
    for no_id in ("", ".", ".."):
        with pytest.raises(ValueError, match="no id"):
            anybody.rebuttals.get(no_id)
    with pytest.raises(ValueError, match="which record"):
        editor.rebuttals.update(CONTENT)


def test_a_mapping_is_sent_as_it_is(client: Client) -> None:
    with pytest.raises(InvalidRequestError, match="from_the_future"):
        client.rebuttals.create({**msgspec.to_builtins(CONTENT), "from_the_future": 1})


def test_a_record_keeps_its_content(client: Client) -> None:
    record = client.rebuttals.get(STARTER)
    assert isinstance(record, Rebuttal)
    assert type(record.content) is RebuttalContent
    assert client.rebuttals.update(record).citations == record.citations


@pytest.mark.parametrize("address", ["example.org", "ftp://example.org", "http://", "http://example.org/?x=1"])
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        Client(address)


def test_the_key_is_shown_nowhere() -> None:
    with Client("http://127.0.0.1:9", "rj_secret", retries=Retries(most=0)) as client:
        assert "rj_secret" not in repr(client)
