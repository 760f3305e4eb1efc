"""From measured costs to tables: what a million claims cost, how many nodes loads take, how far the model is off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from simulation.caches import Hits, hits
from simulation.measuring import Run
from simulation.model import BATCH, Costs, Found, Load, Simulation, nodes_needed

PAGE: Final = 150
KINDS: Final = {
    "kept": "a headline asked again",
    "unmatched": "`unmatched`",
    "verdict": "a full verdict",
    "page": f"a batch of {PAGE} headlines, none asked before",
    "page-kept": f"a batch of {PAGE} headlines asked again",
}
MIX: Final = {"unmatched": 0.9, "verdict": 0.1}
"""What the model is held against: shares that it was not calibrated on."""
HEADLINES: Final = 10_000
_CORES: Final = 4
_SECONDS: Final = 1.0
_REQUESTS: Final = 2_000
_WARM: Final = {"kept": 0.95, "unmatched": 0.045, "verdict": 0.005}
_COLD: Final = {"unmatched": 0.95, "verdict": 0.05}
_PAGES: Final = {"page-kept": 0.9, "page": 0.1}
# Requests a second, and of which kinds.
_LOADS: Final = {
    "one at a time, 95% asked before": (HEADLINES, _WARM),
    "one at a time, none asked before": (HEADLINES, _COLD),
    f"in batches of {PAGE}, 90% asked before": (HEADLINES / PAGE, _PAGES),
}
PATIENCE: Final = 5.0
"""Times the dearest answer of a load, alone: within that 99 of 100 answers have to come."""
_SEARCH_MS: Final = (0.0, 5.0)


class Measured(Struct, frozen=True):
    """What was measured on this machine: runs of each kind, and those that the model is held against."""

    runs: dict[str, list[Run]]
    checks: list[Run]


class Compared(Struct, frozen=True):
    """A real run beside the simulated one."""

    real: Run
    simulated: Found


class Needed(Struct, frozen=True):
    """Nodes for a load."""

    load: str
    search_ms: float
    lost: int
    nodes: int
    found: Found


class Plan(Struct, frozen=True):
    """All of it, as it is kept in docs/scaling.json."""

    measured: Measured
    costs: Costs
    compared: list[Compared]
    needed: list[Needed]
    caches: list[Hits]


def fitted(measured: Measured) -> Costs:
    """Costs from a run with one client and one with many: what a batch costs once is shared by those that are in it.

    A full verdict goes through the encoder as an `unmatched` one does; the rest of it is the stance model's.
    """
    once, each = {}, {}
    for kind, (alone, together) in measured.runs.items():
        size = min(together.clients, BATCH[1] if kind == "verdict" else BATCH[0])
        one = max(0.0, (size * together.cpu_s - alone.cpu_s) / (size - 1)) if size > 1 else alone.cpu_s
        each[kind], once[kind] = (one, 0.0), (max(0.0, alone.cpu_s - one), 0.0)
    for costs in (once, each):
        costs["verdict"] = (costs["unmatched"][0], max(0.0, costs["verdict"][0] - costs["unmatched"][0]))
    claims = {kind: PAGE if kind.startswith("page") else 1 for kind in each}
    return Costs(once, each, claims, measured.runs["unmatched"][0].spread)


def planned(measured: Measured) -> Plan:
    """Fit, compare, simulate."""
    costs = fitted(measured)
    compared = [
        Compared(run, Simulation(costs, Load(nodes=1, cores=1, shares=MIX, clients=run.clients)).run())
        for run in measured.checks
    ]
    return Plan(measured, costs, compared, list(_needed(costs)), _caches())


def _needed(costs: Costs) -> Sequence[Needed]:
    found = []
    for name, (rate, shares) in _LOADS.items():
        for search_ms in _SEARCH_MS:
            slower = with_search(costs, search_ms / 1000)
            for lost in (0, 1):
                seconds = max(_SECONDS, _REQUESTS / rate)
                load = Load(nodes=1, cores=_CORES, shares=shares, rate=rate, seconds=seconds, lost=lost)
                nodes, result = nodes_needed(slower, load, p99_ms=_within_ms(slower, shares))
                found.append(Needed(name, search_ms, lost, nodes, result))
    return found


def _within_ms(costs: Costs, shares: dict[str, float]) -> float:
    """What 99 of 100 answers may take: some times the dearest of them alone."""
    return PATIENCE * 1000 * max(sum(costs.once[kind]) + sum(costs.each[kind]) for kind in shares)


def with_search(costs: Costs, seconds: float) -> Costs:
    """The same where a search takes so much longer than on the store that was measured."""
    each = {
        kind: (first if kind.endswith("kept") else first + seconds * costs.claims[kind], second)
        for kind, (first, second) in costs.each.items()
    }
    return Costs(costs.once, each, costs.claims, costs.spread)


def _caches() -> list[Hits]:
    cases = ((1, 4_096), (4, 4_096), (4, 32_768), (16, 4_096), (16, 32_768))
    return [hits(nodes=nodes, headlines=20_000, asked=1_000_000, kept=kept) for nodes, kept in cases]


def tables(plan: Plan, price: float) -> str:
    """The tables of docs/scaling.md."""
    return "\n\n".join([_cost_table(plan, price), _compared_table(plan), _needed_table(plan), _cache_table(plan)])


def _cost_table(plan: Plan, price: float) -> str:
    rows = []
    for kind, what in KINDS.items():
        alone, together = plan.measured.runs[kind]
        cells = [f"{run.cpu_s * 1000:.2f}" for run in (alone, together)]
        million = [run.cpu_s / plan.costs.claims[kind] * 1e6 / 3600 for run in (alone, together)]
        costs = f"{million[0]:.2f} to {million[1]:.2f} | {million[0] * price:.3f} to {million[1] * price:.3f}"
        rows.append(f"| {what} | {cells[0]} | {cells[1]} ({together.clients} clients) | {costs} |")
    head = (
        "| answer | processor ms, alone | with others | core-hours a million claims "
        f"| price, a core-hour at {price} |\n|---|---|---|---|---|"
    )
    return "\n".join([head, *rows])


def _compared_table(plan: Plan) -> str:
    rows = [
        f"| {one.real.clients} | {one.real.answers} | {one.simulated.answers} "
        f"| {_off(one.simulated.answers, one.real.answers)} | {one.real.p50_ms} | {one.simulated.p50_ms} "
        f"| {_off(one.simulated.p50_ms, one.real.p50_ms)} | {one.real.p99_ms} | {one.simulated.p99_ms} "
        f"| {_off(one.simulated.p99_ms, one.real.p99_ms)} |"
        for one in plan.compared
    ]
    three = " | ".join(f"{what} | simulated | off by" for what in ("answers a second", "p50, ms", "p99, ms"))
    head = f"| clients | {three} |"
    return "\n".join([head, "|---" * 10 + "|", *rows])


def _off(simulated: float, real: float) -> str:
    return f"{(simulated / real - 1) * 100:+.0f}%"


def _needed_table(plan: Plan) -> str:
    rows = [
        f"| {one.load} | {one.search_ms:g} | {one.lost} | {one.nodes} | {one.found.utilisation * 100:.0f}% "
        f"| {one.found.p50_ms} | {one.found.p99_ms} |"
        for one in plan.needed
    ]
    nodes = f"nodes lost | nodes of {_CORES} cores"
    head = f"| {HEADLINES:,} headlines a second | more for search, ms | {nodes} | busy | p50, ms | p99, ms |"
    return "\n".join([head, "|---" * 7 + "|", *rows])


def _cache_table(plan: Plan) -> str:
    rows = [
        f"| {one.nodes} | {one.kept:,} | {one.asked:,} | {one.own * 100:.1f}% | {one.shared * 100:.1f}% |"
        for one in plan.caches
    ]
    head = (
        "| nodes | answers kept | questions between two writes | answered from each node's memory | from one for all |"
    )
    return "\n".join([head, "|---" * 5 + "|", *rows])
