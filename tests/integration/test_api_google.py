"""Google's claim search: its parameters, its answers, its errors, and its own client."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.api import Api, listening, open_api
from support.records import content

from service.domain import Citation

PATH = "/v1alpha1/claims:search"
NODE = Path(__file__).resolve().parents[1] / "node"
MOON = "Rare earth samples were handed over"


def cited(name: str, *sites: str, **changes: Any) -> Any:  # noqa: ANN401 - fields of a record
    citations = [Citation(url=f"https://{site}/{name}", publisher=site.title(), title=f"On {name}") for site in sites]
    return content(name, rumor=f"{MOON} in the year {name}", citations=tuple(citations), **changes)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("google")) as api:
        today = dt.datetime.now(dt.UTC).date()
        api.put_in(
            *(cited(f"{year}", "www.news.example", "ministry.example") for year in range(2001, 2026)),
            cited("2026", "other.example", stated_on=today),
            cited("2027", "news.example", language="de"),
            cited("2028", "news.example", rating_words="Pants on Fire", authority={"name": "Check"}),
            cited("2029", "secret.example", status="draft"),
            cited("2030", "secret.example", status="retracted"),
        )
        yield api


def search(api: Api, **parameters: object) -> dict[str, Any]:
    answer = api.client.get(PATH, params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def texts(page: dict[str, Any]) -> list[str]:
    return [claim["text"] for claim in page["claims"]]


def test_an_answer_has_google_s_shape(api: Api) -> None:
    page = search(api, query=f"{MOON} in the year 2028", pageSize=1, key="anything", alt="json", prettyPrint="true")
    (claim,) = page["claims"]
    assert claim == {
        "text": f"{MOON} in the year 2028",
        "claimReview": [
            {
                "publisher": {"name": "News.Example", "site": "news.example"},
                "url": "https://news.example/2028",
                "title": "On 2028",
                "reviewDate": "2025-10-13T00:00:00Z",
                "textualRating": "Pants on Fire",
                "languageCode": "en",
            }
        ],
    }


def test_each_cited_page_is_a_review_with_its_own_site(api: Api) -> None:
    (claim,) = search(api, query=f"{MOON} in the year 2001", pageSize=1)["claims"]
    assert [review["publisher"]["site"] for review in claim["claimReview"]] == ["news.example", "ministry.example"]
    assert {review["textualRating"] for review in claim["claimReview"]} == {
        "False, according to Ministry of Foreign Affairs of China"
    }


def test_pages_of_a_query_hold_each_claim_once(api: Api) -> None:
    found, token = [], ""
    for _ in range(10):
        page = search(api, query=MOON, pageSize=7, **({"pageToken": token} if token else {}))
        found += texts(page)
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert len(found) == len(set(found)) == 28
    assert texts(search(api, query=MOON, pageSize=3, offset=7)) == found[7:10]
    assert len(search(api, query=MOON)["claims"]) == 10


def test_pages_of_a_site_hold_each_claim_once(api: Api) -> None:
    found, token = [], ""
    for _ in range(20):
        page = search(
            api, reviewPublisherSiteFilter="news.example", pageSize=4, **({"pageToken": token} if token else {})
        )
        found += texts(page)
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert len(found) == len(set(found)) == 27
    assert texts(search(api, reviewPublisherSiteFilter="www.news.example", offset=5, pageSize=2)) == found[5:7]


def test_a_site_shows_its_own_reviews_only(api: Api) -> None:
    page = search(api, query=MOON, reviewPublisherSiteFilter="ministry.example", pageSize=50)
    assert len(page["claims"]) == 25
    assert {review["publisher"]["site"] for claim in page["claims"] for review in claim["claimReview"]} == {
        "ministry.example"
    }
    assert search(api, reviewPublisherSiteFilter="secret.example") == {}
    assert len(search(api, reviewPublisherSiteFilter="https://www.News.example/", pageSize=5_000)["claims"]) == 27


def test_language_and_age_are_kept_to(api: Api) -> None:
    assert texts(search(api, query=MOON, languageCode="de-AT")) == [f"{MOON} in the year 2027"]
    assert texts(search(api, query=MOON, maxAgeDays=3)) == [f"{MOON} in the year 2026"]


def test_what_is_on_no_such_matter_is_not_found(api: Api) -> None:
    assert search(api, query="zzz qqq xxx") == {}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "query"),
        ("query=", "query"),
        ("query=%00", "query"),
        ("query=x&pageSize=many", "pageSize"),
        ("query=x&pageSize=-1", "pageSize"),
        ("query=x&maxAgeDays=-1", "maxAgeDays"),
        ("query=x&languageCode=!", "languageCode"),
        ("query=x&pageToken=nonsense", "pageToken"),
        ("query=x&pageToken=%C3%A9", "pageToken"),
        ("reviewPublisherSiteFilter=x&pageToken=czE6eHh4", "cursor"),
        ("query=%FF", "query string"),
    ],
)
def test_errors_have_google_s_shape(api: Api, query: str, named: str) -> None:
    answer = api.client.get(f"{PATH}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert named in error["message"]


def test_a_key_that_is_sent_must_be_good_and_the_method_right(api: Api) -> None:
    answer = api.client.get(f"{PATH}?query=x", headers={"Authorization": "Bearer rj_nothing"})
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert "www-authenticate" in answer.headers
    assert api.client.post(PATH).status_code == 405
    assert api.client.get("/v1alpha1/claims:imageSearch?imageUri=x").status_code == 404


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    installed = (NODE / "node_modules" / "@googleapis" / "factchecktools" / "package.json").exists()
    if not (found and installed) and not os.environ.get("CI"):
        pytest.skip("node and Google's client are not installed: `make test` does it")
    assert found, "node is not installed"
    assert installed, f"Google's client is not installed: npm ci in {NODE}"
    return found


@pytest.fixture(scope="module")
def address(api: Api) -> Iterator[str]:
    with listening(api) as connection:
        yield f"http://127.0.0.1:{connection.getpeername()[1]}"


def by_client(node: str, address: str, **parameters: object) -> dict[str, Any]:
    command = [node, str(NODE / "search.cjs"), address, json.dumps(parameters)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_google_s_own_client_reads_claims(api: Api, node: str, address: str) -> None:
    answer = by_client(node, address, query=MOON, languageCode="en-US", pageSize=3)
    assert answer == {"status": 200, "data": search(api, query=MOON, languageCode="en-US", pageSize=3)}
    assert len(answer["data"]["claims"]) == 3
    token = answer["data"]["nextPageToken"]
    following = by_client(node, address, query=MOON, languageCode="en-US", pageSize=3, pageToken=token)
    assert not set(texts(following["data"])) & set(texts(answer["data"]))


def test_google_s_own_client_understands_our_errors(node: str, address: str) -> None:
    answer = by_client(node, address)
    assert answer["status"] == 400
    assert "reviewPublisherSiteFilter" in answer["error"]
