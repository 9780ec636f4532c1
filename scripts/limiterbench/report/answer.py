"""The answer: which design to use on the measured host, how sure that is, what would change it.

It claims nothing beyond the intervals: designs whose intervals overlap show no detectable
difference, and a ratio comes with its own interval. Every number is one of summary.csv.
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence, Union

from limiterbench.charts.legends import kind_of
from limiterbench.common import units
from limiterbench.records.cells import Cell
from limiterbench.records.latencies import USUAL_BUDGET_NS
from limiterbench.report.contest import (
    CAPACITY,
    P99,
    PLAIN_PLACEMENT,
    RESPONSE,
    THROUGHPUT,
    Contest,
    Entrant,
    Metric,
    contest,
    headline,
)
from limiterbench.report.stored import StoredRun
from limiterbench.stats.loads import COMMON_RATE
from limiterbench.stats.ratios import BASELINE, most_threads
from limiterbench.stats.reloads import is_unlike, left_to_scheduler
from limiterbench.stats.series import closed_loop as groups_of_closed_loops
from limiterbench.stats.series import sweeps_load

THROUGHPUT_RATIO = "throughput_over_rwmutex_ratio"
_RELOADS = "reloads_median_per_second"
P99_RATIO = "rwmutex_p99_ratio"
UNLIMITED = "unlimited"
# With fewer repetitions, the lowest and the highest say little.
FEWEST_FOR_ORDER = 5


def answer(run: StoredRun) -> list[Claim]:
    """The claims, the most important first. Empty if there is nothing to judge by."""
    return [*open_loop(run), *closed_loop(run)]


def closed_loop(run: StoredRun) -> list[Claim]:
    field = headline(run)
    if field is None:
        return []
    exact = field.exact()
    if not exact:
        return [Claim(["No exact design was measured in ", field.scenario, "."])]
    best, base = exact[0], field.entrants.get(BASELINE)
    unfair = _unranked(field, best, [*exact, *field.approximate()])
    if unfair:
        return [unfair, _confidence(best)]
    claims = [_throughput(field, exact, base, run.manifest.topology.cpus)]
    claims += [_tail(field, best, base)] if best.is_timed else []
    claims += _lowest_tail(field, exact)
    claims += [_approximate(entrant, best) for entrant in field.approximate()]
    claims += _elsewhere(run, field, best)
    return [*claims, _confidence(best)]


def _chart(field: Contest, metric: Metric) -> tuple[str, str, str]:
    return metric.chart, field.scenario, field.placement


def _number(entrant: Entrant, column: str, words: Callable[[float], str]) -> Number:
    return Number(words(entrant.known(column)), entrant.cell, column)


def _said(metric: Metric, entrant: Entrant) -> Number:
    return _number(entrant, metric.column, metric.words)


def _threads(entrant: Entrant) -> Number:
    return _number(entrant, "threads", lambda n: units.count(round(n), "thread"))


def _ratio(entrant: Entrant, column: str) -> list[Part]:
    """12.4x (8.71x to 15x)"""
    low, high = (_number(entrant, f"{column}_{end}", units.times) for end in ("low", "high"))
    return [_number(entrant, column, units.times), " (", low, " to ", high, ")"]


def _p99_ratio(best: Entrant, base: Entrant) -> list[Part]:
    """One-sided where a p99 is at the clock's floor: the true one may be anything below."""
    if best.at_floor:
        return ["at least ", _number(best, f"{P99_RATIO}_low", units.times)]
    if base.at_floor:
        return ["at most ", _number(best, f"{P99_RATIO}_high", units.times)]
    return _ratio(best, P99_RATIO)


def _throughput(field: Contest, exact: Sequence[Entrant], base: Entrant | None, cpus: int) -> Claim:
    best = exact[0]
    parts: list[Part] = ["In ", field.scenario, " at ", _threads(best)]
    # None has a CPU to itself: the scheduler is measured as well.
    parts += [f", more threads than the {units.count(cpus, 'CPU')}"] if field.threads > cpus else []
    parts += [", ", Code(best.row)]
    parts += [" decides ", _said(THROUGHPUT, best), " times a second"]
    if base is None:
        parts += [". ", Code(BASELINE), " was not measured, so there is no ratio to it."]
    elif base is best:
        parts += [", the highest median of all exact designs."]
    elif best.throughput.apart_from(base.throughput):
        parts += [", ", *_ratio(best, THROUGHPUT_RATIO), " as often as ", Code(BASELINE)]
        parts += [", ", _said(THROUGHPUT, base), "."]
    else:
        parts += [", no detectable difference from ", Code(BASELINE)]
        parts += [", ", _said(THROUGHPUT, base), "."]
    return Claim(parts + _alike(exact), _chart(field, THROUGHPUT))


def _alike(exact: Sequence[Entrant]) -> list[Part]:
    best = exact[0].throughput
    alike = [entrant.row for entrant in exact[1:] if not entrant.throughput.apart_from(best)]
    if alike:
        return [" No detectable difference from it: ", *listed(alike), "."]
    if len(exact) == 1:
        return []
    # Only of what was seen: to call it the fastest of all would take one interval for all at once.
    n = _number(exact[0], "repetitions", lambda value: units.count(round(value), "repetition"))
    return [" The slowest of its ", n, " beat every other exact design's fastest."]


def _tail(field: Contest, best: Entrant, base: Entrant | None) -> Claim:
    parts: list[Part] = ["Its p99 is ", _said(P99, best), ""]
    if base is not None and base is not best and base.is_timed:
        its: list[Part] = [Code(BASELINE), ", ", _said(P99, base)]
        if best.p99.apart_from(base.p99) and not (best.at_floor and base.at_floor):
            parts += ["; that of ", *its, ", is ", *_p99_ratio(best, base), " as long"]
        else:
            parts += [", no detectable difference from that of ", *its]
    parts.append(".")
    if best.at_floor:
        floor = _number(best, "floor_p99_median_ns", units.time)
        parts += [" ", Code(best.row), " is faster than the timer can resolve: an empty decision"]
        parts += [" already reads ", floor, "."]
    return Claim(parts, _chart(field, P99))


def _lowest_tail(field: Contest, exact: Sequence[Entrant]) -> list[Claim]:
    """If the fastest design's tail is not the shortest."""
    best = exact[0]
    if not best.is_timed:
        return []
    lowest = P99.ranked(exact)[0]
    if not lowest.p99.apart_from(best.p99):
        return []
    parts: list[Part] = ["The lowest p99 of an exact design is ", _said(P99, lowest), ", of "]
    parts += [Code(lowest.row), ", which decides ", _said(THROUGHPUT, lowest), " times a second."]
    return [Claim(parts, _chart(field, P99))]


def _approximate(entrant: Entrant, best: Entrant) -> Claim:
    error = _number(
        entrant, "admission_error_max_permits", lambda n: units.count(round(n), "permit")
    )
    bound = entrant.design.bound
    within: list[Part] = [", by at most ", Code(bound)] if bound else []
    parts: list[Part] = ["If going over the limit is fine", *within, ": "]
    parts += [Code(entrant.row), " decides ", _said(THROUGHPUT, entrant), " times a second"]
    if entrant.throughput.apart_from(best.throughput):
        more = entrant.throughput.median > best.throughput.median
        parts += [", more than " if more else ", less than ", Code(best.row)]
    else:
        parts += [", no detectable difference from ", Code(best.row)]
    return Claim([*parts, "; it went over by ", error, " at the most."], section="choose")


def _elsewhere(run: StoredRun, field: Contest, best: Entrant) -> list[Claim]:
    """The other scenarios at as many threads: where another exact design is faster for certain.
    Those that reloads make unfair are named apart, with the reason."""
    kept: list[str] = []
    parts: list[Part] = []
    unfair: list[Claim] = []
    for group in groups_of_closed_loops(run.groups):
        if group.placement != field.placement or group.scenario == field.scenario:
            continue
        other = contest(run, group, most_threads(group, run.manifest.topology.cpus))
        mine = other.entrants.get(best.row)
        if mine is None or other.threads != field.threads:
            continue
        above = THROUGHPUT.better(mine, other.exact())
        why = _unranked(other, mine, above or other.exact())
        if why:
            unfair.append(why)
        elif above:
            more = " decides more often: " if len(above) == 1 else " decide more often, the first "
            parts += ["In ", group.scenario, ", ", *listed([e.row for e in above]), more]
            parts += [_said(THROUGHPUT, above[0]), " against ", _said(THROUGHPUT, mine), ". "]
        else:
            kept.append(group.scenario)
    if kept:
        parts += [Code(best.row), " is fastest, or shows no detectable difference from the fastest"]
        parts += [f", in {Claim(listed(kept)).text}."]
    return [Claim(parts, section="choose"), *unfair] if parts else unfair


def _unranked(field: Contest, first: Entrant, others: Sequence[Entrant]) -> Claim | None:
    """Reloads made the work unequal. None where the first design can be held against each other."""
    compared = [first, *(other for other in others if other is not first)]
    why = _unequal_work(compared) if len(compared) > 1 else []
    if not why:
        return None
    ranked = sorted(compared, key=lambda entrant: (entrant.known(_RELOADS), entrant.row))
    parts: list[Part] = [field.scenario, " is not ranked: the designs achieved "]
    parts += [*_rate(ranked[0]), " to ", *_rate(ranked[-1]), " reloads a second", *why, "."]
    return Claim(parts, _chart(field, THROUGHPUT))


def _unequal_work(compared: Sequence[Entrant]) -> list[str]:
    rates = [entrant.known(_RELOADS) for entrant in compared]
    shares_cpu = any(entrant.line["writer"] == "shared CPU" for entrant in compared)
    why = [", so their work was unequal"] if is_unlike(rates[0], rates[1:]) else []
    if left_to_scheduler(rates, shares_cpu):
        why.append("; the writer shared a measured thread's CPU, so the scheduler decided who ran")
    return why


def _rate(entrant: Entrant) -> list[Part]:
    return [_number(entrant, _RELOADS, units.rate), " (", Code(entrant.row), ")"]


def _confidence(best: Entrant) -> Claim:
    n = _number(best, "repetitions", lambda value: units.count(round(value), "repetition"))
    if best.throughput.n < 2:
        unknown = ": the noise is unknown, so no difference between designs can be detected."
        return Claim(["Each number is from ", n, unknown])
    sure = _number(best, "coverage", lambda value: f"{100 * value:.3g} %")
    parts: list[Part] = ["Intervals go from the lowest to the highest of ", n]
    parts += [", which hold the true median with ", sure, " confidence; designs whose intervals "]
    return Claim([*parts, "overlap show no detectable difference."], section="method")


class Code(NamedTuple):
    """The name of a design, or a formula."""

    text: str


class Number(NamedTuple):
    """A number of summary.csv."""

    text: str
    cell: Cell
    column: str

    @property
    def source(self) -> str:
        return f"{self.column} of {self.cell.name}"


Part = Union[str, Code, Number]


class Claim(NamedTuple):
    parts: Sequence[Part]
    chart: tuple[str, str, str] | None = None
    """Kind, scenario and placement of the chart that shows it."""
    section: str = ""
    """The section of the page that says more."""

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


def open_loop(run: StoredRun) -> list[Claim]:
    """What the best exact design sustains, the best with one counter, and the baseline. Empty
    unless the capacities are known."""
    swept = [group for group in run.groups if sweeps_load(group)]
    if not swept:
        return []
    group = min(swept, key=lambda g: g.placement != PLAIN_PLACEMENT)
    field = contest(run, group, most_threads(group, run.manifest.topology.cpus))
    ranked = CAPACITY.ranked(field.exact())
    counters = [entrant for entrant in ranked if kind_of(entrant.row) == "one counter"]
    base = [entrant for entrant in ranked if entrant.row == BASELINE]
    chosen = {entrant.row for entrant in (*ranked[:1], *counters[:1], *base)}
    return [_sustained(field, [e for e in ranked if e.row in chosen])] if ranked else []


def _sustained(field: Contest, rows: Sequence[Entrant]) -> Claim:
    threads = Number(units.count(field.threads, "thread"), rows[0].cell, "threads")
    chart = CAPACITY.chart, field.scenario, field.placement
    parts: list[Part] = [f"Within a p99 of {units.time(USUAL_BUDGET_NS)} at ", threads, ", "]
    if CAPACITY.of(rows[0]).median == 0:
        parts += ["no exact design keeps to it at the lowest rate that was offered", *_idle(field)]
        return Claim([*parts, "."], chart)
    parts += _joined([_capacity(row, " sustains " if row is rows[0] else " ") for row in rows])
    if all(map(RESPONSE.is_known, rows)):
        its = "its" if len(rows) == 1 else "their"
        parts += [f"; at {units.rate(COMMON_RATE)} a second {its} p99 response is "]
        parts += _joined([[_said(RESPONSE, row)] for row in rows])
    parts += [".", *_order(rows)]
    return Claim(parts, chart)


def _idle(field: Contest) -> list[Part]:
    """Whether it is the host that is too slow."""
    floor = field.entrants.get(UNLIMITED)
    if floor is None or not CAPACITY.is_known(floor) or CAPACITY.of(floor).median > 0:
        return []
    return [
        ", and neither does ",
        Code(floor.row),
        ", which limits nothing: this host is disturbed",
    ]


def _capacity(row: Entrant, verb: str) -> list[Part]:
    """`leased` sustains 41 M decisions a second (40 M to 42 M)"""
    median, low, high = (
        Number(units.rate(row.known(column)), row.cell, column) for column in CAPACITY.columns
    )
    least = "at least " if row.line[f"{CAPACITY.column}_at_least"] == "yes" else ""
    unit = " decisions a second" if verb.strip() else ""
    said: list[Part] = [Code(row.row), f"{verb}{least}", median, unit]
    return said if low.text == high.text else [*said, " (", low, " to ", high, ")"]


def _order(rows: Sequence[Entrant]) -> list[Part]:
    """What the intervals leave open."""
    n = _number(rows[0], "repetitions", lambda value: units.count(round(value), "repetition"))
    if rows[0].known("repetitions") < FEWEST_FOR_ORDER:
        return [" From ", n, ", too few to decide their order."]
    best = CAPACITY.of(rows[0])
    alike = [row.row for row in rows[1:] if not CAPACITY.of(row).apart_from(best)]
    if not alike:
        return []
    return [" No detectable difference from ", Code(rows[0].row), ": ", *listed(alike), "."]


def _joined(items: Sequence[Sequence[Part]]) -> list[Part]:
    """a, b and c"""
    parts: list[Part] = []
    for index, item in enumerate(items):
        if index:
            parts.append(" and " if index == len(items) - 1 else ", ")
        parts += item
    return parts


def listed(names: Sequence[str]) -> list[Part]:
    return _joined([[Code(name)] for name in names])
