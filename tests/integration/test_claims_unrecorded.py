"""What is asked is written nowhere: not into the store, its indexes, the log, the metrics or the tallies.

A server process of its own is asked with words that stand nowhere else, and then everything that it has written is
looked through, as bytes, while it runs and after it has ended.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from support.warm import clean_environment, warm_store

from service.postings.segment import hashes_of

PROGRAM = Path(sys.executable).parent / "rejoinder"
WORDS = ("quibberflax", "vandromere")
CLAIM = "Quibberflax Vandromere says that Pakistan handed rare earth samples to the US president"
UNKNOWN = "Quibberflax Vandromere has been seen in a bakery of Exampleport"
ASKED = (
    ("/v1/check", {"claim": CLAIM}),
    ("/v1/check", {"claim": UNKNOWN}),
    ("/v1/check", {"claim": f"It rained. {CLAIM}. {UNKNOWN}.", "mode": "document"}),
    ("/v1/check", {"claim": CLAIM, "as_of": "2025-10-31"}),
    ("/v1/check/batch", {"claims": [{"id": "1", "text": CLAIM}, {"id": "2", "text": UNKNOWN}]}),
    ("/v1/compare", {"claim": CLAIM, "rumor": UNKNOWN, "statement": CLAIM}),
    ("/v1/search", {"query": CLAIM}),
)
REFUSED = (
    ("/v1/check", {"claim": CLAIM, "limit": 0}),
    ("/v1/check/batch", {"claims": [{"id": "1", "text": CLAIM, "more": UNKNOWN}]}),
    ("/v1/compare", {"claim": CLAIM}),
    ("/v1/search", {"query": CLAIM, "filters": {"country": UNKNOWN}}),
)


class Running(NamedTuple):
    """A server process: where it answers, an administrator's key, and what it writes beside the store's folder."""

    address: str
    key: dict[str, str]
    folder: Path
    said: Path


@contextmanager
def server(home: Path, **environment: str) -> Iterator[Running]:
    """`rejoinder serve` as it is started by a person, on a store of its own."""
    folder = home / "store"
    folder.mkdir()
    db = warm_store(folder)
    given = clean_environment(home, **environment)
    made = subprocess.run(
        [PROGRAM, "keys", "create", "desk", "--role", "admin", "--db", db], env=given, capture_output=True, check=True
    )
    key = {"Authorization": f"Bearer {made.stdout.decode().strip()}"}
    said = home / "said"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "serve", "--port", "0", "--db", db], env=given, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield Running(address_in(said, process), key, folder, said)
    finally:
        process.terminate()
        process.wait(60)


def address_in(said: Path, process: subprocess.Popen[bytes]) -> str:
    """Where the server says that it answers, once it does."""
    until = time.monotonic() + 120
    while not (found := re.search(r"answers at (http://\S+?),", said.read_text("utf-8"))):
        assert process.poll() is None, said.read_text("utf-8")
        assert time.monotonic() < until, "the server does not become ready"
        time.sleep(0.05)
    return found[1]


def asked(running: Running) -> str:
    """Ask everything; returns what the service tells of itself afterwards."""
    with httpx.Client(base_url=running.address, timeout=60) as client:
        for path, body in ASKED:
            answer = client.post(path, json=body)
            assert answer.status_code == 200, answer.text
        for path, body in REFUSED:
            assert client.post(path, json=body).status_code in {200, 422}
        counted = client.get("/metrics").text
        assert 'rejoinder_verdicts_total{label="rebutted"}' in counted
        told = [counted]
        # The tallies are written every few seconds: they are complete when they have the claims above.
        until = time.monotonic() + 60
        while True:
            tallies = client.get("/v1/tallies", headers=running.key)
            if tallies.json()["claims"] >= 6:
                break
            assert time.monotonic() < until, tallies.text
            time.sleep(0.1)
        told.append(tallies.text)
        logs = ("/v1/events", "/v1/feedback", "/v1/watches", "/v1/keys/log")
        told += [client.get(path, headers=running.key).text for path in logs]
    return "\n".join(told)


def found_in(data: bytes) -> list[str]:
    """Which of the words stand in the bytes: however they are cased, in 8 or 16 bits to a letter, or hashed."""
    low = data.lower()
    hashes = [word_hash.tobytes() for word_hash in hashes_of(WORDS)]
    return [
        word
        for word, hashed in zip(WORDS, hashes, strict=True)
        if word.encode() in low or word.encode("utf-16-le") in low or hashed in data
    ]


def written(folder: Path) -> dict[str, bytes]:
    """Every file of the store: database, write-ahead log, indexes."""
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_claim_is_written_nowhere(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        told = asked(running)
        during = written(running.folder)
    after = written(running.folder)
    # While it runs there is a write-ahead log, and when it has ended the indexes are saved.
    assert {"rejoinder.db", "rejoinder.db-wal"} <= during.keys()
    assert any(name.startswith("rejoinder.db.index") for name in after)
    # The index of words holds hashes: those of a record's words are found there, so a claim's would be too.
    assert hashes_of(["pakistan"])[0].tobytes() in after["rejoinder.db.index.words"]
    everything = {
        **{f"during/{name}": data for name, data in during.items()},
        **{f"after/{name}": data for name, data in after.items()},
        "log": running.said.read_bytes(),
        "told": told.encode(),
    }
    assert {name: found for name, data in everything.items() if (found := found_in(data))} == {}


def test_an_operator_who_wants_claims_in_the_log_gets_them_there_alone(tmp_path: Path) -> None:
    with server(tmp_path, REJOINDER_LOG_CLAIMS="1") as running:
        told = asked(running)
    assert found_in(running.said.read_bytes()) == list(WORDS)
    assert found_in(told.encode()) == []
    assert {name for name, data in written(running.folder).items() if found_in(data)} == set()


@pytest.mark.parametrize("text", [CLAIM, CLAIM.upper(), CLAIM.title()])
def test_the_search_finds_what_is_there(tmp_path: Path, text: str) -> None:
    assert found_in(f"noise {text} noise".encode()) == list(WORDS)
    assert found_in(text.encode("utf-16-le")) == list(WORDS)
    (tmp_path / "index.words").write_bytes(hashes_of([word.lower() for word in text.split()]).tobytes())
    assert [name for name, data in written(tmp_path).items() if found_in(data)] == ["index.words"]
