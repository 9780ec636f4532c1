from __future__ import annotations

import pytest

from limiterbench.common import units


@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (7, "7"), (999.9, "1 k"), (41_234_567, "41.2 M"), (2e9, "2 G"), (49e12, "49000 G")],
)
def test_rate(value: float, text: str) -> None:
    assert units.rate(value) == text


@pytest.mark.parametrize(
    "value, text",
    [(0, "0 ns"), (0.5, "0.5 ns"), (310, "310 ns"), (1250, "1.25 µs"), (2e6, "2 ms"), (3e9, "3 s")],
)
def test_time(value: float, text: str) -> None:
    assert units.time(value) == text


@pytest.mark.parametrize(
    "seconds, text", [(45.4, "45 s"), (125, "2 min 5 s"), (4800, "1 h 20 min"), (-1, "0 s")]
)
def test_clock(seconds: float, text: str) -> None:
    assert units.clock(seconds) == text


def test_count() -> None:
    assert (units.count(1, "cell"), units.count(1200, "cell")) == ("1 cell", "1,200 cells")


def test_what_the_clock_itself_shows_is_marked() -> None:
    assert units.reading(310, units.at_floor(310, 294, 10)) == "310 ns"
    assert units.reading(320, units.at_floor(320, 310, 10)) == "≤320 ns"
    assert units.reading(0.5, units.at_floor(0.5, 20, 0)) == "≤0.5 ns"
