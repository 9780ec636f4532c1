"""The model against a stored run: fitted on 1 thread and on one contended word, it must say what
the rows do with all threads of that host."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Collection, NamedTuple

from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.predict import calibrate, tasks
from limiterbench.predict.hosts import Host
from limiterbench.predict.simulator import Simulator
from limiterbench.records.cells import Cell


class Row(NamedTuple):
    cell: Cell
    measured_ns: float
    model_ns: float

    @property
    def error(self) -> float:
        return self.model_ns / self.measured_ns - 1


class Comparison(NamedTuple):
    host: Host
    run: str
    rows: list[Row]
    blocking: Collection[str]

    def median_errors(self) -> dict[str, float]:
        """By scenario."""
        errors: dict[str, list[float]] = {}
        for row in self.rows:
            errors.setdefault(row.cell.scenario, []).append(abs(row.error))
        return {scenario: median(found) for scenario, found in errors.items()}


def compare(folder: Path, root: Path, simulator: Simulator) -> Comparison:
    run = calibrate.open_run(folder)
    measured = calibrate.host_of(run, root, simulator)
    host = calibrate.with_instructions(measured, measured, run, simulator)
    cpus = run.manifest.topology.cpus
    most = max((cell.threads for cell in run.cells if cell.threads <= cpus), default=1)
    cells = [
        Cell(row, scenario, tasks.PLACEMENT, most)
        for scenario in tasks.SCENARIOS
        for row in host.values["instructions_ns"]
    ]
    cells = [cell for cell in cells if cell in run.cells]
    if most == 1 or not cells:
        raise InputError(f"{display(folder)}: nothing measured with several threads, each on a CPU")
    blocking = tasks.blocking_rows(run.manifest.rows)
    model = _costs(host, cells, blocking, simulator)
    rows = [Row(cell, run.cost_ns(cell), model[cell]) for cell in cells]
    return Comparison(host, display(folder), rows, blocking)


def _costs(
    host: Host, cells: list[Cell], blocking: Collection[str], simulator: Simulator
) -> dict[Cell, float]:
    """Of one decision of any thread: the median over the policies."""
    assumed = tasks.assumptions(host)
    costs: dict[Cell, list[float]] = {}
    work = [
        tasks.Task(cell, assumption, index, tasks.duration_of(cell, blocking))
        for cell in cells
        for index, assumption in enumerate(assumed)
    ]
    for result in tasks.simulate_all(simulator, host, work):
        point = tasks.required(result)
        costs.setdefault(point.cell, []).append(1e9 / point.operations_per_second)
    return {cell: median(values) for cell, values in costs.items()}


def as_json(comparison: Comparison) -> dict[str, object]:
    host = comparison.host.values
    return {
        "run": comparison.run,
        "name": host["name"],
        "figures": {
            name: host[name]
            for name in (
                "rmw_ns",
                "load_ns",
                "alpha",
                "transfer_ns",
                "instructions_ns",
                "denial_ns",
            )
        },
        "median_error": {
            name: round(error, 4) for name, error in comparison.median_errors().items()
        },
        "rows": [
            {
                "row": row.cell.limiter,
                "scenario": row.cell.scenario,
                "threads": row.cell.threads,
                "measured_ns": round(row.measured_ns, 2),
                "model_ns": round(row.model_ns, 2),
                "error": round(row.error, 4),
            }
            for row in comparison.rows
        ],
    }
