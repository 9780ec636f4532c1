"""`compare --json`: the whole comparison, for other programs.

    schema          of this document: 1
    base, new       folder, started_utc, commit
    margin, confidence
    differences     [{what, base, new}]: host, build, plan and share of disturbed repetitions,
                    where they differ and were let pass
    shift           what both runs differ by as a whole: ratio of throughput NEW to BASE, the
                    standard deviation it adds, and its source: "control", "rows" or "" (unknown)
    counts          for throughput and p99: how many cells have each verdict
    only_in_base, only_in_new       cells that are not compared
    fail_on_slower  {percent, cells}, or null
    cells           [{cell, throughput, p99}], each of both:
        verdict     FASTER, SLOWER, SAME or UNCLEAR; reason: "", why it was not
                    compared, or that one run is at the timer's floor, which bounds the effect
        ratio       of the medians, NEW to BASE
        estimate    the same, drawn towards cells of its kind, with its 95 % interval, low to high;
                    null: unbounded
        p, p_adjusted       null if not compared
        base, new   n, median, and interval: {low, high, coverage} by order statistics; for p99
                    also bootstrap, over repetitions and histograms
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import asdict
from typing import Any, Sequence

from limiterbench.records.cells import Cell
from limiterbench.records.records import Measured
from limiterbench.stats.comparison import P99, Comparison, Run
from limiterbench.stats.intervals import bootstrap_percentile, median_interval
from limiterbench.stats.series import latency, ops
from limiterbench.stats.statistics import summarize
from limiterbench.stats.verdicts import CONFIDENCE, VERDICTS, Verdict

_SCHEMA = 1
Object = dict[str, Any]


def _run(run: Run) -> Object:
    return {
        "folder": str(run.folder),
        "started_utc": run.manifest.started_utc,
        "commit": run.manifest.built.get("commit"),
    }


def _counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    return {kind: sum(v.verdict == kind for v in verdicts) for kind in VERDICTS}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0 else None


def _values(values: Sequence[float]) -> Object:
    summary = summarize(values)
    interval = median_interval(values)._asdict()
    return {"n": summary.n, "median": summary.median, "interval": interval}


def _percentile(repeated: Sequence[Measured], name: str) -> Object:
    # The same cell gets the same interval whatever else is compared.
    interval = bootstrap_percentile([m.latency for m in repeated], P99, zlib.crc32(name.encode()))
    return {**_values([latency(P99)(m) for m in repeated]), "bootstrap": interval._asdict()}


def _verdict(verdict: Verdict, base: Object, new: Object) -> Object:
    values = asdict(verdict)
    del values["cell"]
    ends = {"low": _number(verdict.low), "high": _number(verdict.high)}
    return {**values, **ends, "base": base, "new": new}


def _cell(comparison: Comparison, throughput: Verdict, p99: Verdict) -> Object:
    cell = throughput.cell
    both = [run.cells[cell] for run in (comparison.base, comparison.new)]
    return {
        "cell": cell.name,
        "throughput": _verdict(throughput, *(_values([ops(m) for m in each]) for each in both)),
        "p99": _verdict(p99, *(_percentile(each, cell.name) for each in both)),
    }


def _only_in(run: Run, comparison: Comparison) -> list[str]:
    return sorted(cell.name for cell in run.cells.keys() - set(comparison.cells))


def print_json(comparison: Comparison, limit: float | None, failing: Sequence[Cell]) -> None:
    shift = comparison.shift
    document = {
        "schema": _SCHEMA,
        "base": _run(comparison.base),
        "new": _run(comparison.new),
        "margin": comparison.margin,
        "confidence": CONFIDENCE,
        "differences": [
            {"what": what, "base": before, "new": after}
            for what, before, after in comparison.differences
        ],
        "shift": {
            "ratio": shift.ratio,
            "deviation": math.sqrt(shift.variance),
            "source": shift.source,
        },
        "counts": {"throughput": _counts(comparison.throughput), "p99": _counts(comparison.p99)},
        "only_in_base": _only_in(comparison.base, comparison),
        "only_in_new": _only_in(comparison.new, comparison),
        "fail_on_slower": (
            None if limit is None else {"percent": limit, "cells": [cell.name for cell in failing]}
        ),
        "cells": [_cell(comparison, *pair) for pair in zip(comparison.throughput, comparison.p99)],
    }
    print(json.dumps(document, indent=1))
