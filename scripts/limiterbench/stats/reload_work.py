"""Whether rows did like work where they were reloaded: how often, and who made way for the writer.

A scenario wishes for a rate of reloads, but a row that publishes slowly is reloaded less.
"""

from __future__ import annotations

from statistics import median
from typing import Dict, Iterable

from limiterbench.stats.series import Group

_UNLIKE = 2.0
# Fewer than these a second are lost among millions of decisions, and a short phase holds one of
# them or none by chance.
_FEW = 100.0
# A writer that wakes more often than a scheduler's slice of about 1 ms ends takes as much of a CPU
# that it shares as the scheduler pleases.
_MANY = 1000.0


def achieved(group: Group, threads: int) -> Dict[str, float]:
    """Reloads a second by row, the median of its repetitions."""
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
    """Whether all the rows can be ranked by their decisions."""
    rates = list(achieved(group, threads).values())
    repeated = [m for points in group.limiters.values() for m in points.get(threads, [])]
    shares_cpu = any(measured.writer_shares_cpu for measured in repeated)
    unlike = is_unlike(max(rates, default=0.0), rates)
    return not unlike and not left_to_scheduler(rates, shares_cpu)
