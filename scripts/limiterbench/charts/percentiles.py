"""Latency over percentiles, on an axis that gives each further nine the same room."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from limiterbench.charts.axis import percentile_axis, percentile_label, value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame
from limiterbench.charts.legends import Family, Legend, families_of
from limiterbench.charts.shared import (
    draw_behind,
    draw_floor,
    ends_of,
    entries_of,
    heads_of,
    mark,
    mark_bars,
)
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import Measured
from limiterbench.stats.ratios import most_threads
from limiterbench.stats.series import Group, timer_of
from limiterbench.stats.statistics import Summary, columns, summarize

# Fewer samples than this beyond a percentile are chance, not a percentile.
_SAMPLES_BEYOND = 10
_POINTS_A_DECADE = 12
# To p99.99999: what is rarer still has no room for its label.
_DECADES = 7


class Curve(NamedTuple):
    tails: list[float]
    summaries: list[Summary]

    def at(self, tail: float) -> Summary:
        return self.summaries[self.tails.index(tail)]


def _tails(samples: int) -> list[float]:
    """Values of 1/(1-p), as far out as the samples carry. Holds 1, 2, 10, 100, … exactly."""
    furthest = samples / _SAMPLES_BEYOND
    steps = {1.0, 2.0}
    for index in range(_DECADES * _POINTS_A_DECADE + 1):
        decade, part = divmod(index, _POINTS_A_DECADE)
        steps.add(float(10**decade) if part == 0 else 10 ** (index / _POINTS_A_DECADE))
    return sorted(step for step in steps if step <= max(furthest, 2.0))


def _curve(repeated: Sequence[Measured]) -> Curve:
    tails = _tails(min(measured.latency.histogram.total for measured in repeated))
    fractions = [1 - 1 / tail for tail in tails]
    columns = zip(*(measured.latency.percentiles(fractions) for measured in repeated))
    return Curve(tails, [summarize([max(0.5, value) for value in column]) for column in columns])


def _marked(curve: Curve) -> list[int]:
    """Where the markers sit: the labelled percentiles."""
    wanted = {2.0, *(10.0**k for k in range(1, 10))}
    return [index for index, tail in enumerate(curve.tails) if tail in wanted]


def _draw(axes: Any, curve: Curve, row: str, legend: Legend, shift: float) -> Any:
    medians = [summary.median for summary in curve.summaries]
    (line,) = axes.plot(
        curve.tails,
        medians,
        color=legend.colour,
        linestyle=legend.linestyle,
        marker=legend.marker,
        markevery=_marked(curve),
        markeredgecolor="white",
        markeredgewidth=0.5,
        zorder=3,
    )
    marked = [(curve.tails[index], curve.summaries[index]) for index in _marked(curve)]
    bars = axes.errorbar(
        [tail * shift for tail, _ in marked],
        [summary.median for _, summary in marked],
        yerr=[
            [summary.median - summary.low for _, summary in marked],
            [summary.high - summary.median for _, summary in marked],
        ],
        fmt="none",
        ecolor=legend.colour,
        elinewidth=0.9,
        capsize=2,
        zorder=3,
    )
    mark(row, line)
    mark_bars(row, bars)
    return line


def percentiles(manifest: Manifest, group: Group, legends: dict[str, Legend]) -> Frame:
    # Alone and together.
    shown = sorted({group.threads[0], most_threads(group, manifest.topology.cpus)})
    families = families_of(group.limiters, legends)
    counts = [units.count(count, "thread") for count in shown]
    frame = Frame(
        f"Latency percentiles · {group.title}",
        "pN: N % of decisions take no longer; lower is better; each step right is ten times rarer",
        caption(
            manifest,
            group,
            "latency phase, one clock read per decision included; closed loop: a starved thread "
            "records few slow samples",
        ),
        entries=len(group.limiters) + 2 * len(families) + 1,
        headings=heads_of(families, counts),
    )
    timer = timer_of(group, 0.5)
    handles: dict[str, Any] = {}
    panels = iter(frame.panels)
    columns = [_column(group, count) for count in shown]
    frame.rows = [line for count, column in zip(shown, columns) for line in _rows(count, column)]
    for family in families:
        for column in columns:
            axes = next(panels)
            drawn = _draw_panel(axes, column, family, legends)
            axes.set_ylabel("latency of one decision" if column is columns[0] else "")
        handles.update(drawn)
    floor = draw_floor(frame.panels, timer.floor, "median")
    ends = ends_of(s for column in columns for c in column.curves.values() for s in c.summaries)
    value_axis(frame.panels[0], [max(timer.floor, 0.5), *ends], units.time)
    last = columns[-1]
    entries = entries_of(
        families, handles, last.ordered, lambda row: timer.reading(last.median(row))
    )
    entries.append(floor)
    frame.legend(f"{percentile_label(last.reached)} at {counts[-1]}", entries)
    return frame


class _Column(NamedTuple):
    """All designs at one thread count."""

    curves: dict[str, Curve]
    ordered: list[str]
    """By the last labelled percentile that every design reaches."""
    reached: float

    def median(self, row: str) -> float:
        return self.curves[row].at(self.reached).median


def _column(group: Group, threads: int) -> _Column:
    curves = {
        row: _curve(points[threads]) for row, points in group.limiters.items() if threads in points
    }
    reached = min(curve.tails[_marked(curve)[-1]] for curve in curves.values())
    ordered = sorted(curves, key=lambda row: (-curves[row].at(reached).median, row))
    return _Column(curves, ordered, reached)


def _rows(threads: int, column: _Column) -> list[Line]:
    """The numbers behind one column: the labelled percentiles."""
    return [
        {
            "limiter": row,
            "threads": threads,
            "percentile": percentile_label(curve.tails[index]),
            "repetitions": curve.summaries[index].n,
            **columns("latency", "_ns", curve.summaries[index]),
        }
        for row, curve in sorted(column.curves.items())
        for index in _marked(curve)
    ]


def _draw_panel(
    axes: Any, column: _Column, family: Family, legends: dict[str, Legend]
) -> dict[str, Any]:
    """One family's designs, the others behind them. Returns their handles for the legend."""
    curves = column.curves
    rows = [row for row in column.ordered if row in family.rows]
    for row in column.ordered:
        if row not in rows:
            draw_behind(axes, curves[row].tails, [s.median for s in curves[row].summaries])
    handles: dict[str, Any] = {}
    for index, row in enumerate(rows):
        shift = 1 + 0.16 * ((index + 0.5) / len(rows) - 0.5)
        handles[row] = _draw(axes, curves[row], row, legends[row], shift)
    percentile_axis(axes, max((curve.tails for curve in curves.values()), key=len))
    return handles
