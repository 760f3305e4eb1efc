"""The page of `make bench`: what it says of goals, tables and plots, and what a run keeps of the one before."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("matplotlib")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import perform
from performance.chapter import Chapter, Goal, Options, Plot, Table, Unavailable
from performance.report import as_json, merged, number, page, read, write

SEARCH = Chapter(
    name="vectors",
    title="Vectors",
    text="How long a search takes.",
    tables=(Table(("texts", "p50, ms"), [(1_000_000, 1.23456), ("a | b", "–")], title="By size:"),),
    plots=(Plot("vectors-size", "Search by size", "texts", "ms", {"lists": [(10_000.0, 0.3), (1_000_000.0, 1.9)]}),),
    goals=(Goal("search", 1.0, 1.0004, unit="passes"), Goal("recall@10", 0.99, 0.991, "more")),
    figures={"raw": [1, 2]},
    measured="on a machine",
)
REPEATED = Chapter(name="repeated", title="Asked again", text="A headline asked again.")


def test_the_page_begins_with_every_goal_and_whether_it_is_reached() -> None:
    lines = page([REPEATED, SEARCH]).splitlines()
    at = lines.index("| measure | goal | measured |  | chapter |")
    assert lines[at + 2 : at + 5] == [
        "| search | ≤ 1 passes | 1.0004 passes | **missed** | `vectors` |",
        "| recall@10 | ≥ 0.99 | 0.991 | reached | `vectors` |",
        "",
    ]
    assert at < lines.index("## Asked again") < lines.index("## Vectors")


def test_chapters_say_their_tables_plots_and_circumstances() -> None:
    text = page([SEARCH])
    assert "By size:\n\n| texts | p50, ms |\n| --- | --- |\n| 1,000,000 | 1.23 |\n| a \\| b | – |\n" in text
    assert "![Search by size](images/performance/vectors-size.svg)" in text
    assert "*Measured: on a machine.*" in text


def test_a_page_without_goals_has_no_table_of_them() -> None:
    assert "At a glance" not in page([REPEATED])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (1.256, "1.26"),
        (0.012345, "0.0123"),
        (14_231, "14,231"),
        (14_231.4, "14,231"),
        (-2.5, "-2.5"),
        (120.0, "120"),
        (999.9, "1,000"),
        (float("nan"), "–"),
    ],
)
def test_numbers_are_short_and_keep_their_whole_digits(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(min_value=-1e12, max_value=1e12, allow_subnormal=False))
def test_a_number_is_off_by_half_of_its_third_digit_at_most(value: float) -> None:
    read_back = float(number(value).replace(",", ""))
    assert abs(read_back - value) <= max(0.00501 * abs(value), 1e-300)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.sampled_from(("less", "more")))
def test_a_goal_is_reached_by_its_value_on_the_right_side(goal: float, value: float, better: str) -> None:
    found = msgspec.convert({"measure": "m", "goal": goal, "value": value, "better": better}, Goal)
    assert found.reached == (value == goal or (value < goal) == (better == "less"))


def test_a_run_replaces_its_own_chapters_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    write(path, [SEARCH, REPEATED])
    again = msgspec.structs.replace(REPEATED, text="Measured anew.")
    write(path, merged(read(path), [again], order=("repeated", "vectors")))
    assert [chapter.name for chapter in read(path)] == ["repeated", "vectors"]
    assert read(path)[0].text == "Measured anew."
    assert as_json([read(path)[1]]) == as_json([SEARCH])
    assert path.read_text(encoding="utf-8") == page(read(path))


def test_pictures_that_no_chapter_has_any_more_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    write(path, [SEARCH])
    assert [file.name for file in (tmp_path / "images" / "performance").iterdir()] == ["vectors-size.svg"]
    write(path, [REPEATED])
    assert list((tmp_path / "images" / "performance").iterdir()) == []


class Stand:
    """Chapters that are not measured: one gives figures, one cannot run here, one fails."""

    @staticmethod
    def repeated(_: Options) -> Chapter:
        return REPEATED

    @staticmethod
    def peers(_: Options) -> Chapter:
        raise Unavailable("no network")

    @staticmethod
    def answers(_: Options) -> Chapter:
        raise RuntimeError("the server stopped")


@pytest.fixture
def chapters(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {
        f"performance.{name}": type(name, (), {"measure": staticmethod(getattr(Stand, name))})
        for name in ("repeated", "peers", "answers")
    }
    monkeypatch.setattr(perform.importlib, "import_module", modules.__getitem__)


@pytest.mark.usefixtures("chapters")
def test_a_chapter_that_cannot_run_here_is_skipped_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "performance.md"
    write(path, [msgspec.structs.replace(SEARCH, name="peers")])
    assert perform.main(["--only", "peers,repeated", "--write", str(path)]) == 0
    captured = capsys.readouterr()
    assert "skipped: no network" in captured.err
    assert [chapter["name"] for chapter in json.loads(captured.out)] == ["repeated"]
    assert [chapter.name for chapter in read(path)] == ["repeated", "peers"]
    assert read(path)[1].title == "Vectors"


@pytest.mark.usefixtures("chapters")
def test_a_chapter_that_fails_is_told_and_the_others_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform.main(["--only", "answers,repeated"]) == 1
    captured = capsys.readouterr()
    assert "RuntimeError: the server stopped" in captured.err
    [only] = json.loads(captured.out)
    assert only["name"] == "repeated"
    assert "cores" in only["measured"]


@pytest.mark.usefixtures("chapters")
def test_a_quick_run_writes_nothing(tmp_path: Path) -> None:
    assert perform.main(["--only", "repeated", "--quick", "--write", str(tmp_path / "performance.md")]) == 0
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_chapter_is_refused_with_the_names_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        perform.main(["--only", "speed"])
    assert "no such chapter: speed (there are answers, " in capsys.readouterr().err
