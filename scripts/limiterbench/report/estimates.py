"""Medians with their intervals, and which of them the repetitions tell apart."""

from __future__ import annotations

from typing import NamedTuple


class Estimate(NamedTuple):
    value: float
    low: float
    high: float
    coverage: float
    """How sure it is that the true median lies from low to high; 0 with one repetition."""
    step: float = 0.0
    """Two values that are less apart look the same to the clock."""

    def above(self, other: "Estimate") -> bool:
        """Whether the intervals leave no doubt that this one is greater."""
        if min(self.coverage, other.coverage) <= 0:
            return False
        return other.high + max(self.step, other.step) < self.low

    def apart_from(self, other: "Estimate") -> bool:
        """Whether the intervals leave no doubt which is greater."""
        return self.above(other) or other.above(self)
