"""Why the rows of a scenario are not ranked: reloads made their work unequal."""

from __future__ import annotations

from typing import List, Optional, Sequence

from limiterbench.common import units
from limiterbench.report.claims import Claim, Code, Number, Part
from limiterbench.report.contest import THROUGHPUT, Contest, Entrant
from limiterbench.stats.reload_work import is_unlike, left_to_scheduler

_RELOADS = "reloads_median_per_second"


def unranked(field: Contest, first: Entrant, others: Sequence[Entrant]) -> Optional[Claim]:
    """None where the first row can be held against each of the others."""
    compared = [first, *(other for other in others if other is not first)]
    why = _why(compared) if len(compared) > 1 else []
    if not why:
        return None
    ranked = sorted(compared, key=lambda entrant: (entrant.known(_RELOADS), entrant.row))
    parts: List[Part] = [field.scenario, " is not ranked: the rows achieved ", *_rate(ranked[0])]
    parts += [" to ", *_rate(ranked[-1]), " reloads a second", *why, "."]
    return Claim(parts, (THROUGHPUT.chart, field.scenario, field.placement))


def _why(compared: Sequence[Entrant]) -> List[str]:
    rates = [entrant.known(_RELOADS) for entrant in compared]
    shares_cpu = any(entrant.line["writer"] == "shared CPU" for entrant in compared)
    why = [", so their work was unequal"] if is_unlike(rates[0], rates[1:]) else []
    if left_to_scheduler(rates, shares_cpu):
        why.append("; the writer shared a measured thread's CPU, so the scheduler decided who ran")
    return why


def _rate(entrant: Entrant) -> List[Part]:
    rate = Number(units.rate(entrant.known(_RELOADS)), entrant.cell, _RELOADS)
    return [rate, " (", Code(entrant.row), ")"]
