"""Which disturbed repetitions are measured again, and how many of them at most."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, NamedTuple, Sequence

from limiterbench.records.cells import Cell
from limiterbench.records.manifest import RunPlan
from limiterbench.records.records import Record
from limiterbench.run.schedule import Turn, interleave

# One in so many of a scenario's repetitions, whose length is one and the same, so that a run on a
# disturbed host grows by about this share of its time. A quick look is to end when it said.
_ONE_IN, _QUICK_ONE_IN = 5, 20


class _Repetition(NamedTuple):
    cell: Cell
    number: int


def allowance(cells: Sequence[Cell], repetitions: int, mode: str) -> Dict[str, int]:
    """How many attempts beyond the first each scenario may have: at least one."""
    one_in = _QUICK_ONE_IN if mode == "quick" else _ONE_IN
    counts = Counter(cell.scenario for cell in cells)
    return {name: max(1, count * repetitions // one_in) for name, count in counts.items()}


def repeats(plan: RunPlan, attempts: Sequence[Record]) -> List[Turn]:
    """What is to be measured once more, given all that has been: disturbed and not failed.

    The most disturbed first, for which the allowance may not be enough. Called after the planned
    repetitions, when what disturbed them may have passed.
    """
    last = {_Repetition(record.cell, record.repetition): record for record in attempts}
    left = Counter(allowance(plan.cells, plan.repetitions, plan.mode))
    left.subtract(record.cell.scenario for record in attempts if record.attempt > 0)
    planned = interleave(plan.cells, plan.repetitions, plan.seed)
    found = [last.get(_Repetition(cell, repetition)) for cell, repetition, _ in planned]
    disturbed = [r for r in found if r and r.disturbed and r.attempt < plan.noise_repeats]
    turns: List[Turn] = []
    for record in sorted(disturbed, key=_lost_share, reverse=True):
        if left[record.cell.scenario] > 0:
            left[record.cell.scenario] -= 1
            turns.append(Turn(record.cell, record.repetition, record.attempt + 1))
    return turns


def most_repeats(plan: RunPlan, attempts: Sequence[Record]) -> int:
    """How many repetitions may still be measured again, should the host disturb all that follow."""
    left = Counter(allowance(plan.cells, plan.repetitions, plan.mode))
    left.subtract(record.cell.scenario for record in attempts if record.attempt > 0)
    last = {_Repetition(record.cell, record.repetition): record for record in attempts}
    again: Counter[str] = Counter()
    for cell, repetition, _ in interleave(plan.cells, plan.repetitions, plan.seed):
        record = last.get(_Repetition(cell, repetition))
        if record is None:
            again[cell.scenario] += plan.noise_repeats
        elif record.disturbed:
            again[cell.scenario] += max(0, plan.noise_repeats - record.attempt)
    return sum(max(0, min(count, left[scenario])) for scenario, count in again.items())


def _lost_share(record: Record) -> float:
    noise = record.measured.noise if record.measured else None
    return noise.lost_share if noise else 0.0
