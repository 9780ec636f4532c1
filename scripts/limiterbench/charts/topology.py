"""The host, and which thread each placement puts on each CPU."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from matplotlib import colormaps
from matplotlib.patches import Rectangle

from limiterbench.charts.frame import Frame, Layout
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.host_map import HostMap, Place
from limiterbench.records.manifest import Manifest
from limiterbench.stats.series import Group

_COLOURS = colormaps["YlGnBu"]
# Sizes in units of one core's width.
_WIDEST = 16
_SMALLEST_WIDTH = 8.0
_LINE = 0.26
_PAD = 0.12
_HEAD = 0.34

# By placement: on which CPU thread 0, 1, 2, … runs.
Orders = dict[str, tuple[int, ...]]


def orders_of(groups: Sequence[Group]) -> Orders:
    """As far as the records show: of each placement, the cell with the most threads."""
    orders: Orders = {}
    for group in groups:
        for measured in group.repetitions():
            longer = len(measured.cpus) > len(orders.get(group.placement, ()))
            if longer and not measured.oversubscribed:
                orders[group.placement] = measured.cpus
    return dict(sorted(orders.items()))


class _Box(NamedTuple):
    """A complex: its cores, each with its CPUs."""

    number: int
    cores: list[list[Place]]


def _packages(host: HostMap) -> dict[int, list[_Box]]:
    packages: dict[int, dict[int, dict[int, list[Place]]]] = {}
    for place in host.places:
        complexes = packages.setdefault(place.package, {})
        complexes.setdefault(place.complex, {}).setdefault(place.core, []).append(place)
    return {
        package: [_Box(number, list(cores.values())) for number, cores in complexes.items()]
        for package, complexes in packages.items()
    }


def _lines(boxes: Sequence[_Box]) -> list[list[_Box]]:
    """Complexes side by side, as many as are wide enough to read; a wider one is cut."""
    lines: list[list[_Box]] = [[]]
    for box in boxes:
        for start in range(0, len(box.cores), _WIDEST):
            part = box._replace(cores=box.cores[start : start + _WIDEST])
            if lines[-1] and sum(len(b.cores) for b in lines[-1]) + len(part.cores) > _WIDEST:
                lines.append([])
            lines[-1].append(part)
    return lines


class _Drawing:
    """Top down; y grows downwards."""

    def __init__(self, host: HostMap, orders: Orders) -> None:
        self._host = host
        self._orders = orders
        self._packages = {n: _lines(boxes) for n, boxes in _packages(host).items()}
        self._cell = _LINE * (1 + len(orders)) + 0.08
        self._many_nodes = len({place.numa for place in host.places}) > 1
        every = [line for lines in self._packages.values() for line in lines]
        self.width = max(_SMALLEST_WIDTH, *(self._width(line) for line in every))
        self.height = sum(self._package_height(lines) for lines in self._packages.values())

    def _width(self, line: Sequence[_Box]) -> float:
        return sum(len(box.cores) + 2 * _PAD for box in line) + _PAD * (len(line) + 3)

    def _line_height(self, line: Sequence[_Box]) -> float:
        tallest = max(len(core) for box in line for core in box.cores)
        return _HEAD + tallest * self._cell + 2 * _PAD

    def _package_height(self, lines: Sequence[Sequence[_Box]]) -> float:
        return _HEAD + sum(self._line_height(line) + _PAD for line in lines) + 2 * _PAD

    def draw(self, axes: Any) -> None:
        axes.set_xlim(0, self.width)
        axes.set_ylim(self.height, 0)
        axes.set_axis_off()
        y = 0.0
        for number, lines in self._packages.items():
            height = self._package_height(lines) - _PAD
            width = max(self._width(line) for line in lines)
            self._frame(axes, (0.02, y + 0.02), (width - 0.04, height), "#f4f4f4")
            axes.text(_PAD, y + _HEAD * 0.68, f"package {number}", fontsize=8.5, weight="bold")
            top = y + _HEAD
            for line in lines:
                self._line(axes, line, top)
                top += self._line_height(line) + _PAD
            y += height + _PAD

    def _line(self, axes: Any, line: Sequence[_Box], y: float) -> None:
        x = 2 * _PAD
        for box in line:
            width = len(box.cores) + 2 * _PAD
            self._frame(axes, (x, y), (width, self._line_height(line)), "#ffffff")
            axes.text(x + _PAD, y + _HEAD * 0.68, self._title(box), fontsize=7.5, color="#444444")
            for index, core in enumerate(box.cores):
                self._core(axes, core, x + _PAD + index, y + _HEAD)
            x += width + _PAD

    def _title(self, box: _Box) -> str:
        numbers = {place.numa for core in box.cores for place in core}
        nodes = [
            "none" if n is None else str(n) for n in sorted(numbers, key=lambda n: (n is None, n))
        ]
        name = f"{self._host.complex_kind} {box.number}" if self._host.complex_kind else "cores"
        return name + (f", node {', '.join(nodes)}" if self._many_nodes else "")

    def _frame(
        self, axes: Any, corner: tuple[float, float], size: tuple[float, float], fill: str
    ) -> None:
        axes.add_patch(Rectangle(corner, *size, facecolor=fill, edgecolor="#9a9a9a", linewidth=0.8))

    def _core(self, axes: Any, core: Sequence[Place], x: float, y: float) -> None:
        for index, place in enumerate(core):
            self._cpu(axes, place, x, y + index * self._cell)

    def _cpu(self, axes: Any, place: Place, x: float, y: float) -> None:
        ranks = {
            name: order.index(place.cpu) if place.cpu in order else None
            for name, order in self._orders.items()
        }
        first = next(iter(ranks.values()), None)
        share = 0.0 if first is None else (first + 1) / len(self._host.places)
        axes.add_patch(
            Rectangle(
                (x + 0.04, y + 0.03),
                0.92,
                self._cell - 0.08,
                facecolor="#ffffff" if first is None else _COLOURS(0.05 + 0.75 * share),
                edgecolor="#6a6a6a",
                linewidth=0.6,
            )
        )
        dark = first is not None and share > 0.6
        words = [f"CPU {place.cpu}"]
        words += [f"{name} {'–' if n is None else n}" for name, n in ranks.items()]
        for number, text in enumerate(words):
            axes.text(
                x + 0.5,
                y + 0.04 + _LINE * (number + 0.5),
                text,
                ha="center",
                va="center",
                fontsize=5.7 if number else 6.6,
                color="white" if dark else "black",
            )


def _about(orders: Orders) -> str:
    if not orders:
        return "No record says on which CPUs its threads ran."
    first = next(iter(orders))
    return (
        "In each CPU its number, then the thread that each placement puts there; "
        f"darker: a later thread in {first}; –: not used in any record."
    )


def _rows(host: HostMap, orders: Orders) -> list[Line]:
    lines: list[Line] = []
    for place in host.places:
        line: Line = dict(zip(place._fields, place))
        for name, order in orders.items():
            line[f"thread_{name}"] = order.index(place.cpu) if place.cpu in order else None
        lines.append(line)
    return lines


def topology(manifest: Manifest, host: HostMap, orders: Orders) -> Frame:
    drawing = _Drawing(host, orders)
    kernel = manifest.host.get("kernel")
    about = "; ".join(
        str(part)
        for part in (
            manifest.hostname,
            manifest.host.get("cpu_model"),
            f"Linux {kernel}" if kernel else None,
        )
        if part
    )
    frame = Frame(
        f"The host and its placements · {units.count(len(host.places), 'CPU')}",
        manifest.topology.summary,
        [_about(orders), f"Host: {about}."],
        0,
        layout=Layout(left=0.02, right=0.985, height=drawing.height * 10.2 / drawing.width),
    )
    frame.rows = _rows(host, orders)
    drawing.draw(frame.panels[0])
    return frame
