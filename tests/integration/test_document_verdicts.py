"""Whole texts with the real models on the starter corpus: two that report a denial, and one that spreads a rumor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from support.warm import warm_store

from service.document import DocumentResult, check_document
from service.domain import Claim
from service.runtime import Runtime
from service.settings import Settings

GEM_ORE = "cn-mfa-pakistan-rare-earth-samples-us"
REPORT = """\
Beijing calls story of rare earths for Washington an invention

BEIJING, Tuesday. China's foreign ministry on Monday rejected media reports that Pakistan had handed rare earth samples
to the US president.

Posts seen by millions say: Pakistan handed rare earth samples to the US president. The stones were gem ores that staff
had bought in Pakistan, spokesperson Lin Jian told reporters.

"They only want to drive a wedge between the two countries," he said. He left after an hour.

Leave a reply
Please enter your name here
"""
DENIED_NEXT = """\
Pakistan handed rare earth samples to the US president. That is not true, the ministry said.

A dinner was served at eight. The two sides spoke of tariffs and cotton.
"""
SPREADS = """\
A delegation from Islamabad was in Washington on Thursday. Pakistan handed rare earth samples to the US president.

A dinner was served at eight. The two sides spoke of tariffs and cotton.
"""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    runtime = Runtime.open(Settings(db=warm_store(tmp_path_factory.mktemp("documents"))))
    yield runtime
    runtime.close()


def check(runtime: Runtime, text: str) -> DocumentResult:
    return asyncio.run(check_document(runtime.checker, Claim(claim=text, limit=1)))


@pytest.mark.parametrize("text", [REPORT, DENIED_NEXT], ids=["article", "next sentence"])
def test_a_text_that_reports_the_denial_is_not_accused(runtime: Runtime, text: str) -> None:
    result = check(runtime, text)
    assert {finding.verdict.label for finding in result.findings} <= {"consistent", "related"}, result
    assert GEM_ORE in [finding.matches[0].rebuttal.id for finding in result.findings]
    assert all(text[finding.start : finding.end] == finding.text for finding in result.findings)


def test_a_text_that_spreads_a_rumor_is_answered_and_the_sentence_named(runtime: Runtime) -> None:
    result = check(runtime, SPREADS)
    assert result.verdict.label == "rebutted"
    assert result.findings[0].text == "Pakistan handed rare earth samples to the US president."
    assert result.findings[0].matches[0].rebuttal.id == GEM_ORE
