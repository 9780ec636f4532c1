"""What it costs the host to move a cache line between two CPUs, and to share one among many."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm

from limiterbench.charts.axis import ThreadAxis, fix_ticks, value_axis
from limiterbench.charts.frame import Frame, Layout
from limiterbench.charts.legends import Legend
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.contention import Contention, Sharing
from limiterbench.records.manifest import Manifest

# With more CPUs the numbers would not fit their cells.
_MOST_WRITTEN = 12
_LOOKS: Sequence[Legend] = (
    Legend("#000000", "o", "-"),
    Legend("#d55e00", "s", "--"),
    Legend("#0072b2", "^", ":"),
)


def _grid(contention: Contention, cpus: Sequence[int]) -> Any:
    at = {cpu: index for index, cpu in enumerate(cpus)}
    grid = np.full((len(cpus), len(cpus)), np.nan)
    for a, b, one_way_ns in contention.transfers:
        grid[at[a], at[b]] = grid[at[b], at[a]] = one_way_ns
    return grid


def _cpus(contention: Contention, order: Sequence[int]) -> list[int]:
    """Those that share most next to each other, as far as that is known."""
    found = {cpu for transfer in contention.transfers for cpu in (transfer.a, transfer.b)}
    return [cpu for cpu in order if cpu in found] + sorted(found - set(order))


def _square(down: float, across: float) -> list[tuple[float, float]]:
    return [
        (across + dx, down + dy) for dx, dy in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    ]


def _draw_matrix(axes: Any, contention: Contention, cpus: Sequence[int]) -> None:
    grid = _grid(contention, cpus)
    axes.set_facecolor("#ececec")
    low = max(1e-3, float(np.nanmin(grid)))
    norm = LogNorm(low, max(low * 1.5, float(np.nanmax(grid))))
    # Only what was measured: a picture of every pair of many CPUs would be a large file.
    known = [(down, across) for (down, across), v in np.ndenumerate(grid) if not np.isnan(v)]
    mesh = PolyCollection(
        [_square(down, across) for down, across in known],
        array=np.array([grid[cell] for cell in known]),
        cmap=colormaps["YlGnBu"],
        norm=norm,
    )
    axes.add_collection(mesh)
    axes.set_xlim(-0.5, len(cpus) - 0.5)
    axes.set_ylim(len(cpus) - 0.5, -0.5)
    axes.grid(False)
    ticks = [float(n) for n in range(0, len(cpus), -(-len(cpus) // 16))]
    for axis in (axes.xaxis, axes.yaxis):
        fix_ticks(axis, ticks, lambda n: str(cpus[int(n)]))
    axes.set_xlabel("CPU, the kernel's number")
    axes.set_ylabel("CPU")
    if len(cpus) <= _MOST_WRITTEN:
        _write_cells(axes, grid, norm)
    else:
        _colour_bar(axes, mesh, low, float(np.nanmax(grid)))


def _write_cells(axes: Any, grid: Any, norm: Any) -> None:
    for (down, across), value in np.ndenumerate(grid):
        if np.isnan(value):
            continue
        dark = norm(value) > 0.6
        axes.text(
            across,
            down,
            f"{value:.0f} ns",
            ha="center",
            va="center",
            fontsize=8.5,
            color="white" if dark else "black",
        )


def _colour_bar(axes: Any, mesh: Any, low: float, high: float) -> None:
    bar = axes.figure.colorbar(mesh, ax=axes, fraction=0.045, pad=0.03)
    steps = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
    ticks = [tick for tick in steps if low <= tick <= high]
    fix_ticks(bar.ax.yaxis, [low, *ticks, high] if len(ticks) < 2 else ticks, units.time)
    bar.outline.set_visible(False)


def _draw_sharing(axes: Any, sharings: Sequence[Sharing]) -> None:
    by_placement: dict[str, list[Sharing]] = {}
    for sharing in sorted(sharings):
        by_placement.setdefault(sharing.placement, []).append(sharing)
    ThreadAxis(axes, sorted({sharing.threads for sharing in sharings}), 2)
    for (placement, found), look in zip(by_placement.items(), _LOOKS):
        axes.plot(
            [sharing.threads for sharing in found],
            [sharing.aggregate_ns for sharing in found],
            color=look.colour,
            marker=look.marker,
            linestyle=look.linestyle,
            markeredgecolor="white",
            label=placement,
        )
    value_axis(axes, [max(1e-3, sharing.aggregate_ns) for sharing in sharings], units.time)
    if len(by_placement) > 1:
        axes.legend(loc="best")


def _rows(contention: Contention) -> list[Line]:
    columns = ("measure", "cpu_a", "cpu_b", "placement", "threads", "value_ns")
    lines: list[Line] = [
        dict(zip(columns, ("one_way_transfer", a, b, None, None, one_way_ns)))
        for a, b, one_way_ns in sorted(contention.transfers)
    ]
    for placement, threads, aggregate_ns in sorted(contention.sharings):
        values = ("shared_increment", None, None, placement, threads, aggregate_ns)
        lines.append(dict(zip(columns, values)))
    return lines


def contention_map(manifest: Manifest, contention: Contention, order: Sequence[int]) -> Frame:
    cpus = _cpus(contention, order)
    heads = ["one way of a cache line between two CPUs"] if contention.transfers else []
    heads += (
        ["one increment of a shared word: wall time over all threads"]
        if contention.sharings
        else []
    )
    measured = len(contention.transfers)
    sampled = f"{measured:,} of {units.count(contention.pairs, 'pair')} of CPUs were measured"
    frame = Frame(
        "Contention map of the host",
        "the cost of a design that shares a word is made of these two; lower is better",
        [
            "Left: half of a round trip of one line between two threads that take turns, the "
            f"median over batches; {sampled}, grey was not. Right: threads that increment one "
            "word as fast as they can.",
            f"Host: {manifest.hostname}; {manifest.host.get('cpu_model') or 'unknown CPU'}; "
            f"{manifest.topology.summary}. Measured {manifest.started_utc}.",
        ],
        0,
        [heads],
        layout=Layout(left=0.07, right=0.975, gap=0.1, shared=False),
    )
    frame.rows = _rows(contention)
    panels = iter(frame.panels)
    if contention.transfers:
        _draw_matrix(next(panels), contention, cpus)
    if contention.sharings:
        _draw_sharing(next(panels), contention.sharings)
    return frame
