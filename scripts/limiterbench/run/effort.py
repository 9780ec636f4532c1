"""How many repetitions, how long each: chosen so that the whole plan takes a known time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

QUICK_BUDGET_SECONDS = 140.0
# Longer than the time between two reloads of the slow scenarios.
QUICK_LONGEST_PHASE = 0.15
# Ten windows of the scenarios, and one reload of the slow ones.
QUICK_SHORTEST_PHASE = 0.1
QUICK_REPETITIONS = (3, 2)
FULL_PHASE = 1.0
FULL_REPETITIONS = 7


@dataclass(frozen=True)
class Effort:
    mode: str
    repetitions: int
    seconds: float
    overhead: float
    """Seconds of each process that measure nothing: start, topology, clock calibration."""
    phases: float
    """How many phases long a repetition is, on average: with warm-ups and sweeps of the load."""

    once: float = 0.0
    """Seconds of the whole run before its first repetition and after its last."""

    @property
    def repetition(self) -> float:
        return self.overhead + self.phases * self.seconds

    def duration(self, repetitions_left: int) -> float:
        return repetitions_left * self.repetition + self.once


def choose(
    mode: str,
    cells: int,
    overhead: float,
    phases: float,
    repetitions: Optional[int],
    seconds: Optional[float],
) -> Effort:
    if mode == "full":
        return Effort(
            mode, repetitions or FULL_REPETITIONS, seconds or FULL_PHASE, overhead, phases
        )
    options = [repetitions] if repetitions else list(QUICK_REPETITIONS)
    count, phase = options[-1], 0.0
    for count in options:
        phase = (QUICK_BUDGET_SECONDS / (cells * count) - overhead) / phases
        if phase >= QUICK_LONGEST_PHASE:
            break
    phase = min(QUICK_LONGEST_PHASE, max(QUICK_SHORTEST_PHASE, phase))
    return Effort(mode, count, seconds or round(phase, 3), overhead, phases)


def affordable(overhead: float, phases: float) -> int:
    """How many cells the quick plan has time for, with the fewest and shortest repetitions."""
    each = overhead + phases * QUICK_SHORTEST_PHASE
    return int(1.1 * QUICK_BUDGET_SECONDS / (QUICK_REPETITIONS[-1] * each))


def time_limit(seconds: float, phases: float) -> float:
    """Long enough for the slowest honest cell, short enough that a hang does not cost the run."""
    return 30.0 + 10.0 * phases * seconds
