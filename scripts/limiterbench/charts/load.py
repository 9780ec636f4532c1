"""p99 against load: where the tail takes off."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Sequence

from limiterbench import units
from limiterbench.analysis.ratios import most_threads
from limiterbench.charts.axis import value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame
from limiterbench.charts.shared import (
    Entry,
    behind,
    draw_behind,
    draw_floor,
    heading,
    mark,
    mark_bars,
)
from limiterbench.legends import Legend, families_of
from limiterbench.load_sweep import ARRIVALS, LoadPoint, LoadSweep
from limiterbench.manifest import Manifest
from limiterbench.series import Group, clock_step_of
from limiterbench.statistics import Summary, summarize
from limiterbench.tidy import Line

_FRACTION = 0.99
_ABOUT = (
    "open loop, each phase half as long; bold: response, from the intended start, thin: service, "
    "from the actual one; load as a share of what the same loop does when every request is "
    "overdue; what was due and never sent counts as the longest"
)


class _Curve(NamedTuple):
    loads: List[float]
    response: List[Summary]
    service: List[Summary]


# By arrivals, then row.
_Curves = Dict[str, Dict[str, _Curve]]


def _curve(sweeps: Sequence[LoadSweep], arrivals: str) -> _Curve:
    by_load: Dict[float, List[LoadPoint]] = {}
    for sweep in sweeps:
        for point in sweep.points:
            if point.arrivals == arrivals:
                by_load.setdefault(point.load, []).append(point)
    loads = sorted(by_load)

    def summaries(value: Callable[[LoadPoint], float]) -> List[Summary]:
        return [summarize([max(0.5, value(point)) for point in by_load[load]]) for load in loads]

    return _Curve(
        loads,
        summaries(lambda point: point.response_at(_FRACTION)),
        summaries(lambda point: point.service.percentiles([_FRACTION])[0]),
    )


def _curves(group: Group, threads: int) -> _Curves:
    curves: _Curves = {arrivals: {} for arrivals in ARRIVALS}
    for row, points in group.limiters.items():
        sweeps = [measured.sweep for measured in points.get(threads, []) if measured.sweep]
        for arrivals in ARRIVALS:
            curve = _curve(sweeps, arrivals)
            if curve.loads:
                curves[arrivals][row] = curve
    return {arrivals: found for arrivals, found in curves.items() if found}


def _draw(axes: Any, curve: _Curve, row: str, legend: Legend) -> Any:
    loads = [100 * load for load in curve.loads]
    medians = [summary.median for summary in curve.response]
    (service,) = axes.plot(
        loads,
        [summary.median for summary in curve.service],
        color=legend.colour,
        linestyle=legend.linestyle,
        linewidth=0.6,
        zorder=2.5,
    )
    bars = axes.errorbar(
        loads,
        medians,
        yerr=[
            [summary.median - summary.low for summary in curve.response],
            [summary.high - summary.median for summary in curve.response],
        ],
        color=legend.colour,
        marker=legend.marker,
        linestyle=legend.linestyle,
        markeredgecolor="white",
        markeredgewidth=0.5,
        elinewidth=0.9,
        capsize=2.5,
        zorder=3,
    )
    mark(row, service)
    return mark_bars(row, bars)


def _draw_panel(
    axes: Any, curves: Dict[str, _Curve], rows: Sequence[str], legends: Dict[str, Legend]
) -> Dict[str, Any]:
    """These rows, the others behind them. Returns their handles for the legend."""
    for row in sorted(set(curves) - set(rows)):
        loads = [100 * load for load in curves[row].loads]
        draw_behind(axes, loads, [summary.median for summary in curves[row].response])
    axes.set_xlim(0, 100)
    axes.set_xticks([10, 30, 50, 70, 90])
    axes.set_xlabel("load, % of the row's capacity")
    return {row: _draw(axes, curves[row], row, legends[row]) for row in rows if row in curves}


def _values(curves: _Curves) -> List[float]:
    return [
        value
        for by_row in curves.values()
        for curve in by_row.values()
        for summary in (*curve.response, *curve.service)
        for value in (summary.low, summary.high)
    ]


def _rows(curves: _Curves, threads: int) -> List[Line]:
    return [
        {
            "limiter": row,
            "threads": threads,
            "arrivals": arrivals,
            "load_percent": 100 * load,
            "repetitions": response.n,
            "response_p99_median_ns": response.median,
            "response_p99_low_ns": response.low,
            "response_p99_high_ns": response.high,
            "service_p99_median_ns": service.median,
        }
        for arrivals, by_row in curves.items()
        for row, curve in sorted(by_row.items())
        for load, response, service in zip(curve.loads, curve.response, curve.service)
    ]


def load(manifest: Manifest, group: Group, legends: Dict[str, Legend]) -> Frame:
    threads = most_threads(group, manifest.topology.cpus)
    curves = _curves(group, threads)
    first = next(iter(curves.values()))
    families = families_of(first)
    named = len(families) > 1
    frame = Frame(
        f"p99 against load · {group.scenario}, {units.count(threads, 'thread')}",
        "one request in 100 waits and takes longer than this; lower is better",
        caption(manifest, group, _ABOUT),
        entries=len(first) + 2 * len(families) + 1,
        headings=[
            [f"{arrivals}, {family.name}" if named else arrivals for arrivals in curves]
            for family in families
        ],
    )
    frame.rows = _rows(curves, threads)
    floor = summarize([measured.floor.p99_ns for measured in group.repetitions()]).median
    step = clock_step_of(group)
    entries: List[Entry] = []
    panels = iter(frame.panels)
    for family in families:
        for arrivals, by_row in curves.items():
            axes = next(panels)
            handles = _draw_panel(axes, by_row, family.rows, legends)
            line = draw_floor(axes, floor)
            if by_row is first:
                axes.set_ylabel("p99 of one request")
                entries += [heading(family.name)] if named else []
                entries += _entries(first, handles, floor, step)
    value_axis(frame.panels[0], [*_values(curves), max(floor, 0.5)], units.time)
    entries += [behind()] if named else []
    entries.append((line, f"{units.time(floor):>8}  timer's p99"))
    last = max(curve.loads[-1] for curve in first.values())
    frame.legend(
        f"response at {100 * last:.3g} % load, {next(iter(curves))}",
        [handle for handle, _ in entries],
        [text for _, text in entries],
    )
    return frame


def _entries(
    curves: Dict[str, _Curve], handles: Dict[str, Any], floor: float, step: float
) -> List[Entry]:
    """From the top of the chart down."""
    ordered = sorted(handles, key=lambda row: (-curves[row].response[-1].median, row))
    last = {row: curves[row].response[-1].median for row in ordered}
    texts = {row: units.reading(v, units.at_floor(v, floor, step)) for row, v in last.items()}
    return [(handles[row], f"{texts[row]:>8}  {row}") for row in ordered]
