from __future__ import annotations

from itertools import product

import pytest

from limiterbench.stats.statistics import coverage, summarize, two_groups


def test_summary_is_the_median_with_the_extremes() -> None:
    summary = summarize([7, 1, 100])
    assert (summary.n, summary.median, summary.low, summary.high) == (3, 7, 1, 100)
    assert summarize([1, 3]).median == 2


def test_spread_is_relative_to_the_median() -> None:
    assert summarize([90, 100, 110]).spread == pytest.approx(0.2)
    assert summarize([5]).spread == 0


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_coverage_counts_the_ways_to_surround_the_median(n: int) -> None:
    sides = list(product((-1, 1), repeat=n))
    around = [side for side in sides if min(side) != max(side)]
    assert coverage(n) == pytest.approx(len(around) / len(sides))


@pytest.mark.parametrize(
    "values, groups",
    [
        ([50, 52, 51, 180, 190], (51, 185)),
        ([180, 50, 190, 52, 51, 185, 49], (50.5, 185)),
        # One apart from the others is an outlier, four values are too few, and these are spread.
        ([50, 52, 51, 53, 180], None),
        ([50, 52, 180, 190], None),
        ([50, 70, 90, 120, 160], None),
        ([50, 51, 52, 60, 61], None),
        ([1.0, 1.0, 1.0, 1.0, 1.0], None),
        ([0, 0, 0, 5, 5], None),
    ],
)
def test_two_groups_are_farther_apart_than_they_are_wide(
    values: "list[float]", groups: "tuple[float, float] | None"
) -> None:
    assert two_groups(values) == groups
