"""The simulation behind docs/scaling.md, held against what is known of queues; the costs it is calibrated with."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from msgspec import structs

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from simulation.caches import hits
from simulation.measuring import Run
from simulation.model import BATCH, BUSY, Costs, Found, Load, Simulation, nodes_needed
from simulation.plan import KINDS, PAGE, Compared, Measured, Plan, fitted, tables, with_search

COSTS = Costs(once={"a": (0.0, 0.0)}, each={"a": (0.01, 0.0)}, claims={"a": 1}, spread=0.0)
ONE = {"a": 1.0}
AT_ONCE = BATCH[0]


def found(costs: Costs, seed: int = 1, **load: float) -> Found:
    chosen = {"nodes": 1, "cores": 1, "shares": ONE, "seconds": 200.0} | load
    return Simulation(costs, Load(**chosen), seed).run()  # type: ignore[arg-type]


def test_a_lone_client_waits_for_its_own_work_alone() -> None:
    alone = found(structs.replace(COSTS, once={"a": (0.002, 0.0)}), clients=1, network_s=0.003)
    assert alone.p50_ms == alone.p99_ms == 15.0
    assert alone.answers == pytest.approx(1 / 0.015, rel=0.01)


def test_a_load_is_answered_and_keeps_its_share_of_the_workers_busy() -> None:
    busy = found(COSTS, rate=60.0)
    assert busy.answers == pytest.approx(60, rel=0.05)
    assert busy.utilisation == pytest.approx(0.6, rel=0.05)


def test_requests_one_at_a_time_wait_as_theory_says() -> None:
    """Random arrivals and constant work (M/D/1), busy half of the time: every second request finds nobody before it.

    99 of 100 wait less than 3.34 times the work, so they have their answer within 4.34 times (Erlang 1909).
    """
    one_by_one = structs.replace(COSTS, claims={"a": AT_ONCE})
    queue = found(one_by_one, rate=50.0, seconds=2_000.0)
    assert queue.p50_ms == pytest.approx(10, abs=0.5)
    assert queue.p99_ms == pytest.approx(43.4, rel=0.08)


def test_what_a_batch_costs_once_is_shared() -> None:
    costs = structs.replace(COSTS, once={"a": (0.1, 0.0)}, each={"a": (0.001, 0.0)})
    assert found(costs, clients=1).answers == pytest.approx(1 / 0.101, rel=0.02)
    assert found(costs, rate=300.0, seconds=20.0).answers == pytest.approx(300, rel=0.05)
    assert found(costs, rate=1_000.0, seconds=20.0).answers == pytest.approx(
        AT_ONCE / (0.1 + AT_ONCE * 0.001), rel=0.05
    )


def test_a_lost_node_makes_the_others_work_and_loses_no_request() -> None:
    whole = found(COSTS, nodes=4, rate=150.0, seconds=40.0)
    lost = found(COSTS, nodes=4, rate=150.0, seconds=40.0, lost=1)
    assert lost.answers == pytest.approx(whole.answers, rel=0.05)
    assert lost.p99_ms > whole.p99_ms
    too_much = found(COSTS, nodes=2, rate=150.0, seconds=40.0, lost=1)
    assert too_much.p99_ms > 2_000


def test_the_same_seed_gives_the_same() -> None:
    spread = structs.replace(COSTS, spread=0.3)
    assert found(spread, rate=60.0) == found(spread, rate=60.0) != found(spread, rate=60.0, seed=2)


def test_the_fewest_nodes_that_suffice() -> None:
    load = Load(nodes=1, cores=2, shares=ONE, rate=1_000.0, seconds=10.0)
    nodes, result = nodes_needed(COSTS, load, p99_ms=100)
    assert nodes * 2 * BUSY >= 10  # ten cores' worth of work
    assert result.p99_ms <= 100
    fewer = Simulation(COSTS, structs.replace(load, nodes=nodes - 1)).run()
    assert fewer.p99_ms > 100 or fewer.utilisation > BUSY
    with pytest.raises(ValueError, match="not enough"):
        nodes_needed(COSTS, load, p99_ms=5, most=20)


def test_caches() -> None:
    alone = hits(nodes=1, headlines=1_000, asked=20_000, kept=1_000)
    assert alone.own == alone.shared > 0.9
    apart = hits(nodes=8, headlines=1_000, asked=20_000, kept=1_000)
    assert apart.own < apart.shared == alone.shared
    assert hits(nodes=8, headlines=1_000, asked=20_000, kept=10).own < apart.own


def a_run(clients: int, cpu_s: float) -> Run:
    return Run(clients, 1 / cpu_s, cpu_s, cpu_s * 1000, cpu_s * 2000, 0.1)


def test_costs_come_back_from_what_they_make() -> None:
    once, each = 0.004, 0.002
    runs = {kind: [a_run(1, once + each), a_run(8, once / 8 + each)] for kind in KINDS}
    runs["verdict"] = [a_run(1, 10 * (once + each)), a_run(32, 10 * (once / BATCH[1] + each))]
    costs = fitted(Measured(runs, []))
    assert costs.once["unmatched"] == (pytest.approx(once), 0)
    assert costs.each["unmatched"] == (pytest.approx(each), 0)
    assert costs.once["verdict"] == (pytest.approx(once), pytest.approx(9 * once))
    assert costs.each["verdict"] == (pytest.approx(each), pytest.approx(9 * each))
    assert costs.claims == {kind: PAGE if "page" in kind else 1 for kind in KINDS}
    slower = with_search(costs, 0.01)
    assert slower.each["page"][0] == pytest.approx(each + PAGE * 0.01)
    assert slower.each["kept"] == costs.each["kept"]


def test_a_verdict_delays_others_by_half_at_most() -> None:
    """Both threads share the core: what needs the first alone is half as fast beside a long batch of the second."""
    costs = Costs(
        once={"a": (0.0, 0.0), "b": (0.0, 0.0)},
        each={"a": (0.01, 0.0), "b": (0.0, 100.0)},
        claims={"a": 1, "b": 1},
        spread=0.0,
    )
    beside = Simulation(costs, Load(nodes=1, cores=1, shares={"a": 0.999, "b": 0.001}, rate=1.0, seconds=2_000.0)).run()
    assert beside.p50_ms in {10.0, 20.0}
    assert 20 <= beside.p99_ms < 60


def test_the_tables_state_price_and_error() -> None:
    runs = {kind: [a_run(1, 0.0036), a_run(32, 0.0018)] for kind in KINDS}
    measured = Measured(runs, [a_run(8, 0.01)])
    compared = [Compared(measured.checks[0], Found(answers=110.0, p50_ms=12.0, p99_ms=18.0, utilisation=1.0))]
    text = tables(Plan(measured, fitted(measured), compared, [], []), price=2.0)
    assert "| `unmatched` | 3.60 | 1.80 (32 clients) | 1.00 to 0.50 | 2.000 to 1.000 |" in text
    assert "| 8 | 100.0 | 110.0 | +10% | 10.0 | 12.0 | +20% | 20.0 | 18.0 | -10% |" in text
