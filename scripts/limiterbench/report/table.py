"""The ranked tables at the end of a run. Fit 80 columns."""

from __future__ import annotations

import textwrap
from statistics import median
from typing import Callable, Iterator, Sequence

from limiterbench.charts.caption import disturbed
from limiterbench.common import units
from limiterbench.common.text_table import TextTable
from limiterbench.records.latencies import BUDGETS, USUAL_BUDGET_NS
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import Measured, Record
from limiterbench.stats import disturbance
from limiterbench.stats.headlines import HEADLINE, bases, doubts
from limiterbench.stats.loads import Capacities, capacities
from limiterbench.stats.ratios import at, median_ops, most_threads
from limiterbench.stats.reloads import is_fair
from limiterbench.stats.series import (
    Group,
    clock_step_of,
    closed_loop,
    group_records,
    reading,
    sweeps_load,
)
from limiterbench.stats.statistics import summarize

# What a table shows about the repetitions of one cell.
Cell = Callable[[Sequence[Measured]], str]
# Its heading, and where it is from.
Column = tuple[str, Group, Cell]

_WIDTH = 80
AT_FLOOR = "≤: faster than the timer can resolve"
_SCENARIOS_A_TABLE = 5


def print_tables(manifest: Manifest, records: Sequence[Record]) -> None:
    print_groups(manifest, [group for group in group_records(records) if group.limiters])


def print_groups(manifest: Manifest, groups: Sequence[Group]) -> None:
    """`groups`: those with something measured."""
    for title, table in titled(manifest, groups):
        print("\n" + "\n".join(textwrap.wrap(title, _WIDTH)) + f"\n{table}")
    for text in [AT_FLOOR, *disturbed_lines(groups)]:
        print("\n" + "\n".join(textwrap.wrap(text, _WIDTH)))


def titled(manifest: Manifest, groups: Sequence[Group]) -> Iterator[tuple[str, TextTable]]:
    """The open loop's capacities first, then the closed loops of each placement."""
    cpus = manifest.topology.cpus
    for group in filter(sweeps_load, groups):
        table = open_loop(group, cpus)
        if table is not None:
            where = f"{_where(group, cpus)}{_doubts(group, cpus)}"
            yield f"{where}: decisions a second within a p99 of", table
    placements: dict[str, list[Group]] = {}
    for group in closed_loop(groups):
        placements.setdefault(group.placement, []).append(group)
    for _, ranked in sorted(placements.items()):
        yield from _closed(ranked, cpus)


def _closed(ranked: Sequence[Group], cpus: int) -> Iterator[tuple[str, TextTable]]:
    """Of one placement."""
    steps = {group.scenario: clock_step_of(group) for group in ranked}
    headline = next((g for g in ranked if g.scenario == HEADLINE), ranked[0])
    fair = is_fair(headline, most_threads(headline, cpus))
    order = "fastest first" if fair else "most decisions first, no ranking"
    where = _where(headline, cpus)
    yield f"{where}, {order}", ranking(headline, cpus)
    at = where.partition(", ")[2]
    for start in range(0, len(ranked), _SCENARIOS_A_TABLE):
        part = ranked[start : start + _SCENARIOS_A_TABLE]
        rates = [column for group in part for column in _rates(group, cpus)]
        times = [(g.scenario, g, _p99_of(steps[g.scenario])) for g in part]
        yield f"decisions a second, {at}", overview(rates, headline, cpus)
        yield f"p99, {at}", overview(times, headline, cpus)


def _where(group: Group, cpus: int) -> str:
    threads = units.count(most_threads(group, cpus), "thread")
    return f"{group.scenario}, {group.placement}, at {threads}"


def _doubts(group: Group, cpus: int) -> str:
    found = doubts(bases(group, most_threads(group, cpus))).replace("`", "")
    return f" (not a result yet: {found})" if found else ""


def disturbed_lines(groups: Sequence[Group]) -> list[str]:
    repetitions = [measured for group in groups for measured in group.repetitions()]
    told = disturbed(groups)
    if disturbance.nearly_all(repetitions):
        # The first counts the disturbed, which says nothing where nearly all are.
        told[0] = disturbance.notice(repetitions)
    return told


def _rates(group: Group, cpus: int) -> Iterator[Column]:
    """Beside decisions that reloads make incomparable, the reloads."""
    yield group.scenario, group, lambda ms: units.rate(median_ops(ms))
    if not is_fair(group, most_threads(group, cpus)):
        yield "reloads/s", group, lambda ms: units.rate(median(m.reloads_per_second for m in ms))


def _p99_of(step: float) -> Cell:
    return lambda repeated: reading(repeated, 0.99, step)


def _ranked(group: Group, threads: int) -> list[str]:
    rates = {row: median_ops(repeated) for row, repeated in at(group, threads).items()}
    return sorted(rates, key=lambda row: (-rates[row], row))


def _error(repeated: Sequence[Measured]) -> str:
    if all(measured.exactness == "none" for measured in repeated):
        return "-"
    return f"{max(measured.admission_error for measured in repeated):,}"


def ranking(group: Group, cpus: int) -> TextTable:
    """Throughput alone and together, the least fairness, latency, permits over the limit."""
    first, most = group.threads[0], most_threads(group, cpus)
    # With one thread count there is nothing to scale from.
    skip = 2 if first == most else 0
    headings = [f"{first} thr", "scale", f"{most} thr", "fair", "p50", "p99", "p99.9", "over"]
    table = TextTable("design", *headings[skip:])
    step = clock_step_of(group)
    for row in _ranked(group, most):
        points = group.limiters[row]
        total = median_ops(points[most])
        alone = median_ops(points[first]) if first in points else None
        times = [reading(points[most], p, step) for p in (0.5, 0.99, 0.999)]
        cells = [
            units.rate(alone) if alone else "-",
            f"{total / alone:.2g}x" if alone else "-",
            units.rate(total),
            f"{summarize([m.fairness for m in points[most]]).low:.2f}",
            *times,
            _error(points[most]),
        ]
        table.add(row, *cells[skip:])
    return table


def open_loop(group: Group, cpus: int) -> TextTable | None:
    """The decisions a second that each design sustains within each p99, the most first. None of old
    records."""
    table = TextTable("design", *map(units.time, BUDGETS))
    rows = at(group, most_threads(group, cpus))
    found = {row: each for row, each in ((r, capacities(m)) for r, m in rows.items()) if each}
    for row in sorted(found, key=lambda row: (-found[row][USUAL_BUDGET_NS].rate.median, row)):
        table.add(row, *(_capacity(found[row][budget]) for budget in BUDGETS))
    return table if found else None


def _capacity(found: Capacities) -> str:
    if found.rate.median == 0:
        return "none"
    return ("≥" if found.at_least else "") + units.rate(found.rate.median)


def overview(columns: Sequence[Column], order: Group, cpus: int) -> TextTable:
    """Every scenario side by side, at the most threads that have a CPU each."""
    table = TextTable("design", *(heading for heading, _, _ in columns))
    rows = _ranked(order, most_threads(order, cpus))
    rows += sorted({row for _, group, _ in columns for row in group.limiters} - set(rows))
    for row in rows:
        table.add(row, *(_entry(row, column, cpus) for column in columns))
    return table


def _entry(row: str, column: Column, cpus: int) -> str:
    _, group, cell = column
    repeated = group.limiters.get(row, {}).get(most_threads(group, cpus))
    return cell(repeated) if repeated else "-"
