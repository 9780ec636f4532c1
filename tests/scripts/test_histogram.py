from __future__ import annotations

import math
import random
from typing import List

import pytest

from limiterbench.records.histogram import Histogram, bucket_of, clock_step, midpoint, rank_of


def histogram_of(values: List[int]) -> Histogram:
    return Histogram(
        [
            (bucket, sum(bucket_of(v) == bucket for v in values))
            for bucket in {bucket_of(v) for v in values}
        ]
    )


def test_buckets_follow_each_other_without_gap_or_overlap() -> None:
    previous = bucket_of(0)
    assert previous == 0
    for value in range(1, 1 << 14):
        bucket = bucket_of(value)
        assert bucket in (previous, previous + 1)
        previous = bucket


@pytest.mark.parametrize("value", [0, 1, 63, 64, 65, 127])
def test_small_values_are_exact(value: int) -> None:
    assert midpoint(bucket_of(value)) == value


def test_midpoint_is_within_a_128th_of_every_value() -> None:
    source = random.Random(1)
    edges = [2**k + d for k in range(7, 50) for d in (-1, 0, 1)]
    for value in edges + [int(2 ** source.uniform(0, 50)) for _ in range(5000)]:
        assert abs(midpoint(bucket_of(value)) - value) <= value / 128


@pytest.mark.parametrize(
    "values",
    [
        [5],
        [10] * 99 + [1_000_000],
        [10] * 9_999 + [50_000_000_000],
        list(range(1, 3000)),
        [int(1.01**k) for k in range(2000)],
        [100] * 500 + [10_000] * 500,
    ],
)
@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.9, 0.99, 0.999, 1.0])
def test_percentiles_agree_with_a_sort(values: List[int], fraction: float) -> None:
    rank = max(1, math.ceil(round(fraction * len(values), 6)))
    expected = sorted(values)[rank - 1]
    assert histogram_of(values).percentile(fraction) == pytest.approx(expected, rel=1 / 128)


def test_ascending_percentiles_come_from_one_pass() -> None:
    histogram = histogram_of(list(range(1, 101)))
    assert histogram.percentiles([0.01, 0.5, 0.5, 1.0]) == [1, 50, 50, 100]


def test_rank_does_not_grow_by_rounding() -> None:
    assert 0.07 * 100 > 7
    assert rank_of(0.07, 100) == 7
    assert rank_of(0.0, 100) == 1
    assert rank_of(1.0, 3) == 3


def test_a_clock_that_advances_in_steps_leaves_gaps() -> None:
    ten = Histogram([(20, 900), (29, 500), (30, 500), (40, 70), (49, 3), (50, 4), (60, 1)])
    assert clock_step([ten]) == 10
    coarse = Histogram([(0, 900), (41, 40), (42, 60), (83, 3), (84, 1)])
    assert clock_step([coarse]) == 42
    assert clock_step([ten, Histogram([(70, 1)])]) == 10


def test_a_rare_reading_does_not_make_a_step_finer() -> None:
    assert clock_step([Histogram([(20, 900_000), (25, 1), (30, 900_000)])]) == 10


def test_a_clock_without_gaps_is_as_fine_as_the_buckets() -> None:
    assert clock_step([Histogram((value, 10) for value in range(18, 40))]) == 1


def test_too_little_to_tell_the_step_from() -> None:
    assert clock_step([]) is None
    assert clock_step([Histogram([(20, 5)])]) is None
    assert clock_step([Histogram([(500, 5), (600, 5)])]) is None
