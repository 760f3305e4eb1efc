"""The pages without a browser: who may see them, what they send along, and that nothing they are sent harms them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.api import Api, open_api
from support.records import GEM_ORE, content

from service import passwords
from service.domain import Citation, Role
from service.web import assets
from service.web.rendering import POLICY

PASSWORD = "seven green bottles"  # noqa: S105 - of people who live as long as a test
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DESK = (
    *("/desk", "/desk/new", "/desk/extract", "/desk/records", "/desk/links", "/desk/watches", "/desk/feedback"),
    *("/desk/dashboard", "/desk/access", "/desk/records/gem-ore", "/desk/records/gem-ore/revisions"),
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("web")) as api:
        api.put_in(GEM_ORE, content("secret-draft", rumor="A draft of ours", status="draft"))
        yield api


def ask(api: Api, text: str, **more: str) -> str:
    answer = api.client.post("/", data={"text": text, **more})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("path", ["/", "/rebuttals", "/rebuttals/gem-ore", "/sign-in", "/rebuttals/none"])
def test_a_page_runs_nothing_but_our_own_two_files(api: Api, path: str) -> None:
    answer = api.client.get(path)
    assert answer.headers.get_list("content-security-policy") == [POLICY]
    assert answer.headers["x-content-type-options"] == "nosniff"
    scripts = re.findall(r"<script[^>]*>", answer.text)
    assert all('src="/static/' in tag or 'type="application/ld+json"' in tag for tag in scripts)
    assert not re.search(r"\son\w+=|javascript:|<style|\sstyle=", answer.text)


@pytest.mark.parametrize("path", DESK)
def test_the_desk_asks_the_public_to_sign_in(api: Api, path: str) -> None:
    answer = api.client.get(path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Fdesk")
    assert api.client.post(path, data={}, follow_redirects=False).status_code in {401, 405}


@pytest.mark.parametrize("path", DESK)
def test_the_desk_opens_for_those_who_may(api: Api, path: str) -> None:
    answer = api.client.get(path, headers=api.key())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    refused = api.client.get(path, headers=api.key("reader"))
    assert refused.status_code == (200 if path == "/desk/watches" else 403)
    assert refused.headers["content-type"].startswith("text/html")


def test_a_draft_that_was_thrown_away_was_never_public(api: Api) -> None:
    api.put_in(content("thrown-away", rumor="A draft that came to nothing", status="draft"))
    retracted = api.client.post("/v1/rebuttals/thrown-away/retract", json={"reason": "No source"}, headers=api.key())
    assert retracted.status_code == 200
    assert api.client.get("/rebuttals/thrown-away").status_code == 404
    assert api.client.get("/rebuttals/thrown-away/revisions").status_code == 404
    assert "came to nothing" not in api.client.get("/rebuttals", params={"status": "retracted"}).text


def test_a_source_with_a_broken_address_is_shown_as_it_is(api: Api) -> None:
    api.put_in(content("broken-address", citations=(Citation(url="http://[x/", publisher="Example"),)))
    assert api.client.get("/rebuttals/broken-address").status_code == 200


def test_nobody_else_sees_a_draft(api: Api) -> None:
    assert "A draft of ours" not in api.client.get("/rebuttals").text
    assert api.client.get("/rebuttals?status=draft").text.count("A draft of ours") == 0
    assert api.client.get("/rebuttals/secret-draft").status_code == 404
    assert api.client.get("/rebuttals/secret-draft/revisions").status_code == 404
    assert "A draft of ours" in api.client.get("/desk", headers=api.key("editor")).text


def test_assets_are_kept_for_ever_under_their_hash(api: Api) -> None:
    for name in ("desk.css", "desk.js", "htmx.js", "icon.svg"):
        answer = api.client.get(assets.address_of(name))
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        plain = api.client.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
        assert plain.content == answer.content
        assert "no-cache" in plain.headers["cache-control"]
        known = {"If-None-Match": plain.headers["etag"]}
        assert api.client.get(f"/static/{name}", headers=known).status_code == 304
    assert api.client.get("/static/none.js").status_code == 404
    assert api.client.get("/static/..%2Fassets.py").status_code == 404


def test_another_htmx_than_the_one_that_was_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "_HTMX_SHA256", "0" * 64)
    assets.assets.cache_clear()
    with pytest.raises(RuntimeError, match=r"2\.0\.3"):
        assets.assets()
    monkeypatch.undo()
    monkeypatch.setattr(assets, "_HTMX_PACKAGE", "no_such_package")
    with pytest.raises(RuntimeError, match="not installed"):
        assets.assets()
    monkeypatch.undo()
    assets.assets.cache_clear()


def test_an_unchanged_page_is_not_sent_again(api: Api) -> None:
    first = api.client.get("/rebuttals/gem-ore")
    again = api.client.get("/rebuttals/gem-ore", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_page_is_packed_for_those_who_take_it(api: Api) -> None:
    with api.client.stream("GET", "/rebuttals/gem-ore", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert b"<!doctype html>" in gzip.decompress(raw)
    plain = api.client.get("/rebuttals/gem-ore", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


def test_htmx_gets_the_part_alone(api: Api) -> None:
    answer = api.client.post("/", data={"text": GEM_ORE.rumor}, headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert '<article class="verdict rebutted"' in answer.text
    assert "HX-Request" in answer.headers["vary"]


def test_a_claim_s_answer_is_escaped_wherever_it_stands(api: Api) -> None:
    hostile = """<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7 * 7 }}"""
    text = ask(api, hostile)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "{{ 7 * 7 }}" in text
    shared = api.client.get("/verdicts/v1~x", params={"claim": hostile})
    assert "<script>alert" not in shared.text
    assert 'name="robots" content="noindex"' in shared.text


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"text": ""}, 422, "Paste a text first."),
        ({"text": "x" * 50_001}, 422, "at most 50,000 characters"),
        ({"text": "Owls", "as_of": "0000-00-00"}, 422, "year-month-day"),
        ({"text": "Owls", "read": "music"}, 422, "Invalid enum value"),
        ({"text": "Owls", "language": "in English"}, 422, "BCP 47"),
    ],
)
def test_a_question_that_cannot_be_read_is_told_at_its_field(
    api: Api, fields: dict[str, str], status: int, told: str
) -> None:
    answer = api.client.post("/", data=fields)
    assert answer.status_code == status
    assert told in answer.text
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"text=%ff%fe", FORM, 400),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"&".join(b"a=1" for _ in range(3_000)), FORM, 400),
        (b"text=" + b"x" * 2_100_000, FORM, 413),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_as_a_page(
    api: Api, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = api.client.post("/", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert f"Status {status}" in answer.text


def test_an_article_is_read_sentence_by_sentence(api: Api) -> None:
    text = ask(api, f"Owls flew over Oslo at noon.\n{GEM_ORE.rumor}\nThe harbour was calm in the evening.")
    assert "1 sentence that somebody has answered" in text
    assert ask(api, GEM_ORE.rumor, read="document").count('class="verdict') == 1
    assert "1 sentence that" not in ask(api, GEM_ORE.rumor, read="claim")


def test_a_day_can_be_asked_for(api: Api) -> None:
    assert "No official rebuttal in this store is about it" in ask(api, GEM_ORE.rumor, as_of="2025-10-01")
    assert "as_of=2025-10-01" in ask(api, GEM_ORE.rumor, as_of="2025-10-01")


def test_filters_find_and_say_what_is_wrong(api: Api) -> None:
    assert GEM_ORE.rumor in api.client.get("/rebuttals", params={"topic": "rare earths", "q": ""}).text
    assert "Nothing here fits" in api.client.get("/rebuttals", params={"authority": "Nobody"}).text
    assert GEM_ORE.rumor in api.client.get("/rebuttals", params={"q": "rare earth samples"}).text
    assert api.client.get("/rebuttals", params={"stated_from": "yesterday"}).status_code == 422


@contextmanager
def signed_in(api: Api, name: str, role: Role) -> Iterator[str]:
    """The client with a person's session; the token that its forms carry."""
    api.runtime.store.people.create(name, role, actor="cli", password=passwords.hash_(PASSWORD))
    fields = {"name": name, "password": PASSWORD, "next": "/desk"}
    answer = api.client.post("/sign-in", data=fields, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    found = re.search(r'name="csrf_token" value="([^"]+)"', api.client.get("/desk").text)
    assert found
    yield found[1]
    api.client.cookies.clear()


@pytest.mark.parametrize("token", ["", "made-up"])
def test_a_form_of_another_site_changes_nothing(api: Api, token: str) -> None:
    with signed_in(api, f"pia{len(token)}", "admin"):
        for path in ("/desk/records/gem-ore/retract", "/desk/new", "/sign-out", "/desk/access/keys/reader-key/revoke"):
            fields = {"revision": "1", "reason": "x", "csrf_token": token}
            answer = api.client.post(path, data=fields, follow_redirects=False)
            assert answer.status_code == 403
            assert answer.headers["content-type"].startswith("text/html")
    assert api.runtime.store.get("gem-ore").status == "published"


def test_a_form_of_ours_is_taken_and_a_page_with_its_token_is_not_packed(api: Api) -> None:
    with signed_in(api, "ann", "admin") as token:
        shown = api.client.get("/desk", headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in shown.headers
        assert shown.headers["cache-control"] == "no-store"
        gone = api.client.post("/sign-out", data={"csrf_token": token}, follow_redirects=False)
        assert gone.headers["location"] == "/"
        assert api.client.get("/desk", follow_redirects=False).status_code == 303


def test_a_step_from_an_old_form_is_refused(api: Api) -> None:
    publisher = api.key("publisher")
    for revision, status in (("99", 412), ("", 400), ("x", 400), ("9" * 30, 400)):
        fields = {"revision": revision, "reason": "A reason."}
        answer = api.client.post("/desk/records/gem-ore/retract", data=fields, headers=publisher)
        assert answer.status_code == status
        assert (status != 412) or "Read it as it stands" in answer.text
    missing = api.client.post("/desk/records/gem-ore/retract", data={"revision": "1"}, headers=publisher)
    assert "Say why" in missing.text
    assert (
        api.client.post(
            "/desk/records/gem-ore/retract", data={"revision": "1", "reason": "x"}, headers=api.key("editor")
        ).status_code
        == 403
    )
    assert api.runtime.store.get("gem-ore").revision == 1


def test_an_article_without_what_a_record_needs_is_told(api: Api) -> None:
    editor = api.key("editor")
    article = "The Ministry of Health on Monday denied reports that owls carry the flu, spokesperson Ann Lee said."
    kept = api.client.post("/desk/extract", data={"article": article, "action": "keep"}, headers=editor)
    assert kept.status_code == 422
    empty = api.client.post("/desk/extract", data={"article": ""}, headers=editor)
    assert empty.status_code == 422
    assert 'role="alert"' in empty.text


@pytest.mark.parametrize(
    ("step", "fields", "told"),
    [
        ("merge", {"other": "gem-ore"}, "cannot be merged with itself"),
        ("merge", {"other": "none-such"}, "no record none-such"),
        ("supersede", {"by": "secret-draft"}, "There is no published record secret-draft"),
        ("publish", {}, "only a draft is published"),
        ("retract", {"reason": "x" * 501}, "500 characters"),
    ],
)
def test_a_step_that_cannot_be_taken_says_why(api: Api, step: str, fields: dict[str, str], told: str) -> None:
    path = f"/desk/records/gem-ore/{step}"
    answer = api.client.post(path, data={"revision": "1", **fields}, headers=api.key("publisher"))
    assert answer.is_client_error
    assert told in answer.text
    assert api.runtime.store.get("gem-ore").revision == 1


def test_a_page_s_source_is_read_and_not_run(api: Api) -> None:
    page = f"""<!doctype html><html><head><title>Owls</title></head><body><article><h1>No owls, ministry says</h1>
        <p>{"The Ministry of Health on Monday denied reports that owls carry the flu. " * 3}</p>
        <p>"No owl has the flu," spokesperson Ann Lee told reporters in Oslo.</p></article>
        <script>alert(1)</script></body></html>"""
    fields = {
        "article": page,
        "publisher": "News",
        "address": "https://news.example.org/a",
        "published_on": "2025-10-13",
    }
    answer = api.client.post("/desk/extract", data=fields, headers=api.key("editor"))
    assert answer.status_code == 200
    assert "No owl has the flu" in answer.text
    assert "<script>alert" not in answer.text


def test_the_settings_choose_the_address_in_links(tmp_path: Path) -> None:
    with open_api(tmp_path, public_url="https://desk.example.org") as api:
        api.put_in(GEM_ORE)
        assert '"https://desk.example.org/rebuttals/gem-ore"' in api.client.get("/rebuttals/gem-ore").text
