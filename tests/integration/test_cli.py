"""The program as a person or a script meets it: what it prints where, and how it ends."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import msgspec
import pytest
from support.records import GEM_ORE, content
from support.warm import warm_store

from embeddings.encoder import WeightsError
from service.cli import main
from service.feedback import FeedbackContent
from service.store.sqlite import SqliteStore

RUMOR = "Pakistan handed rare earth samples to the US president"


class Ran(NamedTuple):
    """How a run ended: exit code and both outputs."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The program in this process, for a person who has set nothing."""
    for name in [name for name in os.environ if name.startswith("REJOINDER_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGINT)

    def run(*arguments: str | Path, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        signal.signal(signal.SIGINT, handler)
        out, err = capfd.readouterr()
        return Ran(int(str(ended.value.code)), out, err)

    return run


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return warm_store(tmp_path)


def lines(*records: object) -> bytes:
    return b"".join((one if isinstance(one, bytes) else msgspec.json.encode(one)) + b"\n" for one in records)


def objects(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_claim_gets_its_rebuttal(run: Run, store: Path) -> None:
    ran = run("check", RUMOR, "--db", store)
    assert ran.code == 0
    assert ran.out.startswith("Rebutted - denied by the Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025)\n")
    assert "https://www.globaltimes.cn/page/202510/1345518.shtml" in ran.out
    assert ran.err == ""


def test_json_is_the_answer_of_the_api_for_each_claim(run: Run, store: Path) -> None:
    ran = run("check", "--json", "--limit", "1", "--db", store, RUMOR, "Subscribe now")
    first, second = objects(ran.out)
    assert set(first) == {"claim", "verdict", "matches", "model", "store_version", "took_ms", "verdict_id"}
    assert [len(first["matches"]), len(second["matches"])] == [1, 0]
    assert [first["verdict"]["label"], second["verdict"]["label"]] == ["rebutted", "unmatched"]


def test_claims_come_from_standard_input_and_bad_ones_are_named(run: Run, store: Path) -> None:
    ran = run("check", "--json", "--db", store, stdin=b"Subscribe now\n\nbad \xff line\nMost read\n")
    assert ran.code == 1
    assert [one["claim"] for one in objects(ran.out)] == ["Subscribe now", "Most read"]
    assert ran.err == "rejoinder: line 3: not valid UTF-8 (byte 5).\n"


def test_an_answer_from_before_the_statement_does_not_know_it(run: Run, store: Path) -> None:
    (found,) = objects(run("check", "--json", "--as-of", "2020-01-01", "--db", store, RUMOR).out)
    assert "cn-mfa-pakistan-rare-earth-samples-us" not in [one["rebuttal"]["id"] for one in found["matches"]]


def test_the_first_use_makes_the_store_and_says_so(run: Run, tmp_path: Path) -> None:
    ran = run("check", "--json", "Subscribe now")
    assert ran.code == 0
    assert ran.err.startswith(f"First use: making the store {tmp_path}/data/rejoinder/rejoinder.db.")
    assert len(run("export").out.splitlines()) == 171


def test_init_touches_no_file_that_is_there(run: Run, tmp_path: Path) -> None:
    assert run("init", "--empty", "--db", "new.db").err == "Made an empty store: new.db\n"
    before = (tmp_path / "new.db").read_bytes()
    again = run("init", "--db", "new.db")
    assert (again.code, again.err) == (2, "rejoinder: There is a file at new.db already; nothing was changed.\n")
    assert (tmp_path / "new.db").read_bytes() == before


def test_an_empty_store_stays_empty(run: Run) -> None:
    assert run("init", "--empty", "--db", "new.db").code == 0
    assert run("check", "--json", "--db", "new.db", RUMOR).code == 0
    assert run("export", "--db", "new.db").out == ""


def test_an_import_keeps_good_lines_and_names_bad_ones(run: Run, tmp_path: Path) -> None:
    run("init", "--empty", "--db", "new.db")
    bad = json.dumps({"id": "no-source", "rumor": "r", "statement": "s", "authority": {"name": "a"}, "citations": []})
    (tmp_path / "some.ndjson").write_bytes(lines(GEM_ORE, bad.encode(), b"{", content("second")))
    ran = run("import", "--db", "new.db", "some.ndjson")
    assert ran.code == 1
    assert ran.out == "some.ndjson: 2 created, 0 updated, 0 unchanged, 2 rejected\n"
    first, second = ran.err.splitlines()
    assert first.startswith("some.ndjson:2: no-source: ")
    assert second.startswith("some.ndjson:3: The line is not valid JSON")


def test_importing_twice_changes_nothing_and_standard_input_is_a_file(run: Run) -> None:
    run("init", "--empty", "--db", "new.db")
    run("import", "--db", "new.db", "-", stdin=lines(GEM_ORE))
    again = run("import", "--json", "--db", "new.db", "-", stdin=lines(GEM_ORE))
    assert again.code == 0
    assert objects(again.out) == [
        {"file": "-", "created": 0, "updated": 0, "unchanged": 1, "rejected": [], "rejected_total": 0}
    ]


def test_many_rejected_lines_are_counted_not_listed(run: Run) -> None:
    run("init", "--empty", "--db", "new.db")
    ran = run("import", "--db", "new.db", "-", stdin=b"{\n" * 30)
    assert len(ran.err.splitlines()) == 21
    assert ran.err.endswith("-: and 10 more rejected lines; --json lists them.\n")


def test_what_is_exported_can_be_imported(run: Run, store: Path, tmp_path: Path) -> None:
    assert run("export", "--db", store, "-o", "all.ndjson").err == "Wrote 171 records to all.ndjson.\n"
    run("init", "--empty", "--db", "copy.db")
    assert run("import", "--db", "copy.db", "all.ndjson").out.startswith("all.ndjson: 171 created, 0 updated")
    copied = objects(run("export", "--db", "copy.db").out)
    original = objects((tmp_path / "all.ndjson").read_text("utf-8"))
    for one in (*copied, *original):
        del one["created_at"], one["updated_at"]
    assert copied == original


def test_an_export_that_fails_leaves_the_old_file(run: Run, store: Path, tmp_path: Path) -> None:
    (tmp_path / "all.ndjson").write_text("the old one")
    (tmp_path / "letter.db").write_text("Dear editor, this is no database at all. " * 200)
    assert run("export", "--db", "letter.db", "-o", "all.ndjson").code == 2
    assert (tmp_path / "all.ndjson").read_text() == "the old one"
    ran = run("export", "--db", store, "-o", "nowhere/all.ndjson")
    assert ran.code == 2
    assert ran.err.startswith("rejoinder: ")
    assert "No such file or directory" in ran.err


def test_a_key_is_alone_on_standard_output_and_can_be_revoked(run: Run, store: Path) -> None:
    made = run("keys", "create", "desk", "--role", "editor", "--db", store)
    assert made.out.startswith("rj_")
    assert len(made.out.split()) == 1
    assert "only time" in made.err
    listed = run("keys", "list", "--db", store).out.splitlines()
    assert listed[0].split()[:2] == ["NAME", "ROLE"]
    assert listed[1].split()[:3] == ["desk", "editor", made.out[:8]]
    assert made.out.strip() not in listed[1]
    assert run("keys", "create", "desk", "--role", "admin", "--db", store).code == 2
    assert run("keys", "revoke", "desk", "--db", store).err == "The key of desk (editor) is revoked.\n"
    (key,) = objects(run("keys", "list", "--json", "--db", store).out)
    assert key["revoked_at"]
    assert "revoked 20" in run("keys", "list", "--db", store).out


def test_without_keys_the_list_says_how_to_make_one(run: Run, store: Path) -> None:
    ran = run("keys", "list", "--db", store)
    assert ran.out == ""
    assert "rejoinder keys create" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "claim", "--db", "."], "is a directory"),
        (["export", "--db", "misspelt.db"], "There is no store at misspelt.db"),
        (["keys", "revoke", "nobody", "--db", "misspelt.db"], "There is no store at misspelt.db"),
        (["export", "--db", "letter.txt"], "letter.txt"),
        (["keys", "create", "x", "--role", "editor", "--db", "/proc/nowhere/x.db"], "/proc/nowhere"),
        (["check", "--limit", "21", "x"], "21 is not in the range"),
        (["import", "missing.ndjson"], "does not exist"),
        (["keys", "create", "x", "--role", "owner"], "is not one of"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "letter.txt").write_text("Dear editor, this is no database at all. " * 200)
    ran = run(*arguments)
    assert ran.code == 2
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "misspelt.db").exists()


def test_a_setting_that_does_not_fit_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REJOINDER_PORT", "seventy")
    ran = run("serve")
    assert (ran.code, ran.err.splitlines()[0][:25]) == (2, "rejoinder: Setting refuse")


def test_an_encoder_that_cannot_be_used_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REJOINDER_ENCODER", str(tmp_path / "nowhere"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    ran = run("check", "x", "--db", "new.db")
    assert ran.code == 2
    assert f"rejoinder: REJOINDER_ENCODER={tmp_path}/nowhere cannot be used: " in ran.err


def test_weights_that_are_damaged_are_named(run: Run, monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    def damaged(*_: object, **__: object) -> NoReturn:
        raise WeightsError("model.onnx does not match its manifest")

    monkeypatch.setattr("service.runtime.load_encoder", damaged)
    assert run("check", "x", "--db", store) == (2, "", "rejoinder: model.onnx does not match its manifest\n")


def test_an_address_that_is_taken_is_named(run: Run, store: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = run("serve", "--port", str(port), "--db", store)
    assert ran.code == 2
    assert f"rejoinder: Cannot listen on 127.0.0.1:{port}." in ran.err


def test_help_and_version(run: Run) -> None:
    assert "cat headlines.txt | rejoinder check" in run("--help").out
    assert run("--version").out == "rejoinder 0.1.0\n"


ARTICLE = f"""\
Talks in Washington

A delegation was in Washington. {RUMOR}.
"""


def test_a_document_is_answered_sentence_by_sentence(run: Run, store: Path, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text(ARTICLE, "utf-8")
    ran = run("check", "--document", "article.txt", "--db", store)
    assert ran.code == 0
    first, *rest = ran.out.splitlines()
    assert first == "The text says what was denied. 2 of 3 sentences checked."
    start = ARTICLE.index(RUMOR)
    assert f"> [{start}-{start + len(RUMOR) + 1}] {RUMOR}." in rest
    assert "Rebutted - denied by the Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025)" in rest


def test_a_document_from_standard_input_is_answered_as_the_api_does(run: Run, store: Path) -> None:
    text = f"{RUMOR}. That is not true, the ministry said."
    ran = run(
        "check", "--document", "-", "--json", "--limit", "1", "--db", store, stdin=b"\xef\xbb\xbf" + text.encode()
    )
    (found,) = objects(ran.out)
    assert found["mode"] == "document"
    assert found["verdict"]["label"] in {"consistent", "related"}
    assert text[found["findings"][0]["start"] :].startswith(found["findings"][0]["text"])
    noted = run("check", "--document", "-", "--db", store, stdin=text.encode())
    assert "Read alone, the sentence says what was denied" in noted.out


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b" \n", "standard input: empty."),
        (b"caf\xe9 says", "standard input: not valid UTF-8 (byte 4)."),
        (b"a\0b says so", "standard input: holds a NUL character."),
        (b"x" * 50_001, "standard input: longer than 50,000 characters."),
        ("ü".encode() * 200_000, "standard input: longer than 50,000 characters."),
    ],
)
def test_what_is_no_document_is_refused_before_any_model_loads(run: Run, data: bytes, message: str) -> None:
    ran = run("check", "--document", "-", "--db", "new.db", stdin=data)
    assert (ran.code, ran.err) == (2, f"rejoinder: {message}\n")


def test_claims_and_a_document_do_not_go_together(run: Run, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text(ARTICLE, "utf-8")
    ran = run("check", "a claim", "--document", "article.txt")
    assert ran.code == 2
    assert "not both" in ran.err


def feedback(**changes: object) -> FeedbackContent:
    given = {"verdict_id": "v1~x", "label": "rebutted", "rebuttal_id": "gem-ore", "store_version": 1, "rating": "right"}
    return FeedbackContent(**{**given, **changes})  # type: ignore[arg-type] # the fields' own types


def test_feedback_is_exported_as_pairs_or_whole_and_cleared(run: Run) -> None:
    run("init", "--empty", "--db", "new.db")
    with SqliteStore.open("new.db") as opened:
        opened.add_feedback(feedback(claim="Gems,\tnot rare earths", rating="wrong", expected="consistent"), most=9)
        opened.add_feedback(feedback(comment="fine"), most=9)
    pairs = run("feedback", "export", "--db", "new.db")
    assert pairs.out == "expect\tabout\tkind\ttext\nconsistent\tgem-ore\tfeedback\tGems, not rare earths\n"
    assert pairs.err == "Wrote 1 pair from 2 pieces of feedback; --json writes every piece.\n"
    assert [one["comment"] for one in objects(run("feedback", "export", "--json", "--db", "new.db").out)] == [
        None,
        "fine",
    ]
    assert run("feedback", "export", "--db", "new.db", "-o", "pairs.tsv").out == ""
    assert Path("pairs.tsv").read_text("utf-8") == pairs.out
    cleared = run("feedback", "clear", "--before", "2999-01-01", "--db", "new.db")
    assert cleared.err == "Deleted 2 pieces of feedback from before 2999-01-01.\n"
    assert run("feedback", "export", "--json", "--db", "new.db").out == ""
