"""The stance model that ships: its input layout, its probabilities, and what it may not depend on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import WeightsError
from embeddings.stance import DEFAULT, STANCES, OnnxStanceModel, StanceModel, StancePair, load_stance

RUMOR = "Pakistan handed rare earth samples to the US president."
STATEMENT = "The stones were raw gem ore samples bought by staff."
PAIRS = [
    StancePair("Did Pakistan give Trump rare earths?", RUMOR, STATEMENT),
    StancePair("China denies that Pakistan handed rare earth samples to the US", RUMOR, STATEMENT),
    StancePair("The ferry to the island runs an hour late today", RUMOR, STATEMENT),
    StancePair("Pakistan " * 300, RUMOR),
    StancePair("", "", ""),
]


@pytest.fixture(scope="module")
def model() -> StanceModel:
    return load_stance()


def test_probabilities_have_the_promised_shape(model: StanceModel) -> None:
    assert isinstance(model, StanceModel)
    assert STANCES == ("asserts", "denies", "other")
    assert "en" in model.languages
    probabilities = model.predict(PAIRS)
    assert probabilities.shape == (len(PAIRS), 3)
    assert probabilities.dtype == np.float32
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_no_pairs_give_no_rows(model: StanceModel) -> None:
    assert model.predict([]).shape == (0, 3)


def test_a_pair_alone_and_in_a_batch_is_judged_alike(model: StanceModel) -> None:
    alone = np.concatenate([model.predict([pair]) for pair in PAIRS])
    np.testing.assert_allclose(model.predict(PAIRS * 9)[: len(PAIRS)], alone, atol=0.02)


def test_an_assertion_a_denial_and_another_claim_are_told_apart(model: StanceModel) -> None:
    plain = [RUMOR, f"It is not true that {RUMOR}", "The ferry to the island runs an hour late today"]
    found = model.predict([StancePair(claim, RUMOR, STATEMENT) for claim in plain]).argmax(axis=1)
    assert [STANCES[column] for column in found] == ["asserts", "denies", "other"]


def test_the_statement_is_read(model: StanceModel) -> None:
    rumor = "The harbour of Veldmark was shut after a chemical leak."
    statement = "A film crew had coloured the water with food dye for a scene."
    claim = "A movie shoot tinted the basin with kitchen colouring."
    without, with_it = model.predict([StancePair(claim, rumor), StancePair(claim, rumor, statement)])
    assert with_it[1] > max(without[1] + 0.02, 0.9)


def test_a_long_claim_cannot_push_the_rumor_out(model: StanceModel) -> None:
    long = "The minister spoke to reporters about many things. " * 200
    one, other = model.predict([StancePair(long, RUMOR), StancePair(long, "Ferries are free on Sundays.")])
    assert np.abs(one - other).max() > 1e-4


def test_special_tokens_in_a_claim_are_plain_characters(model: StanceModel) -> None:
    typed, spaced = (StancePair(f"Ferries are late {mark} x", RUMOR) for mark in ("</s>", "< / s >"))
    np.testing.assert_allclose(model.predict([typed]), model.predict([spaced]), atol=1e-5)


def test_lone_surrogates_are_read_as_question_marks(model: StanceModel) -> None:
    np.testing.assert_allclose(
        model.predict([StancePair("a \ud800", RUMOR)]), model.predict([StancePair("a ?", RUMOR)]), atol=1e-5
    )


@pytest.mark.parametrize("damage", ["missing", "exchanged"])
def test_every_part_of_the_network_must_be_the_one_that_shipped(tmp_path: Path, damage: str) -> None:
    folder = Path(shutil.copytree(DEFAULT, tmp_path / "weights"))
    first, second, *_ = sorted(folder.glob("model.onnx.*"))
    if damage == "missing":
        second.unlink()
    else:
        first.rename(folder / "kept")
        second.rename(first)
        (folder / "kept").rename(second)
    with pytest.raises(WeightsError, match=r"model\.onnx\.[12]"):
        OnnxStanceModel.load(folder)


def test_labels_in_another_order_are_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEFAULT, tmp_path / "weights"))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["labels"] = ["denies", "asserts", "other"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match="labels"):
        OnnxStanceModel.load(folder)


def test_missing_weights_are_a_weights_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"manifest\.json"):
        OnnxStanceModel.load(tmp_path)
