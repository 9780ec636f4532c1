"""What many cells say together about noise and about a design, where each alone says little.

A quick run has three repetitions of a cell: its own spread is a guess, and three against three
never differ significantly once some hundred cells are tried. But the cells of a run share their
host, and the cells of a design share their code. Both are used, but only as far as they agree.

- Noise: a cell's variance is drawn towards that of similar cells (Smyth 2004, "Linear models and
  empirical Bayes methods", the moderated t of limma): by much if the cells' variances differ no
  more than so few repetitions explain, by little if they differ on their own account.
- Effect: a cell's log-ratio is drawn towards its design's mean (DerSimonian and Laird 1986): by
  much if the design's cells agree within their noise, by little if they do not.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

Array = NDArray[np.float64]

# With fewer cells nothing is known of how their variances spread.
_FEWEST_TO_SHARE = 3


class Pooled(NamedTuple):
    estimate: Array
    variance: Array


def variance_of_median(n: int) -> float:
    """For n normal values, as a multiple of one value's variance; within 3 % for every odd n.

    For an even n it is too large, by a fifth at most: the median of two is their mean.
    """
    return (math.pi / 2) / (n + math.pi / 2 - 1)


def moderate(variances: Sequence[float], freedom: Sequence[float]) -> tuple[Array, Array]:
    """Each variance, drawn towards their common one, and its degrees of freedom.

    A variance of no degree of freedom is unknown and becomes the common one. With no degree of
    freedom at all nothing is known: the result has none either.
    """
    raw, own = np.asarray(variances, float), np.asarray(freedom, float)
    known = own > 0
    if np.count_nonzero(known) < _FEWEST_TO_SHARE:
        pooled = float(np.average(raw, weights=own)) if known.any() else math.nan
        return np.where(known, raw, pooled), np.where(known, own, own.sum())
    common, weight = _prior(raw[known], own[known])
    total = own + weight
    return (own * np.where(known, raw, 0) + weight * common) / total, total


def _prior(variances: Array, freedom: Array) -> tuple[float, float]:
    """The common variance, and how many degrees of freedom it is worth."""
    half = freedom / 2
    logs = np.log(variances) - digamma(half) + np.log(half)
    excess = float(np.var(logs, ddof=1) - np.mean(polygamma(1, half)))
    # No more than was seen of it: cells of one run are never quite alike.
    most = float(freedom.sum())
    weight = most if excess <= float(polygamma(1, most / 2)) else 2 * _inverse_trigamma(excess)
    return (
        math.exp(float(np.mean(logs)) + float(digamma(weight / 2)) - math.log(weight / 2)),
        weight,
    )


def _inverse_trigamma(value: float) -> float:
    def miss(log_x: float) -> float:
        return float(polygamma(1, math.exp(log_x))) - value

    return math.exp(float(brentq(miss, -20.0, 20.0)))


def draw_together(effects: Array, variances: Array, least_spread: float) -> Pooled:
    """The effects of one design's cells, each drawn towards the design's mean.

    They are taken to differ with a standard deviation of at least `least_spread`:
    chance agreement must not make one cell of them.
    """
    if len(effects) < 2:
        return Pooled(effects, variances)
    spread = max(_spread(effects, variances), least_spread**2)
    weights = 1 / (variances + spread)
    mean = float(np.average(effects, weights=weights))
    own = spread / (spread + variances)
    estimate = own * effects + (1 - own) * mean
    return Pooled(estimate, own * variances + (1 - own) ** 2 / weights.sum())


def _spread(effects: Array, variances: Array) -> float:
    """The variance of the true effects, beyond what noise explains."""
    weights = 1 / variances
    mean = np.average(effects, weights=weights)
    scatter = float(np.sum(weights * (effects - mean) ** 2))
    scale = float(weights.sum() - np.sum(weights**2) / weights.sum())
    return max(0.0, (scatter - (len(effects) - 1)) / scale)
