"""How many repetitions, how long each: chosen so that the whole plan takes a known time.

What a repetition costs beside its phases is seen by running a few short ones and keeping none."""

from __future__ import annotations

import importlib.util
import math
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Sequence

from limiterbench.records.cells import Cell
from limiterbench.run.plan import Plan
from limiterbench.run.program import Program
from limiterbench.run.request import FULL_REPETITIONS, QUICK_REPETITIONS, Request
from limiterbench.run.schedule import Turn

QUICK_BUDGET_SECONDS = 210.0
# Longer than the time between two reloads of the slow scenarios.
QUICK_LONGEST_PHASE = 0.15
# Ten windows of the scenarios, and one reload of the slow ones.
QUICK_SHORTEST_PHASE = 0.1
FULL_PHASE = 0.8

_REHEARSED_PHASE = 0.01
_ROUNDS = 2
_PATIENCE_SECONDS = 10.0
# The doctor watches the host for a second; a chart of two dozen rows takes about as long.
_DOCTOR_SECONDS = 1.0
_CHART_SECONDS = 1.0
_CHARTS_OF_A_GROUP = 3


@dataclass(frozen=True)
class Effort:
    mode: str
    repetitions: int
    seconds: float
    overhead: float
    """Seconds of each process that measure nothing: start, topology, clock calibration."""
    phases: float
    """How many phases long a repetition is, on average: with warm-ups and sweeps of the load."""

    once: float = 0.0
    """Seconds of the whole run before its first repetition and after its last."""
    deadline: float = math.inf
    """When the last repetition must have ended, by time.monotonic()."""

    @property
    def repetition(self) -> float:
        return self.overhead + self.phases * self.seconds

    def duration(self, repetitions_left: int) -> float:
        return repetitions_left * self.repetition + self.once


def choose(request: Request, cells: int, overhead: float, phases: float) -> Effort:
    repetitions, seconds = request.repetitions, request.seconds
    if request.full:
        return Effort(
            "full", repetitions or FULL_REPETITIONS, seconds or FULL_PHASE, overhead, phases
        )
    options = [repetitions] if repetitions else list(QUICK_REPETITIONS)
    count, phase = options[-1], 0.0
    for count in options:
        phase = (QUICK_BUDGET_SECONDS / (cells * count) - overhead) / phases
        if phase >= QUICK_LONGEST_PHASE:
            break
    phase = min(QUICK_LONGEST_PHASE, max(QUICK_SHORTEST_PHASE, phase))
    return Effort("quick", count, seconds or round(phase, 3), overhead, phases)


def is_affordable(overhead: float, phases: Sequence[float]) -> bool:
    """Whether the quick plan has time for these cells, with the fewest and shortest repetitions."""
    once = sum(overhead + each * QUICK_SHORTEST_PHASE for each in phases)
    return QUICK_REPETITIONS[-1] * once <= 1.1 * QUICK_BUDGET_SECONDS


def time_limit(seconds: float, phases: float) -> float:
    """Long enough for the slowest honest cell, short enough that a hang does not cost the run."""
    return 30.0 + 10.0 * phases * seconds


def overhead_of(program: Program, plan: Plan, oversubscribe: bool) -> float:
    """Seconds of a repetition's process that belong to no phase, on average of few and many
    threads. For another host: of a process that only says where it is."""
    if not plan.is_this_host:
        started = time.monotonic()
        program.ask("--environment")
        return time.monotonic() - started
    with tempfile.TemporaryDirectory(prefix="limiterbench.") as folder:
        return fmean(
            _beside_phases(program, plan, cell, Path(folder), oversubscribe)
            for _ in range(_ROUNDS)
            for cell in _fewest_and_most_threads(plan)
        )


def _fewest_and_most_threads(plan: Plan) -> list[Cell]:
    first = plan.cells[0]
    alike = [cell for cell in plan.cells if cell[:3] == first[:3]]
    return [min(alike, key=lambda c: c.threads), max(alike, key=lambda c: c.threads)]


def _beside_phases(
    program: Program, plan: Plan, cell: Cell, scratch: Path, oversubscribe: bool
) -> float:
    """However it ends: a cell that fails is found out when it is measured."""
    settings = [f"--seconds={_REHEARSED_PHASE:g}", *(["--oversubscribe"] if oversubscribe else [])]
    command = program.measure_command(Turn(cell, 0), scratch, settings)
    started = time.monotonic()
    nothing = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with program.start(command, **nothing) as process:
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    (phases,) = plan.phases([cell])
    return max(0.0, time.monotonic() - started - phases * _REHEARSED_PHASE)


def once_of(plan: Plan) -> float:
    """Seconds before the first repetition and after the last."""
    if importlib.util.find_spec("matplotlib") is None:
        return _DOCTOR_SECONDS
    groups = {(cell.scenario, cell.placement) for cell in plan.cells}
    sweeps = [scenario for scenario, _ in groups if plan.scenarios[scenario].sweeps_load]
    return _DOCTOR_SECONDS + _CHART_SECONDS * (_CHARTS_OF_A_GROUP * len(groups) + len(sweeps))
