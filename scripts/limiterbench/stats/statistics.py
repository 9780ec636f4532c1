"""What repetitions of one cell, or of several, say together, without assuming any distribution."""

from __future__ import annotations

from statistics import median
from typing import Callable, NamedTuple, Sequence

from limiterbench.common.tidy import Line


class Summary(NamedTuple):
    """The median of n repetitions, and the lowest and the highest of them."""

    n: int
    median: float
    low: float
    high: float
    step: float = 0.0
    """The clock's step: it cannot distinguish two values that are less apart."""

    @property
    def spread(self) -> float:
        """The whole range as a share of the median."""
        return (self.high - self.low) / self.median if self.median > 0 else 0.0

    @property
    def coverage(self) -> float:
        """How sure it is that the true median lies from low to high; 0 if n is 1."""
        return coverage(self.n)

    def above(self, other: Summary) -> bool:
        """Whether the intervals leave no doubt that this one is greater."""
        if min(self.n, other.n) < 2:
            return False
        return other.high + max(self.step, other.step) < self.low

    def apart_from(self, other: Summary) -> bool:
        """Whether the intervals leave no doubt which is greater."""
        return self.above(other) or other.above(self)


def summarize(values: Sequence[float]) -> Summary:
    return Summary(len(values), float(median(values)), min(values), max(values))


# Fewer repetitions cannot show two groups.
_FEWEST_OF_GROUPS = 5
# What lies closer is one distribution's spread.
_GROUPS_APART = 1.3


def two_groups(values: Sequence[float]) -> tuple[float, float] | None:
    """The medians of the two groups that positive values fall into: the gap between the groups is
    wider than both of them together, by ratios. None if there is one group."""
    ordered = sorted(values)
    if len(ordered) < _FEWEST_OF_GROUPS or ordered[0] <= 0:
        return None
    # One value apart from all others is an outlier, and the bars show it.
    splits = range(2, len(ordered) - 1)
    at = max(splits, key=lambda i: ordered[i] / ordered[i - 1])
    lower, upper = ordered[:at], ordered[at:]
    gap = upper[0] / lower[-1]
    if gap < max(_GROUPS_APART, lower[-1] / lower[0] * upper[-1] / upper[0]):
        return None
    return float(median(lower)), float(median(upper))


_ENDS = ("median", "low", "high")


def columns(name: str, unit: str, found: Summary | None) -> Line:
    """Columns of a table: `name_median_unit` and so on, empty if nothing is known."""
    return {f"{name}_{end}{unit}": getattr(found, end, None) for end in _ENDS}


def ratio_columns(name: str, found: Summary | None) -> Line:
    """Columns `name`, `name_low` and `name_high`, empty if nothing is known."""
    return {
        f"{name}{end}": getattr(found, end[1:] or "median", None) for end in ("", "_low", "_high")
    }


def coverage(n: int) -> float:
    """How sure it is that lowest to highest of n repetitions holds the true median.

    It misses only if all n fall on one side of it, whatever the distribution.
    """
    return 1.0 - 2.0 ** (1 - n)


def each_repetition(
    combine: Callable[[Sequence[float]], float], cells: Sequence[Sequence[float]]
) -> Summary | None:
    """`combine` of the k-th value of every cell, for each k that all of them have.

    n repetitions give n such values, as independent as the repetitions are, so their lowest and
    highest hold the true median as surely as those of any other n values do.
    """
    values = [combine(together) for together in zip(*cells)]
    return summarize(values) if values else None


def ratio(top: Sequence[float], bottom: Sequence[float]) -> Summary | None:
    """The ratio of their medians; it lies within those of the repetitions.

    (If every top is at least m times its bottom, so is the median of the tops.)
    """
    n = min(len(top), len(bottom))
    found = each_repetition(lambda pair: pair[0] / pair[1], [top[:n], bottom[:n]])
    return found and found._replace(median=float(median(top[:n]) / median(bottom[:n])))
