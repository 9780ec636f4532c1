"""What simulations say of a design at a load: the response at each rate that it was offered."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import Iterable, NamedTuple

from limiterbench.predict.points import SATURATED_NS, Assumption, Value, read
from limiterbench.records.cells import Cell
from limiterbench.records.latencies import LoadSweep, is_rung

TABLE = "loads.csv"
COLUMNS = ("rate_per_second", "p50_ns", "p99_ns")


class Load(NamedTuple):
    """The response with Poisson arrivals at one rate."""

    cell: Cell
    assumed: Assumption
    rate_per_second: float
    p50_ns: float
    p99_ns: float


# By design, then assumption.
Loads = dict[str, dict[Assumption, Load]]


def loads_of(cell: Cell, assumed: Assumption, sweep: LoadSweep) -> list[Load]:
    """By ascending rate; of a rate that was offered several times, the median."""
    tries: dict[float, list[Load]] = {}
    for point in sweep.points:
        if point.arrivals == "poisson":
            p50, p99 = (
                SATURATED_NS if point.is_saturated else point.response_at(part)
                for part in (0.5, 0.99)
            )
            load = Load(cell, assumed, point.rate, p50, p99)
            tries.setdefault(point.rate, []).append(load)
    by_p99 = attrgetter("p99_ns", "p50_ns")
    return [sorted(same, key=by_p99)[len(same) // 2] for _, same in sorted(tries.items())]


def read_loads(folder: Path) -> list[Load]:
    """Empty where the folder holds no open loop."""
    path = folder / TABLE
    return read(path, COLUMNS, Load) if path.is_file() else []


def at_rate(loads: Iterable[Load], threads: int, rate: float) -> Loads:
    """Every design at this rate. One that was saturated before is saturated there."""
    found: Loads = {}
    for load in sorted(loads):
        if load.cell.threads != threads:
            continue
        known = found.setdefault(load.cell.limiter, {})
        if load.rate_per_second == rate:
            known[load.assumed] = load
        elif load.rate_per_second < rate:
            # The last of these stays if the rate itself was not offered.
            known[load.assumed] = load._replace(
                rate_per_second=rate, p50_ns=SATURATED_NS, p99_ns=SATURATED_NS
            )
    return {row: at for row, at in found.items() if at}


def rungs_of(loads: Iterable[Load]) -> list[float]:
    """The rates that every design was offered until it was saturated: 1, 2, 5, 10, …"""
    rates = {load.rate_per_second for load in loads}
    return sorted(filter(is_rung, rates))


response_p50: Value = attrgetter("p50_ns")
response_p99: Value = attrgetter("p99_ns")
