"""How many decisions a second each design sustains within a p99: a dot for each budget."""

from __future__ import annotations

from typing import Any

from matplotlib.lines import Line2D

from limiterbench.charts.axis import fix_ticks, plain_ticks
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Entry, Frame, Layout
from limiterbench.charts.legends import NO_LIMITER, kind_of
from limiterbench.charts.shared import mark
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.latencies import USUAL_BUDGET_NS
from limiterbench.records.manifest import Manifest
from limiterbench.stats.loads import Capacities, capacities
from limiterbench.stats.ratios import at, most_threads
from limiterbench.stats.series import Group
from limiterbench.stats.statistics import columns

_ABOUT = (
    "open loop, Poisson arrivals: the highest rate at which p99 of the response, from when a "
    "request was due, is within the budget and at most 1 request in 1,000 is never sent; the bar "
    "is that of the capacity within 10 µs"
)
# By budget: the colour, and how many lines lower the dot is than the design's name.
_LOOKS = {
    1_000: ("#aa4499", -0.24),
    USUAL_BUDGET_NS: ("#000000", -0.08),
    100_000: ("#0072b2", 0.08),
    1_000_000: ("#d55e00", 0.24),
}
_LINE_HEIGHT = 0.225

# By design.
_Found = dict[str, dict[int, Capacities]]


def _found(group: Group, cpus: int) -> _Found:
    rows = at(group, most_threads(group, cpus))
    found = {row: capacities(repeated) for row, repeated in rows.items()}
    return {row: each for row, each in found.items() if each}


def has_capacities(group: Group, cpus: int) -> bool:
    return any(each for each in _found(group, cpus).values())


def _kinds(found: _Found) -> dict[str, list[str]]:
    """The best kind first, and in it the best design; at the end what limits nothing."""
    kinds: dict[str, list[str]] = {}
    usual = {row: each[USUAL_BUDGET_NS].rate.median for row, each in found.items()}
    for row in sorted(found, key=lambda row: (kind_of(row) == NO_LIMITER, -usual[row], row)):
        kinds.setdefault(kind_of(row), []).append(row)
    return kinds


def _style(budget: int, marker: str) -> dict[str, Any]:
    colour = _LOOKS[budget][0]
    fill = colour if marker == "o" else "white"
    return {"marker": marker, "markersize": 5.5, "markerfacecolor": fill, "markeredgecolor": colour}


def _draw(axes: Any, row: str, y: float, found: dict[int, Capacities], left: float) -> None:
    for budget, (colour, lower) in _LOOKS.items():
        rate, at_least = found[budget]
        marker = "<" if rate.median == 0 else ">" if at_least else "o"
        look = _style(budget, marker)
        mark(row, *axes.plot([max(left, rate.median)], [y + lower], **look))
        if budget == USUAL_BUDGET_NS:
            ends = (max(left, rate.low), max(left, rate.high))
            mark(row, axes.hlines(y + lower, *ends, color=colour, linewidth=1.2, zorder=2))


def _entries(found: _Found) -> list[Entry]:
    entries: list[Entry] = [
        (Line2D([], [], linestyle="none", **_style(budget, "o")), units.time(budget))
        for budget in _LOOKS
    ]
    every = [capacity for each in found.values() for capacity in each.values()]
    if any(capacity.at_least for capacity in every):
        handle = Line2D([], [], linestyle="none", **_style(USUAL_BUDGET_NS, ">"))
        entries.append((handle, "at least: within it at\nthe highest rate offered"))
    if any(capacity.rate.median == 0 for capacity in every):
        handle = Line2D([], [], linestyle="none", **_style(USUAL_BUDGET_NS, "<"))
        entries.append((handle, "not within it at the\nlowest rate offered"))
    return entries


def _rows(found: _Found, threads: int) -> list[Line]:
    return [
        {
            "limiter": row,
            "kind": kind_of(row),
            "threads": threads,
            "within_ns": budget,
            "repetitions": each.rate.n,
            **columns("capacity", "_per_second", each.rate),
            "at_least": ("no", "yes")[each.at_least],
        }
        for row, by_budget in sorted(found.items())
        for budget, each in by_budget.items()
    ]


def capacity(manifest: Manifest, group: Group) -> Frame:
    threads = most_threads(group, manifest.topology.cpus)
    found = _found(group, manifest.topology.cpus)
    kinds = _kinds(found)
    # A line for each kind's name, and one for each of its designs.
    lines = [line for kind, rows in kinds.items() for line in (kind, *rows)]
    frame = Frame(
        f"Capacity within a p99 · {group.scenario}, {units.count(threads, 'thread')}",
        "the most decisions a second of which 99 in 100 are made within the budget; "
        "further right is better",
        caption(manifest, group, _ABOUT),
        entries=0,
        layout=Layout(left=0.165, height=_LINE_HEIGHT * (len(lines) + 1)),
    )
    frame.rows = _rows(found, threads)
    (axes,) = frame.panels
    rates = [rate for each in found.values() for c in each.values() for rate in c.rate[1:4] if rate]
    # Left of all rates there is room for the marks of none.
    low, high = min(rates, default=1e5) / 2, max(rates, default=1e6) * 1.5
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    fix_ticks(axes.xaxis, plain_ticks(low, high), units.rate)
    axes.set_xlabel("decisions a second, all threads together")
    axes.set_ylim(len(lines) - 0.4, -0.6)
    fix_ticks(axes.yaxis, range(len(lines)), lambda y: lines[int(y)])
    axes.tick_params(axis="y", length=0, labelsize=8.5)
    for y, (line, label) in enumerate(zip(lines, axes.get_yticklabels())):
        if line in found:
            _draw(axes, line, y, found[line], 1.2 * low)
        else:
            label.set_weight("bold")
    frame.legend("p99 within", _entries(found))
    return frame
