from __future__ import annotations

from limiterbench.legends import LEGENDS, legends_of

UNKNOWN = [f"unheard_of_{index}" for index in range(30)]


def test_known_rows_keep_their_own_look() -> None:
    assert legends_of(["hazard", *UNKNOWN])["hazard"] == LEGENDS["hazard"]


def test_rows_can_be_told_apart_without_colour() -> None:
    chosen = legends_of([*LEGENDS, *UNKNOWN])
    looks = {(legend.marker, legend.linestyle) for legend in chosen.values()}
    assert len(looks) == len(chosen) == len(LEGENDS) + len(UNKNOWN)


def test_unknown_rows_look_the_same_whatever_the_order() -> None:
    assert legends_of(UNKNOWN) == legends_of(reversed(UNKNOWN))


def test_more_rows_than_looks_still_have_one_each() -> None:
    names = [f"row_{index}" for index in range(500)]
    assert set(legends_of(names)) == set(names)
