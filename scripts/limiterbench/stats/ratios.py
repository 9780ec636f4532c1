"""Rows against each other in one cell: the headline ratio, and the slowdown to the best."""

from __future__ import annotations

from typing import Dict, List, Optional

from limiterbench.records.records import Measured
from limiterbench.stats.paired import Estimate, ratio
from limiterbench.stats.series import Group, is_rival, latency, ops
from limiterbench.stats.statistics import summarize

BASELINE = "rwmutex"
# What a Go service reported of its p99, from a lock around everything to an atomic snapshot.
KNOWN_CASE = 40.0

Repeated = List[Measured]


def at(group: Group, threads: int) -> Dict[str, Repeated]:
    """Every row's repetitions with this many threads."""
    rows = sorted(group.limiters.items())
    return {row: points[threads] for row, points in rows if threads in points}


def most_threads(group: Group, cpus: int) -> int:
    """The most threads that have a CPU each."""
    fitting = [count for count in group.threads if count <= cpus] or group.threads
    return fitting[-1]


def p99_ratio(baseline: Repeated, row: Repeated, step: float = 0.0) -> Optional[Estimate]:
    """How many times longer the baseline's p99 is. Above 1, the row is better.

    `step`, of the clock: a time stands for all within half of it, and the interval says so.
    """
    tops, bottoms = ([latency(0.99)(m) for m in repeated] for repeated in (baseline, row))
    found = ratio(tops, bottoms)
    if found is None or step == 0:
        return found
    half = step / 2
    lower = ratio([max(top - half, 0.0) for top in tops], [value + half for value in bottoms])
    # Nothing takes less than half a step: it would read 0.
    upper = ratio([top + half for top in tops], [max(value - half, half) for value in bottoms])
    assert lower is not None and upper is not None
    return found._replace(low=lower.low, high=max(found.high, upper.high))


def headline(group: Group, threads: int, step: float = 0.0) -> Dict[str, Estimate]:
    """p99 of `rwmutex` over each other row's. Empty if there is no `rwmutex`."""
    rows = at(group, threads)
    baseline = rows.pop(BASELINE, [])
    found = {row: p99_ratio(baseline, repeated, step) for row, repeated in rows.items()}
    return {row: estimate for row, estimate in found.items() if estimate is not None}


def throughput_over_baseline(group: Group, threads: int) -> Dict[str, Estimate]:
    """How many times as often as `rwmutex` each other row decides."""
    rows = at(group, threads)
    baseline = [ops(m) for m in rows.pop(BASELINE, [])]
    found = {row: ratio([ops(m) for m in repeated], baseline) for row, repeated in rows.items()}
    return {row: estimate for row, estimate in found.items() if estimate is not None}


def fastest(group: Group, threads: int) -> Optional[str]:
    """The row that limits by windows and decides most a second."""
    rows = at(group, threads)
    rivals = [row for row in rows if is_rival(group.limiters[row])]
    return max(rivals, key=lambda row: (_median_ops(rows[row]), row)) if rivals else None


def quickest(group: Group, threads: int) -> Optional[str]:
    """The row that limits by windows and has the lowest p99."""
    rows = at(group, threads)
    rivals = [row for row in rows if is_rival(group.limiters[row])]
    return min(rivals, key=lambda row: (_median_p99(rows[row]), row)) if rivals else None


def _median_ops(repeated: Repeated) -> float:
    return summarize([ops(m) for m in repeated]).median


def _median_p99(repeated: Repeated) -> float:
    return summarize([latency(0.99)(m) for m in repeated]).median


def slowdown(group: Group, threads: int) -> Dict[str, Estimate]:
    """How many times more the fastest row decides in the same time."""
    best = fastest(group, threads)
    if best is None:
        return {}
    rows = at(group, threads)
    top = [ops(m) for m in rows[best]]
    found = {row: ratio(top, [ops(m) for m in repeated]) for row, repeated in rows.items()}
    return {row: estimate for row, estimate in found.items() if estimate is not None}


def p99_to_best(group: Group, threads: int) -> Dict[str, Estimate]:
    """How many times longer each row's p99 is than the lowest."""
    best = quickest(group, threads)
    if best is None:
        return {}
    rows = at(group, threads)
    found = {row: p99_ratio(repeated, rows[best]) for row, repeated in rows.items()}
    return {row: estimate for row, estimate in found.items() if estimate is not None}
