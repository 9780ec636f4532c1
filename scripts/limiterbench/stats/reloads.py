"""What reloads cost, by their rate: for readers, for the writer, and in memory; and whether designs
did equal work under them.

A scenario asks for a rate of reloads, but a design that publishes slowly is reloaded less often.
"""

from __future__ import annotations

from statistics import median
from typing import Callable, Iterable, NamedTuple, Optional, Sequence

from limiterbench.records.records import Measured
from limiterbench.stats.series import Group, latency
from limiterbench.stats.statistics import Summary, summarize

# The same requests; only the rate of reloads differs.
SCENARIOS = ("readonly", "steady", "reload_storm")

_UNLIKE = 2.0
# Fewer than these a second are lost among millions of decisions, and a short phase holds one of
# them or none by chance.
_FEW = 100.0
# A writer that wakes more often than once in a scheduler's slice, about 1 ms, gets the share of a
# CPU that the scheduler decides.
_MANY = 1000.0

Value = Callable[[Measured], Optional[float]]


class Point(NamedTuple):
    rate: float
    scenario: str
    summary: Summary


Curves = dict[str, list[Point]]


def of_reloads(groups: Sequence[Group]) -> list[Group]:
    found = {group.scenario: group for group in groups if group.limiters}
    return [found[scenario] for scenario in SCENARIOS if scenario in found]


def threads_of(groups: Sequence[Group], cpus: int) -> int | None:
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
                point = Point(_rate(repeated), group.scenario, summarize(known))
                curves.setdefault(row, []).append(point)
    return {row: sorted(points) for row, points in sorted(curves.items())}


def p99(measured: Measured) -> float | None:
    return latency(0.99)(measured) if measured.timed else None


def publish_median(measured: Measured) -> float | None:
    return max(0.5, measured.publishes.percentile(0.5)) if measured.publishes else None


def held_bytes(measured: Measured) -> float | None:
    if measured.live_bytes is None or measured.retired_peak_bytes is None:
        return None
    return float(measured.live_bytes + measured.retired_peak_bytes)


def is_unlike(first: float, others: Iterable[float]) -> bool:
    """Whether one of the others was reloaded far more or less often than the first."""
    pairs = [(min(first, other), max(first, other)) for other in others]
    return any(most > _FEW and most > _UNLIKE * least for least, most in pairs)


def left_to_scheduler(rates: Iterable[float], shares_cpu: bool) -> bool:
    return shares_cpu and max(rates, default=0.0) > _MANY


def is_fair(group: Group, threads: int) -> bool:
    """Whether all the designs can be ranked by their decisions."""
    rates = [_rate(points[threads]) for points in group.limiters.values() if threads in points]
    unlike = is_unlike(max(rates, default=0.0), rates)
    return not unlike and not left_to_scheduler(rates, _shares_cpu([group], threads))


def _rate(repeated: Sequence[Measured]) -> float:
    return median(measured.reloads_per_second for measured in repeated)
