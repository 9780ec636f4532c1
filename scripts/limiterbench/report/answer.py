"""The answer: which row to use on the measured host, how sure that is, what would change it.

Nothing is said beyond the intervals: rows whose intervals overlap are not told apart, and a ratio
comes with its own interval. Every number is one of summary.csv.
"""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence, Tuple

from limiterbench.common import units
from limiterbench.report.claims import Claim, Code, Number, Part, listed, times
from limiterbench.report.contest import (
    P99,
    THROUGHPUT,
    Contest,
    Entrant,
    Metric,
    contest,
    headline,
)
from limiterbench.report.open_loop import open_loop
from limiterbench.report.stored import StoredRun
from limiterbench.report.unranked import unranked
from limiterbench.stats.ratios import BASELINE, most_threads
from limiterbench.stats.series import closed_loop

THROUGHPUT_RATIO = "throughput_over_rwmutex_ratio"
P99_RATIO = "rwmutex_p99_ratio"


def answer(run: StoredRun) -> List[Claim]:
    """The claims, the most important first. Empty if there is nothing to judge by."""
    field = headline(run)
    if field is None:
        return open_loop(run)
    exact = field.exact()
    if not exact:
        return [Claim(["No exact row was measured in ", field.scenario, "."])]
    best, base = exact[0], field.entrants.get(BASELINE)
    unfair = unranked(field, best, [*exact, *field.approximate()])
    if unfair:
        return [unfair, *open_loop(run), _confidence(best)]
    claims = [_throughput(field, exact, base, run.manifest.topology.cpus)]
    claims += [_tail(field, best, base)] if best.is_timed else []
    claims += _lowest_tail(field, exact)
    claims += [_approximate(run, entrant, best) for entrant in field.approximate()]
    claims += _elsewhere(run, field, best)
    claims += open_loop(run, best)
    return [*claims, _confidence(best)]


def _chart(field: Contest, metric: Metric) -> Tuple[str, str, str]:
    return metric.chart, field.scenario, field.placement


def _number(entrant: Entrant, column: str, words: Callable[[float], str]) -> Number:
    return Number(words(entrant.known(column)), entrant.cell, column)


def _said(metric: Metric, entrant: Entrant) -> Number:
    return _number(entrant, metric.column, metric.words)


def _threads(entrant: Entrant) -> Number:
    return _number(entrant, "threads", lambda n: units.count(round(n), "thread"))


def _ratio(entrant: Entrant, column: str) -> List[Part]:
    """12.4x (8.71x to 15x)"""
    low, high = (_number(entrant, f"{column}_{end}", times) for end in ("low", "high"))
    return [_number(entrant, column, times), " (", low, " to ", high, ")"]


def _p99_ratio(best: Entrant, base: Entrant) -> List[Part]:
    """One-sided where a p99 is at the clock's floor: the true one may be anything below."""
    if best.at_floor:
        return ["at least ", _number(best, f"{P99_RATIO}_low", times)]
    if base.at_floor:
        return ["at most ", _number(best, f"{P99_RATIO}_high", times)]
    return _ratio(best, P99_RATIO)


def _throughput(
    field: Contest, exact: Sequence[Entrant], base: Optional[Entrant], cpus: int
) -> Claim:
    best = exact[0]
    parts: List[Part] = ["In ", field.scenario, " at ", _threads(best)]
    # None has a CPU to itself: the scheduler is measured as well.
    parts += [f", more threads than the {units.count(cpus, 'CPU')}"] if field.threads > cpus else []
    parts += [", ", Code(best.row)]
    parts += [" decides ", _said(THROUGHPUT, best), " times a second"]
    if base is None:
        parts += [". ", Code(BASELINE), " was not measured, so nothing is said against it."]
    elif base is best:
        parts += [", more than any other exact row's median."]
    elif best.throughput.apart_from(base.throughput):
        parts += [", ", *_ratio(best, THROUGHPUT_RATIO), " as often as ", Code(BASELINE)]
        parts += [", ", _said(THROUGHPUT, base), "."]
    else:
        parts += [", not told apart from ", Code(BASELINE), ", ", _said(THROUGHPUT, base), "."]
    return Claim(parts + _alike(exact), _chart(field, THROUGHPUT))


def _alike(exact: Sequence[Entrant]) -> List[Part]:
    best = exact[0].throughput
    alike = [entrant.row for entrant in exact[1:] if not entrant.throughput.apart_from(best)]
    if alike:
        return [" Not told apart from it: ", *listed(alike), "."]
    if len(exact) == 1:
        return []
    # Of what was seen. That it is the fastest of them all would need an interval for all at once.
    n = _number(exact[0], "repetitions", lambda value: units.count(round(value), "repetition"))
    return [" The slowest of its ", n, " beat every other exact row's fastest."]


def _tail(field: Contest, best: Entrant, base: Optional[Entrant]) -> Claim:
    parts: List[Part] = ["Its p99 is ", _said(P99, best), ""]
    if base is not None and base is not best and base.is_timed:
        its: List[Part] = [Code(BASELINE), ", ", _said(P99, base)]
        if best.p99.apart_from(base.p99) and not (best.at_floor and base.at_floor):
            parts += ["; that of ", *its, ", is ", *_p99_ratio(best, base), " as long"]
        else:
            parts += [", not told apart from that of ", *its]
    parts.append(".")
    if best.at_floor:
        floor = _number(best, "floor_p99_median_ns", units.time)
        parts += [" ", Code(best.row), " is not told from an empty decision, which reads ", floor]
        parts += [": that is the clock's own cost, and less cannot be seen."]
    return Claim(parts, _chart(field, P99))


def _lowest_tail(field: Contest, exact: Sequence[Entrant]) -> List[Claim]:
    """If the fastest row's tail is not the shortest."""
    timed = [entrant for entrant in exact if entrant.is_timed]
    if timed[:1] != exact[:1]:
        return []
    lowest = min(timed, key=lambda entrant: (entrant.p99.value, entrant.row))
    if not lowest.p99.apart_from(exact[0].p99):
        return []
    parts: List[Part] = ["The lowest p99 of an exact row is ", _said(P99, lowest), ", of "]
    parts += [Code(lowest.row), ", which decides ", _said(THROUGHPUT, lowest), " times a second."]
    return [Claim(parts, _chart(field, P99))]


def _approximate(run: StoredRun, entrant: Entrant, best: Entrant) -> Claim:
    error = _number(
        entrant, "admission_error_max_permits", lambda n: units.count(round(n), "permit")
    )
    bound = str(run.row_info(entrant.row).get("bound", ""))
    within: List[Part] = [", by at most ", Code(bound)] if bound else []
    parts: List[Part] = ["If going over the limit is fine", *within, ": "]
    parts += [Code(entrant.row), " decides ", _said(THROUGHPUT, entrant), " times a second"]
    if entrant.throughput.apart_from(best.throughput):
        more = entrant.throughput.value > best.throughput.value
        parts += [", more than " if more else ", less than ", Code(best.row)]
    else:
        parts += [", not told apart from ", Code(best.row)]
    return Claim([*parts, "; it went over by ", error, " at the most."], section="choose")


def _elsewhere(run: StoredRun, field: Contest, best: Entrant) -> List[Claim]:
    """The other scenarios at as many threads: where another exact row is faster for certain.
    Those that reloads make unfair are named apart, with the reason."""
    kept: List[str] = []
    parts: List[Part] = []
    unfair: List[Claim] = []
    for group in closed_loop(run.groups):
        if group.placement != field.placement or group.scenario == field.scenario:
            continue
        other = contest(run, group, most_threads(group, run.manifest.topology.cpus))
        mine = other.entrants.get(best.row)
        if mine is None or other.threads != field.threads:
            continue
        above = other.exact_above(mine)
        why = unranked(other, mine, above or other.exact())
        if why:
            unfair.append(why)
        elif above:
            more = " decides more often: " if len(above) == 1 else " decide more often, the first "
            parts += ["In ", group.scenario, ", ", *listed([e.row for e in above]), more]
            parts += [_said(THROUGHPUT, above[0]), " against ", _said(THROUGHPUT, mine), ". "]
        else:
            kept.append(group.scenario)
    if kept:
        names = "".join(part if isinstance(part, str) else part.text for part in listed(kept))
        parts += [Code(best.row), f" is fastest, or not told apart from the fastest, in {names}."]
    return [Claim(parts, section="choose"), *unfair] if parts else unfair


def _confidence(best: Entrant) -> Claim:
    n = _number(best, "repetitions", lambda value: units.count(round(value), "repetition"))
    if best.known("coverage") <= 0:
        return Claim(
            [
                "Each number is from ",
                n,
                ": nothing is known of the noise, so no two rows ",
                "are told apart.",
            ]
        )
    sure = _number(best, "coverage", lambda value: f"{100 * value:.3g} %")
    return Claim(
        [
            "Intervals go from the lowest to the highest of ",
            n,
            ", which hold the true median with ",
            sure,
            " confidence; rows whose intervals overlap are not told apart.",
        ],
        section="method",
    )
