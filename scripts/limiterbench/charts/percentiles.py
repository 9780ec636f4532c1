"""Latency over percentiles, on an axis that gives each further nine the same room."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence

from limiterbench import units
from limiterbench.charts.axis import percentile_axis, percentile_label, value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame
from limiterbench.charts.threads import draw_floor
from limiterbench.legends import Legend
from limiterbench.manifest import Manifest
from limiterbench.records import Measured
from limiterbench.series import Group
from limiterbench.statistics import Summary, summarize

# Fewer samples than this beyond a percentile are chance, not a percentile.
_SAMPLES_BEYOND = 10
_POINTS_A_DECADE = 12
# To p99.99999: what is rarer still has no room for its label.
_DECADES = 7


class Curve(NamedTuple):
    tails: List[float]
    summaries: List[Summary]

    def at(self, tail: float) -> Summary:
        return self.summaries[self.tails.index(tail)]


def _tails(samples: int) -> List[float]:
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


def _marked(curve: Curve) -> List[int]:
    """Where the markers sit: the labelled percentiles."""
    wanted = {2.0, *(10.0**k for k in range(1, 10))}
    return [index for index, tail in enumerate(curve.tails) if tail in wanted]


def _draw(axes: Any, curve: Curve, legend: Legend, shift: float) -> Any:
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
    axes.errorbar(
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
    return line


def _panel_threads(group: Group, cpus: int) -> List[int]:
    """Alone and together: the fewest threads, and the most that have a CPU each."""
    fitting = [count for count in group.threads if count <= cpus] or group.threads
    return sorted({group.threads[0], fitting[-1]})


def percentiles(manifest: Manifest, group: Group, legends: Dict[str, Legend]) -> Frame:
    shown = _panel_threads(group, manifest.topology.cpus)
    frame = Frame(
        f"Latency percentiles · {group.scenario}",
        "pN: N % of decisions take no longer; lower is better; each step right is ten times rarer",
        caption(
            manifest,
            group,
            "latency phase, one clock read per decision included; closed loop, so that "
            "a thread kept waiting asks for nothing else, and starving looks fast",
        ),
        entries=len(group.limiters) + 4,
        panels=len(shown),
    )
    floor = summarize([measured.floor.p50_ns for measured in group.repetitions()]).median
    values = [max(floor, 0.5)]
    for axes, count in zip(frame.panels, shown):
        curves = {
            row: _curve(points[count]) for row, points in group.limiters.items() if count in points
        }
        handles, ordered, tail = _draw_panel(axes, curves, legends)
        values += [v for c in curves.values() for s in c.summaries for v in (s.low, s.high)]
        line = draw_floor(axes, floor)
        axes.set_title(units.count(count, "thread"), fontsize=9.5, loc="left")
    value_axis(frame.panels[0], values, units.time)
    frame.panels[0].set_ylabel("latency of one decision")
    labels = [f"{units.time(curves[row].at(tail).median):>8}  {row}" for row in ordered]
    frame.legend(
        f"{percentile_label(tail)} at {units.count(shown[-1], 'thread')}",
        [handles[row] for row in ordered] + [line],
        labels + [f"{units.time(floor):>8}  timer's median"],
    )
    return frame


class _Panel(NamedTuple):
    handles: Dict[str, Any]
    ordered: List[str]
    tail: float


def _draw_panel(axes: Any, curves: Dict[str, Curve], legends: Dict[str, Legend]) -> _Panel:
    """Ordered by the last labelled percentile that every row reaches."""
    reached = min(curve.tails[_marked(curve)[-1]] for curve in curves.values())
    ordered = sorted(curves, key=lambda row: (-curves[row].at(reached).median, row))
    handles = {}
    for index, row in enumerate(ordered):
        shift = 1 + 0.16 * ((index + 0.5) / len(ordered) - 0.5)
        handles[row] = _draw(axes, curves[row], legends[row], shift)
    percentile_axis(axes, max((curve.tails for curve in curves.values()), key=len))
    return _Panel(handles, ordered, reached)
