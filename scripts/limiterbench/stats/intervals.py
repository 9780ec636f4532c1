"""Intervals that assume no distribution: of a median by order statistics, of a percentile by
bootstrap.

Both say how sure they are. With few repetitions that is little, and it is said as it is: three
repetitions hold the true median between the lowest and the highest in 75 % of all cases.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, Sequence

import numpy as np
from scipy.stats import binom

from limiterbench.records.histogram import midpoint, rank_of
from limiterbench.records.latencies import Latency
from limiterbench.stats.statistics import coverage


class Interval(NamedTuple):
    low: float
    high: float
    coverage: float
    """How sure it is that the true value lies within; less than asked for if n is small."""


def median_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The narrowest pair of order statistics, as far from one end as from the other, that holds the
    median with this confidence; lowest to highest if none does."""
    ordered = sorted(values)
    left_out, sure = _left_out(len(ordered), confidence)
    return Interval(ordered[left_out], ordered[-1 - left_out], sure)


@lru_cache(maxsize=None)
def _left_out(n: int, confidence: float) -> tuple[int, float]:
    """How many may be left out at each end, and how sure the rest is.

    It misses if at most so many, of n with even chances, fall on one side of the median.
    """
    for count in range((n - 1) // 2, 0, -1):
        sure = 1 - 2 * float(binom.cdf(count, n, 0.5))
        if sure >= confidence:
            return count, sure
    return 0, coverage(n)


def bootstrap_percentile(
    repetitions: Sequence[Latency],
    fraction: float,
    seed: int,
    confidence: float = 0.95,
    rounds: int = 1000,
) -> Interval:
    """For the median over repetitions of one percentile. It draws both again: the repetitions and
    the values within each one's histogram.

    A percentile of values drawn again from a histogram is that histogram's own at another rank,
    whose share of the total follows a beta distribution: nothing is drawn value by value. The
    coverage holds for many repetitions; with few, the order statistics' own is the bound.
    """
    source = np.random.default_rng(seed)
    drawn = np.array([_resampled(one, fraction, rounds, source) for one in repetitions])
    n = len(repetitions)
    chosen = source.integers(n, size=(n, rounds))
    # Each choice of a repetition draws from it anew.
    shuffled = source.integers(rounds, size=(n, rounds))
    medians = np.median(drawn[chosen, shuffled], axis=0)
    low, high = np.quantile(medians, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high), min(confidence, coverage(n)))


def _resampled(
    latency: Latency, fraction: float, rounds: int, source: np.random.Generator
) -> list[float]:
    total = latency.histogram.total
    rank = rank_of(fraction, total)
    shares = source.beta(rank, total - rank + 1, rounds)
    reached = np.cumsum([count for _, count in latency.histogram.counts]) / total
    middles = np.array([midpoint(bucket) for bucket, _ in latency.histogram.counts])
    found = middles[np.minimum(np.searchsorted(reached, shares), len(middles) - 1)]
    return [min(max(float(value), latency.min_ns), latency.max_ns) for value in found]
