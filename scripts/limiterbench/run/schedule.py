"""The order of repetitions: drift of the host must not look like a difference between rows."""

from __future__ import annotations

import random
from typing import List, NamedTuple, Sequence

from limiterbench.records.cells import Cell


class Turn(NamedTuple):
    cell: Cell
    repetition: int
    attempt: int = 0


def interleave(cells: Sequence[Cell], repetitions: int, seed: int) -> List[Turn]:
    """Every cell once a round, each round in its own random order.

    Rounds, so that a run that was stopped has as many repetitions of one cell as of another.
    """
    source = random.Random(seed)
    turns: List[Turn] = []
    for repetition in range(repetitions):
        order = list(cells)
        source.shuffle(order)
        turns += [Turn(cell, repetition) for cell in order]
    return turns
