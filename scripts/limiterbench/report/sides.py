"""Several runs side by side: what differs, and their designs where they measured the same."""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.records.records import Measured
from limiterbench.report.answer import Field, field_of, interval
from limiterbench.report.gallery import Table
from limiterbench.report.stored import StoredRun
from limiterbench.stats.headlines import bases
from limiterbench.stats.series import closed_loop, is_timed, latency, ops
from limiterbench.stats.statistics import summarize


class Sides(NamedTuple):
    differs: Table
    metrics: list[tuple[str, Table]]
    """Each with its title; empty if the runs have nothing in common."""


def sides(runs: Sequence[StoredRun]) -> Sides | None:
    if len(runs) < 2:
        return None
    facts = {
        "host": [run.manifest.hostname for run in runs],
        "CPU": [str(run.manifest.host.get("cpu_model") or "not known") for run in runs],
        "CPUs": [str(run.manifest.topology.cpus) for run in runs],
        "build": [run.commit for run in runs],
        "measured": [run.manifest.started_utc for run in runs],
    }
    rows = [[name, *values] for name, values in facts.items() if len(set(values)) > 1]
    differs = Table(["differs", *(run.name for run in runs)], rows)
    fields = _common(runs)
    if not fields:
        return Sides(differs, [])
    tables = [
        _table("decisions a second", runs, fields, ops, units.rate),
        _table("p99", runs, fields, latency(0.99), units.time, is_timed),
    ]
    return Sides(differs, tables)


def _common(runs: Sequence[StoredRun]) -> list[Field]:
    """A closed loop that all of them measured, at the most threads that all of them measured."""
    for run in runs:
        first = field_of(run, closed_loop(run.groups))
        named = first and (first.group.scenario, first.group.placement)
        groups = [group for r in runs for group in r.groups if group[:2] == named]
        if len(groups) < len(runs):
            continue
        common = set.intersection(*(set(group.threads) for group in groups))
        if common:
            most = max(common)
            return [
                Field(group, most, r.manifest.topology.cpus, bases(group, most))
                for r, group in zip(runs, groups)
            ]
    return []


def _table(
    name: str,
    runs: Sequence[StoredRun],
    fields: Sequence[Field],
    value: Callable[[Measured], float],
    words: Callable[[float], str],
    has: Callable[[list[Measured]], bool] = bool,
) -> tuple[str, Table]:
    """`has`: whether repetitions have the value."""

    def said(field: Field, row: str) -> str:
        basis = field.found.get(row)
        if basis is None or not has(basis.repeated):
            return "–"
        doubt = f", not a result yet: {basis.doubt}" if basis.doubt else ""
        return interval(summarize([value(m) for m in basis.repeated]), words) + doubt

    group = fields[0].group
    where = f"{group.scenario}, {group.placement}, {units.count(fields[0].threads, 'thread')}"
    rows = sorted({row for field in fields for row in field.found})
    lines = [[row, *(said(field, row) for field in fields)] for row in rows]
    return f"{name}: {where}", Table(["design", *(run.name for run in runs)], lines)
