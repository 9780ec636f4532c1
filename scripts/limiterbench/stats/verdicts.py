"""FASTER, SLOWER, SAME or UNCLEAR for each common cell of two runs, by one rule.

The effect is the ratio of the medians, on a logarithmic scale; its noise is the pooled one of
pooling.py, to which are added

- what the two runs differ by as a whole, which no repetition within a run shows: the shift of the
  designs that limit nothing, where both runs have them. They share no code with the limiters, so a
  change of all limiters is still seen;
- for percentiles, what the clock and the histogram cannot distinguish.

Cells of one design with the same number of threads are drawn together, not all its cells: a change
has different effects alone and under contention.

- FASTER, SLOWER: no change is excluded at a false discovery rate of 5 % over all cells of the
  metric, and the effect is beyond the margin. The cell alone must be beyond the margin on the
  same side, and exclude no change at 5 % uncorrected: a cell that has not changed must not be
  called for what the rest of its design did. Benjamini and Hochberg's correction and not Holm's:
  cells of a design stand and fall together, so Holm's bound, made for one error among hundreds of
  unrelated cells, would hide nearly every real change; and where nothing has changed both bounds
  are the same, any cell at all called in at most 5 % of the comparisons. It holds for effects
  that depend on each other positively, as these do.
- At the timer's floor a percentile is an upper bound, and the floor stands for it. If only one
  run is there, the other run's excess over it is a lower bound of the effect. The verdict is then
  never SAME, and FASTER or SLOWER only if the excess is also more than a step of the clock.
- SAME: the whole interval lies within the margin. Each such claim stands alone, uncorrected.
- UNCLEAR: anything else. Never proof of no change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist, median
from typing import Collection, Hashable, NamedTuple, Sequence

import numpy as np
from scipy.stats import t as student

from limiterbench.records.cells import Cell
from limiterbench.stats.intervals import median_interval
from limiterbench.stats.pooling import Array, draw_together, moderate, variance_of_median

FASTER, SLOWER, SAME, UNCLEAR = "FASTER", "SLOWER", "SAME", "UNCLEAR"
VERDICTS = (FASTER, SLOWER, SAME, UNCLEAR)
CONFIDENCE = 0.95

# In units of a logarithm. A spread of 0 only means that the repetitions did not show it.
_LEAST_VARIANCE = 1e-8
# With fewer designs, the middle one may well be the one that has changed.
_FEWEST_ROWS = 5
_ENOUGH_FOR_ORDER = 12
_NARROW = 0.8
# The distance between quartiles is worth this share of the values when a variance is estimated.
_WORTH_OF_ORDER = 0.37


class Sample(NamedTuple):
    """One metric of one cell in both runs. Values above 0."""

    cell: Cell
    base: Sequence[float]
    new: Sequence[float]
    resolution: float = 0.0
    """The smallest difference that the measurement can show."""
    base_at_floor: bool = False
    new_at_floor: bool = False
    """No value of such a run is below the floor."""

    @property
    def ratio(self) -> float:
        return median(self.new) / median(self.base)

    @property
    def freedom(self) -> float:
        return sum(_spread(values).freedom for values in (self.base, self.new))

    @property
    def spread(self) -> float:
        """The variance of one repetition's logarithm."""
        both = [_spread(values) for values in (self.base, self.new)]
        scatter = sum(spread.variance * spread.freedom for spread in both)
        return max(scatter / max(self.freedom, 1), _LEAST_VARIANCE, self.blur)

    @property
    def blur(self) -> float:
        """The variance, on the logarithmic scale, that the resolution alone causes."""
        return (self.resolution / min(median(self.base), median(self.new))) ** 2 / 12


@dataclass(frozen=True)
class Verdict:
    cell: Cell
    verdict: str
    reason: str
    ratio: float
    """The ratio of the medians, NEW to BASE."""
    estimate: float
    """The same, after the cell was drawn towards the others of its kind."""
    low: float
    high: float
    p: float | None
    p_adjusted: float | None


class Shift(NamedTuple):
    """What lies between two runs as a whole, as the ratio NEW to BASE of throughput."""

    ratio: float
    variance: float
    source: str


class _Spread(NamedTuple):
    variance: float
    freedom: float


def _spread(values: Sequence[float]) -> _Spread:
    """The spread of the logarithms, as far as it moves their median.

    A repetition that other work disturbed moves the variance, but hardly the median. Where there
    are enough of them, the order statistics around the median say what it varies by (McKean and
    Schrader 1984); that is put as the variance of normal values with as uncertain a median.
    """
    n = len(values)
    logs = np.log(values)
    if n < _ENOUGH_FOR_ORDER:
        return _Spread(float(np.var(logs, ddof=1)) if n > 1 else 0.0, n - 1)
    low, high, coverage = median_interval([float(log) for log in logs], _NARROW)
    error = (high - low) / (2 * NormalDist().inv_cdf((1 + coverage) / 2))
    return _Spread(error**2 / variance_of_median(n), _WORTH_OF_ORDER * (n - 1))


def _groups(keys: Sequence[Hashable]) -> list[list[int]]:
    found: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        found.setdefault(key, []).append(index)
    return list(found.values())


class _Noisy(NamedTuple):
    effects: Array
    variances: Array
    freedom: Array


def _noisy(samples: Sequence[Sample]) -> _Noisy:
    effects = np.log([sample.ratio for sample in samples])
    variances, freedom = np.empty(len(samples)), np.empty(len(samples))
    # Contention has a noise of its own.
    for group in _groups([sample.cell.threads for sample in samples]):
        variances[group], freedom[group] = moderate(
            [samples[i].spread for i in group], [samples[i].freedom for i in group]
        )
    both = [variance_of_median(len(s.base)) + variance_of_median(len(s.new)) for s in samples]
    return _Noisy(effects, variances * both + [2 * s.blur for s in samples], freedom)


def shift_between(samples: Sequence[Sample], controls: Collection[str]) -> Shift:
    """For throughput. `controls` are the designs that limit nothing."""
    noisy = _noisy(samples)
    if not np.isfinite(noisy.variances).all():
        return Shift(1.0, 0.0, "")
    chosen = [i for i, sample in enumerate(samples) if sample.cell.limiter in controls]
    if chosen:
        weights = 1 / noisy.variances[chosen]
        moved = float(np.average(noisy.effects[chosen], weights=weights))
        seen_by_chance = 1 / float(weights.sum())
        return Shift(math.exp(moved), max(0.0, moved**2 - seen_by_chance), "control")
    rows = _groups([sample.cell.limiter for sample in samples])
    if len(rows) < _FEWEST_ROWS:
        return Shift(1.0, 0.0, "")
    moved = float(np.median([np.median(noisy.effects[row]) for row in rows]))
    return Shift(math.exp(moved), moved**2, "rows")


def judge(
    samples: Sequence[Sample], higher_is_better: bool, margin: float, shift: Shift
) -> list[Verdict]:
    """In the order of the samples."""
    compared = [s for s in samples if not (s.base_at_floor and s.new_at_floor)]
    judged = {v.cell: v for v in _compared(compared, higher_is_better, margin, shift)}
    return [
        _bounded(sample, judged[sample.cell])
        if sample.cell in judged
        else _untested(sample, SAME, "both at the timer's floor")
        for sample in samples
    ]


def _untested(sample: Sample, verdict: str, reason: str) -> Verdict:
    unknown = (0.0, math.inf)
    return Verdict(sample.cell, verdict, reason, sample.ratio, sample.ratio, *unknown, None, None)


def _bounded(sample: Sample, verdict: Verdict) -> Verdict:
    """What a verdict is worth if one run may be anywhere below its value."""
    if verdict.reason or not (sample.base_at_floor or sample.new_at_floor):
        return verdict
    run = "BASE" if sample.base_at_floor else "NEW"
    excess = median(sample.new) - median(sample.base)
    excess = excess if sample.base_at_floor else -excess
    if verdict.verdict in (FASTER, SLOWER) and excess > sample.resolution:
        reason = f"{run} is at the timer's floor: by this at least"
        if sample.base_at_floor:
            return replace(verdict, reason=reason, high=math.inf)
        return replace(verdict, reason=reason, low=0.0)
    reason = f"{run} is at the timer's floor"
    return replace(verdict, verdict=UNCLEAR, reason=reason, low=0.0, high=math.inf)


def _compared(
    samples: Sequence[Sample], higher_is_better: bool, margin: float, shift: Shift
) -> list[Verdict]:
    if not samples:
        return []
    noisy = _noisy(samples)
    if not np.isfinite(noisy.variances).all():
        reason = "one repetition in each run: no noise is known"
        return [_untested(sample, UNCLEAR, reason) for sample in samples]
    limit = math.log1p(margin)
    estimates, variances = np.empty(len(samples)), np.empty(len(samples))
    # The cells' own differences are taken to be at least half the margin.
    for group in _groups([(s.cell.limiter, s.cell.placement, s.cell.threads) for s in samples]):
        pooled = draw_together(noisy.effects[group], noisy.variances[group], limit / 2)
        estimates[group], variances[group] = pooled
    errors = np.sqrt(variances + shift.variance)
    chances = 2 * student.sf(np.abs(estimates) / errors, noisy.freedom)
    adjusted = adjust(chances)
    # One-sided: the side is that of the estimate.
    own_errors = np.sqrt(noisy.variances + shift.variance)
    alone = student.sf(np.abs(noisy.effects) / own_errors, noisy.freedom)
    halves = student.ppf((1 + CONFIDENCE) / 2, noisy.freedom) * errors
    verdicts = []
    for i, sample in enumerate(samples):
        low, high = float(estimates[i] - halves[i]), float(estimates[i] + halves[i])
        differs = max(adjusted[i], alone[i]) < 1 - CONFIDENCE and _are_beyond(
            limit, float(estimates[i]), float(noisy.effects[i])
        )
        better = (estimates[i] > 0) == higher_is_better
        within = -limit < low and high < limit
        verdict = (FASTER if better else SLOWER) if differs else SAME if within else UNCLEAR
        verdicts.append(
            Verdict(
                sample.cell,
                verdict,
                "",
                sample.ratio,
                estimate=math.exp(estimates[i]),
                low=math.exp(low),
                high=math.exp(high),
                p=float(chances[i]),
                p_adjusted=float(adjusted[i]),
            )
        )
    return verdicts


def _are_beyond(limit: float, *effects: float) -> bool:
    return all(e > limit for e in effects) or all(e < -limit for e in effects)


def adjust(chances: Array) -> Array:
    """Benjamini and Hochberg's adjusted p-values."""
    order = np.argsort(chances)
    scaled = chances[order] * len(chances) / np.arange(1, len(chances) + 1)
    adjusted = np.empty(len(chances))
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(adjusted, 1.0)
