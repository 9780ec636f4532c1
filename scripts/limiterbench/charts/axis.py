"""Logarithmic axes with plain labels, and what the host's topology draws on them."""

from __future__ import annotations

import math
from typing import Any, Callable, Sequence

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from limiterbench.common import units
from limiterbench.records.manifest import Boundary

_MOST_TICKS = 9
# In octaves: how far right of a count's markers lies what begins with the next thread.
_BEYOND = 0.1
_FINEST_FIRST: Sequence[tuple[float, ...]] = ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1, 3), (1,))
_KINDS = {"complex": "L3 complex", "numa": "NUMA node", "smt": "SMT"}


def plain_ticks(low: float, high: float, apart: float = 0.0) -> list[float]:
    """Round numbers from low to high, at most nine, as fine as that allows; two of them are at
    least `apart` of the axis apart, if there are that round ones."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in _FINEST_FIRST:
        every = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in every if low <= tick <= high]
        nearest = min((math.log(b / a) for a, b in zip(ticks, ticks[1:])), default=math.inf)
        if len(ticks) <= _MOST_TICKS and nearest >= apart * math.log(high / low):
            return ticks
    return ticks[:: math.ceil(len(ticks) / _MOST_TICKS)]


def fix_ticks(axis: Any, ticks: Sequence[float], label: Callable[[float], str]) -> None:
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: label(value)))


def value_axis(axes: Any, values: Sequence[float], label: Callable[[float], str]) -> None:
    """The vertical axis. At least a factor of 4 high: noise must not look like a difference."""
    low, high = min(values), max(values)
    stretch = max(1.15, math.sqrt(4 / (high / low)))
    low, high = low / stretch, high * stretch
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    fix_ticks(axes.yaxis, plain_ticks(low, high), label)


def size_axis(axes: Any, values: Sequence[float], least: float) -> None:
    """The vertical axis of bytes: powers of two. What is less than `least` is drawn there."""
    low, high = min(values) / 1.5, max(*values, 4 * least) * 1.5
    axes.set_yscale("log", base=2)
    axes.set_ylim(low, high)
    powers = range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)
    ticks = [2.0**power for power in powers]
    fix_ticks(
        axes.yaxis,
        ticks[:: math.ceil(len(ticks) / _MOST_TICKS)],
        lambda held: ("≤ " if held <= least else "") + units.size(held),
    )


def _readable(counts: Sequence[int], nearest: float) -> list[int]:
    """Thread counts whose labels do not touch: the ends, powers of two, then the others.

    Labels touch if they are less than `nearest` octaves apart.
    """
    ends = (counts[0], counts[-1])
    wanted = sorted(counts, key=lambda n: (n not in ends, n & (n - 1) != 0, n))
    kept: list[int] = []
    for count in wanted:
        if all(abs(math.log2(count / other)) > nearest for other in kept):
            kept.append(count)
    return sorted(kept)


# In inches: what the names of boundaries take above the axes.
NAMES_HEIGHT = 0.42


class ThreadAxis:
    """The horizontal axis of charts over threads."""

    def __init__(self, axes: Any, counts: Sequence[int], panels: int) -> None:
        """One of so many panels side by side: text takes that much more of its width."""
        self._axes = axes
        self._panels = panels
        self._counts = counts
        octaves = math.log2(counts[-1] / counts[0])
        margin = max(0.12, 0.05 * octaves)
        self.low = counts[0] * 2**-margin
        self.high = counts[-1] * 2**margin
        self._octaves = octaves + 2 * margin
        axes.set_xscale("log", base=2)
        axes.set_xlim(self.low, self.high)
        fix_ticks(
            axes.xaxis,
            _readable(counts, 0.055 * panels * self._octaves),
            lambda value: f"{value:g}",
        )
        axes.set_xlabel("threads")

    def beside(self, index: int, rows: int) -> float:
        """A factor that keeps markers and bars of equal designs from hiding each other."""
        share = (index + 0.5) / rows - 0.5
        if len(self._counts) == 1:
            return float(2 ** (share * 0.7 * self._octaves))
        return float(2 ** (share * min(0.035 * self._octaves, 1.6 * _BEYOND)))

    def _just_beyond(self, threads: int) -> float:
        """Between this count's markers and the next count's."""
        following = [count for count in self._counts if count > threads]
        nearest = [math.log2(count / threads) / 2 for count in following[:1]]
        return float(threads * 2 ** min(_BEYOND, *nearest, _BEYOND))

    def boundaries(self, boundaries: Sequence[Boundary]) -> None:
        """A line where the next thread enters something new; each kind is named once."""
        by_threads: dict[int, list[str]] = {}
        for boundary in boundaries:
            by_threads.setdefault(boundary.threads, []).append(boundary.kind)
        named: list[str] = []
        lanes: list[float] = []
        for threads, kinds in sorted(by_threads.items()):
            x = self._just_beyond(threads)
            if not self.low < x < self.high:
                continue
            new = [kind for kind in kinds if kind not in named]
            named += new
            colour = "#8a8a8a" if new else "#c8c8c8"
            self._axes.axvline(x, color=colour, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
            if new:
                self._name(x, " + ".join(_KINDS.get(kind, kind) for kind in new), lanes)

    def _name(self, x: float, text: str, lanes: list[float]) -> None:
        """Above the axes, in the first lane where it does not run into the one before."""
        place = math.log2(x / self.low) / self._octaves
        width = 0.0145 * (len(text) + 3) * self._panels
        start = max(0.0, min(place, 1 - width))
        lane = next((i for i, end in enumerate(lanes) if end < start), len(lanes))
        if lane == len(lanes):
            lanes.append(0.0)
        lanes[lane] = start + width
        self._axes.text(
            start,
            1.012 + 0.03 * lane,
            f"▸ {text}",
            transform=self._axes.transAxes,
            fontsize=7.8,
            color="#666666",
            va="bottom",
        )

    def oversubscription(self, cpus: int) -> list[tuple[Any, str]]:
        """Shade where threads exceed the CPUs of the host that was measured."""
        if self._counts[-1] <= cpus:
            return []
        start = max(self.low, self._just_beyond(cpus))
        shade = self._axes.axvspan(start, self.high, color="#f3e9dc", zorder=0, linewidth=0)
        return [(shade, f"          more threads\n          than {cpus} CPUs")]


def percentile_axis(axes: Any, tails: Sequence[float]) -> None:
    """The horizontal axis of 1/(1-p): each step to the right is ten times rarer."""
    axes.set_xscale("log")
    ticks = [tail for tail in (2.0, *(10.0**k for k in range(1, 10))) if tail <= tails[-1]]
    # Room for half of the last label.
    axes.set_xlim(0.9, max([tails[-1] * 1.35, *(tick * 3.5 for tick in ticks[-1:])]))
    # Their labels grow with them: of many, every second one.
    shown = ticks if len(ticks) <= 6 else ticks[::-2][::-1]
    fix_ticks(axes.xaxis, shown, percentile_label)
    axes.tick_params(axis="x", labelsize=8.5)


def percentile_label(tail: float) -> str:
    """p50, p90, p99, p99.9, …"""
    digits = max(0, round(math.log10(tail)) - 2)
    return f"p{100 * (1 - 1 / tail):.{digits}f}"
