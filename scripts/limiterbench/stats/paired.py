"""A value made of several cells, with an interval that assumes no distribution.

The k-th repetition of each cell gives one such value; n repetitions give n of them, as independent
as the repetitions are. Their lowest and highest hold its true median as surely as those of any
other n values do.
"""

from __future__ import annotations

from statistics import median
from typing import Callable, NamedTuple, Optional, Sequence

from limiterbench.stats.statistics import coverage


class Estimate(NamedTuple):
    n: int
    value: float
    low: float
    high: float

    @property
    def coverage(self) -> float:
        """How sure it is that the true value lies from low to high; 0 if n is 1."""
        return coverage(self.n)


def each_repetition(
    combine: Callable[[Sequence[float]], float], cells: Sequence[Sequence[float]]
) -> Optional[Estimate]:
    """`combine` of the k-th value of every cell, for each k that all of them have."""
    values = [combine(together) for together in zip(*cells)]
    if not values:
        return None
    return Estimate(len(values), float(median(values)), min(values), max(values))


def ratio(top: Sequence[float], bottom: Sequence[float]) -> Optional[Estimate]:
    """The ratio of their medians; it lies within those of the repetitions.

    (If every top is at least m times its bottom, so is the median of the tops.)
    """
    n = min(len(top), len(bottom))
    found = each_repetition(lambda pair: pair[0] / pair[1], [top[:n], bottom[:n]])
    if found is None:
        return None
    return found._replace(value=float(median(top[:n]) / median(bottom[:n])))
