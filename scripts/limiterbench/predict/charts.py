"""The charts of a prediction: bands and never lines, and SIMULATED all over them."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from limiterbench.charts.axis import ThreadAxis, value_axis
from limiterbench.charts.frame import Entry, Frame
from limiterbench.charts.legends import Legend
from limiterbench.charts.load import LAYOUT, name_lines, scale, strong
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.predict.loads import Load, at_rate, response_p99, rungs_of
from limiterbench.predict.points import SATURATED_NS, Band, Rows, Sheet, band, throughput
from limiterbench.records.manifest import Boundary
from limiterbench.report.answer import UNLIMITED

_COLUMNS = 5
# By which a page finds the other designs' bands.
BEHIND = "_behind"
# Beyond these the charts have a line; there are too many complexes for one each.
_FAR = ("package", "numa", "smt")
_ABOUT_LINES = "Dashed lines: the next thread enters another socket, NUMA node or SMT sibling."


class Scene(NamedTuple):
    """One scenario of one host."""

    scenario: str
    placement: str
    sheet: Sheet
    threads: int
    """Of the legend."""
    boundaries: Sequence[Boundary]
    caption: Sequence[str]

    @property
    def rows(self) -> Rows:
        """At that number of threads."""
        return {row: at[self.threads] for row, at in self.sheet.items() if self.threads in at}


class _Curve(NamedTuple):
    across: list[float]
    bands: list[Band]


Curves = dict[str, _Curve]


def _draw_band(axes: Any, curve: _Curve, legend: Legend) -> None:
    low, high = [b.low for b in curve.bands], [b.high for b in curve.bands]
    axes.fill_between(curve.across, low, high, color=legend.colour, alpha=0.35, linewidth=0)
    for edge in (low, high):
        axes.plot(curve.across, edge, color=legend.colour, linewidth=1.1, zorder=3)
        axes.plot(curve.across, edge, color=legend.colour, marker=".", markersize=3, linestyle="")


def _draw_behind(axes: Any, curve: _Curve) -> None:
    low, high = [b.low for b in curve.bands], [b.high for b in curve.bands]
    look = {"color": "#888888", "alpha": 0.09, "linewidth": 0, "zorder": 1, "label": BEHIND}
    axes.fill_between(curve.across, low, high, **look)


_PERFECT: dict[str, Any] = {"color": "#555555", "linewidth": 0.8, "linestyle": (0, (1, 2))}


def _draw_perfect(axes: Any, curve: _Curve) -> None:
    """What the design would do if every thread added as much as the first."""
    first, start = curve.across[0], curve.bands[0].high
    axes.plot(curve.across, [start * n / first for n in curve.across], zorder=2, **_PERFECT)


def _line(row: str, axis: str, at: float, edges: Band) -> Line:
    return {"simulated": "yes", "limiter": row, axis: at, "low": edges.low, "high": edges.high}


def _mark(axes: Any, axis: ThreadAxis, boundaries: Sequence[Boundary]) -> None:
    for boundary in boundaries:
        if boundary.kind in _FAR and axis.low < boundary.threads < axis.high:
            axes.axvline(
                boundary.threads, color="#b0b0b0", linewidth=0.7, linestyle=(0, (3, 2)), zorder=1
            )


def scaling(scene: Scene, legends: dict[str, Legend]) -> Frame:
    """Throughput against threads: a panel for each design, the others' bands behind it."""
    curves = {
        row: _Curve([float(n) for n in sorted(at)], [band(at[n], throughput) for n in sorted(at)])
        for row, at in scene.sheet.items()
    }
    order = sorted(curves, key=lambda row: (-curves[row].bands[-1].low, row))
    # The last row is filled up: all panels are as wide.
    padded = [*order, *[""] * (-len(order) % _COLUMNS)]
    frame = Frame(
        f"SIMULATED · Throughput against threads · {scene.scenario}",
        "decisions a second of all threads together; higher is better; no such host was measured",
        [*scene.caption, _ABOUT_LINES],
        entries=len(order) + 3,
        headings=[padded[i : i + _COLUMNS] for i in range(0, len(padded), _COLUMNS)],
    )
    for axes in frame.panels[len(order) :]:
        axes.set_visible(False)
    panels = dict(zip(order, frame.panels))
    for row, axes in panels.items():
        _draw_panel(axes, row, scene, curves, legends[row])
    _scale(list(panels.values()), curves)
    frame.rows = [
        _line(row, "threads", int(across), edges)
        for row, curve in sorted(curves.items())
        for across, edges in zip(*curve)
    ]
    frame.legend(f"band at {units.count(scene.threads, 'thread')}", _entries(scene, order, legends))
    return frame


def _draw_panel(axes: Any, row: str, scene: Scene, curves: Curves, legend: Legend) -> None:
    counts = sorted({n for at in scene.sheet.values() for n in at})
    _mark(axes, ThreadAxis(axes, counts, _COLUMNS), scene.boundaries)
    _draw_perfect(axes, curves[row])
    for other, curve in curves.items():
        if other != row:
            _draw_behind(axes, curve)
    _draw_band(axes, curves[row], legend)
    axes.text(
        0.97,
        0.04,
        "simulated",
        transform=axes.transAxes,
        ha="right",
        fontsize=6.5,
        color="#a04000",
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1},
        zorder=4,
    )


def _scale(panels: Sequence[Any], curves: Curves) -> None:
    edges = [max(0.5, edge) for curve in curves.values() for ends in curve.bands for edge in ends]
    value_axis(panels[0], edges, units.rate)
    for index, axes in enumerate(panels):
        axes.tick_params(labelsize=7.5)
        if index % _COLUMNS == 0:
            axes.set_ylabel("decisions a second")
        # The panel below has the same axis.
        if index + _COLUMNS < len(panels):
            axes.tick_params(labelbottom=False)
            axes.set_xlabel("")


def _entries(scene: Scene, order: Sequence[str], legends: dict[str, Legend]) -> list[Entry]:
    shown = {row: band(at, throughput) for row, at in scene.rows.items()}
    entries: list[Entry] = [
        (
            Patch(color=legends[row].colour, alpha=0.5),
            f"{units.rate(shown[row].low):>7} …{units.rate(shown[row].high):>7}  {row}",
        )
        for row in order
        if row in shown
    ]
    perfect = Line2D([], [], **_PERFECT), "perfect scaling of the design"
    return [*entries, (Patch(color="#888888", alpha=0.2), "the other designs"), perfect]


_ABOUT_LOAD = (
    "Open loop, Poisson arrivals; the response runs from when a request was due. A band that "
    "leaves the chart at the top is saturated: more than 1 request in 1,000 goes unsent. Grey: the "
    "other designs."
)


def _response(found: Sequence[Load], threads: int) -> Curves:
    """By design, its p99 at each rate of the ladder, up to the first that is surely too high."""
    curves: Curves = {}
    for rate in rungs_of(found):
        for row, at in at_rate(found, threads, rate).items():
            curve = curves.setdefault(row, _Curve([], []))
            if not curve.bands or curve.bands[-1].low < SATURATED_NS:
                curve.across.append(rate)
                curve.bands.append(band(at, response_p99))
    return curves


def load(found: Sequence[Load], scene: Scene, legends: dict[str, Legend]) -> Frame:
    """p99 of the response against load, as it is drawn of a measured run, in bands."""
    curves = _response(found, scene.threads)
    frame = Frame(
        f"SIMULATED · p99 of the response against load · {units.count(scene.threads, 'thread')}",
        "one request in 100 takes longer than this from when it was due; no such host was measured",
        [*scene.caption, _ABOUT_LOAD],
        entries=0,
        layout=LAYOUT,
    )
    frame.rows = [
        _line(row, "rate_per_second", rate, Band(*(min(end, SATURATED_NS) for end in edges)))
        for row, curve in sorted(curves.items())
        for rate, edges in zip(*curve)
    ]
    (axes,) = frame.panels
    limiting = [row for row in curves if row != UNLIMITED]
    every = [end for row in limiting for edges in curves[row].bands for end in edges]
    top = 10 * max(end for end in every if end < SATURATED_NS)
    curves = {row: _below(curve, top) for row, curve in curves.items()}
    shown = strong(sorted(limiting, key=lambda row: (-curves[row].across[-1], row)))
    rates = [rate for row in limiting for rate in curves[row].across]
    scale(axes, rates, [min(end, top / 10) for end in every])
    for row in sorted(set(limiting) - set(shown)):
        _draw_behind(axes, curves[row])
    for row in shown:
        _draw_band(axes, curves[row], legends[row])
    ends = {
        row: [(rate, min(edges.low, axes.get_ylim()[1])) for rate, edges in zip(*curves[row])]
        for row in shown
    }
    name_lines(axes, ends, legends)
    return frame


def _below(curve: _Curve, top: float) -> _Curve:
    return _Curve(curve.across, [Band(*(min(end, top) for end in edges)) for edges in curve.bands])
