"""`summary.csv`: a run as one tidy table, a line for each cell of its plan.

Low and high are the lowest and the highest of the repetitions; `coverage` is how sure it is that
they hold the true median. What is not known is empty.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import median
from typing import Iterable, Iterator, Mapping, Sequence

from limiterbench.common.errors import InputError
from limiterbench.common.files import replace_text
from limiterbench.common.tidy import Line, as_csv, as_json
from limiterbench.records.cells import Cell
from limiterbench.records.designs import Design, designs_of
from limiterbench.records.latencies import BUDGETS
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import Measured, Record, read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.loads import at_common_rate, capacities
from limiterbench.stats.ratios import at, headline, p99_to_best, slowdown, throughput_over_baseline
from limiterbench.stats.scaling import Scaling, scalings
from limiterbench.stats.series import Group, group_records, is_timed, ops, step_of_clock, timed
from limiterbench.stats.statistics import Summary, columns, coverage, ratio_columns, summarize

SUMMARY = "summary.csv"

# Fewer publications than this have no 99th percentile, only a longest one.
_PUBLISHES_FOR_P99 = 100
_PERCENTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}


def summarise(manifest: Manifest, records: Sequence[Record]) -> list[Line]:
    """In order of scenario, placement, limiter and threads."""
    groups = {(g.scenario, g.placement): g for g in group_records(records)}
    compared = {cell: line for g in groups.values() for cell, line in _compare(manifest, g)}
    failed = Counter(record.cell for record in records if record.failure is not None)
    noisy = Counter(r.cell for r in records if r.measured is not None and r.measured.flagged)
    designs = designs_of(manifest.rows)
    cells = {*manifest.plan.cells, *(record.cell for record in records)}
    lines: list[Line] = []
    for cell in sorted(cells, key=lambda c: (c.scenario, c.placement, c.limiter, c.threads)):
        group = groups.get((cell.scenario, cell.placement))
        repeated = group.limiters.get(cell.limiter, {}).get(cell.threads, []) if group else []
        counts: Line = {"failed": failed[cell], "noisy": noisy[cell]}
        lines.append(
            {
                **_about(cell, repeated, counts, designs.get(cell.limiter)),
                **_measured(repeated),
                **(compared.get(cell) or _against_others(None, None, {})),
            }
        )
    return lines


def _compare(manifest: Manifest, group: Group) -> Iterator[tuple[Cell, Line]]:
    """What a group's cells say of each other."""
    step = step_of_clock(group.repetitions())
    scaling = scalings(group, manifest.topology.cpus)
    with_times = timed(group)
    for threads in group.threads:
        ratios = (
            slowdown(group, threads),
            p99_to_best(with_times, threads),
            headline(with_times, threads, step or 0.0),
            throughput_over_baseline(group, threads),
        )
        for row in at(group, threads):
            mine = {name: found[row] for name, found in zip(_RATIOS, ratios) if row in found}
            cell = Cell(row, group.scenario, group.placement, threads)
            yield cell, _against_others(step, scaling.get(row), mine)


def _about(cell: Cell, repeated: Sequence[Measured], counts: Line, design: Design | None) -> Line:
    first = repeated[0] if repeated else None
    return {
        "limiter": cell.limiter,
        "scenario": cell.scenario,
        "placement": cell.placement,
        "threads": cell.threads,
        "repetitions": len(repeated),
        **counts,
        "coverage": coverage(len(repeated)) if repeated else None,
        "oversubscribed": ("no", "yes")[first.oversubscribed] if first else None,
        "writer": _writer(first) if first else None,
        "exactness": first.exactness if first else None,
        "progress": design.progress if design else None,
    }


def _writer(measured: Measured) -> str:
    """Where the thread that reloads ran."""
    if measured.writer_shares_cpu:
        return "shared CPU"
    return "shared core" if measured.writer_shares_core else "own core"


def _spread(name: str, unit: str, values: Sequence[float]) -> Line:
    return columns(name, unit, summarize(values) if values else None)


def _middle(values: Iterable[float | None]) -> float | None:
    """The median, if it is known of every repetition."""
    known = list(values)
    return None if not known or None in known else float(median(v for v in known if v is not None))


def _measured(repeated: Sequence[Measured]) -> Line:
    line = _spread("throughput", "_per_second", [ops(m) for m in repeated])
    times = [m.latency for m in repeated] if is_timed(repeated) else []
    percentiles = [latency.percentiles(list(_PERCENTILES.values())) for latency in times]
    for index, name in enumerate(_PERCENTILES):
        line.update(_spread(name, "_ns", [values[index] for values in percentiles]))
    line.update(_spread("max", "_ns", [latency.max_ns for latency in times]))
    line.update(_spread("fairness", "", [m.fairness for m in repeated]))
    line["admission_error_max_permits"] = max((m.admission_error for m in repeated), default=None)
    bounds = [m.admission_bound for m in repeated if m.admission_bound is not None]
    line["admission_bound_max_permits"] = max(bounds, default=None)
    line["reloads_median_per_second"] = _middle(m.reloads_per_second for m in repeated)
    line["publish_p50_median_ns"] = _middle(_publish(m, 0.5) for m in repeated)
    line["publish_p99_median_ns"] = _middle(_publish(m, 0.99) for m in repeated)
    line["live_median_bytes"] = _middle(m.live_bytes for m in repeated)
    peaks = [m.retired_peak_bytes for m in repeated if m.retired_peak_bytes is not None]
    line["retired_peak_median_bytes"] = _middle(m.retired_peak_bytes for m in repeated)
    line["retired_peak_max_bytes"] = max(peaks, default=None)
    line["floor_p50_median_ns"] = _middle(m.floor.p50_ns for m in repeated)
    line["floor_p99_median_ns"] = _middle(m.floor.p99_ns for m in repeated)
    line.update(_open_loop(repeated))
    return line


def _open_loop(repeated: Sequence[Measured]) -> Line:
    line: Line = {}
    found = capacities(repeated)
    for budget, name in BUDGETS.items():
        capacity = found.get(budget)
        line.update(ratio_columns(f"capacity_{name}", capacity and capacity.rate))
        line[f"capacity_{name}_at_least"] = ("no", "yes")[capacity.at_least] if capacity else None
    common = at_common_rate(repeated)
    line.update(columns("response_p99_at_1m", "_ns", common.p99 if common else None))
    return line


def _publish(measured: Measured, fraction: float) -> float | None:
    times = measured.publishes
    if times is None or (fraction > 0.5 and times.total < _PUBLISHES_FOR_P99):
        return None
    return times.percentile(fraction)


_RATIOS = (
    "slowdown_to_best_ratio",
    "p99_to_best_ratio",
    "rwmutex_p99_ratio",
    "throughput_over_rwmutex_ratio",
)


def _against_others(
    clock_step: float | None, scaling: Scaling | None, ratios: Mapping[str, Summary]
) -> Line:
    return {
        "clock_step_ns": clock_step,
        **ratio_columns("scaling_exponent", scaling.exponent if scaling else None),
        "scaling_thread_counts": len(scaling.threads) if scaling else None,
        "scaling_misfit_ratio": scaling.misfit if scaling else None,
        **{k: v for name in _RATIOS for k, v in ratio_columns(name, ratios.get(name)).items()},
    }


def write(folder: Path, lines: Sequence[Line]) -> Path:
    path = folder / SUMMARY
    replace_text(path, as_csv(lines))
    return path


def export(folder: Path, name: str) -> Path:
    """The summary of a stored run as `summary.NAME`: csv, json or, where pyarrow is, parquet."""
    manifest = open_run(folder)
    lines = summarise(manifest, read_records(folder / CELLS, manifest.plan.cells))
    path = (folder / SUMMARY).with_suffix(f".{name}")
    if name == "parquet":
        _write_parquet(path, lines)
    else:
        replace_text(path, as_json(lines) if name == "json" else as_csv(lines))
    return path


def _write_parquet(path: Path, lines: Sequence[Line]) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InputError(
            "--format parquet needs Python's pyarrow, which is not here; csv and json need nothing"
        ) from None
    parquet.write_table(pyarrow.Table.from_pylist(list(lines)), path)
