"""The ranked tables at the end of a run. Fit 80 columns."""

from __future__ import annotations

from typing import Callable, Dict, List, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from limiterbench import units
from limiterbench.charts.caption import disturbed
from limiterbench.manifest import Manifest
from limiterbench.records import Measured, Record
from limiterbench.series import Group, group_records, latency, ops
from limiterbench.statistics import summarize

Value = Callable[[Measured], float]
Label = Callable[[float], str]

_WIDTH = 80
_NAME = 18
_HEADLINE = "steady"
_SCENARIOS_A_TABLE = 5


def print_tables(manifest: Manifest, records: Sequence[Record]) -> None:
    print_groups(manifest, [group for group in group_records(records) if group.limiters])


def print_groups(manifest: Manifest, groups: Sequence[Group]) -> None:
    """Of groups that have something measured."""
    console = Console(width=_WIDTH, highlight=False)
    cpus = manifest.topology.cpus
    placements: Dict[str, List[Group]] = {}
    for group in groups:
        placements.setdefault(group.placement, []).append(group)
    for placement in sorted(placements):
        ranked = placements[placement]
        headline = next((g for g in ranked if g.scenario == _HEADLINE), ranked[0])
        at = f"{placement}, at {units.count(_most_threads(headline, cpus), 'thread')}"
        _show(console, f"{headline.scenario}, {at}, fastest first", ranking(headline, cpus))
        for start in range(0, len(ranked), _SCENARIOS_A_TABLE):
            end = start + _SCENARIOS_A_TABLE
            part = ranked[start:end]
            rates = overview(part, headline, cpus, ops, units.rate)
            times = overview(part, headline, cpus, latency(0.99), units.time)
            _show(console, f"decisions a second, {at}", rates)
            _show(console, f"p99, {at}", times)
    for text in disturbed(groups):
        console.print(Text(f"\n{text}"))


def _show(console: Console, title: str, table: Table) -> None:
    console.print(Text(f"\n{title}"), table)


def _most_threads(group: Group, cpus: int) -> int:
    """The most threads that have a CPU each."""
    fitting = [count for count in group.threads if count <= cpus] or group.threads
    return fitting[-1]


def _throughput(repeated: Sequence[Measured]) -> float:
    return summarize([ops(measured) for measured in repeated]).median


def _ranked(group: Group, threads: int) -> List[str]:
    rows = [row for row, points in group.limiters.items() if threads in points]
    return sorted(rows, key=lambda row: (-_throughput(group.limiters[row][threads]), row))


def _new_table() -> Table:
    return Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)


def _error(repeated: Sequence[Measured]) -> str:
    if all(measured.exactness == "none" for measured in repeated):
        return "-"
    return f"{max(measured.admission_error for measured in repeated):,}"


def ranking(group: Group, cpus: int) -> Table:
    """Throughput alone and together, the least fairness, latency, permits over the limit."""
    first, most = group.threads[0], _most_threads(group, cpus)
    table = _new_table()
    table.add_column("limiter", overflow="ellipsis", no_wrap=True, max_width=_NAME)
    # With one thread count there is nothing to scale from.
    skip = 2 if first == most else 0
    headings = [f"{first} thr", "scale", f"{most} thr", "fair", "p50", "p99", "p99.9", "over"]
    for heading in headings[skip:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in _ranked(group, most):
        points = group.limiters[row]
        total = summarize([ops(measured) for measured in points[most]])
        alone = _throughput(points[first]) if first in points else None
        times = [
            units.time(summarize([latency(p)(m) for m in points[most]]).median)
            for p in (0.5, 0.99, 0.999)
        ]
        cells = [
            units.rate(alone) if alone else "-",
            f"{total.median / alone:.2g}x" if alone else "-",
            units.rate(total.median),
            f"{summarize([m.fairness for m in points[most]]).low:.2f}",
            *times,
            _error(points[most]),
        ]
        table.add_row(Text(row), *cells[skip:])
    return table


def overview(groups: Sequence[Group], order: Group, cpus: int, value: Value, label: Label) -> Table:
    """Every scenario side by side, at the most threads that have a CPU each."""
    table = _new_table()
    table.add_column("limiter", overflow="ellipsis", no_wrap=True, max_width=_NAME)
    for group in groups:
        table.add_column(group.scenario, justify="right", no_wrap=True)
    rows = _ranked(order, _most_threads(order, cpus))
    rows += sorted({row for group in groups for row in group.limiters} - set(rows))
    for row in rows:
        found = [group.limiters.get(row, {}).get(_most_threads(group, cpus)) for group in groups]
        cells = [label(summarize([value(m) for m in ms]).median) if ms else "-" for ms in found]
        table.add_row(Text(row), *cells)
    return table
