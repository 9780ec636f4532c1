"""What the repetitions of one cell say together of the load: response at a rate, and capacities."""

from __future__ import annotations

from statistics import median
from typing import Iterable, NamedTuple, Sequence

from limiterbench.records.latencies import LoadPoint, LoadSweep
from limiterbench.records.records import Measured
from limiterbench.stats.statistics import Summary, summarize

# Nearly every design can be asked as often.
COMMON_RATE = 1e6


class AtRate(NamedTuple):
    rate: float
    """Decisions a second."""
    p50: Summary
    p99: Summary
    """Of the response."""
    unsent_share: float

    @property
    def is_bound(self) -> bool:
        """The p99 is among what was never sent: it is longer than the longest time known."""
        return self.unsent_share > 0.01


class _Tried(NamedTuple):
    """What one repetition says of a rate, which it may have tried several times."""

    rate: float
    p50: float
    p99: float
    unsent_share: float


def sweeps_of(repeated: Iterable[Measured]) -> list[LoadSweep]:
    return [measured.sweep for measured in repeated if measured.sweep]


def curve(repeated: Sequence[Measured], arrivals: str) -> list[AtRate]:
    """By ascending rate, as far as at least half of the repetitions were offered it.

    A repetition that was saturated at a lower rate counts as worse than all that got further.
    """
    sweeps = sweeps_of(repeated)
    steps = {p.step for sweep in sweeps for p in sweep.points if p.arrivals == arrivals}
    found = []
    for step in steps:
        each = [[p for p in s.points if (p.arrivals, p.step) == (arrivals, step)] for s in sweeps]
        offered = [_middle(points) for points in each if points]
        if 2 * len(offered) >= len(sweeps):
            rate = median(tried.rate for tried in offered)
            found.append(_at_rate(rate, offered, _gave_up(sweeps, arrivals, rate)))
    return sorted(found)


def _middle(points: Sequence[LoadPoint]) -> _Tried:
    # 0.5 ns stands for a 0, which a logarithmic axis cannot show.
    p50, p99 = (median(max(0.5, p.response_at(share)) for p in points) for share in (0.5, 0.99))
    return _Tried(median(p.rate for p in points), p50, p99, median(p.unsent_share for p in points))


def _gave_up(sweeps: Sequence[LoadSweep], arrivals: str, rate: float) -> list[_Tried]:
    """The last steps of the repetitions that were saturated below this rate."""
    last = []
    for sweep in sweeps:
        points = [p for p in sweep.points if p.arrivals == arrivals]
        # Where a capacity is a lower bound, it was the generator that could offer no more.
        if arrivals == "poisson" and points and sweep.capacities and not _is_bounded(sweep):
            last.append(max(points, key=lambda p: p.rate))
    return [_middle([point]) for point in last if point.rate < rate]


def _is_bounded(sweep: LoadSweep) -> bool:
    return any(capacity.at_least for capacity in sweep.capacities.values())


def _at_rate(rate: float, offered: Sequence[_Tried], gave_up: Sequence[_Tried]) -> AtRate:
    every = (*offered, *gave_up)
    worst = _Tried(rate, max(t.p50 for t in every), max(t.p99 for t in every), 1.0)
    counted = [*offered, *(worst for _ in gave_up)]
    return AtRate(
        rate,
        summarize([tried.p50 for tried in counted]),
        summarize([tried.p99 for tried in counted]),
        median(tried.unsent_share for tried in counted),
    )


def at_common_rate(repeated: Sequence[Measured]) -> AtRate | None:
    """With Poisson arrivals."""
    found = [at for at in curve(repeated, "poisson") if at.rate == COMMON_RATE]
    return found[0] if found else None


class Capacities(NamedTuple):
    rate: Summary
    at_least: bool
    """Some repetition found no more than a lower bound."""


def capacities(repeated: Sequence[Measured]) -> dict[int, Capacities]:
    """By budget in nanoseconds. Empty unless every repetition found them."""
    found = [sweep.capacities for sweep in sweeps_of(repeated)]
    if not found or len(found) < len(repeated) or not all(found):
        return {}
    return {
        budget: Capacities(
            summarize([one[budget].rate for one in found]),
            any(one[budget].at_least for one in found),
        )
        for budget in found[0]
    }
