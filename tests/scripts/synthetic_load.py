"""Open loops as the program records them, made up: response times as of a queue that saturates."""

from __future__ import annotations

import random
from math import sqrt
from typing import Any, Callable, Dict, List

from limiterbench.records.histogram import bucket_of

LADDER = [digit * 10.0**decade for decade in range(4, 9) for digit in (1, 2, 5)]
_BUDGETS = (1_000, 10_000, 100_000, 1_000_000)
_LONGEST_NS = 10_000_000


def times(typical: float, rare: float, sent: int) -> Dict[str, Any]:
    """Two in a hundred are rare."""
    counts: Dict[int, int] = {}
    for value, count in ((typical, sent - sent // 50), (rare, sent // 50)):
        bucket = bucket_of(round(value))
        counts[bucket] = counts.get(bucket, 0) + count
    histogram = {"sub_buckets": 64, "counts": [[b, counts[b]] for b in sorted(counts)]}
    return {"min_ns": 0, "max_ns": 2 * round(rare), "histogram": histogram}


def point(arrivals: str, rate: float, p99_ns: float, unsent: int = 0) -> Dict[str, Any]:
    return {
        "arrivals": arrivals,
        "rate_per_second": rate,
        "wall_ns": 50_000_000,
        "sent": 1000,
        "late": 20,
        "unsent": unsent,
        "response": times(p99_ns / 5, p99_ns, 1000),
        "service": times(20, 60, 1000),
    }


def open_loop(saturates: float, alone_ns: float, generator: float, seed: int) -> Dict[str, Any]:
    """Of a design whose p99 is `alone_ns` with nobody else about."""
    chance = random.Random(seed)
    most = saturates * chance.uniform(0.95, 1.05)

    def offer(arrivals: str, rate: float, burst: float = 1.0) -> Dict[str, Any]:
        load = min(rate / most, 1)
        waits = alone_ns * burst / (1 - load) if load < 1 else _LONGEST_NS
        p99_ns = min(waits * chance.uniform(0.97, 1.03), _LONGEST_NS)
        return point(arrivals, rate, p99_ns, round(1000 * (rate / most - load)))

    return climb(offer, generator, seed)


def old_open_loop(capacity: float) -> Dict[str, Any]:
    """As it was recorded when each design was offered shares of its own capacity."""
    points = [
        {**point(arrivals, capacity * load, 100 / (1 - load)), "load": load}
        for arrivals in ("poisson", "bursty")
        for load in (0.1, 0.5, 0.9)
    ]
    return {"capacity_per_second": capacity, "late_after_ns": 1000, "points": points}


def climb(offer: Callable[..., Dict[str, Any]], generator: float, seed: int) -> Dict[str, Any]:
    """Up the ladder to saturation, then to within 10 % of the capacity within 10 us."""
    points: List[Dict[str, Any]] = []
    p99s: Dict[float, float] = {}

    def try_rate(rate: float) -> float:
        points.append(offer("poisson", rate))
        response = points[-1]["response"]
        p99s[rate] = _LONGEST_NS if points[-1]["unsent"] > 1 else response["max_ns"] / 2
        return p99s[rate]

    for rate in (r for r in LADDER if 1e5 <= r <= 0.9 * generator):
        if try_rate(rate) > _BUDGETS[-1]:
            break
    while True:
        high = next((rate for rate in sorted(p99s) if p99s[rate] > _BUDGETS[1]), None)
        low = max((rate for rate in p99s if high and rate < high), default=None)
        if high is None or low is None or high <= 1.1 * low:
            break
        try_rate(float(f"{sqrt(low * high):.4g}"))
    capacities = []
    for budget in _BUDGETS:
        beyond = min((rate for rate, p99 in p99s.items() if p99 > budget), default=None)
        within = [rate for rate in p99s if beyond is None or rate < beyond]
        capacities.append(
            {
                "within_ns": budget,
                "rate_per_second": max(within, default=0),
                "at_least": beyond is None,
            }
        )
    usual = capacities[1]["rate_per_second"]
    points += [offer("bursty", usual * share / 3, burst=3) for share in (1, 2) if usual]
    return {
        "seed": seed,
        "late_after_ns": 1000,
        "generator_per_second": generator,
        "capacity": capacities,
        "points": points,
    }
