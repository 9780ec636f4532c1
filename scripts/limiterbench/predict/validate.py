"""`predict --validate`: how far off the model is, as a stored page's numbers."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean, median
from typing import Collection, NamedTuple

from limiterbench.common.errors import InputError
from limiterbench.common.files import display, replace_text
from limiterbench.common.versions import versions
from limiterbench.predict import calibrate, hosts, sensitivity, tasks
from limiterbench.predict.hosts import Host
from limiterbench.predict.simulator import REFERENCES, Simulator
from limiterbench.predict.tasks import SEED
from limiterbench.records.cells import Cell
from limiterbench.records.fields import Fields, parse_file
from limiterbench.run.program import Program

SCHEMA = 2
FILE = "validation.json"
# The rankings of the stored predictions are held against errors of this host's figures.
SENSITIVE_HOST = "epyc_7r13x2"
SENSITIVE_THREADS = 64


def folder_of(root: Path) -> Path:
    return root / "results" / "prediction"


def validate(run: Path, program: Program, simulator: Simulator, root: Path) -> int:
    values: dict[str, object] = {"schema": SCHEMA, "commit": versions(root)["commit"], "seed": SEED}
    print("published curves", flush=True)
    curves = [compare_curve(root, curve, simulator) for curve in curves(root)]
    values["published"] = [curve_json(comparison) for comparison in curves]
    print(f"the host of {display(run)}", flush=True)
    own = compare_run(run, root, simulator)
    values["own_host"] = run_json(own)
    for scenario, error in own.median_errors().items():
        print(f"  {scenario}: {error:.0%} off, the median over the designs", flush=True)
    print(f"the figures of {SENSITIVE_HOST}", flush=True)
    host = hosts.find(root, SENSITIVE_HOST)
    rows = list(own.host.values["instructions_ns"])
    taken = {name: own.host.values[name] for name in ("instructions_ns", "denial_ns")}
    host = host.with_values(**taken)
    values["sensitivity"] = [
        sensitivity.try_figures(host, rows, own.blocking, scenario, SENSITIVE_THREADS, simulator)
        for scenario in sensitivity.SCENARIOS
    ]
    path = folder_of(root) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    print(display(path))
    return 0


# Below, two cores alternate without queueing: a known miss of the model.
FEWEST_THREADS = 8


class Curve(NamedTuple):
    key: str
    host: str
    reference: str
    fitted: bool
    """Whether a figure of the host file was chosen by this very curve."""
    source: str
    measured: dict[int, float]


class CurveComparison(NamedTuple):
    curve: Curve
    model: dict[str, dict[int, float]]
    """By policy, then threads."""

    def error(self, policy: str) -> float:
        """The mean absolute one, from FEWEST_THREADS up."""
        measured = self.curve.measured
        return fmean(
            abs(ns / measured[threads] - 1)
            for threads, ns in self.model[policy].items()
            if threads >= FEWEST_THREADS
        )


def _curve(key: str, fields: Fields) -> Curve:
    reference = fields.text("reference")
    if reference not in REFERENCES:
        fields.refuse("reference", f"is '{reference}', not one of {', '.join(REFERENCES)}")
    measured = {
        point.integer("threads", at_least=1): point.number("aggregate_ns")
        for point in fields.objects("points")
    }
    host, fitted, source = fields.text("host"), fields.flag("fitted"), fields.text("source")
    return Curve(key, host, reference, fitted, source, measured)


def read_curve(path: Path) -> Curve:
    return parse_file(path, lambda fields: _curve(path.stem, fields))


def curves(root: Path) -> list[Curve]:
    folder = root / "results" / "prediction" / "published"
    return [read_curve(path) for path in sorted(folder.glob("*.json"))]


def compare_curve(root: Path, curve: Curve, simulator: Simulator) -> CurveComparison:
    host = hosts.find(root, curve.host)
    model: dict[str, dict[int, float]] = {}
    for alpha in host.alphas:
        for point in simulator.reference(host, curve.reference, sorted(curve.measured), alpha):
            name = point.policy if len(host.alphas) == 1 else f"{point.policy}, {alpha:g}"
            model.setdefault(name, {})[point.threads] = point.aggregate_ns
    return CurveComparison(curve, model)


def curve_json(comparison: CurveComparison) -> dict[str, object]:
    curve = comparison.curve
    return {
        "curve": curve.key,
        "host": curve.host,
        "reference": curve.reference,
        "fitted": curve.fitted,
        "source": curve.source,
        "from_threads": FEWEST_THREADS,
        "mean_error": {name: round(comparison.error(name), 4) for name in comparison.model},
        "points": [
            {
                "threads": threads,
                "measured_ns": ns,
                "model_ns": {name: round(at[threads], 2) for name, at in comparison.model.items()},
            }
            for threads, ns in sorted(curve.measured.items())
        ],
    }


class Row(NamedTuple):
    cell: Cell
    measured_ns: float
    model_ns: float

    @property
    def error(self) -> float:
        return self.model_ns / self.measured_ns - 1


class RunComparison(NamedTuple):
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


def compare_run(folder: Path, root: Path, simulator: Simulator) -> RunComparison:
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
    return RunComparison(host, display(folder), rows, blocking)


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


def run_json(comparison: RunComparison) -> dict[str, object]:
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
