"""What reloads cost, by their rate: for readers, for the writer, and in memory."""

from __future__ import annotations

from statistics import median
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from limiterbench.records.records import Measured
from limiterbench.stats.series import Group, latency
from limiterbench.stats.statistics import Summary, summarize

# The same requests; only the rate of reloads differs.
SCENARIOS = ("readonly", "steady", "reload_storm")

Value = Callable[[Measured], Optional[float]]


class Point(NamedTuple):
    rate: float
    scenario: str
    summary: Summary


Curves = Dict[str, List[Point]]


def of_reloads(groups: Sequence[Group]) -> List[Group]:
    found = {group.scenario: group for group in groups if group.limiters}
    return [found[scenario] for scenario in SCENARIOS if scenario in found]


def threads_of(groups: Sequence[Group], cpus: int) -> Optional[int]:
    """The most at which the writer has a CPU to itself; else the most that have a CPU each."""
    counts = sorted(set.intersection(*(set(group.threads) for group in groups)))
    fitting = [count for count in counts if count <= cpus]
    alone = [count for count in fitting if not _shares_cpu(groups, count)]
    return next((some[-1] for some in (alone, fitting) if some), None)


def _shares_cpu(groups: Sequence[Group], threads: int) -> bool:
    return any(
        measured.writer_shares_cpu
        for group in groups
        for points in group.limiters.values()
        for measured in points.get(threads, [])
    )


def curves_of(groups: Sequence[Group], threads: int, value: Value) -> Curves:
    curves: Curves = {}
    for group in groups:
        for row, points in sorted(group.limiters.items()):
            repeated = points.get(threads, [])
            known = [v for v in map(value, repeated) if v is not None]
            if repeated and len(known) == len(repeated):
                rate = median(measured.reloads_per_second for measured in repeated)
                curves.setdefault(row, []).append(Point(rate, group.scenario, summarize(known)))
    return {row: sorted(points) for row, points in sorted(curves.items())}


def p99(measured: Measured) -> Optional[float]:
    return latency(0.99)(measured) if measured.timed else None


def publish_median(measured: Measured) -> Optional[float]:
    return max(0.5, measured.publishes.percentile(0.5)) if measured.publishes else None


def held_bytes(measured: Measured) -> Optional[float]:
    if measured.live_bytes is None or measured.retired_peak_bytes is None:
        return None
    return float(measured.live_bytes + measured.retired_peak_bytes)
