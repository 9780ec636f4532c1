"""Recorded times: a histogram, and the extremes that it knows only roughly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Sequence

from limiterbench.fields import Fields
from limiterbench.histogram import BUCKETS, SUB_BUCKETS, Histogram


@dataclass(frozen=True)
class Latency:
    min_ns: float
    max_ns: float
    histogram: Histogram

    def percentiles(self, fractions: Sequence[float]) -> List[float]:
        """Held within the exact extremes: a bucket's midpoint may lie beyond them."""
        values = self.histogram.percentiles(fractions)
        return [min(max(value, self.min_ns), self.max_ns) for value in values]


def _histogram(fields: Fields) -> Histogram:
    if fields.integer("sub_buckets") != SUB_BUCKETS:
        fields.refuse("sub_buckets", f"is not {SUB_BUCKETS}")
    counts: Dict[int, int] = {}
    for pair in fields.array("counts"):
        if (
            not isinstance(pair, list)
            or len(pair) != 2
            or not all(type(value) is int and value >= 0 for value in pair)
        ):
            fields.refuse("counts", "is not a list of [bucket, count]")
        if pair[0] >= BUCKETS:
            fields.refuse("counts", f"has bucket {pair[0]}; the last one is {BUCKETS - 1}")
        if pair[0] in counts:
            fields.refuse("counts", f"has bucket {pair[0]} twice")
        counts[pair[0]] = pair[1]
    return Histogram(counts.items())


def parse_latency(fields: Fields) -> Latency:
    histogram = _histogram(fields.object("histogram"))
    if histogram.total == 0:
        fields.refuse("histogram", "is empty")
    low, high = fields.number("min_ns"), fields.number("max_ns")
    if low > high:
        fields.refuse("min_ns", f"is {low:g}, above max_ns, {high:g}")
    return Latency(low, high, histogram)
