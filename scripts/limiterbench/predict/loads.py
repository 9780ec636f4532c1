"""What simulations say of a design at a load: the response at each rate that it was offered.

As points.py for the closed loop: the answers are made from this table alone.
"""

from __future__ import annotations

import csv
from operator import attrgetter
from pathlib import Path
from typing import Iterable, NamedTuple

from limiterbench.common.errors import InputError
from limiterbench.common.files import display, replace_text
from limiterbench.common.tidy import Line, as_csv
from limiterbench.predict.points import Assumption, Value
from limiterbench.records.cells import Cell, parse_cell
from limiterbench.records.latencies import LoadSweep, is_rung

TABLE = "loads.csv"
# A response beyond any budget stands for all that were never answered.
SATURATED_NS = 1e12
_MOST_UNSENT = 0.001


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
            saturated = point.unsent_share > _MOST_UNSENT
            p50, p99 = (
                SATURATED_NS if saturated else point.response_at(part) for part in (0.5, 0.99)
            )
            load = Load(cell, assumed, point.rate, p50, p99)
            tries.setdefault(point.rate, []).append(load)
    by_p99 = attrgetter("p99_ns", "p50_ns")
    return [sorted(same, key=by_p99)[len(same) // 2] for _, same in sorted(tries.items())]


_COLUMNS = ("cell", "policy", "alpha", "rate_per_second", "p50_ns", "p99_ns")


def write(path: Path, loads: Iterable[Load]) -> None:
    """Sorted: the order in which processes end must not show. A saturated design has no times."""
    lines = [_line(load) for load in sorted(loads)]
    replace_text(path, as_csv(lines) if lines else ",".join(_COLUMNS) + "\n")


def _line(load: Load) -> Line:
    p50, p99 = (None if time == SATURATED_NS else float(f"{time:.6g}") for time in load[-2:])
    return {
        "cell": load.cell.name,
        "policy": load.assumed.policy,
        "alpha": load.assumed.alpha,
        "rate_per_second": load.rate_per_second,
        "p50_ns": p50,
        "p99_ns": p99,
    }


def read(path: Path) -> list[Load]:
    """Empty where the folder holds no open loop."""
    if not path.is_file():
        return []
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        return [_load(row) for row in rows]
    except (KeyError, TypeError, ValueError, UnicodeDecodeError):
        raise InputError(f"{display(path)}: not a table of {','.join(_COLUMNS)}") from None


def _load(row: dict[str, str]) -> Load:
    cell = parse_cell(row["cell"])
    if cell is None:
        raise ValueError
    return Load(
        cell,
        Assumption(row["policy"], float(row["alpha"])),
        float(row["rate_per_second"]),
        float(row["p50_ns"] or SATURATED_NS),
        float(row["p99_ns"] or SATURATED_NS),
    )


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
