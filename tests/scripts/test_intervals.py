"""Intervals without a distribution: how often they hold what they should."""

from __future__ import annotations

import numpy as np
import pytest

from limiterbench.records.histogram import Histogram, bucket_of, midpoint
from limiterbench.records.latencies import Latency
from limiterbench.stats.intervals import bootstrap_percentile, median_interval


@pytest.mark.parametrize("n, coverage", [(1, 0.0), (2, 0.5), (3, 0.75), (5, 0.9375)])
def test_few_repetitions_say_how_little_they_tell(n: int, coverage: float) -> None:
    interval = median_interval(list(range(n)))
    assert interval == (0, n - 1, coverage)


def test_many_repetitions_leave_the_extremes_out() -> None:
    # The tables of order statistics: of 6 all, of 9 the second to the eighth, of 20 the sixth to
    # the fifteenth.
    assert median_interval([6, 1, 2, 3, 4, 5])[:2] == (1, 6)
    assert median_interval(list(range(1, 10)))[:2] == (2, 8)
    low, high, coverage = median_interval(list(range(1, 21)))
    assert (low, high) == (6, 15)
    assert coverage == pytest.approx(0.9586, abs=1e-4)


def test_it_holds_the_median_as_often_as_it_says() -> None:
    source = np.random.default_rng(1)
    for n in (3, 7, 20):
        held = [median_interval(list(source.lognormal(size=n))) for _ in range(2000)]
        share = np.mean([interval.low <= 1 <= interval.high for interval in held])
        assert share == pytest.approx(held[0].coverage, abs=0.02)


def latency(source: np.random.Generator, size: int) -> Latency:
    values = source.lognormal(6, 0.5, size)
    buckets, counts = np.unique([bucket_of(int(v)) for v in values], return_counts=True)
    histogram = Histogram((int(b), int(c)) for b, c in zip(buckets, counts))
    return Latency(float(values.min()), float(values.max()), histogram)


def test_a_bootstrap_is_repeatable_and_holds_the_percentile() -> None:
    source = np.random.default_rng(2)
    true = float(np.exp(6 + 0.5 * 2.3263))
    held = 0
    for _ in range(40):
        repetitions = [latency(source, 2000) for _ in range(9)]
        interval = bootstrap_percentile(repetitions, 0.99, seed=3)
        assert interval == bootstrap_percentile(repetitions, 0.99, seed=3)
        held += interval.low <= true <= interval.high
    assert held >= 34


def test_one_value_has_no_spread() -> None:
    bucket = bucket_of(1000)
    one = Latency(1000, 1000, Histogram([(bucket, 5)]))
    assert abs(midpoint(bucket) - 1000) < 8
    assert bootstrap_percentile([one], 0.99, seed=1)[:2] == (1000, 1000)
