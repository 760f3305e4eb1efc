"""The whole cascade with the real models on the starter corpus: what a reader would be told."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.domain import CheckResult, Claim
from service.runtime import Runtime
from service.settings import Settings

GEM_ORE = "cn-mfa-pakistan-rare-earth-samples-us"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    runtime = Runtime.open(Settings(db=tmp_path_factory.mktemp("verdicts") / "store.db", multilingual="off"))
    yield runtime
    runtime.close()


def check(runtime: Runtime, text: str, **options: object) -> CheckResult:
    return asyncio.run(runtime.checker.check(Claim(claim=text, **options)))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Pakistan handed rare earth samples to the US president", "rebutted"),
        ("Did Pakistan give rare earth samples to Trump?", "rebutted"),
        ("Sources say Pakistan's leaders presented rare earths to the US president", "rebutted"),
        ("China rejects reports that Pakistan gave rare earth samples to the US", "consistent"),
        ("Pakistan did not give rare earth samples to the US president", "consistent"),
        ("Subscribe now", "unmatched"),
        ("😀😀😀", "unmatched"),
        ("Arsenal win the derby with a late goal from the bench", "unmatched"),
    ],
)
def test_the_gem_ore_story(runtime: Runtime, text: str, label: str) -> None:
    answer = check(runtime, text)
    assert answer.verdict.label == label, answer
    if label != "unmatched":
        assert answer.matches[0].rebuttal.id == GEM_ORE
        assert answer.matches[0].rebuttal.citations
        assert answer.verdict.according_to == "Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025)"


@pytest.mark.parametrize(
    "text",
    [
        "China's foreign ministry says the stones shown in Washington were gem ores, not rare earths",
        "No, drinking bleach does not cure the coronavirus",
    ],
)
def test_a_denial_is_never_accused(runtime: Runtime, text: str) -> None:
    assert check(runtime, text).verdict.label not in {"rebutted", "contested"}


def test_where_authorities_disagree_both_are_shown_and_nobody_is_accused(runtime: Runtime) -> None:
    answer = check(runtime, "Vaccines do not cause autism, health agency says", limit=5)
    assert answer.verdict.label in {"consistent", "contested"}
    named = {match.rebuttal.authority.name for match in answer.matches}
    assert len(named) > 1


def test_a_verdict_says_what_would_change_it(runtime: Runtime) -> None:
    answer = check(runtime, "India handed rare earth samples to the US president")
    assert answer.verdict.label == "related"
    why = answer.matches[0].why
    assert ("name", ("India",)) in [(difference.kind, difference.claim) for difference in why.differs]
    assert "rebutted from" in str(why.would_change)


def test_a_claim_in_a_language_that_the_model_does_not_read_is_background(runtime: Runtime) -> None:
    answer = check(runtime, "巴基斯坦用中国设备和技术向美国出口稀土")
    assert answer.verdict.label == "related"
    assert answer.matches[0].rebuttal.id == GEM_ORE
    assert "does not read" in str(answer.matches[0].why.reason)


def test_nothing_answers_before_it_was_said(runtime: Runtime) -> None:
    text = "Pakistan handed rare earth samples to the US president"
    early = check(runtime, text, as_of=dt.date(2025, 10, 12))
    assert GEM_ORE not in [match.rebuttal.id for match in early.matches]
    later = check(runtime, text, as_of=dt.date(2025, 10, 13))
    assert later.matches[0].rebuttal.id == GEM_ORE


def test_an_answer_can_be_reproduced(runtime: Runtime) -> None:
    text = "Pakistan gives the US president rare earth samples"
    answers = [check(runtime, text, limit=limit) for limit in (1, 2)]  # another limit: not out of the cache
    assert answers[0].verdict == answers[1].verdict
    assert answers[0].model == runtime.checker.model
    assert answers[0].store_version == runtime.store.head()


def test_a_batch_says_what_single_questions_say(runtime: Runtime) -> None:
    texts = ["Pakistan handed rare earths to Trump", "Subscribe now", "Rain expected over the weekend in Leeds"]
    batch = asyncio.run(runtime.checker.check_many([Claim(claim=text, limit=3) for text in texts]))
    single = [check(runtime, text, limit=4) for text in texts]
    assert [answer.verdict.label for answer in batch] == [answer.verdict.label for answer in single]


def test_the_second_start_needs_no_encoding(tmp_path: Path) -> None:
    settings = Settings(db=tmp_path / "again.db", multilingual="off")
    told: list[str] = []
    Runtime.open(settings, on_progress=lambda stage, *_: told.append(stage)).close()
    assert told
    told.clear()
    Runtime.open(settings, on_progress=lambda stage, *_: told.append(stage)).close()
    assert not told
