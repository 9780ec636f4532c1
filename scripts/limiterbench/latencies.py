"""Recorded times: a histogram, and the extremes that it knows only roughly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import List, Sequence

from limiterbench.fields import Fields
from limiterbench.histogram import BUCKETS, SUB_BUCKETS, Histogram

_MOST = 2**63 - 1


@dataclass(frozen=True)
class Latency:
    min_ns: float
    max_ns: float
    histogram: Histogram

    def percentiles(self, fractions: Sequence[float]) -> List[float]:
        """Held within the exact extremes: a bucket's midpoint may lie beyond them."""
        values = self.histogram.percentiles(fractions)
        return [min(max(value, self.min_ns), self.max_ns) for value in values]


def parse_histogram(fields: Fields) -> Histogram:
    """`{"sub_buckets", "counts": [[bucket, count], …]}`, which may be empty."""
    if fields.integer("sub_buckets") != SUB_BUCKETS:
        fields.refuse("sub_buckets", f"is not {SUB_BUCKETS}")
    pairs = fields.array("counts")
    # A run has millions of pairs: looked at by functions written in C, not one by one.
    if set(map(type, pairs)) - {list} or set(map(len, pairs)) - {2}:
        fields.refuse("counts", "is not a list of [bucket, count]")
    values = list(chain.from_iterable(pairs))
    if set(map(type, values)) - {int} or min(values, default=0) < 0:
        fields.refuse("counts", "is not a list of [bucket, count]")
    buckets = values[::2]
    if max(buckets, default=0) >= BUCKETS:
        fields.refuse("counts", f"has bucket {max(buckets)}; the last one is {BUCKETS - 1}")
    if len(set(buckets)) != len(buckets):
        twice = next(bucket for bucket, times in Counter(buckets).items() if times > 1)
        fields.refuse("counts", f"has bucket {twice} twice")
    if sum(values[1::2]) > _MOST:
        fields.refuse("counts", "counts more than any program can")
    return Histogram(zip(buckets, values[1::2]))


def parse_latency(fields: Fields) -> Latency:
    histogram = parse_histogram(fields.object("histogram"))
    if histogram.total == 0:
        fields.refuse("histogram", "is empty")
    low, high = fields.number("min_ns"), fields.number("max_ns")
    if low > high:
        fields.refuse("min_ns", f"is {low:g}, above max_ns, {high:g}")
    return Latency(low, high, histogram)
