"""The headline ratio, p99 of the baseline over each other row's, and the fitted scaling."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence

from limiterbench.common import units
from limiterbench.report.claims import times
from limiterbench.report.contest import Contest, Entrant, contest, headline
from limiterbench.report.html import Html, join, table, tag
from limiterbench.report.stored import StoredRun
from limiterbench.stats.ratios import BASELINE, KNOWN_CASE
from limiterbench.stats.scaling import LINEAR, Scaling, scalings

_CASE = (
    "A Go service that replaced one lock around everything by an atomic counter and an immutable "
    f"snapshot reported a p99 of 300 ns after 12 µs on 64 cores, {KNOWN_CASE:.0f}-fold, and that "
    "the counter scales linearly. Here is what this host says of both."
)
_SCALES = (
    "Exponent: throughput grows as threads to this power, over the thread counts that have a CPU "
    "each. 1 is linear, 0 is none; below 0, more threads get less done together."
)
SECTION = "ratios"


def section(runs: Sequence[StoredRun]) -> Html:
    parts = [part for run in runs for part in [_one(run, len(runs) > 1)] if part]
    if not parts:
        return Html("")
    heading = tag("h2", "The headline ratio, and does it scale?")
    return tag("section", heading, tag("p", _CASE), parts, id=SECTION)


def _one(run: StoredRun, named: bool) -> Html:
    field = headline(run)
    group = run.group(field.scenario, field.placement) if field else None
    if field is None or group is None:
        return Html("")
    fields = [contest(run, group, n) for n in group.threads]
    scaling = scalings(group, run.manifest.topology.cpus)
    counts = [units.count(f.threads, "thread") for f in fields]
    heads = ["row", *(f"p99 ratio, {count}" for count in counts), "exponent", "linear?"]
    rows = [
        [
            tag("code", row),
            *(_ratio(f, row) for f in fields),
            _exponent(scaling.get(row)),
            linear(scaling.get(row)),
        ]
        for row in sorted(group.limiters)
    ]
    title = f"{run.name}: " if named else ""
    where = f"{title}p99 of {BASELINE} over each row's, {field.scenario}, {field.placement}"
    notes = [tag("p", _SCALES, class_="small")] + [
        tag("p", f"The exponents: {about}.", class_="small") for about in _abouts(scaling)
    ]
    if BASELINE not in group.limiters:
        notes.insert(0, tag("p", f"{BASELINE} was not measured: there is no ratio to it."))
    return join([tag("h3", where), table(heads, rows, labels=True), *notes])


def _abouts(scaling: Dict[str, Scaling]) -> List[str]:
    """What the exponents rest on, where it is the same for all rows; the misfit is each row's."""
    return sorted({found.about.split(", within")[0] for found in scaling.values()})


def _ratio(field: Contest, row: str) -> str:
    base, mine = field.entrants.get(BASELINE), field.entrants.get(row)
    value = mine.number("rwmutex_p99_ratio") if mine else None
    if row == BASELINE:
        return "the baseline"
    if base is None or mine is None or value is None:
        return "–"
    if not base.p99.apart_from(mine.p99) or (base.at_floor and mine.at_floor):
        return f"{times(value)}, not told apart"
    # The true p99 may be anything below the clock's floor.
    if mine.at_floor:
        return f"at least {times(mine.known('rwmutex_p99_ratio_low'))}"
    if base.at_floor:
        return f"at most {times(mine.known('rwmutex_p99_ratio_high'))}"
    return f"{times(value)} ({_ends(mine, 'rwmutex_p99_ratio')})"


def _ends(entrant: Entrant, column: str) -> str:
    return " to ".join(times(entrant.known(f"{column}_{end}")) for end in ("low", "high"))


def _exponent(found: Optional[Scaling]) -> str:
    if found is None:
        return "–"
    exponent = found.exponent
    if exponent.coverage <= 0:
        return f"{exponent.value:.2f}"
    return f"{exponent.value:.2f} ({exponent.low:.2f} to {exponent.high:.2f})"


def linear(found: Optional[Scaling]) -> str:
    """Whether linear scaling lies within what the repetitions leave open."""
    if found is None or found.exponent.coverage <= 0:
        return "not known"
    if found.exponent.high < LINEAR:
        return "no"
    return "not excluded" if found.exponent.low <= LINEAR else "more than linear"
