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
