"""What to measure in a given time: the cells that answer most, with enough repetitions of each."""

from __future__ import annotations

import re
from dataclasses import replace
from statistics import fmean
from typing import Callable, Sequence

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.records.cells import Cell
from limiterbench.run.effort import Effort, once_of
from limiterbench.run.plan import Plan
from limiterbench.run.request import Request
from limiterbench.run.schedule import allowance

MODE = "budget"
PHASE = 0.2
LONGEST_PHASE = 1.0
# Fewer decide nothing; with more, other cells would say more in the same time.
_FEWEST, _MOST = 5, 15
_UNITS = {"s": 1, "m": 60, "h": 3600}

# All designs of one scenario, placement and number of threads: only together they are compared.
_Group = list[Cell]


def parse(text: str) -> float:
    """Seconds, of 90s, 30m or 8h."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if found is None or not float(found[1]):
        raise InputError(f"--budget {text}: not a time such as 30m, 1h or 8h")
    return float(found[1]) * _UNITS[found[2]]


def _rank(plan: Plan) -> Callable[[Cell], tuple[object, ...]]:
    """What comes first: the open loop where each core has one thread, then the principal scenario
    at its milestones, then the others there, then more thread counts and placements."""
    first = plan.cells[0].placement
    usual = {1, plan.cores, plan.cpus}
    order = list(dict.fromkeys(cell.scenario for cell in plan.cells))

    def rank(cell: Cell) -> tuple[object, ...]:
        scenario = plan.scenarios[cell.scenario]
        level = 3
        if cell.placement != first:
            level = 4
        elif cell.threads in (usual if not scenario.sweeps_load else {plan.cores}):
            level = 0 if scenario.sweeps_load or scenario.principal else 1
        elif cell.threads in plan.milestones:
            level = 2
        near = abs(cell.threads - plan.cores)
        return (
            level,
            not scenario.sweeps_load,
            not scenario.principal,
            near,
            order.index(cell.scenario),
        )

    return rank


def _groups(plan: Plan) -> list[_Group]:
    groups: dict[tuple[object, ...], _Group] = {}
    for cell in sorted(plan.cells, key=_rank(plan)):
        groups.setdefault(cell[1:], []).append(cell)
    return list(groups.values())


def fit(plan: Plan, request: Request, seconds: float, overhead: float) -> tuple[Plan, Effort]:
    """The cells and repetitions that take about as long. InputError if none is so short."""

    def effort(cells: Sequence[Cell], repetitions: int, phase: float) -> Effort:
        once = once_of(replace(plan, cells=list(cells)))
        phases = fmean(plan.phases(cells))
        return Effort(MODE, repetitions, request.seconds or phase, overhead, phases, once)

    def fits(cells: Sequence[Cell], repetitions: int, phase: float = PHASE) -> bool:
        again = sum(allowance(cells, repetitions, MODE).values()) * (request.noise_repeats > 0)
        made = effort(cells, repetitions, phase)
        return made.duration(len(cells) * repetitions + again) <= seconds

    groups = _groups(plan)
    repetitions, phase = request.repetitions or _FEWEST, PHASE
    chosen: list[Cell] = []
    # What comes first is not left out for what comes next.
    for group in groups if fits(groups[0], repetitions) else []:
        if fits([*chosen, *group], repetitions):
            chosen += group
    if not chosen:
        repetitions = request.repetitions or 1
        chosen = _few(groups[0], lambda cells: fits(cells, repetitions))
    if not chosen:
        alone = groups[0][0]
        takes = units.clock(effort([alone], repetitions, phase).duration(repetitions))
        raise InputError(f"--budget {request.budget}: too short; {alone.name} alone takes {takes}")
    while request.repetitions is None and repetitions < _MOST and fits(chosen, repetitions + 1):
        repetitions += 1
    while not request.seconds and phase < LONGEST_PHASE and fits(chosen, repetitions, phase + 0.05):
        phase = round(phase + 0.05, 2)
    kept = [cell for cell in plan.cells if cell in set(chosen)]
    left_out = plan.left_out + len(plan.cells) - len(kept)
    return replace(plan, cells=kept, left_out=left_out), effort(kept, repetitions, phase)


def _few(group: _Group, fits: Callable[[Sequence[Cell]], bool]) -> list[Cell]:
    """As many designs as there is time for, in the order of the program."""
    return next((group[:n] for n in range(len(group), 0, -1) if fits(group[:n])), [])
