"""What a repetition says of its open loop: response and service times, load by load."""

from __future__ import annotations

from dataclasses import dataclass

from limiterbench.records.fields import Fields
from limiterbench.records.latencies import Latency, parse_latency

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
