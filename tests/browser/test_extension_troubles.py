"""What a reader sees when the service is away, slow, busy or wrong, and when a page means harm: nothing, in peace."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count

import pytest
from support.extension import Reader
from support.fronts import Answer, answering, front
from support.world import RUMORS, World, stories, wait, wait_for_marks

pytestmark = pytest.mark.browser

JSON = {"Content-Type": "application/json"}
HEADLINES = [RUMORS[0], *(f"The council of town {number} opens a new library" for number in range(12))]
HOSTILE = ("<img src=x onerror=document.title='ran'>" * 2_000, "\u202e\u2066" * 20_000, "é" * 50_000)
_FLICKER = """<script>
  const [first] = document.querySelectorAll("h2");
  let turn = 0;
  setInterval(() => { first.textContent = `Breaking news of the minute, number ${turn++} of a long day`; }, 1000 / 60);
</script>"""
_FLOOD = """<script>
  const main = document.querySelector("main");
  setInterval(() => {
    const article = document.createElement("article");
    article.innerHTML = `<h2>An invented headline with the number ${Math.random()}</h2>`;
    main.append(article);
    if (main.children.length > 500) main.replaceChildren();
  }, 10);
</script>"""


class Stranger:
    """A service that is none: it answers every request with the same, and counts them."""

    def __init__(self, answer: Answer, *, seconds: float = 0) -> None:
        self._answer = answer
        self._seconds = seconds
        self.paths: list[str] = []

    def __call__(self, path: str, body: bytes) -> Answer:  # noqa: ARG002 - what is asked makes no difference
        self.paths.append(path)
        time.sleep(self._seconds)
        return self._answer


def huge(text: str) -> bytes:
    """An answer of the right form whose texts have no end."""
    citation = {"url": "javascript:alert(1)", "publisher": text, "kind": "primary"}
    rebuttal = {"id": "x", "rumor": text, "statement": text, "language": "en", "citations": [citation] * 500}
    rebuttal |= {"authority": {"name": text, "kind": "ministry"}, "rating": "false", "quote": text}
    why = {"field": "rumor", "text": text, "similarity": 1, "words": 1}
    match = {"rebuttal": rebuttal, "stance": "asserts", "score": 1, "why": why}
    verdict = {"label": "rebutted", "confidence": 1, "summary": text}
    results = [{"id": f"{number}", "verdict": verdict, "matches": [match], "verdict_id": text} for number in range(13)]
    return json.dumps({"results": results, "model": "m", "store_version": 1, "took_ms": 1}).encode()


@pytest.fixture
def complaints(reader: Reader) -> Iterator[list[str]]:
    """Whatever a page of the site complained of."""
    heard: list[str] = []
    reader.context.on("weberror", lambda error: heard.append(str(error.error)))
    yield heard
    assert heard == []


STRANGERS = {
    "gone": Stranger((404, JSON, b"{}")),
    "broken": Stranger((500, JSON, b"oops")),
    "busy": Stranger((429, {**JSON, "Retry-After": "30"}, b"{}")),
    "overloaded": Stranger((503, JSON, b"{}")),
    "no JSON": Stranger((200, JSON, b"<html>log in to the hotel's network</html>")),
    "another form": Stranger((200, JSON, b'{"results": [{"verdict": 7}], "store_version": "x"}')),
    "null": Stranger((200, JSON, b"null")),
    "moved": Stranger((302, {"Location": "https://elsewhere.example/"}, b"")),
}


@pytest.mark.usefixtures("complaints")
@pytest.mark.parametrize("name", STRANGERS)
def test_a_service_that_does_not_answer_marks_nothing_and_is_left_in_peace(
    world: World, reader: Reader, name: str
) -> None:
    stranger = STRANGERS[name]
    with answering(stranger) as address:
        reader.choose(server=address)
        page = world.visit(reader, front(HEADLINES))
        wait(lambda: bool(stranger.paths), page)
        page.wait_for_timeout(2_500)
        assert reader.findings(page) == []
        assert len(stranger.paths) <= 4


@pytest.mark.usefixtures("complaints")
def test_a_service_that_is_away_and_comes_back(world: World, reader: Reader) -> None:
    with answering(Stranger((200, JSON, b"{}"))) as address:
        pass  # now nobody listens there
    reader.choose(server=address)
    page = world.visit(reader, front(HEADLINES))
    page.wait_for_timeout(1_500)
    assert reader.findings(page) == []
    reader.choose(server=world.service)
    wait_for_marks(reader, page, RUMORS[:1])


@pytest.mark.usefixtures("complaints")
def test_a_slow_service_holds_nothing_up(world: World, reader: Reader) -> None:
    slow = Stranger((200, JSON, b"{}"), seconds=4)
    with answering(slow) as address:
        reader.choose(server=address)
        page = world.visit(reader, front(HEADLINES))
        wait(lambda: bool(slow.paths), page)
        began = time.monotonic()
        page.evaluate("new Promise(requestAnimationFrame)")
        assert time.monotonic() - began < 2
        page.close()


@pytest.mark.usefixtures("complaints")
@pytest.mark.parametrize(
    "text", ["<img src=x onerror=document.title='ran'>" * 2_000, "\u202e\u2066" * 20_000, "é" * 50_000]
)
def test_a_hostile_service_cannot_harm_the_page(world: World, reader: Reader, text: str) -> None:
    with answering(Stranger((200, {**JSON, "ETag": '"1"'}, huge(text)))) as address:
        reader.choose(server=address)
        page = world.visit(reader, front(HEADLINES))
        page.wait_for_timeout(2_000)
        for finding in reader.findings(page):
            assert len(json.dumps(finding)) < 100_000
        assert page.title() == "The Morning Post Office"
        assert page.evaluate("document.querySelectorAll('img').length") == 0


@pytest.mark.usefixtures("complaints")
def test_a_headline_with_markup_is_text(world: World, reader: Reader) -> None:
    odd = f"{RUMORS[0]} <script>document.title = 'ran'</script>"
    page = world.visit(reader, front([odd, RUMORS[1], *stories("ordinary")[:4]]))
    wait(lambda: odd in world.asked(), page)
    wait(lambda: RUMORS[1] in reader.marked(page), page)
    assert page.title() == "The Morning Post Office"


@pytest.mark.usefixtures("complaints")
def test_a_text_that_changes_sixty_times_a_second(world: World, reader: Reader) -> None:
    page = world.visit(reader, front(["A quiet day", RUMORS[0], RUMORS[1]]).replace("</body>", f"{_FLICKER}</body>"))
    wait_for_marks(reader, page, RUMORS[1:2])
    page.wait_for_timeout(4_000)
    assert len(world.asked()) <= 8
    assert len(world.requests("/v1/check/batch")) <= 5


@pytest.mark.usefixtures("complaints")
def test_a_page_that_never_stops_growing(world: World, reader: Reader) -> None:
    page = world.visit(reader, front([RUMORS[0]]).replace("</body>", f"{_FLOOD}</body>"))
    wait(lambda: RUMORS[0] in world.asked(), page)
    page.wait_for_timeout(8_000)
    assert len(world.asked()) <= 1_000
    assert len(world.requests("/v1/check/batch")) <= 20


@pytest.mark.usefixtures("complaints")
def test_ten_thousand_nodes(world: World, reader: Reader) -> None:
    numbers = count(1)
    deep = "<div>" * 400 + "</div>" * 400
    many = "".join(f"<div><span>{next(numbers)}</span></div>" for _ in range(10_000))
    page = world.visit(reader, front([RUMORS[0]]).replace("</main>", f"{deep}{many}</main>"))
    wait_for_marks(reader, page, RUMORS[:1])
