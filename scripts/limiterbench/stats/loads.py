"""What the repetitions of one cell say together of the load: response at a rate, and capacities."""

from __future__ import annotations

from statistics import median
from typing import Callable, Iterable, NamedTuple, Sequence

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


def sweeps_of(repeated: Iterable[Measured]) -> list[LoadSweep]:
    return [measured.sweep for measured in repeated if measured.sweep]


def curve(repeated: Sequence[Measured], arrivals: str) -> list[AtRate]:
    """By ascending rate, as far as at least half of the repetitions were offered it."""
    sweeps = sweeps_of(repeated)
    steps = {p.step for sweep in sweeps for p in sweep.points if p.arrivals == arrivals}
    tried = [
        [[p for p in s.points if (p.arrivals, p.step) == (arrivals, step)] for s in sweeps]
        for step in steps
    ]
    usual = [[points for points in each if points] for each in tried]
    return sorted(_at_rate(each) for each in usual if 2 * len(each) >= len(sweeps))


def _at_rate(repeated: Sequence[Sequence[LoadPoint]]) -> AtRate:
    """A repetition may have tried a rate several times."""

    def middles(value: Callable[[LoadPoint], float]) -> list[float]:
        return [float(median(map(value, points))) for points in repeated]

    # 0.5 ns stands for a 0, which a logarithmic axis cannot show.
    return AtRate(
        median(middles(lambda point: point.rate)),
        summarize(middles(lambda point: max(0.5, point.response_at(0.5)))),
        summarize(middles(lambda point: max(0.5, point.response_at(0.99)))),
        median(middles(lambda point: point.unsent_share)),
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
