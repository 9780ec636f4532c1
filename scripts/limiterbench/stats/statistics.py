"""What repetitions of one cell say together, without assuming any distribution."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple, Sequence


class Summary(NamedTuple):
    """The median of n repetitions, and the lowest and the highest of them."""

    n: int
    median: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        """The whole range as a share of the median."""
        return (self.high - self.low) / self.median if self.median > 0 else 0.0


def summarize(values: Sequence[float]) -> Summary:
    return Summary(len(values), float(median(values)), min(values), max(values))


def coverage(n: int) -> float:
    """How sure it is that lowest to highest of n repetitions holds the true median.

    It misses only if all n fall on one side of it, whatever the distribution.
    """
    return 1.0 - 2.0 ** (1 - n)
