from __future__ import annotations

from limiterbench.records.cells import Cell, parse_cell
from limiterbench.run.schedule import interleave

CELLS = [Cell(limiter, "steady", "compact", n) for limiter in "abcdef" for n in (1, 2)]


def test_every_repetition_has_one_turn() -> None:
    turns = interleave(CELLS, 3, seed=5)
    assert len(set(turns)) == len(turns) == 3 * len(CELLS)


def test_a_round_ends_before_the_next_begins() -> None:
    repetitions = [turn.repetition for turn in interleave(CELLS, 3, seed=5)]
    assert repetitions == sorted(repetitions)


def test_rounds_differ_in_order() -> None:
    turns = interleave(CELLS, 2, seed=5)
    first = [turn.cell for turn in turns if turn.repetition == 0]
    second = [turn.cell for turn in turns if turn.repetition == 1]
    assert first != second != CELLS


def test_the_seed_alone_decides() -> None:
    assert interleave(CELLS, 3, seed=5) == interleave(CELLS, 3, seed=5)
    assert interleave(CELLS, 3, seed=5) != interleave(CELLS, 3, seed=6)


def test_cell_names_survive_the_round_trip() -> None:
    assert parse_cell("hazard/steady/compact/threads:2") == Cell("hazard", "steady", "compact", 2)
    for bad in ("hazard/steady/compact", "a/b/c/threads:0", "a/b/c/threads:2/x", "a/b/c/threads:"):
        assert parse_cell(bad) is None
