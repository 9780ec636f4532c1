"""Which charts a run has. Nothing else lists them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Callable, Iterator, NamedTuple, Sequence

from limiterbench.charts.capacity import capacity, has_capacities
from limiterbench.charts.contention import contention_map
from limiterbench.charts.errors import admission_error
from limiterbench.charts.frame import Frame
from limiterbench.charts.legends import PEERS, Legend, legends_of
from limiterbench.charts.load import load
from limiterbench.charts.percentiles import percentiles
from limiterbench.charts.reads import config_reads
from limiterbench.charts.reloads import memory, reload_latency
from limiterbench.charts.slowdown import has_rivals, slowdown_matrix
from limiterbench.charts.threads import fairness, has_several_threads, p99, scaling
from limiterbench.charts.topology import orders_of, topology
from limiterbench.common.errors import InputError
from limiterbench.records.contention import CONTENTION, Contention, read_contention
from limiterbench.records.designs import designs_of
from limiterbench.records.host_map import HostMap, read_host_map
from limiterbench.records.manifest import Manifest
from limiterbench.records.primitives import PRIMITIVES, Read, read_reads
from limiterbench.records.run_folder import TOPOLOGY
from limiterbench.stats.ratios import most_threads
from limiterbench.stats.reloads import curves_of, held_bytes, of_reloads, threads_of
from limiterbench.stats.reloads import p99 as decision_p99
from limiterbench.stats.series import Group, closed_loop, is_floor, sweeps_load, timed

PLAIN_PLACEMENT = "compact"


class Chart(NamedTuple):
    kind: str
    scenario: str | None
    """None if it shows several."""
    placement: str | None
    draw: Callable[[], Frame]

    @property
    def name(self) -> str:
        """The name of its files."""
        placement = None if self.placement == PLAIN_PLACEMENT else self.placement
        return "_".join(part for part in (self.kind, self.scenario, placement) if part)


Make = Callable[[Manifest, Group, dict[str, Legend]], Frame]

# Charts of one scenario and placement.
_OF_A_GROUP: dict[str, Make] = {
    "scaling": scaling,
    "p99": p99,
    "percentiles": percentiles,
    "load": load,
    "fairness": fairness,
}
# These show only what was timed.
_OF_TIMES = ("p99", "percentiles")
_SHOWS: dict[str, Callable[[Group], bool]] = {
    "load": sweeps_load,
    "fairness": has_several_threads,
    **dict.fromkeys(_OF_TIMES, lambda group: bool(timed(group).limiters)),
}

KINDS = (
    "capacity",
    *_OF_A_GROUP,
    "slowdown",
    "admission_error",
    "reload_latency",
    "memory",
    "contention",
    "reads",
    "topology",
)


def charts_of(
    folder: Path,
    manifest: Manifest,
    groups: Sequence[Group],
    legends: dict[str, Legend] | None = None,
) -> list[Chart]:
    """Those that the run can fill, in the order of a page. Nothing is drawn yet.

    `legends`: of all rows of several runs, if they are to look alike. A chart whose own file cannot
    be read is left out: unreadable() says so.
    """
    groups = [group for group in groups if group.limiters]
    if not groups:
        return []
    rows = {row for group in groups for row in group.limiters}
    libraries = {name: design.library for name, design in designs_of(manifest.rows).items()}
    planned = {cell.limiter for cell in manifest.plan.cells}
    look = legends or legends_of(rows | planned, libraries)
    placements = sorted({group.placement for group in groups})
    return [
        *(chart for group in groups for chart in _of_a_group(manifest, group, look)),
        *(
            chart
            for placement in placements
            for chart in _of_a_placement(
                manifest, closed_loop(g for g in groups if g.placement == placement), look
            )
        ),
        *_of_the_host(folder, manifest, groups, look),
    ]


def unreadable(folder: Path) -> list[str]:
    """Which charts charts_of() leaves out for a file that cannot be read, and why."""
    return _read_host(folder).problems


class _Host(NamedTuple):
    places: HostMap | None
    contention: Contention | None
    reads: list[Read]
    problems: list[str]


def _read_host(folder: Path) -> _Host:
    places, contention, reads, problems = None, None, [], []
    try:
        places = read_host_map(folder / TOPOLOGY) if (folder / TOPOLOGY).exists() else None
    except InputError as error:
        problems.append(f"no chart topology: {error}")
    try:
        contention = read_contention(folder / CONTENTION)
    except InputError as error:
        problems.append(f"no chart contention: {error}")
    try:
        reads = read_reads(folder / PRIMITIVES)
    except InputError as error:
        problems.append(f"no chart reads: {error}")
    return _Host(places, contention, reads, problems)


def _of_a_group(manifest: Manifest, group: Group, legends: dict[str, Legend]) -> Iterator[Chart]:
    def chart(kind: str, make: Make) -> Chart:
        shown = timed(group) if kind in _OF_TIMES else group
        return Chart(kind, group.scenario, group.placement, lambda: make(manifest, shown, legends))

    if has_capacities(group, manifest.topology.cpus):
        yield Chart("capacity", None, group.placement, lambda: capacity(manifest, group))
    for kind, make in _OF_A_GROUP.items():
        if _SHOWS.get(kind, lambda _: True)(group):
            yield chart(kind, make)


def _of_a_placement(
    manifest: Manifest, groups: Sequence[Group], legends: dict[str, Legend]
) -> Iterator[Chart]:
    if not groups:
        return
    placement, cpus = groups[0].placement, manifest.topology.cpus
    threads = max(most_threads(group, cpus) for group in groups)
    full = [group for group in groups if threads in group.threads]

    def chart(kind: str, draw: Callable[[], Frame]) -> Chart:
        return Chart(kind, None, placement, draw)

    if has_rivals(full):
        yield chart("slowdown", lambda: slowdown_matrix(manifest, full, threads))
    if any(not is_floor(points) for group in full for points in group.limiters.values()):
        yield chart("admission_error", lambda: admission_error(manifest, full, threads, legends))
    reloaded = of_reloads(groups)
    shared = threads_of(reloaded, cpus) if len(reloaded) > 1 else None
    if shared is not None:
        if curves_of(reloaded, shared, decision_p99):
            yield chart("reload_latency", lambda: reload_latency(manifest, reloaded, legends))
        if curves_of(reloaded, shared, held_bytes):
            yield chart("memory", lambda: memory(manifest, reloaded, legends))


def _of_the_host(
    folder: Path, manifest: Manifest, groups: Sequence[Group], legends: dict[str, Legend]
) -> Iterator[Chart]:
    host, contention, reads, _ = _read_host(folder)
    if contention is not None and (contention.transfers or contention.sharings):
        order = [place.cpu for place in host.places] if host else []
        yield Chart("contention", None, None, partial(contention_map, manifest, contention, order))
    if reads:
        names = {read.design for read in reads}
        look = {**legends_of(names, {name: name for name in PEERS}), **legends}
        draw = partial(config_reads, folder / PRIMITIVES, reads, look)
        yield Chart("reads", None, None, draw)
    if host is not None:
        orders = orders_of(groups)
        yield Chart("topology", None, None, partial(topology, manifest, host, orders))
