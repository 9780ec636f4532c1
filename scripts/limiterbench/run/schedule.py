"""Which repetition is measured when: drift of the host must not look like a difference between
designs, and what the host disturbed is measured again."""

from __future__ import annotations

import random
from collections import Counter
from typing import NamedTuple, Sequence

from limiterbench.records.cells import Cell
from limiterbench.records.manifest import RunPlan
from limiterbench.records.records import Record

# One in so many of a scenario's repetitions. They are equally long, so a run on a disturbed host
# takes longer by about this share. A quick run, or one within a budget, must end when it said it
# would.
_ONE_IN, _SHORT_ONE_IN = 5, 20


class Turn(NamedTuple):
    cell: Cell
    repetition: int
    attempt: int = 0


def interleave(cells: Sequence[Cell], repetitions: int, seed: int) -> list[Turn]:
    """Every cell once a round, each round in its own random order.

    After a stop, every cell has about as many repetitions as any other.
    """
    source = random.Random(seed)
    turns: list[Turn] = []
    for repetition in range(repetitions):
        order = list(cells)
        source.shuffle(order)
        turns += [Turn(cell, repetition) for cell in order]
    return turns


def turns_left(plan: RunPlan, records: Sequence[Record]) -> list[Turn]:
    """A failed repetition is a finished one: it stays on record and is not repeated."""
    done = {Turn(record.cell, record.repetition) for record in records}
    turns = interleave(plan.cells, plan.repetitions, plan.seed)
    return [turn for turn in turns if turn not in done]


def allowance(cells: Sequence[Cell], repetitions: int, mode: str) -> dict[str, int]:
    """How many attempts beyond the first each scenario may have: at least one."""
    one_in = _ONE_IN if mode == "full" else _SHORT_ONE_IN
    counts = Counter(cell.scenario for cell in cells)
    return {name: max(1, count * repetitions // one_in) for name, count in counts.items()}


def repeats(plan: RunPlan, attempts: Sequence[Record]) -> list[Turn]:
    """What is to be measured once more, given all that has been: disturbed and not failed.

    The most disturbed first, for which the allowance may not be enough. Called after the planned
    repetitions, when what disturbed them may have passed.
    """
    last = {Turn(record.cell, record.repetition): record for record in attempts}
    left = Counter(allowance(plan.cells, plan.repetitions, plan.mode))
    left.subtract(record.cell.scenario for record in attempts if record.attempt > 0)
    found = [last.get(turn) for turn in interleave(plan.cells, plan.repetitions, plan.seed)]
    disturbed = [r for r in found if r and r.disturbed and r.attempt < plan.noise_repeats]
    turns: list[Turn] = []
    for record in sorted(disturbed, key=_lost_share, reverse=True):
        if left[record.cell.scenario] > 0:
            left[record.cell.scenario] -= 1
            turns.append(Turn(record.cell, record.repetition, record.attempt + 1))
    return turns


def most_repeats(plan: RunPlan, attempts: Sequence[Record]) -> int:
    """How many repetitions may still be measured again, should the host disturb all that follow."""
    left = Counter(allowance(plan.cells, plan.repetitions, plan.mode))
    left.subtract(record.cell.scenario for record in attempts if record.attempt > 0)
    last = {Turn(record.cell, record.repetition): record for record in attempts}
    again: Counter[str] = Counter()
    for turn in interleave(plan.cells, plan.repetitions, plan.seed):
        record = last.get(turn)
        if record is None:
            again[turn.cell.scenario] += plan.noise_repeats
        elif record.disturbed:
            again[turn.cell.scenario] += max(0, plan.noise_repeats - record.attempt)
    return sum(max(0, min(count, left[scenario])) for scenario, count in again.items())


def _lost_share(record: Record) -> float:
    noise = record.measured.noise if record.measured else None
    return noise.lost_share if noise else 0.0
