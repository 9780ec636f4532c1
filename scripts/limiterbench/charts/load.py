"""p99 of the response against decisions a second: which design holds at which load."""

from __future__ import annotations

from itertools import takewhile
from statistics import median
from typing import Any, NamedTuple, Sequence

from matplotlib.colors import to_rgb
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from limiterbench.charts.axis import fix_ticks, plain_ticks, value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame, Layout
from limiterbench.charts.legends import Legend
from limiterbench.charts.shared import draw_behind, draw_floor, ends_of, mark
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.latencies import ARRIVALS, BUDGETS, USUAL_BUDGET_NS
from limiterbench.records.manifest import Manifest
from limiterbench.stats.loads import AtRate, capacities, curve, sweeps_of
from limiterbench.stats.ratios import BASELINE, Repeated, at, most_threads
from limiterbench.stats.series import Group, is_floor, timer_of

_ABOUT = (
    "open loop, response from when a request was due; lines: Poisson arrivals, open circles: "
    "bursty ones; open triangle: more than 1 % was never sent, and p99 is longer than drawn; "
    "grey lines: the other designs, grey ground: what the timer alone reads"
)
# Drawn strongly and named: the design with the highest capacity and these, then by capacity.
_NAMED = (BASELINE, "hazard", "leased", "snapshot_value", "sharded", "go_rwmutex")
_STRONG = 6
LAYOUT = Layout(right=0.85)
_THIN: dict[str, Any] = {"color": "#b8b8b8", "linewidth": 0.8, "zorder": 1}
_LABEL_SIZE = 8.5


class _Lines(NamedTuple):
    poisson: list[AtRate]
    bursty: list[AtRate]


# By design.
_Curves = dict[str, _Lines]
# A rate and a time.
Place = tuple[float, float]


def _able(repeated: Repeated, lines: _Lines) -> float:
    """The capacity within the usual budget; in an old record, the highest rate."""
    found = capacities(repeated)
    return found[USUAL_BUDGET_NS].rate.median if found else lines.poisson[-1].rate


def _strong(group: Group, repeated: dict[str, Any], curves: _Curves) -> list[str]:
    limiting = [row for row in curves if not is_floor(group.limiters[row])]
    return strong(sorted(limiting, key=lambda row: (-_able(repeated[row], curves[row]), row)))


def strong(ranked: Sequence[str]) -> list[str]:
    """Those that are drawn strongly, of designs by falling capacity."""
    wanted = dict.fromkeys([*ranked[:1], *_NAMED, *ranked])
    return [row for row in wanted if row in ranked][:_STRONG]


def _until_unsent(found: list[AtRate]) -> list[AtRate]:
    """Where the design is saturated for good, one rate says what all do."""
    unsent = list(takewhile(lambda at: at.is_bound, reversed(found)))
    return found[: len(found) + 1 - len(unsent)] if unsent else found


def _draw(axes: Any, row: str, lines: _Lines, legend: Legend) -> None:
    shown = _until_unsent(lines.poisson)
    rates = [found.rate for found in shown]
    look = {"color": legend.colour, "marker": legend.marker, "linestyle": legend.linestyle}
    (line,) = axes.plot(rates, [found.p99.median for found in shown], zorder=3, **look)
    low, high = ([getattr(found.p99, end) for found in shown] for end in ("low", "high"))
    mark(row, line, axes.vlines(rates, low, high, color=legend.colour, alpha=0.4, linewidth=1.2))
    bounds = [found for found in (*shown, *lines.bursty) if found.is_bound]
    for marker, size, marked in (("o", 5, lines.bursty), ("^", 8, bounds)):
        (open_marks,) = axes.plot(
            [found.rate for found in marked],
            [found.p99.median for found in marked],
            marker=marker,
            markersize=size,
            markerfacecolor="white",
            markeredgecolor=legend.colour,
            linestyle="none",
            zorder=3.5,
        )
        mark(row, open_marks)


def _label(axes: Any, row: str, end: Place, colour: str, taken: list[Any]) -> None:
    """Right of the line's end; lower where a marker or another label is."""
    dark = [0.7 * part for part in to_rgb(colour)]
    text = axes.annotate(
        row,
        end,
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        fontsize=_LABEL_SIZE,
        color=dark,
        bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.5},
        arrowprops={"arrowstyle": "-", "color": dark, "linewidth": 0.6, "shrinkB": 4},
        annotation_clip=False,
        zorder=4,
    )
    text.update_positions(axes.figure.canvas.get_renderer())
    # Without the line that leads to it.
    box = Text.get_window_extent(text).padded(2)
    places = (box.translated(0, -down) for down in range(0, 1000, 4))
    found = next(place for place in places if not any(place.overlaps(other) for other in taken))
    text.xyann = (9, (found.y0 - box.y0) * 72 / axes.figure.dpi)
    taken.append(found)
    mark(row, text)


def name_lines(axes: Any, shown: dict[str, list[Place]], legends: dict[str, Legend]) -> None:
    """At the end of each, where it hides no place of any."""
    places = axes.transData.transform([place for line in shown.values() for place in line])
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in places]
    # From the top down.
    for row in sorted(shown, key=lambda row: -shown[row][-1][1]):
        _label(axes, row, shown[row][-1], legends[row].colour, taken)


def scale(axes: Any, rates: Sequence[float], times: Sequence[float]) -> None:
    """To hold all of these, with a line at each budget."""
    low, high = min(rates) / 1.2, max(rates) * 1.2
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    fix_ticks(axes.xaxis, plain_ticks(low, high), units.rate)
    axes.set_xlabel("decisions a second, all threads together")
    value_axis(axes, times, units.time)
    axes.set_ylabel("p99 of the response")
    for budget in BUDGETS:
        axes.axhline(budget, **_THIN)


def _scale(axes: Any, curves: _Curves, generators: Sequence[float], floor: float) -> None:
    every = [found for lines in curves.values() for found in (*lines.poisson, *lines.bursty)]
    times = [*ends_of(found.p99 for found in every), max(floor, 0.5)]
    scale(axes, [*(found.rate for found in every), *generators], times)
    for limit in [median(generators)] if generators else []:
        axes.axvline(limit, color="#555555", linewidth=1.0, linestyle=(0, (4, 2)), zorder=2)
        place = axes.get_xaxis_transform()
        words = {"ha": "center", "va": "bottom", "fontsize": 7.8, "color": "#555555"}
        axes.text(limit, 1.012, "generator's limit", transform=place, **words)


def _rows(curves: _Curves, threads: int) -> list[Line]:
    return [
        {
            "limiter": row,
            "threads": threads,
            "arrivals": arrivals,
            "rate_per_second": found.rate,
            **{
                f"{name}{end}_ns": getattr(of, end[1:] or "median")
                for name, of in (("p50", found.p50), ("p99", found.p99))
                for end in ("", "_low", "_high")
            },
        }
        for arrivals in ARRIVALS
        for row, lines in sorted(curves.items())
        for found in getattr(lines, arrivals)
    ]


def load(manifest: Manifest, group: Group, legends: dict[str, Legend]) -> Frame:
    threads = most_threads(group, manifest.topology.cpus)
    repeated = at(group, threads)
    found = {row: _Lines(*(curve(each, a) for a in ARRIVALS)) for row, each in repeated.items()}
    curves = {row: lines for row, lines in found.items() if lines.poisson}
    frame = Frame(
        f"p99 of the response against load · {group.scenario}, {units.count(threads, 'thread')}",
        "one request in 100 takes longer than this from when it was due; lower is better",
        caption(manifest, group, _ABOUT),
        entries=0,
        layout=LAYOUT,
    )
    frame.rows = _rows(curves, threads)
    (axes,) = frame.panels
    shown = _strong(group, repeated, curves)
    for row in sorted(set(curves) - set(shown)):
        behind = _until_unsent(curves[row].poisson)
        draw_behind(axes, [at.rate for at in behind], [at.p99.median for at in behind])
    for row in shown:
        _draw(axes, row, curves[row], legends[row])
    floor = timer_of(group, 0.99).floor
    draw_floor(frame.panels, floor, "p99")
    sweeps = [sweep for each in repeated.values() for sweep in sweeps_of(each)]
    _scale(axes, curves, [s.generator for s in sweeps if s.generator is not None], floor)
    lines = {row: _until_unsent(curves[row].poisson) for row in shown}
    places = {row: [(at.rate, at.p99.median) for at in line] for row, line in lines.items()}
    name_lines(axes, places, legends)
    return frame
