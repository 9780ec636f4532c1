from __future__ import annotations

import pytest

from limiterbench import effort


@pytest.mark.parametrize("cells", [1, 60, 100, 240])
def test_quick_measures_for_at_most_150_seconds(cells: int) -> None:
    chosen = effort.choose("quick", cells, 0.05, None, None)
    assert chosen.repetitions >= 2
    assert chosen.duration(cells * chosen.repetitions) <= 150


def test_quick_repeats_more_where_there_is_time() -> None:
    assert effort.choose("quick", 60, 0.05, None, None).repetitions == 3
    assert effort.choose("quick", 240, 0.05, None, None).repetitions == 2


def test_phases_stay_long_enough_however_many_cells() -> None:
    assert effort.choose("quick", 10_000, 0.05, None, None).seconds == effort.QUICK_SHORTEST_PHASE


def test_what_the_user_says_holds() -> None:
    for mode in ("quick", "full"):
        chosen = effort.choose(mode, 60, 0.05, 5, 0.25)
        assert (chosen.repetitions, chosen.seconds) == (5, 0.25)


def test_full_repeats_seven_seconds_of_each_phase() -> None:
    chosen = effort.choose("full", 60, 0.0, None, None)
    assert (chosen.repetitions, chosen.seconds) == (7, 1.0)
    assert chosen.duration(1) == pytest.approx(2.5)
