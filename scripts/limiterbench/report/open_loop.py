"""What the answer says about the open loop: how long a request waits from when it was due."""

from __future__ import annotations


from limiterbench.common import units
from limiterbench.report.claims import Claim, Code, Number, Part
from limiterbench.report.contest import PLAIN_PLACEMENT, RESPONSE, Contest, Entrant, contest
from limiterbench.report.stored import StoredRun
from limiterbench.stats.ratios import BASELINE, most_threads
from limiterbench.stats.series import sweeps_load

_CAPACITY = "capacity_median_per_second"


def open_loop(run: StoredRun, best: Entrant | None = None) -> list[Claim]:
    """About `best` or, without it, the exact design with the highest capacity; and the baseline.
    Empty without a sweep of the load."""
    placement = best.cell.placement if best else PLAIN_PLACEMENT
    swept = [group for group in run.groups if sweeps_load(group)]
    if not swept:
        return []
    group = min(swept, key=lambda g: g.placement != placement)
    field = contest(run, group, most_threads(group, run.manifest.topology.cpus))
    mine = field.entrants.get(best.row) if best else _most_able(field)
    if mine is None or not RESPONSE.is_known(mine):
        return []
    base = field.entrants.get(BASELINE)
    known = [row for row in (base,) if row and row is not mine and RESPONSE.is_known(row)]
    return [_claim(field, mine, *known)]


def _most_able(field: Contest) -> Entrant | None:
    ranked = sorted(field.exact(), key=lambda entrant: entrant.known(_CAPACITY))
    return ranked[-1] if ranked else None


def _claim(field: Contest, mine: Entrant, base: Entrant | None = None) -> Claim:
    threads = Number(units.count(field.threads, "thread"), mine.cell, "threads")
    parts: list[Part] = ["In ", field.scenario, " at ", threads]
    parts += [", requests come at random at half of each design's own capacity: ", *_offered(mine)]
    parts += [", ", *_offered(base), *_apart(mine, base)] if base else []
    parts += [". The p99 of the response is ", *_response(mine)]
    parts += [" and ", *_response(base), *_order(mine, base)] if base else []
    return Claim([*parts, "."], (RESPONSE.chart, field.scenario, field.placement))


def _offered(row: Entrant) -> list[Part]:
    rate = Number(units.rate(row.known(_CAPACITY) / 2), row.cell, _CAPACITY, share=0.5)
    return [rate, " a second for ", Code(row.row)]


def _apart(mine: Entrant, base: Entrant) -> list[Part]:
    """That the rates differ, and by how much: who has the longer tail depends on it."""
    less, more = sorted((mine, base), key=lambda row: row.known(_CAPACITY))
    fold = more.known(_CAPACITY) / less.known(_CAPACITY)
    return [
        "; these rates differ ",
        Number(f"{fold:.3g}", more.cell, _CAPACITY, over=less.cell),
        "-fold",
    ]


def _order(mine: Entrant, base: Entrant) -> list[Part]:
    ours, theirs = RESPONSE.of(mine), RESPONSE.of(base)
    if not ours.apart_from(theirs):
        found: list[Part] = [": no detectable difference"]
    else:
        found = [f": {'longer' if ours.above(theirs) else 'shorter'} for ", Code(mine.row)]
    return [*found, ", each at its own rate. This says nothing about both at the same rate"]


def _response(row: Entrant) -> list[Part]:
    median, low, high = (
        Number(units.time(row.known(column)), row.cell, column)
        for column in (RESPONSE.column.replace("median", end) for end in ("median", "low", "high"))
    )
    # Some of it was never sent, so the longest time known is too low.
    least = "at least " if row.known("unsent_at_50_max_share") > 0.01 else ""
    return [least, median, " (", low, " to ", high, ") for ", Code(row.row)]
