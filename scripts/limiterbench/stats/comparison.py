"""`compare`: two runs of the same cells, refused where they are of two hosts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Callable, NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.records.cells import Cell
from limiterbench.records.histogram import SUB_BUCKETS, clock_step
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import Measured, measured_by_cell
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.series import floor, latency, ops
from limiterbench.stats.verdicts import SLOWER, Sample, Shift, Verdict, judge, shift_between

P99 = 0.99
# A memory's home, or a writer's CPU, that the program chose.
_OWN = "default"
_SHARES_APART = 0.25

Difference = tuple[str, str, str]


@dataclass(frozen=True)
class Run:
    folder: Path
    manifest: Manifest
    cells: dict[Cell, list[Measured]]


@dataclass(frozen=True)
class Comparison:
    base: Run
    new: Run
    margin: float
    differences: list[Difference]
    shift: Shift
    throughput: list[Verdict]
    p99: list[Verdict]

    @property
    def cells(self) -> list[Cell]:
        return [verdict.cell for verdict in self.throughput]

    def slower_than(self, percent: float) -> list[Cell]:
        """The cells called SLOWER that need more than so much more time for the same."""
        limit = 1 + percent / 100
        slow = {v.cell for v in self.throughput if v.verdict == SLOWER and 1 / v.estimate > limit}
        slow |= {v.cell for v in self.p99 if v.verdict == SLOWER and v.estimate > limit}
        return [cell for cell in self.cells if cell in slow]


def read_run(folder: Path) -> Run:
    manifest = open_run(folder)
    return Run(folder, manifest, measured_by_cell(folder / CELLS, manifest.plan.cells))


_HOST_KEYS = ("hostname", "cpu_model", "architecture", "kernel", "governor", "cpus_allowed", "smt")
_BUILD_KEYS = ("limiterbench", "commit", "compiler", "flags")


def _differing(pairs: Sequence[Difference]) -> list[Difference]:
    return [pair for pair in pairs if pair[1] != pair[2]]


def _host_differences(base: Manifest, new: Manifest) -> list[Difference]:
    pairs = [(key, str(base.host.get(key)), str(new.host.get(key))) for key in _HOST_KEYS]
    pairs.append(("topology", base.topology.summary, new.topology.summary))
    timers = [str(manifest.timer.get("source")) for manifest in (base, new)]
    return _differing([*pairs, ("timer", timers[0], timers[1])])


def _build_differences(base: Manifest, new: Manifest) -> list[Difference]:
    built = [manifest.versions.get("program") for manifest in (base, new)]
    before, after = [values if isinstance(values, dict) else {} for values in built]
    pairs = [(key, str(before.get(key)), str(after.get(key))) for key in _BUILD_KEYS]
    # The sum is of all layouts together: those of another number tell nothing of the build.
    if base.plan.layouts == new.plan.layouts:
        pairs.append(("program", base.program_sha256[:12], new.program_sha256[:12]))
    return _differing(pairs)


def _plan_differences(base: Manifest, new: Manifest) -> list[Difference]:
    return _differing(
        [
            ("phase", f"{base.plan.seconds:g} s", f"{new.plan.seconds:g} s"),
            ("home", base.plan.home or _OWN, new.plan.home or _OWN),
            ("writer", base.plan.writer or _OWN, new.plan.writer or _OWN),
            ("environment", base.variables or "empty", new.variables or "empty"),
            ("layouts", str(base.plan.layouts), str(new.plan.layouts)),
        ]
    )


def _noise_differences(base: Run, new: Run) -> list[Difference]:
    """A host that was disturbed in one run only makes differences that no build has made."""
    before, after = _disturbed_share(base), _disturbed_share(new)
    if abs(after - before) < _SHARES_APART:
        return []
    return [("disturbed repetitions", f"{100 * before:.0f} %", f"{100 * after:.0f} %")]


def _disturbed_share(run: Run) -> float:
    repetitions = [measured for repeated in run.cells.values() for measured in repeated]
    return fmean(measured.flagged for measured in repetitions)


def check_comparable(base: Run, new: Run, hosts: bool) -> list[Difference]:
    """What differs, where that was allowed. Raises InputError."""
    if base.folder.resolve() == new.folder.resolve():
        raise InputError(f"{display(base.folder)}: BASE and NEW are the same run")
    host = _host_differences(base.manifest, new.manifest)
    if host and not hosts:
        said = "\n".join(f"  {key}: {before} -> {after}" for key, before, after in host)
        raise InputError(
            f"the runs are of different hosts; --across-hosts compares them all the same\n{said}"
        )
    build = _build_differences(base.manifest, new.manifest)
    if not base.cells.keys() & new.cells.keys():
        raise InputError(
            f"no common cells: {display(base.folder)} has {len(base.cells)} that were measured, "
            f"{display(new.folder)} has {len(new.cells)}"
        )
    plan = _plan_differences(base.manifest, new.manifest)
    return [*host, *build, *plan, *_noise_differences(base, new)]


def _common(base: Run, new: Run) -> list[Cell]:
    return sorted(
        base.cells.keys() & new.cells.keys(),
        key=lambda cell: (cell.scenario, cell.placement, cell.limiter, cell.threads),
    )


def _throughputs(base: Run, new: Run) -> list[Sample]:
    return [
        Sample(cell, [ops(m) for m in base.cells[cell]], [ops(m) for m in new.cells[cell]])
        for cell in _common(base, new)
    ]


class _Readings(NamedTuple):
    values: list[float]
    at_floor: bool


def _readings(
    repeated: Sequence[Measured], value: Callable[[Measured], float], step: float
) -> _Readings:
    """For a run at the timer's floor, the upper bounds of its values."""
    values, least = [value(measured) for measured in repeated], floor(repeated, P99)
    at_floor = units.at_floor(median(values), least, step)
    return _Readings([max(v, least) for v in values] if at_floor else values, at_floor)


def _percentiles(base: Run, new: Run) -> list[Sample]:
    value = latency(P99)
    step = max(_step(base), _step(new))
    samples = []
    for cell in _common(base, new):
        before = _readings(base.cells[cell], value, step)
        after = _readings(new.cells[cell], value, step)
        bucket = min(median(before.values), median(after.values)) / SUB_BUCKETS
        samples.append(
            Sample(
                cell,
                before.values,
                after.values,
                max(step, bucket),
                before.at_floor,
                after.at_floor,
            )
        )
    return samples


def _step(run: Run) -> float:
    repetitions = [measured for repeated in run.cells.values() for measured in repeated]
    return clock_step(measured.latency.histogram for measured in repetitions) or 1.0


def compare_runs(base: Run, new: Run, margin: float, differences: list[Difference]) -> Comparison:
    throughputs = _throughputs(base, new)
    controls = {cell.limiter for cell, ms in base.cells.items() if ms[0].exactness == "none"}
    shift = shift_between(throughputs, controls)
    return Comparison(
        base,
        new,
        margin,
        differences,
        shift,
        judge(throughputs, True, margin, shift),
        judge(_percentiles(base, new), False, margin, shift),
    )
