"""What a run costs beside its phases: seen, by running a few short repetitions and keeping none."""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import fmean
from typing import List

from limiterbench.records.cells import Cell
from limiterbench.run.plan import Plan
from limiterbench.run.program import Program
from limiterbench.run.schedule import Turn

_PHASE_SECONDS = 0.01
_ROUNDS = 2
_PATIENCE_SECONDS = 10.0
# The doctor watches the host for a second; a chart of two dozen rows takes about as long.
_DOCTOR_SECONDS = 1.0
_CHART_SECONDS = 1.0
_CHARTS_OF_A_GROUP = 3


def overhead(program: Program, plan: Plan, oversubscribe: bool) -> float:
    """Seconds of a repetition's process that belong to no phase, on average of few and many
    threads."""
    with tempfile.TemporaryDirectory(prefix="limiterbench.") as folder:
        return fmean(
            _beside_phases(program, plan, cell, Path(folder), oversubscribe)
            for _ in range(_ROUNDS)
            for cell in _fewest_and_most_threads(plan)
        )


def _fewest_and_most_threads(plan: Plan) -> List[Cell]:
    first = plan.cells[0]
    alike = [cell for cell in plan.cells if cell[:3] == first[:3]]
    return [min(alike, key=lambda c: c.threads), max(alike, key=lambda c: c.threads)]


def _beside_phases(
    program: Program, plan: Plan, cell: Cell, scratch: Path, oversubscribe: bool
) -> float:
    """However it ends: a cell that fails is found out when it is measured."""
    settings = [f"--seconds={_PHASE_SECONDS:g}", *(["--oversubscribe"] if oversubscribe else [])]
    command = program.measure_command(Turn(cell, 0), scratch, settings)
    started = time.monotonic()
    nothing = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with program.start(command, **nothing) as process:
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    (phases,) = plan.phases([cell])
    return max(0.0, time.monotonic() - started - phases * _PHASE_SECONDS)


def once(plan: Plan) -> float:
    """Seconds before the first repetition and after the last."""
    if importlib.util.find_spec("matplotlib") is None:
        return _DOCTOR_SECONDS
    groups = {(cell.scenario, cell.placement) for cell in plan.cells}
    sweeps = [scenario for scenario, _ in groups if plan.scenarios[scenario].sweeps_load]
    return _DOCTOR_SECONDS + _CHART_SECONDS * (_CHARTS_OF_A_GROUP * len(groups) + len(sweeps))
