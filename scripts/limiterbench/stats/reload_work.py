"""Whether designs did equal work under reloads: how often, and which threads the writer delayed.

A scenario asks for a rate of reloads, but a design that publishes slowly is reloaded less often.
"""

from __future__ import annotations

from statistics import median
from typing import Dict, Iterable

from limiterbench.stats.series import Group

_UNLIKE = 2.0
# Fewer than these a second are lost among millions of decisions, and a short phase holds one of
# them or none by chance.
_FEW = 100.0
# A writer that wakes more often than once in a scheduler's slice, about 1 ms, gets the share of a
# CPU that the scheduler decides.
_MANY = 1000.0


def achieved(group: Group, threads: int) -> Dict[str, float]:
    """Reloads a second by design, the median of its repetitions."""
    return {
        row: median(measured.reloads_per_second for measured in points[threads])
        for row, points in group.limiters.items()
        if threads in points
    }


def is_unlike(first: float, others: Iterable[float]) -> bool:
    """Whether one of the others was reloaded far more or less often than the first."""
    pairs = [(min(first, other), max(first, other)) for other in others]
    return any(most > _FEW and most > _UNLIKE * least for least, most in pairs)


def left_to_scheduler(rates: Iterable[float], shares_cpu: bool) -> bool:
    return shares_cpu and max(rates, default=0.0) > _MANY


def is_fair(group: Group, threads: int) -> bool:
    """Whether all the designs can be ranked by their decisions."""
    rates = list(achieved(group, threads).values())
    repeated = [m for points in group.limiters.values() for m in points.get(threads, [])]
    shares_cpu = any(measured.writer_shares_cpu for measured in repeated)
    unlike = is_unlike(max(rates, default=0.0), rates)
    return not unlike and not left_to_scheduler(rates, shares_cpu)
