"""Tables of designs: each run's headline ratio and fitted scaling, and runs side by side."""

from __future__ import annotations

from typing import NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.report.contest import P99, THROUGHPUT, Contest, Entrant, Metric, contest, headline
from limiterbench.report.gallery import Table
from limiterbench.report.stored import StoredRun
from limiterbench.stats.ratios import BASELINE
from limiterbench.stats.scaling import LINEAR, Scaling, scalings


class Ratios(NamedTuple):
    title: str
    table: Table
    has_baseline: bool
    abouts: list[str]
    """What the exponents rest on, where it is the same for all designs."""


def ratios(run: StoredRun, named: bool) -> Ratios | None:
    """`named`: the title says which run it is."""
    field = headline(run)
    group = run.group(field.scenario, field.placement) if field else None
    if field is None or group is None:
        return None
    fields = [contest(run, group, n) for n in group.threads]
    scaling = scalings(group, run.manifest.topology.cpus)
    counts = [f"p99 ratio, {units.count(f.threads, 'thread')}" for f in fields]
    rows = [
        [
            row,
            *(_ratio(f, row) for f in fields),
            _exponent(scaling.get(row)),
            linear(scaling.get(row)),
        ]
        for row in sorted(group.limiters)
    ]
    return Ratios(
        f"{f'{run.name}: ' if named else ''}p99 of {BASELINE} over each design's, "
        f"{field.scenario}, {field.placement}",
        Table(["design", *counts, "exponent", "linear?"], rows),
        BASELINE in group.limiters,
        # The misfit is each design's own.
        sorted({found.about.split(", within")[0] for found in scaling.values()}),
    )


def _ratio(field: Contest, row: str) -> str:
    base, mine = field.entrants.get(BASELINE), field.entrants.get(row)
    value = mine.number("rwmutex_p99_ratio") if mine else None
    if row == BASELINE:
        return "the baseline"
    if base is None or mine is None or value is None:
        return "–"
    low, high = (units.times(mine.known(f"rwmutex_p99_ratio_{end}")) for end in ("low", "high"))
    if not base.p99.apart_from(mine.p99) or (base.at_floor and mine.at_floor):
        return f"{units.times(value)}, no detectable difference"
    # The true p99 may be anything below the clock's floor.
    if mine.at_floor:
        return f"at least {low}"
    if base.at_floor:
        return f"at most {high}"
    return f"{units.times(value)} ({low} to {high})"


def _exponent(found: Scaling | None) -> str:
    if found is None:
        return "–"
    exponent = found.exponent
    if exponent.n < 2:
        return f"{exponent.median:.2f}"
    return f"{exponent.median:.2f} ({exponent.low:.2f} to {exponent.high:.2f})"


def linear(found: Scaling | None) -> str:
    """Whether linear scaling lies within what the repetitions leave open."""
    if found is None or found.exponent.n < 2:
        return "not known"
    if found.exponent.high < LINEAR:
        return "no"
    return "not excluded" if found.exponent.low <= LINEAR else "more than linear"


class Sides(NamedTuple):
    differs: Table
    metrics: list[tuple[str, Table]]
    """Each with its title; empty if the runs have nothing in common."""


def sides(runs: Sequence[StoredRun]) -> Sides | None:
    """Several runs against each other, where they measured the same cells."""
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
    fields = _common_fields(runs)
    metrics = (THROUGHPUT, P99) if fields else ()
    return Sides(differs, [_side_by_side(runs, fields, metric) for metric in metrics])


def _common_fields(runs: Sequence[StoredRun]) -> list[Contest]:
    """The headline of the first run that has one that all of them measured, at the most threads
    that all of them measured."""
    for run in runs:
        field = headline(run)
        groups = [r.group(field.scenario, field.placement) if field else None for r in runs]
        known = [group for group in groups if group is not None]
        if len(known) < len(runs):
            continue
        common = set.intersection(*(set(group.threads) for group in known))
        if common:
            return [contest(r, group, max(common)) for r, group in zip(runs, known)]
    return []


def _side_by_side(
    runs: Sequence[StoredRun], fields: Sequence[Contest], metric: Metric
) -> tuple[str, Table]:
    rows = sorted({row for field in fields for row in field.entrants})
    first = fields[0]
    where = f"{first.scenario}, {first.placement}, {units.count(first.threads, 'thread')}"
    lines = [[row, *(_said(field.entrants.get(row), metric) for field in fields)] for row in rows]
    return f"{metric.name}: {where}", Table(["design", *(run.name for run in runs)], lines)


def _said(entrant: Entrant | None, metric: Metric) -> str:
    if entrant is None or not metric.is_known(entrant):
        return "–"
    found = metric.of(entrant)
    ends = f" ({metric.words(found.low)} to {metric.words(found.high)})" if found.n > 1 else ""
    return f"{metric.words(found.median)}{ends}"
