"""The rows of one scenario and placement at one thread count, against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, NamedTuple, Optional

from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.cells import Cell
from limiterbench.report.estimates import Estimate
from limiterbench.report.stored import StoredRun
from limiterbench.stats.ratios import most_threads
from limiterbench.stats.series import Group, closed_loop

HEADLINE = "steady"
PLAIN_PLACEMENT = "compact"


@dataclass(frozen=True)
class Entrant:
    """One cell, by its line of the summary."""

    cell: Cell
    line: Line
    own_contract: bool
    """It keeps another contract than the others, so that it is no match for them."""
    clock_step: float

    @property
    def row(self) -> str:
        return self.cell.limiter

    @property
    def is_exact(self) -> bool:
        return self.line["exactness"] == "exact" and not self.own_contract

    @property
    def limits(self) -> bool:
        return self.line["exactness"] != "none"

    def number(self, column: str) -> Optional[float]:
        value = self.line.get(column)
        return float(value) if isinstance(value, (int, float)) else None

    def known(self, column: str) -> float:
        """Of a column that every measured cell has."""
        value = self.number(column)
        return 0.0 if value is None else value

    @property
    def throughput(self) -> Estimate:
        return THROUGHPUT.of(self)

    @property
    def p99(self) -> Estimate:
        return P99.of(self)

    @property
    def is_timed(self) -> bool:
        """Whether it has a p99."""
        return P99.is_known(self)

    @property
    def at_floor(self) -> bool:
        """Its p99 is not told from an empty decision's."""
        return units.at_floor(self.p99.value, self.known("floor_p99_median_ns"), self.clock_step)


class Metric(NamedTuple):
    """One of the numbers that rows are judged by."""

    name: str
    chart: str
    column: str
    words: Callable[[float], str]
    timed: bool

    def is_known(self, entrant: Entrant) -> bool:
        return entrant.number(self.column) is not None

    def of(self, entrant: Entrant) -> Estimate:
        median, low, high = (
            entrant.known(self.column.replace("median", end)) for end in ("median", "low", "high")
        )
        step = entrant.clock_step if self.timed else 0.0
        sure = entrant.known("coverage")
        return Estimate(median, low, high, sure, step)


THROUGHPUT = Metric(
    "decisions a second", "scaling", "throughput_median_per_second", units.rate, False
)
P99 = Metric("p99", "p99", "p99_median_ns", units.time, True)
RESPONSE = Metric("response p99", "load", "response_p99_at_50_median_ns", units.time, True)


@dataclass(frozen=True)
class Contest:
    scenario: str
    placement: str
    threads: int
    entrants: Dict[str, Entrant]

    def exact(self) -> List[Entrant]:
        """Fastest first."""
        return self._ranked(lambda entrant: entrant.is_exact)

    def exact_above(self, entrant: Entrant) -> List[Entrant]:
        """The exact rows that decide more often for certain, fastest first. All of them count: the
        one with the highest median may have the widest interval."""
        return [e for e in self.exact() if e.throughput.above(entrant.throughput)]

    def approximate(self) -> List[Entrant]:
        return self._ranked(lambda entrant: entrant.line["exactness"] == "approximate")

    def _ranked(self, kind: Callable[[Entrant], bool]) -> List[Entrant]:
        found = [entrant for entrant in self.entrants.values() if kind(entrant)]
        return sorted(found, key=lambda e: (-e.throughput.value, e.row))


def contest(run: StoredRun, group: Group, threads: int) -> Contest:
    step = run.clock_steps[(group.scenario, group.placement)]
    entrants: Dict[str, Entrant] = {}
    for row in sorted(group.limiters):
        if threads in group.limiters[row]:
            cell = Cell(row, group.scenario, group.placement, threads)
            own = run.row_info(row).get("contract", "windows") != "windows"
            entrants[row] = Entrant(cell, run.lines[cell], own, step)
    return Contest(group.scenario, group.placement, threads, entrants)


def contests(run: StoredRun) -> List[Contest]:
    return [contest(run, group, n) for group in closed_loop(run.groups) for n in group.threads]


def headline(run: StoredRun) -> Optional[Contest]:
    """What the answer is about: steady load, threads close together, a CPU for each."""
    groups = closed_loop(run.groups)
    if not groups:
        return None
    group = min(groups, key=lambda g: (g.scenario != HEADLINE, g.placement != PLAIN_PLACEMENT))
    return contest(run, group, most_threads(group, run.manifest.topology.cpus))
