"""Hosts that disturb nearly every repetition: there it counts how much time they took."""

from __future__ import annotations

from statistics import median
from typing import Sequence

from limiterbench.common import units
from limiterbench.records.records import Measured

_NEARLY_ALL = 0.9


def nearly_all(repetitions: Sequence[Measured]) -> bool:
    flagged = sum(measured.flagged for measured in repetitions)
    return flagged > 0 and flagged >= _NEARLY_ALL * len(repetitions)


def typical_loss(repetitions: Sequence[Measured]) -> float:
    """The median share of time lost; 0 where records do not say it."""
    noises = [measured.noise for measured in repetitions if measured.noise is not None]
    return median(noise.lost_share for noise in noises) if noises else 0.0


def notice(repetitions: Sequence[Measured]) -> str:
    lost = typical_loss(repetitions)
    # A host that only interrupts, and an old record, have no share: 0 % would sound harmless.
    share = f" (median {units.percent(lost)} of its CPUs' time lost, or of the worst one's)"
    return f"This host disturbed nearly every repetition{share if lost else ''}"
