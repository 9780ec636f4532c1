"""Several runs against each other, where they measured the same cells."""

from __future__ import annotations

from typing import List, Sequence

from limiterbench.common import units
from limiterbench.report.contest import P99, THROUGHPUT, Contest, Metric, contest, headline
from limiterbench.report.html import Html, join, table, tag
from limiterbench.report.stored import StoredRun


def section(runs: Sequence[StoredRun]) -> Html:
    if len(runs) < 2:
        return Html("")
    parts = [_what_differs(runs)]
    fields = _fields(runs)
    if fields:
        parts += [_table(runs, fields, metric) for metric in (THROUGHPUT, P99)]
    else:
        parts.append(tag("p", "These runs have no scenario, placement and thread count in common."))
    return tag("section", tag("h2", "Side by side"), parts, id="sides")


def _what_differs(runs: Sequence[StoredRun]) -> Html:
    facts = {
        "host": [run.manifest.hostname for run in runs],
        "CPU": [str(run.manifest.host.get("cpu_model") or "not known") for run in runs],
        "CPUs": [str(run.manifest.topology.cpus) for run in runs],
        "build": [run.commit for run in runs],
        "measured": [run.manifest.started_utc for run in runs],
    }
    rows = [[name, *values] for name, values in facts.items() if len(set(values)) > 1]
    return table(["differs", *(run.name for run in runs)], rows, texts=1 + len(runs))


def _fields(runs: Sequence[StoredRun]) -> List[Contest]:
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


def _table(runs: Sequence[StoredRun], fields: Sequence[Contest], metric: Metric) -> Html:
    rows = sorted({row for field in fields for row in field.entrants})
    first = fields[0]
    where = f"{first.scenario}, {first.placement}, {units.count(first.threads, 'thread')}"
    lines = [[tag("code", row), *(_said(field, row, metric) for field in fields)] for row in rows]
    return join(
        [tag("h3", f"{metric.name}: {where}"), table(["row", *(r.name for r in runs)], lines)]
    )


def _said(field: Contest, row: str, metric: Metric) -> str:
    entrant = field.entrants.get(row)
    if entrant is None or not metric.is_known(entrant):
        return "–"
    found = metric.of(entrant)
    ends = f" ({metric.words(found.low)} to {metric.words(found.high)})" if found.coverage else ""
    return f"{metric.words(found.value)}{ends}"
