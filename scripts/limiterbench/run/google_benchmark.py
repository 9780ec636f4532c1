"""benchmark.json: a run's records as Google Benchmark's own tools read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Sequence

from limiterbench.common.files import replace_text
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import Measured, Record

BENCHMARK_JSON = "benchmark.json"
_COUNTERS = {"p50_ns": 0.5, "p99_ns": 0.99, "p999_ns": 0.999}


def write(folder: Path, manifest: Manifest, records: Sequence[Record]) -> None:
    """`records`: those that count, one for each repetition."""
    families = {cell: index for index, cell in enumerate(manifest.plan.cells)}
    ordered = sorted(records, key=lambda record: (families[record.cell], record.repetition))
    values = {
        "context": _context(manifest),
        "benchmarks": [
            _entry(record, families[record.cell], manifest.plan.repetitions) for record in ordered
        ],
    }
    replace_text(folder / BENCHMARK_JSON, json.dumps(values, indent=1) + "\n")


def _context(manifest: Manifest) -> dict[str, Any]:
    program = manifest.versions.get("program", {})
    return {
        "date": manifest.started_utc,
        "host_name": manifest.hostname,
        "executable": "limiterbench",
        "num_cpus": manifest.topology.cpus,
        "library_build_type": "release",
        "topology": manifest.topology.summary,
        "timer": manifest.timer.get("source"),
        **program,
    }


def _entry(record: Record, family: int, repetitions: int) -> dict[str, Any]:
    """As one process that had repeated every cell would have written it."""
    name = f"{record.cell.name}/iterations:1/manual_time"
    entry: dict[str, Any] = {
        "name": name,
        "family_index": family,
        "per_family_instance_index": 0,
        "run_name": name,
        "run_type": "iteration",
        "repetitions": repetitions,
        "repetition_index": record.repetition,
        "threads": 1,
    }
    if record.measured is not None:
        return {**entry, **_measured(record.measured)}
    return {
        **entry,
        "error_occurred": True,
        "error_message": record.failure or "",
        **_times(0.0, 0),
    }


def _times(real_time: float, iterations: int) -> dict[str, Any]:
    """A decision by many threads has no CPU time of its own."""
    return {
        "iterations": iterations,
        "real_time": real_time,
        "cpu_time": real_time,
        "time_unit": "ns",
    }


def _measured(measured: Measured) -> dict[str, Any]:
    latency = measured.latency
    percentiles = latency.percentiles(list(_COUNTERS.values()))
    return {
        **_times(1e9 / measured.operations_per_second, 1),
        "ops_per_second": measured.operations_per_second,
        **dict(zip(_COUNTERS, percentiles)),
        "max_ns": latency.max_ns,
        "fairness": measured.fairness,
        "admission_error": measured.admission_error,
    }
