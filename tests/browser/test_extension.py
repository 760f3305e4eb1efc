"""A reader on a news front: the real extension in a real browser, asking the real service with the models that ship."""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest
from support.extension import Reader
from support.fronts import front
from support.world import DENIALS, RUMORS, World, stories, wait, wait_for_marks

pytestmark = pytest.mark.browser

TOWER: Final[dict[str, Any]] = {
    "id": "tower",
    "rumor": "The city of Lindow has sold its harbor tower to a casino",
    "statement": "The harbor tower belongs to the city of Lindow and is not for sale.",
    "authority": {"name": "City of Lindow", "kind": "other"},
    "citations": [{"url": "https://lindow.example/tower", "publisher": "City of Lindow"}],
}
# A page that goes from story to story without ever being loaded again, and grows at its end.
_APP = """<script>
  const main = document.querySelector("main");
  const cards = (texts) => texts.map((text) => `<article><h2>${text}</h2></article>`).join("");
  const go = (path, texts) => { history.pushState({}, "", path); main.innerHTML = cards(texts); };
  const grow = (texts) => main.insertAdjacentHTML("beforeend", cards(texts));
</script>"""


def verdicts(world: World, texts: list[str]) -> dict[str, str]:
    """What the service itself says of texts."""
    labels = {}
    for at in range(0, len(texts), 200):
        claims = [{"id": f"{number}", "text": text} for number, text in enumerate(texts[at : at + 200])]
        answer = httpx.post(f"{world.service}/v1/check/batch", json={"claims": claims, "limit": 2}, timeout=120)
        results: list[dict[str, Any]] = answer.raise_for_status().json()["results"]
        labels |= {claim["text"]: result["verdict"]["label"] for claim, result in zip(claims, results, strict=True)}
    return labels


def test_every_rumor_is_marked_and_nothing_else(world: World, reader: Reader) -> None:
    headlines = [*RUMORS, *DENIALS, *stories("ordinary")[:180]]
    page = world.visit(reader, front(headlines[::-1]))
    wait(lambda: set(world.asked()) >= set(headlines), page)
    wait_for_marks(reader, page, RUMORS)


def test_marks_are_what_the_service_says_and_neither_ordinary_headlines_nor_denials_are_accused(
    world: World, reader: Reader
) -> None:
    headlines = stories("ordinary", "denial", "lookalike", "rumor")
    said = verdicts(world, headlines)
    world.recording.requests.clear()
    page = world.visit(reader, front(headlines))
    wait(lambda: set(world.asked()) >= set(headlines), page, 90)
    wait_for_marks(reader, page, [text for text, label in said.items() if label in {"rebutted", "contested"}])
    accused = {text for text, label in said.items() if label == "rebutted"}
    assert not accused & {*stories("ordinary"), *stories("denial")}


def test_a_page_that_is_never_loaded_anew(world: World, reader: Reader) -> None:
    ordinary = stories("ordinary")
    page = world.visit(reader, front(ordinary[:6]).replace("</body>", f"{_APP}</body>"))
    wait(lambda: set(world.asked()) >= set(ordinary[:6]), page)
    page.evaluate("texts => go('/next', texts)", [RUMORS[0], *ordinary[6:9]])
    wait_for_marks(reader, page, RUMORS[:1])
    page.evaluate("texts => grow(texts)", [RUMORS[1], DENIALS[0]])
    wait_for_marks(reader, page, RUMORS[:2])
    page.evaluate("texts => go('/last', texts)", ordinary[9:14])
    wait_for_marks(reader, page, [])


def test_a_headline_is_asked_about_once(world: World, reader: Reader) -> None:
    page = world.visit(reader, front([RUMORS[0], RUMORS[1], RUMORS[0], *stories("ordinary")[:20]]))
    wait_for_marks(reader, page, [RUMORS[0], RUMORS[0], RUMORS[1]])
    again = world.visit(reader, front([RUMORS[1], RUMORS[0], *stories("ordinary")[:20]]), "again")
    wait_for_marks(reader, again, RUMORS[:2])
    asked = world.asked()
    assert sorted(asked) == sorted(set(asked))


def test_a_retraction_clears_what_was_kept(world: World, reader: Reader) -> None:
    key = world.runtime.store.create_key("press", "publisher")
    with httpx.Client(base_url=world.service, headers={"Authorization": f"Bearer {key}"}) as press:
        press.post("/v1/rebuttals", json=TOWER).raise_for_status()
        headlines = [TOWER["rumor"], *stories("ordinary")[:5]]
        page = world.visit(reader, front(headlines))
        wait_for_marks(reader, page, [TOWER["rumor"]])
        press.post("/v1/rebuttals/tower/retract", json={"reason": "It was a joke."}).raise_for_status()
    reader.minute_passes()
    again = world.visit(reader, front(headlines), "again")
    wait(lambda: world.asked().count(TOWER["rumor"]) == 2, again)
    wait_for_marks(reader, again, [])


def test_what_is_turned_off_asks_nothing(world: World, reader: Reader) -> None:
    reader.choose(sites=["http://localhost/*"])
    page = world.visit(reader, front([RUMORS[0], *stories("ordinary")[:5]]))
    page.wait_for_timeout(1_500)
    assert world.requests() == []
    reader.choose(sites=["http://127.0.0.1/*"])
    wait_for_marks(reader, page, RUMORS[:1])
    reader.choose(sites=[])
    wait_for_marks(reader, page, [])
