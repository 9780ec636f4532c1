"""The answer: what each design sustains on the measured host, and how sure that is.

It claims nothing beyond the intervals: designs whose intervals overlap show no detectable
difference. What stats/headlines.py holds in doubt is said to be no result yet. Names of designs
stand in backticks.
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

from limiterbench.charts.legends import kind_of
from limiterbench.common import units
from limiterbench.records.latencies import USUAL_BUDGET_NS
from limiterbench.records.records import Measured
from limiterbench.report.stored import StoredRun
from limiterbench.stats.headlines import FEWEST, HEADLINE, Basis, bases, doubts
from limiterbench.stats.loads import COMMON_RATE, at_common_rate, capacities
from limiterbench.stats.ratios import BASELINE, most_threads, ops_ratio
from limiterbench.stats.reloads import is_fair
from limiterbench.stats.series import Group, closed_loop, ops, sweeps_load
from limiterbench.stats.statistics import Summary, summarize

PLAIN_PLACEMENT = "compact"
UNLIMITED = "unlimited"
_NO_RESULT = "Not a result yet"


class Field(NamedTuple):
    """The designs of one scenario and placement at one number of threads."""

    group: Group
    threads: int
    cpus: int
    found: dict[str, Basis]

    def rivals(self, doubtful: bool) -> dict[str, list[Measured]]:
        """The exact designs, by what their numbers rest on."""
        return {
            row: basis.repeated
            for row, basis in self.found.items()
            if bool(basis.doubt) <= doubtful
            and basis.repeated[0].exactness == "exact"
            and basis.repeated[0].contract == "windows"
        }

    @property
    def where(self) -> str:
        more = f", more threads than the {units.count(self.cpus, 'CPU')}"
        return units.count(self.threads, "thread") + (more if self.threads > self.cpus else "")


def field_of(run: StoredRun, groups: Sequence[Group]) -> Field | None:
    """Steady load, threads close together, a CPU for each, as far as there is such."""
    if not groups:
        return None
    group = min(groups, key=lambda g: (g.scenario != HEADLINE, g.placement != PLAIN_PLACEMENT))
    cpus = run.manifest.topology.cpus
    threads = most_threads(group, cpus)
    return Field(group, threads, cpus, bases(group, threads))


def swept(run: StoredRun) -> Field | None:
    return field_of(run, [group for group in run.groups if sweeps_load(group)])


def answer(run: StoredRun) -> list[str]:
    """A sentence or two, the open loop's first. Empty if nothing was measured."""
    fields = (swept(run), field_of(run, closed_loop(run.groups)))
    said = [say(field) for field, say in zip(fields, (_sustained, _decided)) if field]
    return [sentence for sentence in said if sentence]


def _judged(
    field: Field, say: Callable[[Field, dict[str, list[Measured]]], str], about: str
) -> str:
    """As a result if some design allows that; the others are named."""
    sound, every = field.rivals(False), field.rivals(True)
    doubtful = doubts({row: field.found[row] for row in every})
    if sound:
        left_out = f" {_NO_RESULT}: {doubtful}." if doubtful else ""
        return f"{about[0].upper()}{about[1:]}, {say(field, sound)}{left_out}"
    if not every:
        return f"No exact design was measured in {field.group.scenario}."
    few = all(len(field.found[row].repeated) < FEWEST for row in every)
    why = f"{doubtful}; {FEWEST} repetitions are needed" if few else doubtful
    return f"{_NO_RESULT}, {why}: {about}, {say(field, every)}"


def _sustained(field: Field) -> str:
    """What the best exact design sustains, the best with one counter, and the baseline. Empty
    unless the capacities are known."""
    if not any(capacities(repeated) for repeated in field.rivals(True).values()):
        return ""
    about = f"within a p99 of {units.time(USUAL_BUDGET_NS)} at {field.where}"
    return _judged(field, _capacities, about)


def _capacities(field: Field, rows: dict[str, list[Measured]]) -> str:
    found = {row: each for row, repeated in rows.items() if (each := capacities(repeated))}
    usual = {row: each[USUAL_BUDGET_NS] for row, each in found.items()}
    ranked = sorted(usual, key=lambda row: (-usual[row].rate.median, row))
    if not ranked or not usual[ranked[0]].rate.median:
        none = f"no {_exact(field, rows)} keeps to it at the lowest rate that was offered"
        return none + _idle(field) + "."
    counters = [row for row in ranked if kind_of(row) == "one counter"]
    chosen = [row for row in ranked if row in (ranked[0], *counters[:1], BASELINE)]
    said = [
        f"`{row}` {'sustains ' if row is chosen[0] else ''}{'at least ' * usual[row].at_least}"
        + interval(usual[row].rate, units.rate, " decisions a second" * (row is chosen[0]))
        for row in chosen
    ]
    order = _alike({row: usual[row].rate for row in chosen})
    return f"{listed(said)}{_responses([rows[row] for row in chosen])}.{order}"


def _exact(field: Field, rows: dict[str, list[Measured]]) -> str:
    """What a claim about all of `rows` is about."""
    return "exact design" + " with a result" * (len(rows) < len(field.rivals(True)))


def _responses(chosen: Sequence[Sequence[Measured]]) -> str:
    common = [at_common_rate(repeated) for repeated in chosen]
    known = [units.time(at.p99.median) for at in common if at and not at.is_bound]
    if len(known) < len(chosen):
        return ""
    its = "its" if len(known) == 1 else "their"
    return f"; at {units.rate(COMMON_RATE)} a second {its} p99 response is {listed(known)}"


def _idle(field: Field) -> str:
    """Whether it is the host that is too slow."""
    floor = field.found.get(UNLIMITED)
    found = capacities(floor.repeated) if floor else {}
    if not found or found[USUAL_BUDGET_NS].rate.median:
        return ""
    return f", and neither does `{UNLIMITED}`, which limits nothing: this host is disturbed"


def _decided(field: Field) -> str:
    """In the closed loop, which shows the most that a design can do."""
    about = f"in a closed loop ({field.group.scenario}, {field.where})"
    if not is_fair(field.group, field.threads):
        return (
            f"{about[0].upper()}{about[1:]} the designs are not ranked: reloads made their work "
            "unequal, as the table of reloads shows."
        )
    return _judged(field, _throughputs, about)


def _throughputs(field: Field, rows: dict[str, list[Measured]]) -> str:
    rates = {row: summarize([ops(m) for m in repeated]) for row, repeated in rows.items()}
    best = min(rates, key=lambda row: (-rates[row].median, row))
    said = f"`{best}` decides {interval(rates[best], units.rate)} times a second"
    ratio = ops_ratio(rows[best], rows.get(BASELINE, []))
    if best == BASELINE:
        said += f", more than every other {_exact(field, rows)}"
    elif ratio is None and BASELINE not in field.found:
        said += f"; there is no `{BASELINE}` to compare it with"
    elif ratio is not None and rates[best].apart_from(rates[BASELINE]):
        said += f", {interval(ratio, units.times)} as often as `{BASELINE}`"
    return f"{said}.{_alike(dict(sorted(rates.items(), key=lambda each: each[0] != best)))}"


def _alike(found: dict[str, Summary]) -> str:
    """Those that the intervals do not separate from the first one."""
    first, *others = found
    alike = [f"`{row}`" for row in others if not found[row].apart_from(found[first])]
    return f" No detectable difference from `{first}`: {listed(alike)}." if alike else ""


def interval(found: Summary, words: Callable[[float], str], unit: str = "") -> str:
    """41 M (40 M to 42 M)"""
    low, high = words(found.low), words(found.high)
    return words(found.median) + unit + ("" if low == high else f" ({low} to {high})")


def listed(items: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)
