"""Which numbers may be a headline.

A repetition counts if the host did not disturb it and the line transfer was in its usual state. A
number may be a headline if at least five repetitions count and they form one group.
"""

from __future__ import annotations

import math
from collections import defaultdict
from statistics import median
from typing import Callable, Iterable, NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.records.latencies import USUAL_BUDGET_NS
from limiterbench.records.records import Measured
from limiterbench.stats.loads import COMMON_RATE
from limiterbench.stats.series import Group, ops
from limiterbench.stats.statistics import two_groups

FEWEST = 5
# The scenario that speaks for the closed loops.
HEADLINE = "steady"

Pair = tuple[int, int]
# By pair of CPUs: the transfers of the usual state are from one to the other.
_Usual = dict[Pair, tuple[float, float]]


class Basis(NamedTuple):
    """What the numbers of a cell rest on."""

    repeated: list[Measured]
    """Those that count; all of them, if those are too few."""
    doubt: str
    """Why no number of the cell may be a headline. Empty if they may."""


def transfers(repetitions: Iterable[Measured]) -> dict[Pair, list[float]]:
    """What moving a line took, by the first and the last CPU of a repetition."""
    found: dict[Pair, list[float]] = defaultdict(list)
    for measured in repetitions:
        if measured.cpus:
            found[_pair(measured)] += measured.transfers_ns
    return dict(found)


def _pair(measured: Measured) -> Pair:
    return measured.cpus[0], measured.cpus[-1]


def _usual_states(group: Group) -> _Usual:
    """Only of pairs whose transfers fall into two groups."""
    usual: _Usual = {}
    for pair, taken in transfers(group.repetitions()).items():
        if states := two_groups(taken):
            # It lies in the gap, since that is wider than both groups.
            between = math.sqrt(states[0] * states[1])
            is_fast = 2 * sum(time < between for time in taken) >= len(taken)
            usual[pair] = (0.0, between) if is_fast else (between, math.inf)
    return usual


def _is_usual(measured: Measured, usual: _Usual) -> bool:
    low, high = usual.get(_pair(measured), (0.0, math.inf)) if measured.cpus else (0.0, math.inf)
    return all(low <= time <= high for time in measured.transfers_ns)


def bases(group: Group, threads: int) -> dict[str, Basis]:
    """Of every design with so many threads."""
    usual = _usual_states(group)
    return {
        row: _basis(points[threads], usual)
        for row, points in sorted(group.limiters.items())
        if threads in points
    }


def _basis(repeated: list[Measured], usual: _Usual) -> Basis:
    if len(repeated) < FEWEST:
        return Basis(repeated, units.count(len(repeated), "repetition"))
    calm = [measured for measured in repeated if not measured.flagged]
    if len(calm) < FEWEST:
        return Basis(repeated, "disturbed by the host")
    counting = [measured for measured in calm if _is_usual(measured, usual)]
    if len(counting) < FEWEST:
        return Basis(repeated, "measured in two states of the line transfer")
    values = _OF_A_LOAD if counting[0].sweep else (ops,)
    split = any(_are_split([value(m) for m in counting]) for value in values)
    return Basis(counting, "two groups of repetitions" if split else "")


def _are_split(values: list[float]) -> bool:
    """A value that is 0 was not reached at all."""
    some = [value for value in values if value > 0]
    if min(len(some), len(values) - len(some)) >= 2:
        return True
    return two_groups(some) is not None


def _capacity(measured: Measured) -> float:
    found = measured.sweep and measured.sweep.capacities.get(USUAL_BUDGET_NS)
    return found.rate if found else 0.0


def _response(measured: Measured) -> float:
    points = measured.sweep.points if measured.sweep else []
    at = [p for p in points if (p.arrivals, p.rate) == ("poisson", COMMON_RATE)]
    return float(median(p.response_at(0.99) for p in at)) if at else 0.0


# What a headline on an open loop is about.
_OF_A_LOAD: Sequence[Callable[[Measured], float]] = (_capacity, _response)


def doubts(found: dict[str, Basis]) -> str:
    """The designs that are in doubt in one line, by reason. Empty if none is."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for row, basis in found.items():
        if basis.doubt:
            by_reason[basis.doubt].append(f"`{row}`")
    return "; ".join(
        f"{'all designs' if len(rows) == len(found) else ', '.join(rows)} ({reason})"
        for reason, rows in by_reason.items()
    )
