"""How throughput grows with threads: throughput ~ threads^exponent, by least squares on logarithms.

1 is linear scaling, 0 is none, and below 0 more threads get less done together.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

from limiterbench.records.records import Measured
from limiterbench.stats.series import Group, ops
from limiterbench.stats.statistics import Summary, each_repetition, summarize


class Scaling(NamedTuple):
    exponent: Summary
    threads: list[int]
    misfit: float
    """The largest factor between a median and the fitted line; 1 is a perfect fit."""


def _slope(across: Sequence[float], up: Sequence[float]) -> float:
    middle = sum(across) / len(across)
    spread = sum((x - middle) ** 2 for x in across)
    return sum((x - middle) * y for x, y in zip(across, up)) / spread


def _misfit(across: Sequence[float], up: Sequence[float], slope: float) -> float:
    offsets = [y - slope * x for x, y in zip(across, up)]
    centre = sum(offsets) / len(offsets)
    return math.exp(max(abs(offset - centre) for offset in offsets))


def scaling_of(points: dict[int, list[Measured]], cpus: int) -> Scaling | None:
    """Over the thread counts that have a CPU each. None if there is one only."""
    threads = [count for count in sorted(points) if count <= cpus]
    if len(threads) < 2:
        return None
    across = [math.log(count) for count in threads]
    rates = [[ops(measured) for measured in points[count]] for count in threads]
    exponent = each_repetition(
        lambda together: _slope(across, [math.log(x) for x in together]), rates
    )
    if exponent is None:
        return None
    medians = [math.log(summarize(repeated).median) for repeated in rates]
    return Scaling(exponent, threads, _misfit(across, medians, _slope(across, medians)))


def scalings(group: Group, cpus: int) -> dict[str, Scaling]:
    found = {row: scaling_of(points, cpus) for row, points in sorted(group.limiters.items())}
    return {row: scaling for row, scaling in found.items() if scaling is not None}
