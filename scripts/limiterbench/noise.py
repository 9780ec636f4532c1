"""Which disturbed repetitions are measured again, and how many of them at most."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, NamedTuple, Sequence

from limiterbench.cells import Cell
from limiterbench.manifest import RunPlan
from limiterbench.records import Record
from limiterbench.schedule import Turn, interleave

# One in so many of a scenario's repetitions, whose length is one and the same: so a run on a
# disturbed host grows by no more than this share of its time. One may always be repeated. A quick
# look is to end when it said.
_ONE_IN, _QUICK_ONE_IN = 5, 20


class _Repetition(NamedTuple):
    cell: Cell
    number: int


def share(mode: str) -> str:
    """By how much a disturbed run grows at most, in words."""
    return {_ONE_IN: "a fifth", _QUICK_ONE_IN: "a twentieth"}[_one_in(mode)]


def _one_in(mode: str) -> int:
    return _QUICK_ONE_IN if mode == "quick" else _ONE_IN


def allowance(plan: RunPlan) -> Dict[str, int]:
    """How many attempts beyond the first each scenario may have."""
    if plan.noise_repeats == 0:
        return {}
    cells = Counter(cell.scenario for cell in plan.cells)
    one_in = _one_in(plan.mode)
    return {
        scenario: max(1, count * plan.repetitions // one_in) for scenario, count in cells.items()
    }


def repeats(plan: RunPlan, attempts: Sequence[Record]) -> List[Turn]:
    """What is to be measured once more, given all that has been: disturbed and not failed.

    The most disturbed first, for which the allowance may not be enough. Called after the planned
    repetitions, when what disturbed them may have passed.
    """
    last = {_Repetition(record.cell, record.repetition): record for record in attempts}
    left = Counter(allowance(plan))
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


def _lost_share(record: Record) -> float:
    noise = record.measured.noise if record.measured else None
    return noise.lost_share if noise else 0.0
