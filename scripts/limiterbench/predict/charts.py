"""The charts of a prediction: a panel a row, a band and never a line, and SIMULATED all over it."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import Any, Callable, NamedTuple, Sequence

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from limiterbench.charts.axis import ThreadAxis, percentile_axis, value_axis
from limiterbench.charts.frame import Entry, Frame
from limiterbench.charts.legends import Legend
from limiterbench.charts.load import LAYOUT, name_lines, scale, strong
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.predict.loads import SATURATED_NS, Load, at_rate, response_p99, rungs_of
from limiterbench.predict.points import Band, Rows, Sheet, Value, band, p99, throughput
from limiterbench.records.manifest import Boundary

_COLUMNS = 5
# It limits nothing.
UNLIMITED = "unlimited"
_LABEL = "simulated"
# By which a page finds the other rows' bands.
BEHIND = "_behind"
# Beyond these the charts have a line; there are too many complexes for one each.
_FAR = ("package", "numa", "smt")
_ABOUT_LINES = "Dashed lines: the next thread enters another socket, NUMA node or SMT sibling."
# At 1/(1-p), and the value of a point there.
_TAILS: dict[float, Value] = {
    2.0: attrgetter("p50_ns"),
    10.0: attrgetter("p90_ns"),
    100.0: p99,
    1000.0: attrgetter("p999_ns"),
}


class Scene(NamedTuple):
    """One scenario of one host."""

    scenario: str
    placement: str
    sheet: Sheet
    threads: int
    """Of the legend, and of the chart over percentiles."""
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


def _rows_of(names: Sequence[str]) -> list[list[str]]:
    """The last one filled up, so that all panels are as wide."""
    padded = [*names, *[""] * (-len(names) % _COLUMNS)]
    return [padded[i : i + _COLUMNS] for i in range(0, len(padded), _COLUMNS)]


def _over_threads(sheet: Sheet, value: Value) -> Curves:
    return {
        row: _Curve(
            [float(n) for n in sorted(points)], [band(points[n], value) for n in sorted(points)]
        )
        for row, points in sheet.items()
    }


def _over_percentiles(sheet: Sheet, threads: int) -> Curves:
    return {
        row: _Curve(list(_TAILS), [band(points[threads], value) for value in _TAILS.values()])
        for row, points in sheet.items()
        if threads in points
    }


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
    """What the row would do if every thread added as much as the first."""
    first, start = curve.across[0], curve.bands[0].high
    axes.plot(curve.across, [start * n / first for n in curve.across], zorder=2, **_PERFECT)


class _Page:
    """A frame with a panel a row, the others' bands behind it."""

    def __init__(
        self, title: str, subtitle: str, scene: Scene, curves: Curves, notes: Sequence[str] = ()
    ) -> None:
        order = sorted(curves, key=lambda row: (-curves[row].bands[-1].low, row))
        self.rows = _rows_of(order)
        self.order = order
        self.frame = Frame(
            f"SIMULATED · {title} · {scene.scenario}",
            f"{subtitle}; no such host was measured",
            [*scene.caption, *notes],
            entries=len(order) + 3,
            headings=self.rows,
        )
        self._curves = curves
        for axes in self.frame.panels[len(order) :]:
            axes.set_visible(False)
        self.panels = self.frame.panels[: len(order)]

    def draw(self, legends: dict[str, Legend]) -> None:
        for row, axes in zip(self.order, self.panels):
            for other in self.order:
                if other != row:
                    _draw_behind(axes, self._curves[other])
            _draw_band(axes, self._curves[row], legends[row])
            axes.text(
                0.97,
                0.04,
                _LABEL,
                transform=axes.transAxes,
                ha="right",
                fontsize=6.5,
                color="#a04000",
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1},
                zorder=4,
            )

    def scale(self, label: Callable[[float], str], what: str) -> None:
        bands = [b for curve in self._curves.values() for b in curve.bands]
        values = [max(0.5, edge) for b in bands for edge in b]
        value_axis(self.frame.panels[0], values, label)
        for index in range(0, len(self.order), _COLUMNS):
            self.frame.panels[index].set_ylabel(what)
        for axes in self.panels:
            axes.tick_params(labelsize=7.5)

    def hide_inner_labels(self) -> None:
        for index, axes in enumerate(self.panels):
            # The panel below has the same axis.
            if index + _COLUMNS < len(self.order):
                axes.tick_params(labelbottom=False)
                axes.set_xlabel("")

    def legend(
        self,
        title: str,
        shown: dict[str, Band],
        label: Callable[[float], str],
        legends: dict[str, Legend],
        extra: Sequence[Entry] = (),
    ) -> None:
        entries: list[Entry] = [
            (
                Patch(color=legends[row].colour, alpha=0.5),
                f"{label(shown[row].low):>7} …{label(shown[row].high):>7}  {row}",
            )
            for row in self.order
            if row in shown
        ]
        entries += [(Patch(color="#888888", alpha=0.2), "the other rows"), *extra]
        self.frame.legend(title, entries)


def _line(row: str, axis: str, at: float, edges: Band) -> Line:
    return {"simulated": "yes", "limiter": row, axis: at, "low": edges.low, "high": edges.high}


def _mark(axes: Any, axis: ThreadAxis, boundaries: Sequence[Boundary]) -> None:
    for boundary in boundaries:
        if boundary.kind in _FAR and axis.low < boundary.threads < axis.high:
            axes.axvline(
                boundary.threads, color="#b0b0b0", linewidth=0.7, linestyle=(0, (3, 2)), zorder=1
            )


def _threads_chart(
    scene: Scene, legends: dict[str, Legend], title: str, subtitle: str, value: Value, what: str
) -> Frame:
    label = units.rate if value is throughput else units.time
    curves = _over_threads(scene.sheet, value)
    page = _Page(title, subtitle, scene, curves, [_ABOUT_LINES])
    counts = sorted({n for points in scene.sheet.values() for n in points})
    for row, axes in zip(page.order, page.panels):
        axis = ThreadAxis(axes, counts, _COLUMNS)
        _mark(axes, axis, scene.boundaries)
        if value is throughput:
            _draw_perfect(axes, curves[row])
    page.draw(legends)
    page.scale(label, what)
    page.hide_inner_labels()
    at = {
        row: band(p[scene.threads], value) for row, p in scene.sheet.items() if scene.threads in p
    }
    perfect = Line2D([], [], **_PERFECT), "perfect scaling of the row"
    extra = [perfect] if value is throughput else []
    page.frame.rows = [
        _line(row, "threads", int(across), edges)
        for row, curve in sorted(curves.items())
        for across, edges in zip(*curve)
    ]
    page.legend(f"band at {units.count(scene.threads, 'thread')}", at, label, legends, extra)
    return page.frame


def scaling(scene: Scene, legends: dict[str, Legend]) -> Frame:
    return _threads_chart(
        scene,
        legends,
        "Throughput against threads",
        "decisions a second of all threads together; higher is better",
        throughput,
        "decisions a second",
    )


def p99_chart(scene: Scene, legends: dict[str, Legend]) -> Frame:
    return _threads_chart(
        scene,
        legends,
        "p99 against threads",
        "one decision in 100 takes longer than this; closed loop: starving looks fast",
        p99,
        "p99 of one decision",
    )


def percentiles(scene: Scene, legends: dict[str, Legend]) -> Frame:
    curves = _over_percentiles(scene.sheet, scene.threads)
    count = units.count(scene.threads, "thread")
    page = _Page(
        "Latency percentiles", f"of one decision at {count}; lower is better", scene, curves
    )
    for axes in page.panels:
        percentile_axis(axes, list(_TAILS))
        axes.set_xlim(math.sqrt(2), 1400)
    page.draw(legends)
    page.scale(units.time, "latency of one decision")
    page.hide_inner_labels()
    shown = {row: curve.bands[-1] for row, curve in curves.items()}
    page.frame.rows = [
        _line(row, "percentile", 1 - 1 / tail, edges)
        for row, curve in sorted(curves.items())
        for tail, edges in zip(*curve)
    ]
    page.legend(f"p99.9 at {count}", shown, units.time, legends)
    return page.frame


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


CHARTS: dict[str, Callable[[Scene, dict[str, Legend]], Frame]] = {
    "scaling": scaling,
    "p99": p99_chart,
    "percentiles": percentiles,
}
