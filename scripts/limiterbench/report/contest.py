"""The designs of one scenario and placement at one thread count, against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterable, NamedTuple

from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.cells import Cell
from limiterbench.records.designs import Design
from limiterbench.report.stored import StoredRun
from limiterbench.stats.ratios import most_threads
from limiterbench.stats.series import Group, closed_loop
from limiterbench.stats.statistics import Summary

HEADLINE = "steady"
PLAIN_PLACEMENT = "compact"


@dataclass(frozen=True)
class Entrant:
    """One cell, by its line of the summary."""

    cell: Cell
    line: Line
    design: Design
    clock_step: float

    @property
    def row(self) -> str:
        return self.cell.limiter

    @property
    def own_contract(self) -> bool:
        """Its contract is not the others', so it is no match for them."""
        return self.design.contract != "windows"

    @property
    def is_exact(self) -> bool:
        return self.line["exactness"] == "exact" and not self.own_contract

    @property
    def limits(self) -> bool:
        return self.line["exactness"] != "none"

    def number(self, column: str) -> float | None:
        value = self.line.get(column)
        return float(value) if isinstance(value, (int, float)) else None

    def known(self, column: str) -> float:
        """For a column that every measured cell has."""
        return self.number(column) or 0.0

    @property
    def throughput(self) -> Summary:
        return THROUGHPUT.of(self)

    @property
    def p99(self) -> Summary:
        return P99.of(self)

    @property
    def is_timed(self) -> bool:
        """Whether it has a p99."""
        return P99.is_known(self)

    @property
    def at_floor(self) -> bool:
        """Its p99 is no longer than an empty decision's."""
        return units.at_floor(self.p99.median, self.known("floor_p99_median_ns"), self.clock_step)


class Metric(NamedTuple):
    """One of the numbers that designs are judged by."""

    name: str
    chart: str
    column: str
    words: Callable[[float], str]
    timed: bool
    """Lower is better, and the clock has a step."""

    def is_known(self, entrant: Entrant) -> bool:
        return entrant.number(self.column) is not None

    @property
    def columns(self) -> list[str]:
        """Of the median, the lowest and the highest."""
        if "median" in self.column:
            return [self.column.replace("median", end) for end in ("median", "low", "high")]
        return [self.column, f"{self.column}_low", f"{self.column}_high"]

    def of(self, entrant: Entrant) -> Summary:
        median, low, high = map(entrant.known, self.columns)
        step = entrant.clock_step if self.timed else 0.0
        return Summary(int(entrant.known("repetitions")), median, low, high, step)

    def ranked(self, entrants: Iterable[Entrant]) -> list[Entrant]:
        """Those that have it, the best first."""
        sign = 1 if self.timed else -1
        known = [entrant for entrant in entrants if self.is_known(entrant)]
        return sorted(known, key=lambda e: (sign * self.of(e).median, e.row))

    def beats(self, one: Entrant, other: Entrant) -> bool:
        """Whether the intervals leave no doubt that the first is better."""
        better, worse = (other, one) if self.timed else (one, other)
        return self.of(better).above(self.of(worse))

    def better(self, entrant: Entrant, others: Iterable[Entrant]) -> list[Entrant]:
        """Those that are better for certain, the best first. All of them are looked at: the one
        with the best median may have the widest interval."""
        return [other for other in self.ranked(others) if self.beats(other, entrant)]


THROUGHPUT = Metric(
    "decisions a second", "scaling", "throughput_median_per_second", units.rate, False
)
P99 = Metric("p99", "p99", "p99_median_ns", units.time, True)
CAPACITY = Metric("capacity", "load", "capacity_10us", units.rate, False)
RESPONSE = Metric("response p99", "load", "response_p99_at_1m_median_ns", units.time, True)


@dataclass(frozen=True)
class Contest:
    scenario: str
    placement: str
    threads: int
    entrants: dict[str, Entrant]

    def exact(self) -> list[Entrant]:
        """Fastest first."""
        return THROUGHPUT.ranked(e for e in self.entrants.values() if e.is_exact)

    def approximate(self) -> list[Entrant]:
        approximate = (e for e in self.entrants.values() if e.line["exactness"] == "approximate")
        return THROUGHPUT.ranked(approximate)

    def limiting(self) -> list[Entrant]:
        return THROUGHPUT.ranked(e for e in self.entrants.values() if e.limits)


def contest(run: StoredRun, group: Group, threads: int) -> Contest:
    step = run.clock_steps[(group.scenario, group.placement)]
    entrants: dict[str, Entrant] = {}
    for row in sorted(group.limiters):
        if threads in group.limiters[row]:
            cell = Cell(row, group.scenario, group.placement, threads)
            entrants[row] = Entrant(cell, run.lines[cell], run.design(row), step)
    return Contest(group.scenario, group.placement, threads, entrants)


def contests(run: StoredRun) -> list[Contest]:
    return [contest(run, group, n) for group in closed_loop(run.groups) for n in group.threads]


def headline(run: StoredRun) -> Contest | None:
    """What the answer is about: steady load, threads close together, a CPU for each."""
    groups = closed_loop(run.groups)
    if not groups:
        return None
    group = min(groups, key=lambda g: (g.scenario != HEADLINE, g.placement != PLAIN_PLACEMENT))
    return contest(run, group, most_threads(group, run.manifest.topology.cpus))
