"""Recorded times: a histogram, and the extremes that it knows only roughly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import lt
from typing import Sequence

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


@dataclass(frozen=True)
class LoadPoint:
    arrivals: str
    load: float
    """As a share of the capacity."""
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

    def response_at(self, fraction: float) -> float:
        """Of all that was due. What was never sent would have taken longest; how long is unknown,
        so that a percentile among it is the longest time known, which is too low.
        """
        rank = fraction * (self.sent + self.unsent) / self.sent
        return self.response.percentiles([min(1.0, rank)])[0]


@dataclass(frozen=True)
class LoadSweep:
    capacity_per_second: float
    """Of the same loop when every request is overdue."""
    points: list[LoadPoint]

    def at(self, arrivals: str, load: float) -> LoadPoint | None:
        wanted = (arrivals, load)
        return next((p for p in self.points if (p.arrivals, p.load) == wanted), None)


def _times(fields: Fields, key: str, sent: int) -> Latency:
    times = parse_latency(fields.object(key))
    if times.histogram.total != sent:
        fields.refuse(key, f"has {times.histogram.total} times, of {sent} requests sent")
    return times


def _point(fields: Fields) -> LoadPoint:
    sent, late = fields.integer("sent", at_least=1), fields.integer("late")
    if late > sent:
        fields.refuse("late", f"is {late}, of {sent} sent")
    return LoadPoint(
        arrivals=fields.text("arrivals"),
        load=fields.number("load"),
        sent=sent,
        late=late,
        unsent=fields.integer("unsent"),
        response=_times(fields, "response", sent),
        service=_times(fields, "service", sent),
    )


def parse_sweep(fields: Fields) -> LoadSweep:
    points = [_point(entry) for entry in fields.objects("points")]
    if len({(point.arrivals, point.load) for point in points}) != len(points):
        fields.refuse("points", "has a load twice")
    return LoadSweep(fields.number("capacity_per_second"), points)
