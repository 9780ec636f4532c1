"""A host file from what was measured: the contention map, the primitives, the 1-thread records."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from statistics import fmean, median
from typing import Callable, NamedTuple, Sequence

from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.predict import hosts
from limiterbench.predict.hosts import Host
from limiterbench.predict.points import Assumption
from limiterbench.predict.simulator import Simulator
from limiterbench.predict.tasks import PLACEMENT, Task, required, simulate_all
from limiterbench.records import run_folder
from limiterbench.records.cells import Cell
from limiterbench.records.contention import CONTENTION, Sharing, Transfer, read_contention
from limiterbench.records.host_map import Within, read_cpus
from limiterbench.records.manifest import Manifest
from limiterbench.records.primitives import read_costs
from limiterbench.records.records import Measured, measured_by_cell

# The scenario that nothing interrupts.
_QUIET = "readonly"
# The one that denies nearly all, and how many of all.
_DENYING = "overload"
_DENIED_SHARE = 0.99
# The figures of a host file that a building block of limiterbench_primitives is.
_BLOCKS = {
    "load_ns": "load<relaxed>",
    "store_ns": "store_private<release>",
    "fence_ns": "fence<seq_cst>",
}
_PROCESS_FENCE = "asymmetric_heavy_fence"
_ASSUMED_WAKES = [3000, 5000, 8000, 15000, 50000]
_ALPHAS = (0.02, 5.0)
_STEPS = 24
# So much simulated time settles a row's cost at 1 thread.
_SIMULATED_NS = 1e5


class Run(NamedTuple):
    """A stored run that can calibrate, checked."""

    folder: Path
    manifest: Manifest
    cells: dict[Cell, list[Measured]]
    transfers: list[Transfer]
    sharings: list[Sharing]

    def cost_ns(self, cell: Cell) -> float:
        """Of one decision of any thread: the median over repetitions."""
        return median(1e9 / m.operations_per_second for m in self.cells[cell])


def open_run(folder: Path) -> Run:
    manifest = run_folder.open_run(folder)
    if manifest.simulated is not None:
        raise InputError(f"{display(folder)}: is simulated itself: it cannot calibrate anything")
    cells = measured_by_cell(folder / run_folder.CELLS, manifest.plan.cells)
    path = folder / CONTENTION
    found = read_contention(path)
    if found is None:
        raise InputError(
            f"{display(path)}: No such file; limiterbench --contention_map=json prints it"
        )
    sharings = [sharing for sharing in found.sharings if sharing.placement == PLACEMENT]
    counts = {sharing.threads for sharing in sharings}
    if not found.transfers or 1 not in counts or len(counts) < 2:
        raise InputError(
            f"{display(path)}: sharings or transfers lack 1 thread, several, or a pair of CPUs"
        )
    return Run(folder, manifest, cells, found.transfers, sharings)


def host_of(run: Run, root: Path, simulator: Simulator) -> Host:
    """The host that was measured, as a host file would describe it."""
    alone = next(s.aggregate_ns for s in run.sharings if s.threads == 1)
    topology = (run.folder / run_folder.TOPOLOGY).resolve()
    primitives, path = _primitives(run, root)
    costs = {field: min(primitives[block], alone) for field, block in _BLOCKS.items()}
    host = Host(
        run.manifest.hostname,
        {
            "schema": hosts.SCHEMA,
            "name": str(run.manifest.host.get("cpu_model") or run.manifest.hostname),
            "topology": str(topology),
            "rmw_ns": alone,
            **costs,
            "alpha": _ALPHAS[0],
            "transfer_ns": transfers(topology, run.transfers),
            "futex_wake_ns": _ASSUMED_WAKES,
            "process_fence_ns": primitives[_PROCESS_FENCE],
            "source": {
                "rmw_ns": f"{CONTENTION}: increments of one word by 1 thread",
                **{field: f"{path}: {block}" for field, block in _BLOCKS.items()},
                "alpha": f"fitted on the other increments of {CONTENTION}",
                "transfer_ns": f"{CONTENTION}: the median of each distance",
                "futex_wake_ns": "assumed: no run measures it",
                "process_fence_ns": f"{path}: {_PROCESS_FENCE}",
            },
        },
    )
    return host.with_values(alpha=fit_alpha(host, run.sharings, simulator))


def _primitives(run: Run, root: Path) -> tuple[dict[str, float], str]:
    """What the building blocks cost 1 thread: beside the run, or as stored with the project."""
    stored = root / "results" / "primitives" / "primitives.json"
    beside = run.folder / stored.name
    path = beside if beside.is_file() else stored
    costs = {block: at[1] for block, at in read_costs(path).items() if 1 in at}
    for block in (*_BLOCKS.values(), _PROCESS_FENCE):
        if block not in costs:
            raise InputError(f"{display(path)}: no {block} with 1 thread")
    return costs, display(path)


def fit_alpha(host: Host, sharings: Sequence[Sharing], simulator: Simulator) -> float:
    """The one free constant, on the one curve that is for it: increments of one shared word."""
    measured = {s.threads: s.aggregate_ns for s in sharings if s.threads > 1}

    def miss(alpha: float) -> float:
        points = simulator.reference(host, "contended_increment", list(measured), alpha)
        return fmean(math.log(p.aggregate_ns / measured[p.threads]) for p in points)

    return float(f"{math.exp(_bisect(lambda x: miss(math.exp(x)))):.3g}")


def _bisect(falling: Callable[[float], float]) -> float:
    """Where a falling function is 0: contention costs less, the longer a line is kept."""
    low, high = math.log(_ALPHAS[0]), math.log(_ALPHAS[1])
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def with_instructions(target: Host, measured: Host, run: Run, simulator: Simulator) -> Host:
    """`target` with what each row's plain instructions cost on the measured host.

    They are what makes the row's simulation with 1 thread, on the measured host's own figures, cost
    what the row's record says; and where the run has such records, so for denials.
    """
    rows = [row for row in simulator.rows() if Cell(row, _QUIET, PLACEMENT, 1) in run.cells]
    if not rows:
        raise InputError(f"{display(run.folder)}: no {_QUIET} record with 1 thread to calibrate by")
    plain = measured.with_values(instructions_ns={}, denial_ns={})
    instructions = _missing(run, plain, rows, _QUIET, simulator)
    denying = [row for row in rows if Cell(row, _DENYING, PLACEMENT, 1) in run.cells]
    plain = plain.with_values(instructions_ns=instructions)
    denials = {
        row: round(ns / _DENIED_SHARE, 3)
        for row, ns in _missing(run, plain, denying, _DENYING, simulator).items()
    }
    about = f"{display(run.folder)}: the records of {{}} with 1 thread"
    sources = {"instructions_ns": about.format(_QUIET), "denial_ns": about.format(_DENYING)}
    return target.with_values(
        instructions_ns=instructions, denial_ns=denials, source={**_sources(target), **sources}
    )


def _sources(host: Host) -> dict[str, str]:
    source = host.values.get("source", {})
    return source if isinstance(source, dict) else {"all others": str(source)}


def _missing(
    run: Run, host: Host, rows: Sequence[str], scenario: str, simulator: Simulator
) -> dict[str, float]:
    """What a decision of each row with 1 thread costs more than its simulation, in ns."""
    costs = _costs(host, rows, scenario, simulator)
    return {
        row: round(max(0.0, run.cost_ns(Cell(row, scenario, PLACEMENT, 1)) - costs[row]), 3)
        for row in rows
    }


def _costs(
    host: Host, rows: Sequence[str], scenario: str, simulator: Simulator
) -> dict[str, float]:
    """Of a decision of each row with 1 thread."""
    alone = host.with_values(alpha=max(host.alphas))
    assumed = Assumption("fifo", max(host.alphas))
    tasks = [Task(Cell(row, scenario, PLACEMENT, 1), assumed, 0, _SIMULATED_NS) for row in rows]
    points = [required(result) for result in simulate_all(simulator, alone, tasks)]
    return {point.cell.limiter: 1e9 / point.operations_per_second for point in points}


# hwloc's objects, the closest first, and what a host file calls their distance.
_SHARED = {"Core": "smt", "L3Cache": "l3", "Package": "socket", "Group": "group"}
_FARTHEST = "remote"


def _distance(a: Within, b: Within) -> str:
    for kind, name in _SHARED.items():
        if kind in a and a[kind] == b.get(kind):
            return name
    return _FARTHEST


def transfers(topology: Path, pairs: list[Transfer]) -> dict[str, float]:
    """The median of each distance that the host has. A pair of an unknown CPU is refused."""
    ancestors = read_cpus(topology)
    times: dict[str, list[float]] = {}
    for pair in pairs:
        for cpu in pair[:2]:
            if cpu not in ancestors:
                raise InputError(f"{display(topology)}: has no CPU {cpu}, which was measured")
        name = _distance(ancestors[pair.a], ancestors[pair.b])
        times.setdefault(name, []).append(pair.one_way_ns)
    return _filled({name: median(values) for name, values in times.items()}, ancestors)


def _filled(known: dict[str, float], ancestors: dict[int, Within]) -> dict[str, float]:
    """A distance that no measured pair has takes the next farther one's time."""
    needed = {_distance(a, b) for a, b in combinations(ancestors.values(), 2)}
    order = [*_SHARED.values(), _FARTHEST]
    filled: dict[str, float] = {}
    last = max(known.values())
    for name in reversed(order):
        if name in needed or name in known:
            last = filled[name] = min(known.get(name, last), last)
    return {name: filled[name] for name in order if name in filled}
