"""p99 against load: where the tail takes off."""

from __future__ import annotations

from statistics import median
from typing import Any, Callable, NamedTuple, Sequence

from matplotlib.lines import Line2D

from limiterbench.charts.axis import value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame
from limiterbench.charts.legends import Legend, families_of
from limiterbench.charts.shared import (
    draw_behind,
    draw_floor,
    draw_line,
    ends_of,
    entries_of,
    heads_of,
    mark,
)
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.latencies import ARRIVALS, LoadPoint, LoadSweep
from limiterbench.records.manifest import Manifest
from limiterbench.stats.ratios import most_threads
from limiterbench.stats.series import Group, Timer, timer_of
from limiterbench.stats.statistics import Summary, columns, summarize

_ABOUT = (
    "open loop, each phase half as long; bold: response, from the intended start, thin: service, "
    "from the actual one; load as a share of what the same loop does when every request is "
    "overdue; what was due and never sent counts as the longest"
)


# More than 1 % of what was due: then the p99 is among what was never sent.
_BOUND = "at least: over 1 % unsent"
_SAID_OF_BOUNDS = (
    "; an open triangle: more than 1 % was never sent, and p99 is at least as long as drawn"
)


def _draw(axes: Any, curve: Curve, row: str, legend: Legend) -> Any:
    loads = [100 * load for load in curve.loads]
    (service,) = axes.plot(
        loads,
        [summary.median for summary in curve.service],
        color=legend.colour,
        linestyle=legend.linestyle,
        linewidth=0.6,
        zorder=2.5,
    )
    handle = draw_line(axes, row, legend, loads, curve.response)
    mark(row, service)
    _draw_bounds(axes, curve, row, legend)
    return handle


def _bound_style(colour: str) -> dict[str, Any]:
    return {
        "marker": "^",
        "linestyle": "none",
        "markersize": 8,
        "markerfacecolor": "white",
        "markeredgecolor": colour,
    }


def _draw_bounds(axes: Any, curve: Curve, row: str, legend: Legend) -> None:
    """Over the points that are no more than lower bounds."""
    bounds = [
        (100 * load, response.median)
        for load, response, sent in zip(curve.loads, curve.response, curve.sending)
        if sent.hides_p99
    ]
    if bounds:
        style = _bound_style(legend.colour)
        mark(row, *axes.plot(*zip(*bounds), zorder=3.5, **style))


def _draw_panel(
    axes: Any, curves: dict[str, Curve], rows: Sequence[str], legends: dict[str, Legend]
) -> dict[str, Any]:
    """These designs, the others behind them. Returns their handles for the legend."""
    for row in sorted(set(curves) - set(rows)):
        loads = [100 * load for load in curves[row].loads]
        draw_behind(axes, loads, [summary.median for summary in curves[row].response])
    axes.set_xlim(0, 100)
    axes.set_xticks([10, 30, 50, 70, 90])
    axes.set_xlabel("load, % of the design's capacity")
    return {row: _draw(axes, curves[row], row, legends[row]) for row in rows if row in curves}


def _rows(curves: Curves, threads: int) -> list[Line]:
    return [
        {
            "limiter": row,
            "threads": threads,
            "arrivals": arrivals,
            "load_percent": 100 * load,
            "rate_per_second": sending.rate_per_second,
            "late_share": sending.late_share,
            "unsent_share": sending.unsent_share,
            "repetitions": response.n,
            **columns("response_p99", "_ns", response),
            "service_p99_median_ns": service.median,
        }
        for arrivals, by_row in curves.items()
        for row, curve in sorted(by_row.items())
        for load, sending, response, service in zip(
            curve.loads, curve.sending, curve.response, curve.service
        )
    ]


def load(manifest: Manifest, group: Group, legends: dict[str, Legend]) -> Frame:
    threads = most_threads(group, manifest.topology.cpus)
    curves = curves_of(group, threads)
    first = next(iter(curves.values()))
    families = families_of(first, legends)
    every = [curve for by_row in curves.values() for curve in by_row.values()]
    bounded = any(sent.hides_p99 for curve in every for sent in curve.sending)
    frame = Frame(
        f"p99 against load · {group.scenario}, {units.count(threads, 'thread')}",
        "one request in 100 waits and takes longer than this; lower is better",
        caption(manifest, group, _ABOUT + (_SAID_OF_BOUNDS if bounded else "")),
        entries=len(first) + 2 * len(families) + 1 + bounded,
        headings=heads_of(families, list(curves)),
    )
    frame.rows = _rows(curves, threads)
    timer = timer_of(group, 0.99)
    handles: dict[str, Any] = {}
    panels = iter(frame.panels)
    for family in families:
        for by_row in curves.values():
            axes = next(panels)
            drawn = _draw_panel(axes, by_row, family.rows, legends)
            if by_row is first:
                axes.set_ylabel("p99 of one request")
                handles.update(drawn)
    floor = draw_floor(frame.panels, timer.floor, "p99")
    ends = ends_of(summary for c in every for summary in (*c.response, *c.service))
    value_axis(frame.panels[0], [*ends, max(timer.floor, 0.5)], units.time)
    # From the top of the chart down.
    order = sorted(handles, key=lambda row: (-first[row].response[-1].median, row))
    entries = entries_of(families, handles, order, lambda row: _last(first[row], timer))
    if bounded:
        entries.append((Line2D([], [], **_bound_style("black")), _BOUND))
    entries.append(floor)
    last = max(curve.loads[-1] for curve in first.values())
    frame.legend(f"response at {100 * last:.3g} % load, {next(iter(curves))}", entries)
    return frame


def _last(curve: Curve, timer: Timer) -> str:
    median = curve.response[-1].median
    if curve.sending[-1].hides_p99:
        return f"≥{units.time(median)}"
    return timer.reading(median)


_FRACTION = 0.99


class Sending(NamedTuple):
    """Medians over the repetitions."""

    rate_per_second: float
    """That was due."""
    late_share: float
    """A share of what was sent."""
    unsent_share: float
    """A share of what was due."""

    @property
    def hides_p99(self) -> bool:
        """It is among what was never sent: what is known of it is a lower bound."""
        return self.unsent_share > 1 - _FRACTION


class Curve(NamedTuple):
    """One design at each load: all lists are equally long."""

    loads: list[float]
    sending: list[Sending]
    response: list[Summary]
    """p99 from the intended start."""
    service: list[Summary]
    """p99 from the actual one."""


# By arrivals, then design.
Curves = dict[str, dict[str, Curve]]
_Repeated = Sequence[tuple[LoadSweep, LoadPoint]]


def _sending(repeated: _Repeated) -> Sending:
    return Sending(
        median(sweep.capacity_per_second * point.load for sweep, point in repeated),
        median(point.late / point.sent for _, point in repeated),
        median(point.unsent / (point.sent + point.unsent) for _, point in repeated),
    )


def _curve(sweeps: Sequence[LoadSweep], arrivals: str) -> Curve:
    by_load: dict[float, list[tuple[LoadSweep, LoadPoint]]] = {}
    for sweep in sweeps:
        for point in sweep.points:
            if point.arrivals == arrivals:
                by_load.setdefault(point.load, []).append((sweep, point))
    loads = sorted(by_load)

    def summaries(value: Callable[[LoadPoint], float]) -> list[Summary]:
        return [summarize([max(0.5, value(point)) for _, point in by_load[load]]) for load in loads]

    return Curve(
        loads,
        [_sending(by_load[load]) for load in loads],
        summaries(lambda point: point.response_at(_FRACTION)),
        summaries(lambda point: point.service.percentiles([_FRACTION])[0]),
    )


def curves_of(group: Group, threads: int) -> Curves:
    curves: Curves = {arrivals: {} for arrivals in ARRIVALS}
    for row, points in group.limiters.items():
        sweeps = [measured.sweep for measured in points.get(threads, []) if measured.sweep]
        for arrivals in ARRIVALS:
            curve = _curve(sweeps, arrivals)
            if curve.loads:
                curves[arrivals][row] = curve
    return {arrivals: found for arrivals, found in curves.items() if found}
