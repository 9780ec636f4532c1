"""Designs against each other in one cell: the headline ratio, and the slowdown to the best."""

from __future__ import annotations

from typing import Callable, Mapping, Sequence

from limiterbench.records.records import Measured
from limiterbench.stats.series import Group, is_rival, latency, ops
from limiterbench.stats.statistics import Summary, ratio, summarize

BASELINE = "rwmutex"

Repeated = Sequence[Measured]


def at(group: Group, threads: int) -> dict[str, list[Measured]]:
    """Every design's repetitions with this many threads."""
    rows = sorted(group.limiters.items())
    return {row: points[threads] for row, points in rows if threads in points}


def most_threads(group: Group, cpus: int) -> int:
    """The most threads that have a CPU each."""
    fitting = [count for count in group.threads if count <= cpus] or group.threads
    return fitting[-1]


def median_ops(repeated: Repeated) -> float:
    return summarize([ops(m) for m in repeated]).median


def _median_p99(repeated: Repeated) -> float:
    return summarize([latency(0.99)(m) for m in repeated]).median


def ops_ratio(top: Repeated, bottom: Repeated) -> Summary | None:
    return ratio([ops(m) for m in top], [ops(m) for m in bottom])


def p99_ratio(baseline: Repeated, row: Repeated, step: float = 0.0) -> Summary | None:
    """How many times longer the baseline's p99 is. Above 1, the other design is better.

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


def _each(
    rows: Mapping[str, Repeated], compare: Callable[[Repeated], Summary | None]
) -> dict[str, Summary]:
    found = {row: compare(repeated) for row, repeated in rows.items()}
    return {row: summary for row, summary in found.items() if summary is not None}


def headline(group: Group, threads: int, step: float = 0.0) -> dict[str, Summary]:
    """p99 of `rwmutex` over each other design's. Empty if there is no `rwmutex`."""
    rows = at(group, threads)
    baseline = rows.pop(BASELINE, [])
    return _each(rows, lambda repeated: p99_ratio(baseline, repeated, step))


def throughput_over_baseline(group: Group, threads: int) -> dict[str, Summary]:
    """How many times as often as `rwmutex` each other design decides."""
    rows = at(group, threads)
    baseline = rows.pop(BASELINE, [])
    return _each(rows, lambda repeated: ops_ratio(repeated, baseline))


def _rivals(group: Group, threads: int) -> dict[str, list[Measured]]:
    """The designs that limit by windows."""
    rows = at(group, threads)
    return {row: repeated for row, repeated in rows.items() if is_rival(group.limiters[row])}


def slowdown(group: Group, threads: int) -> dict[str, Summary]:
    """How many times more the fastest rival decides in the same time."""
    rivals = _rivals(group, threads)
    best = max(rivals, key=lambda row: (median_ops(rivals[row]), row), default="")
    return _each(at(group, threads), lambda repeated: ops_ratio(rivals.get(best, []), repeated))


def p99_to_best(group: Group, threads: int) -> dict[str, Summary]:
    """How many times longer each design's p99 is than the lowest rival's."""
    rivals = _rivals(group, threads)
    best = min(rivals, key=lambda row: (_median_p99(rivals[row]), row), default="")
    return _each(at(group, threads), lambda repeated: p99_ratio(repeated, rivals.get(best, [])))
