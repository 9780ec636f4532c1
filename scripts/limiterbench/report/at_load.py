"""Which designs will do at a load: for every rate and p99 budget, the simplest first.

All of it is decided here. The page only picks what belongs to the wish.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple, Sequence

from limiterbench.charts.legends import KINDS_BY_SIMPLICITY, NO_LIMITER, kind_of
from limiterbench.common import units
from limiterbench.records.latencies import BUDGETS, USUAL_BUDGET_NS, is_rung
from limiterbench.report.answer import interval
from limiterbench.report.stored import StoredRun
from limiterbench.stats.headlines import Basis, bases, doubts
from limiterbench.stats.loads import COMMON_RATE, AtRate, Capacities, capacities, curve
from limiterbench.stats.series import Group, sweeps_load

HEADS = ("", "design", "what decisions share", "p99 at this load", "capacity within the p99")
WILL, DID, MAY, NOT = "will do", "did, not a result yet", "not decided", "too slow"
VERDICTS = (WILL, DID, MAY, NOT)
# What the simplest designs that will do have in common.
_WORDS = {
    "exclusive lock": "take turns under one lock",
    "shared lock": "hold a shared lock",
    "one counter": "share one counter",
    "per CPU": "count per CPU",
}
_OTHERS = "are of no known kind"


class Line(NamedTuple):
    design: str
    kind: str
    verdict: str
    """At the load that a page without scripts shows."""
    p99: str
    capacity: str
    facts: dict[str, Any]
    """For the page, in words: the `p99` by rate, the `capacity` by budget, and the `kind`."""


class Field(NamedTuple):
    """The designs at one number of threads."""

    threads: int
    lines: list[Line]
    answers: dict[str, list[list[int]]]
    """By "rate/budget": for each verdict the places in `lines`."""
    beware: str


class AtLoad(NamedTuple):
    run: str
    threads: list[tuple[str, str]]
    rates: list[tuple[str, str]]
    budgets: list[tuple[str, str]]
    chosen: tuple[str, str, str]
    fields: list[Field]
    heads: Sequence[str] = HEADS
    verdicts: Sequence[str] = VERDICTS


class _Design(NamedTuple):
    name: str
    remark: str
    """What it does not promise."""
    doubt: str
    """Why it is no result yet."""
    curve: list[AtRate]
    capacities: dict[int, Capacities]

    def verdict(self, rate: float, budget: int) -> str:
        found = self.capacities[budget]
        if rate <= found.rate.low:
            return DID if self.doubt else WILL
        if self.doubt:
            return MAY
        return MAY if found.at_least or rate <= found.rate.high else NOT

    def p99(self, rate: float) -> str:
        """At this rate, or at the next higher one that was offered."""
        found = next((at for at in self.curve if at.rate >= rate), None)
        if found is None:
            offered = any(capacity.at_least for capacity in self.capacities.values())
            return "not offered" if offered else "saturated"
        if found.is_bound:
            return "saturated"
        words = interval(found.p99, units.time)
        return words if found.rate == rate else f"{words} at {units.rate(found.rate)}"


def at_load(run: StoredRun) -> AtLoad | None:
    """None if the run has no open loop with capacities."""
    groups = [group for group in run.groups if sweeps_load(group)]
    if not groups:
        return None
    group = groups[0]
    by_threads = {n: found for n in group.threads if (found := _designs(group, n))}
    rates = _rates([design for designs in by_threads.values() for design in designs])
    if not rates:
        return None
    usual = COMMON_RATE if COMMON_RATE in rates else rates[len(rates) // 2]
    cpus = run.manifest.topology.cpus
    fitting = [threads for threads in by_threads if threads <= cpus] or list(by_threads)
    return AtLoad(
        run.name,
        [(str(threads), str(threads)) for threads in sorted(by_threads)],
        [(f"{rate:.0f}", units.rate(rate)) for rate in rates],
        [(str(budget), units.time(budget)) for budget in BUDGETS],
        (str(max(fitting)), f"{usual:.0f}", str(USUAL_BUDGET_NS)),
        [_field(threads, by_threads[threads], rates, usual) for threads in sorted(by_threads)],
    )


def _designs(group: Group, threads: int) -> list[_Design]:
    found = []
    for limiter, (repeated, doubt) in bases(group, threads).items():
        known = capacities(repeated)
        if known and kind_of(limiter) != NO_LIMITER:
            first = repeated[0]
            remark = "" if first.exactness == "exact" else ", approximate"
            if first.contract != "windows":
                remark = ", a contract of its own"
            found.append(_Design(limiter, remark, doubt, curve(repeated, "poisson"), known))
    return found


def _rates(designs: Sequence[_Design]) -> list[float]:
    """Those of the ladder, or of the user's own: the others are where a search for one design's
    capacity came past."""
    offered = Counter(at.rate for design in designs for at in design.curve)
    rungs = [rate for rate in offered if is_rung(rate)]
    return sorted(
        rungs or (rate for rate, count in offered.items() if count == max(offered.values()))
    )


def _field(threads: int, designs: Sequence[_Design], rates: Sequence[float], usual: float) -> Field:
    ordered = sorted(designs, key=lambda d: (_place(d.name), -_usual(d), d.name))
    answers = {
        f"{rate:.0f}/{budget}": [
            [at for at, design in enumerate(ordered) if design.verdict(rate, budget) == verdict]
            for verdict in VERDICTS
        ]
        for rate in rates
        for budget in BUDGETS
    }
    lines = [_line(design, rates, usual) for design in ordered]
    doubt = doubts({design.name: Basis([], design.doubt) for design in ordered}).replace("`", "")
    beware = f"Not a result yet: {doubt}." if doubt else ""
    return Field(threads, lines, answers, beware)


def _place(design: str) -> int:
    """A design of the user's own comes last: how simple it is, nobody said."""
    return [*KINDS_BY_SIMPLICITY, kind_of(design)].index(kind_of(design))


def _usual(design: _Design) -> float:
    return design.capacities[USUAL_BUDGET_NS].rate.median


def _line(design: _Design, rates: Sequence[float], usual: float) -> Line:
    p99 = {f"{rate:.0f}": design.p99(rate) for rate in rates}
    capacity = {str(budget): _capacity(found) for budget, found in design.capacities.items()}
    return Line(
        design.name,
        kind_of(design.name) + design.remark + (f"; {design.doubt}" if design.doubt else ""),
        design.verdict(usual, USUAL_BUDGET_NS),
        p99[f"{usual:.0f}"],
        capacity[str(USUAL_BUDGET_NS)],
        {"p99": p99, "capacity": capacity, "kind": _WORDS.get(kind_of(design.name), _OTHERS)},
    )


def _capacity(found: Capacities) -> str:
    if not found.rate.high:
        return "no rate was offered" if found.at_least else "none that was tried"
    least = "at least " * found.at_least
    return least + interval(found.rate, units.rate)
