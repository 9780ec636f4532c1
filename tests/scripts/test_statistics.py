from __future__ import annotations

from itertools import product

import pytest

from limiterbench.stats.statistics import coverage, summarize


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
