"""Recorded times: a histogram, and the extremes that it knows only roughly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import lt
from typing import NamedTuple, Sequence

from limiterbench.records.fields import Fields
from limiterbench.records.histogram import BUCKETS, Histogram, expand

_MOST = 2**63 - 1


@dataclass(frozen=True)
class Latency:
    min_ns: float
    max_ns: float
    histogram: Histogram

    def percentiles(self, fractions: Sequence[float]) -> list[float]:
        """Held within the exact extremes: a bucket's midpoint may lie beyond them."""
        values = self.histogram.percentiles(fractions)
        return [min(max(value, self.min_ns), self.max_ns) for value in values]


def parse_histogram(fields: Fields) -> Histogram:
    """`counts` is a list of [bucket, count], or the same in compact form. It may be empty."""
    stored = fields.array("counts")
    # A run has millions of buckets: functions written in C look at most of them.
    kinds = set(map(type, stored))
    if kinds == {int}:
        buckets, counts = expand(stored)
    elif kinds <= {list} and set(map(len, stored)) <= {2}:
        buckets, counts = [pair[0] for pair in stored], [pair[1] for pair in stored]
    else:
        fields.refuse("counts", "is not a list of [bucket, count]")
    for values in (buckets, counts):
        if set(map(type, values)) - {int} or min(values, default=0) < 0:
            fields.refuse("counts", "is not a list of [bucket, count]")
    if max(buckets, default=0) >= BUCKETS:
        fields.refuse("counts", f"has bucket {max(buckets)}; the last one is {BUCKETS - 1}")
    if sum(counts) > _MOST:
        fields.refuse("counts", "counts more than any program can")
    if not all(map(lt, buckets, buckets[1:])):
        return Histogram(_in_order(fields, list(zip(buckets, counts))))
    return Histogram.of_ascending(buckets, counts)


def _in_order(fields: Fields, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found = {bucket: count for bucket, count in pairs}
    if len(found) != len(pairs):
        times = Counter(bucket for bucket, _ in pairs)
        twice = next(bucket for bucket, often in times.items() if often > 1)
        fields.refuse("counts", f"has bucket {twice} twice")
    return list(found.items())


def parse_latency(fields: Fields) -> Latency:
    histogram = parse_histogram(fields.object("histogram"))
    if histogram.total == 0:
        fields.refuse("histogram", "is empty")
    low, high = fields.number("min_ns"), fields.number("max_ns")
    if low > high:
        fields.refuse("min_ns", f"is {low:g}, above max_ns, {high:g}")
    return Latency(low, high, histogram)


ARRIVALS = ("poisson", "bursty")
# For what a p99 may be, in nanoseconds: how the capacities within it are named.
BUDGETS = {1_000: "1us", 10_000: "10us", 100_000: "100us", 1_000_000: "1ms"}
# Bursty arrivals come at thirds of the capacity within this p99.
USUAL_BUDGET_NS = 10_000
# The share of what was due that may go unsent, as in benchmarks/workload/climb.hpp.
MOST_UNSENT = 0.001


@dataclass(frozen=True)
class LoadPoint:
    arrivals: str
    rate: float
    """Requests due in a second."""
    step: float
    """The same in all repetitions: the rate, or the share of a capacity that the rate is."""
    sent: int
    late: int
    unsent: int
    """Due before the end of the phase, when nothing is sent any more."""
    response: Latency
    """From the intended start."""
    service: Latency
    """From the actual start."""

    @property
    def unsent_share(self) -> float:
        return self.unsent / (self.sent + self.unsent)

    @property
    def is_saturated(self) -> bool:
        """As the program judges it before it looks at a p99."""
        return self.unsent_share > MOST_UNSENT

    def response_at(self, fraction: float) -> float:
        """Of all that was due. What was never sent would have taken longest; how long is unknown,
        so that a percentile among it is the longest time known, which is too low.
        """
        rank = fraction * (self.sent + self.unsent) / self.sent
        return self.response.percentiles([min(1.0, rank)])[0]


def is_rung(rate: float) -> bool:
    """Of the ladder that all designs climb: 1, 2, 5, 10, …"""
    return f"{rate:e}".split("e")[0].rstrip("0") in ("1.", "2.", "5.")


class Capacity(NamedTuple):
    """The highest rate at which p99 of the response stays within a budget."""

    rate: float
    """0: it does not at the lowest rate that was tried."""
    at_least: bool
    """It still does at the highest rate that was offered."""


@dataclass(frozen=True)
class LoadSweep:
    points: list[LoadPoint]
    capacities: dict[int, Capacity]
    """By budget, in nanoseconds. None in a record of before rates were the same for all designs."""
    generator: float | None
    """Requests a second that can be offered at most; None also if there is no such limit."""


def _times(fields: Fields, key: str, sent: int) -> Latency:
    times = parse_latency(fields.object(key))
    if times.histogram.total != sent:
        fields.refuse(key, f"has {times.histogram.total} times, of {sent} requests sent")
    return times


def _point(fields: Fields, usual: float | None) -> LoadPoint:
    """`usual`: the capacity within the usual budget; None in an old record."""
    sent, late = fields.integer("sent"), fields.integer("late")
    if late > sent:
        fields.refuse("late", f"is {late}, of {sent} sent")
    arrivals, rate = fields.text("arrivals"), fields.number("rate_per_second")
    step = rate
    if usual is None:
        step = fields.number("load")
    elif arrivals == "bursty" and usual:
        step = round(3 * rate / usual) / 3
    return LoadPoint(
        arrivals=arrivals,
        rate=rate,
        step=step,
        sent=sent,
        late=late,
        unsent=fields.integer("unsent"),
        response=_times(fields, "response", sent),
        service=_times(fields, "service", sent),
    )


def _capacities(fields: Fields) -> dict[int, Capacity]:
    entries = fields.objects("capacity")
    found = {
        entry.integer("within_ns"): Capacity(
            entry.number("rate_per_second"), entry.flag("at_least")
        )
        for entry in entries
    }
    if len(found) != len(entries):
        fields.refuse("capacity", "has a budget twice")
    lacking = next((budget for budget in BUDGETS if budget not in found), None)
    if lacking is not None:
        fields.refuse("capacity", f"lacks the one within {lacking} ns")
    return found


def parse_sweep(fields: Fields) -> LoadSweep:
    # Once each design was offered shares of what it did when every request was overdue.
    is_old = fields.has("capacity_per_second")
    capacities = {} if is_old else _capacities(fields)
    usual = None if is_old else capacities[USUAL_BUDGET_NS].rate
    return LoadSweep(
        # Where nothing was sent, nothing is known but that.
        [_point(entry, usual) for entry in fields.objects("points") if entry.integer("sent")],
        capacities,
        fields.maybe("generator_per_second", fields.number),
    )
