"""`summary.csv`: a run as one tidy table, a line for each cell of its plan.

Low and high are the lowest and the highest of the repetitions; `coverage` is how sure it is that
they hold the true median. What is not known is empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Dict, Iterable, List, Mapping, Optional, Sequence

from limiterbench.common.errors import InputError
from limiterbench.common.files import replace_text
from limiterbench.common.tidy import Line, Value, as_csv, as_json
from limiterbench.records.cells import Cell
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import Measured, Record, read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.paired import Estimate
from limiterbench.stats.ratios import (
    headline,
    p99_to_best,
    slowdown,
    throughput_over_baseline,
)
from limiterbench.stats.scaling import Scaling, scalings
from limiterbench.stats.series import Group, group_records, is_timed, ops, step_of_clock, timed
from limiterbench.stats.statistics import coverage, summarize

SUMMARY = "summary.csv"

# Fewer publications than this have no 99th percentile, only a longest one.
_PUBLISHES_FOR_P99 = 100
_PERCENTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}


@dataclass
class _Count:
    """What becomes of a cell's repetitions."""

    failed: int = 0
    noisy: int = 0


@dataclass(frozen=True)
class _Compared:
    """What a group's cells say of each other, by threads where not by row alone."""

    scaling: Dict[str, Scaling]
    clock_step: Optional[float]
    slowdown: Dict[int, Dict[str, Estimate]] = field(default_factory=dict)
    p99_to_best: Dict[int, Dict[str, Estimate]] = field(default_factory=dict)
    headline: Dict[int, Dict[str, Estimate]] = field(default_factory=dict)
    over_baseline: Dict[int, Dict[str, Estimate]] = field(default_factory=dict)


def summarise(manifest: Manifest, records: Sequence[Record]) -> List[Line]:
    """In order of scenario, placement, limiter and threads."""
    groups = {(g.scenario, g.placement): g for g in group_records(records)}
    compared = {key: _compare(group, manifest.topology.cpus) for key, group in groups.items()}
    counts = _count(records)
    cells = {*manifest.plan.cells, *(record.cell for record in records)}
    progress = {
        str(row.get("name")): str(row.get("progress_text", row.get("progress", "")))
        for row in manifest.rows
    }
    lines: List[Line] = []
    for cell in sorted(cells, key=lambda c: (c.scenario, c.placement, c.limiter, c.threads)):
        key = (cell.scenario, cell.placement)
        group = groups.get(key)
        repeated = group.limiters.get(cell.limiter, {}).get(cell.threads, []) if group else []
        line = _about(cell, repeated, counts.get(cell, _Count()), progress.get(cell.limiter))
        line.update(_measured(repeated))
        line.update(_against_others(cell, compared.get(key), bool(repeated)))
        lines.append(line)
    return lines


def _compare(group: Group, cpus: int) -> _Compared:
    threads = group.threads
    clock_step = step_of_clock(group.repetitions())
    step = clock_step or 0.0
    with_times = timed(group)
    return _Compared(
        scalings(group, cpus),
        clock_step,
        {count: slowdown(group, count) for count in threads},
        {count: p99_to_best(with_times, count) for count in threads},
        {count: headline(with_times, count, step) for count in threads},
        {count: throughput_over_baseline(group, count) for count in threads},
    )


def _count(records: Iterable[Record]) -> Dict[Cell, _Count]:
    counts: Dict[Cell, _Count] = {}
    for record in records:
        count = counts.setdefault(record.cell, _Count())
        count.failed += record.failure is not None
        count.noisy += record.measured is not None and record.measured.flagged
    return counts


def _about(cell: Cell, repeated: Sequence[Measured], count: _Count, progress: Value) -> Line:
    first = repeated[0] if repeated else None
    return {
        "limiter": cell.limiter,
        "scenario": cell.scenario,
        "placement": cell.placement,
        "threads": cell.threads,
        "repetitions": len(repeated),
        "failed": count.failed,
        "noisy": count.noisy,
        "coverage": coverage(len(repeated)) if repeated else None,
        "oversubscribed": _yes_no(first.oversubscribed) if first else None,
        "writer": _writer(first) if first else None,
        "exactness": first.exactness if first else None,
        "progress": progress or None,
    }


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _writer(measured: Measured) -> str:
    """Where the thread that reloads ran."""
    if measured.writer_shares_cpu:
        return "shared CPU"
    return "shared core" if measured.writer_shares_core else "own core"


def _spread(name: str, unit: str, values: Sequence[float]) -> Line:
    columns = [f"{name}_{end}{unit}" for end in ("median", "low", "high")]
    if not values:
        return dict.fromkeys(columns)
    found = summarize(values)
    return dict(zip(columns, (found.median, found.low, found.high)))


def _middle(values: Iterable[Optional[float]]) -> Optional[float]:
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
    """Empty unless every repetition swept the load."""
    sweeps = [m.sweep for m in repeated if m.sweep]
    points = [p for p in (sweep.at("poisson", 0.5) for sweep in sweeps) if p]
    whole = len(points) == len(repeated)
    line = _spread("response_p99_at_50", "_ns", [p.response_at(0.99) for p in points] * whole)
    line["unsent_at_50_max_share"] = max((p.unsent_share for p in points), default=None)
    line["capacity_median_per_second"] = _middle(
        m.sweep.capacity_per_second if m.sweep else None for m in repeated
    )
    return line


def _publish(measured: Measured, fraction: float) -> Optional[float]:
    times = measured.publishes
    if times is None or (fraction > 0.5 and times.total < _PUBLISHES_FOR_P99):
        return None
    return times.percentile(fraction)


def _against_others(cell: Cell, compared: Optional[_Compared], is_measured: bool) -> Line:
    scaling = compared.scaling.get(cell.limiter) if compared and is_measured else None
    line: Line = {"clock_step_ns": compared.clock_step if compared and is_measured else None}
    line.update(_estimate("scaling_exponent", scaling.exponent if scaling else None))
    line["scaling_thread_counts"] = len(scaling.threads) if scaling else None
    line["scaling_misfit_ratio"] = scaling.misfit if scaling else None
    tables: Dict[str, Mapping[int, Mapping[str, Estimate]]] = {
        "slowdown_to_best_ratio": compared.slowdown if compared else {},
        "p99_to_best_ratio": compared.p99_to_best if compared else {},
        "rwmutex_p99_ratio": compared.headline if compared else {},
        "throughput_over_rwmutex_ratio": compared.over_baseline if compared else {},
    }
    for name, table in tables.items():
        line.update(_estimate(name, table.get(cell.threads, {}).get(cell.limiter)))
    return line


def _estimate(name: str, found: Optional[Estimate]) -> Line:
    ends = (found.value, found.low, found.high) if found else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends))


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
