"""What the open loop's repetitions say together, load by load."""

from __future__ import annotations

from statistics import median
from typing import Callable, NamedTuple, Sequence

from limiterbench.records.load_sweep import ARRIVALS, LoadPoint, LoadSweep
from limiterbench.stats.series import Group
from limiterbench.stats.statistics import Summary, summarize

_FRACTION = 0.99


class Sending(NamedTuple):
    """Medians over the repetitions."""

    rate_per_second: float
    """That was due."""
    late_share: float
    """A share of what was sent."""
    unsent_share: float
    """A share of what was due."""

    @property
    def hides_p99(self) -> bool:
        """It is among what was never sent: what is known of it is a lower bound."""
        return self.unsent_share > 1 - _FRACTION


class Curve(NamedTuple):
    """One design at each load: all lists are equally long."""

    loads: list[float]
    sending: list[Sending]
    response: list[Summary]
    """p99 from the intended start."""
    service: list[Summary]
    """p99 from the actual one."""


# By arrivals, then design.
Curves = dict[str, dict[str, Curve]]
_Repeated = Sequence[tuple[LoadSweep, LoadPoint]]


def _sending(repeated: _Repeated) -> Sending:
    return Sending(
        median(sweep.capacity_per_second * point.load for sweep, point in repeated),
        median(point.late / point.sent for _, point in repeated),
        median(point.unsent / (point.sent + point.unsent) for _, point in repeated),
    )


def _curve(sweeps: Sequence[LoadSweep], arrivals: str) -> Curve:
    by_load: dict[float, list[tuple[LoadSweep, LoadPoint]]] = {}
    for sweep in sweeps:
        for point in sweep.points:
            if point.arrivals == arrivals:
                by_load.setdefault(point.load, []).append((sweep, point))
    loads = sorted(by_load)

    def summaries(value: Callable[[LoadPoint], float]) -> list[Summary]:
        return [summarize([max(0.5, value(point)) for _, point in by_load[load]]) for load in loads]

    return Curve(
        loads,
        [_sending(by_load[load]) for load in loads],
        summaries(lambda point: point.response_at(_FRACTION)),
        summaries(lambda point: point.service.percentiles([_FRACTION])[0]),
    )


def curves_of(group: Group, threads: int) -> Curves:
    curves: Curves = {arrivals: {} for arrivals in ARRIVALS}
    for row, points in group.limiters.items():
        sweeps = [measured.sweep for measured in points.get(threads, []) if measured.sweep]
        for arrivals in ARRIVALS:
            curve = _curve(sweeps, arrivals)
            if curve.loads:
                curves[arrivals][row] = curve
    return {arrivals: found for arrivals, found in curves.items() if found}
