"""Ticks on logarithmic axes: round, few, and apart."""

from __future__ import annotations

import math

import pytest

from limiterbench.charts.axis import plain_ticks


@pytest.mark.parametrize("low, high", [(9e6, 65e6), (3e6, 7e8), (1e3, 1e9), (40, 170)])
def test_labels_do_not_touch(low: float, high: float) -> None:
    ticks = plain_ticks(low, high, 0.15)
    assert 2 <= len(ticks) <= 7
    assert all(low <= tick <= high for tick in ticks)
    whole = math.log(high / low)
    assert all(math.log(b / a) >= 0.15 * whole for a, b in zip(ticks, ticks[1:]))


def test_as_fine_as_nine_ticks_allow() -> None:
    assert plain_ticks(9.0, 65.0) == [10, 15, 20, 30, 40, 50, 60]
    assert plain_ticks(9.0, 65.0, 0.15) == [10, 20, 50]
