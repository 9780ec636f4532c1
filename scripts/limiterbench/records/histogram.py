"""The program's log-linear histogram: 64 buckets an octave, exact below 128 ns."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from itertools import accumulate
from typing import Iterable, Sequence

SUB_BUCKETS = 64


def bucket_of(value: int) -> int:
    if value < SUB_BUCKETS:
        return value
    exponent = value.bit_length() - 7
    return (exponent + 1) * SUB_BUCKETS + (value >> exponent) - SUB_BUCKETS


# Of any value that fits 64 bits.
BUCKETS = bucket_of(2**64 - 1) + 1


def midpoint(bucket: int) -> float:
    """What the bucket's values are taken for: off by at most 1/128 of any of them."""
    if bucket < SUB_BUCKETS:
        return float(bucket)
    exponent = bucket // SUB_BUCKETS - 1
    lowest = (SUB_BUCKETS + bucket % SUB_BUCKETS) << exponent
    return lowest + ((1 << exponent) - 1) / 2


def rank_of(fraction: float, total: int) -> int:
    """The nearest rank: the smallest one with at least `fraction` of the total at or below it."""
    # The product is rounded first: 0.07 * 100 is 7.000000000000001 and must not become rank 8.
    return min(total, max(1, math.ceil(round(fraction * total, 6))))


class Histogram:
    """Counts by bucket, ascending. Immutable, and small: a run holds tens of thousands of them."""

    __slots__ = ("_buckets", "_counts", "total")

    def __init__(self, counts: Iterable[tuple[int, int]]) -> None:
        pairs = sorted(counts)
        self._set([bucket for bucket, _ in pairs], [count for _, count in pairs])

    @classmethod
    def of_ascending(cls, buckets: Sequence[int], counts: Sequence[int]) -> Histogram:
        made = cls.__new__(cls)
        made._set(buckets, counts)
        return made

    def _set(self, buckets: Sequence[int], counts: Sequence[int]) -> None:
        self._buckets = array("H", buckets)
        self._counts = array("Q", counts)
        self.total = sum(counts)

    @property
    def counts(self) -> list[tuple[int, int]]:
        return list(zip(self._buckets, self._counts))

    def percentiles(self, fractions: Sequence[float]) -> list[float]:
        """The value at each of the `fractions`. The histogram must not be empty."""
        reached = list(accumulate(self._counts))
        ranks = [rank_of(fraction, self.total) for fraction in fractions]
        return [midpoint(self._buckets[bisect_left(reached, rank)]) for rank in ranks]

    def percentile(self, fraction: float) -> float:
        return self.percentiles([fraction])[0]


def compact(pairs: Iterable[Sequence[int]]) -> list[int]:
    """The counts of consecutive buckets from 0 on, where -n stands for n empty ones."""
    flat: list[int] = []
    reached = 0
    for bucket, count in sorted((bucket, count) for bucket, count in pairs):
        if bucket > reached:
            flat.append(reached - bucket)
        flat.append(count)
        reached = bucket + 1
    return flat


def expand(flat: Iterable[int]) -> tuple[list[int], list[int]]:
    """The buckets, and the count of each, that `compact` was given."""
    buckets: list[int] = []
    counts: list[int] = []
    bucket = 0
    for number in flat:
        if number < 0:
            bucket -= number
        else:
            buckets.append(bucket)
            counts.append(number)
            bucket += 1
    return buckets, counts


# One value in so many: a rarer one may be an interrupted reading.
_COMMON = 100_000
# Converting ticks to nanoseconds moves a step by one either way.
_LONGEST_OF_ONE_STEP = 3


def clock_step(histograms: Iterable[Histogram]) -> float | None:
    """The distance between two readings of the clock that differ at all, in whole nanoseconds.

    A clock that advances in steps leaves gaps between the differences of its readings; one that
    leaves none is as fine as the buckets: 1. None if too few values are below 128 ns to say.
    """
    seen: dict[int, int] = {}
    for histogram in histograms:
        for value, count in histogram.counts:
            if 0 < value < 2 * SUB_BUCKETS:
                seen[value] = seen.get(value, 0) + count
    least = sum(seen.values()) / _COMMON
    runs: list[list[int]] = []
    for value in sorted(value for value, count in seen.items() if count >= least):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    if any(len(run) > _LONGEST_OF_ONE_STEP for run in runs):
        return 1.0
    if len(runs) < 2:
        return None
    return min(late[-1] - early[-1] for early, late in zip(runs, runs[1:]))
