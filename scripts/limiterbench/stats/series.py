"""Records grouped for comparison: scenario and placement, then limiter, then threads."""

from __future__ import annotations

from statistics import median
from typing import Callable, Iterable, Iterator, NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.records.histogram import clock_step
from limiterbench.records.records import Measured, Record
from limiterbench.stats.statistics import Summary, summarize


class Group(NamedTuple):
    scenario: str
    placement: str
    limiters: dict[str, dict[int, list[Measured]]]
    failed: int
    repeated: int = 0
    """How many attempts were disturbed and have been replaced by another."""

    @property
    def threads(self) -> list[int]:
        return sorted({count for points in self.limiters.values() for count in points})

    @property
    def title(self) -> str:
        """For charts over what every scenario measures: before an open loop, threads ask in a
        closed one."""
        swept = any(measured.sweep is not None for measured in self.repetitions())
        return f"{self.scenario}, its closed loop" if swept else self.scenario

    def cells(self) -> Iterator[tuple[str, int, list[Measured]]]:
        """Each limiter at each number of threads, with its repetitions."""
        for limiter, points in self.limiters.items():
            for threads, repeated in points.items():
                yield limiter, threads, repeated

    def repetitions(self) -> list[Measured]:
        return [measured for _, _, repeated in self.cells() for measured in repeated]

    def summaries(self, value: Callable[[Measured], float]) -> dict[str, list[tuple[int, Summary]]]:
        """For each limiter, its (threads, summary) by ascending threads."""
        return {
            limiter: [
                (count, summarize([value(measured) for measured in points[count]]))
                for count in sorted(points)
            ]
            for limiter, points in self.limiters.items()
        }


def group_records(records: Iterable[Record]) -> list[Group]:
    """In order of name. What is drawn or printed must not depend on the order of the records."""
    groups: dict[tuple[str, str], Group] = {}
    for record in records:
        cell = record.cell
        key = (cell.scenario, cell.placement)
        group = groups.get(key, Group(*key, {}, 0))
        group = group._replace(repeated=group.repeated + record.attempt)
        groups[key] = group
        if record.measured is None:
            groups[key] = group._replace(failed=group.failed + 1)
            continue
        group.limiters.setdefault(cell.limiter, {}).setdefault(cell.threads, []).append(
            record.measured
        )
    return [groups[key] for key in sorted(groups)]


def sweeps_load(group: Group) -> bool:
    return any(measured.sweep for measured in group.repetitions())


def closed_loop(groups: Iterable[Group]) -> list[Group]:
    """Those that can be compared. Before an open loop its threads also ask in a closed one, but
    those phases say nothing about what the scenario is about."""
    return [group for group in groups if not sweeps_load(group)]


def is_timed(repeated: Iterable[Measured]) -> bool:
    return all(measured.timed is not None for measured in repeated)


def timed(group: Group) -> Group:
    """The cells of which every repetition timed its decisions: the others have no percentiles."""
    limiters = {
        row: {count: repeated for count, repeated in points.items() if is_timed(repeated)}
        for row, points in group.limiters.items()
    }
    return group._replace(limiters={row: points for row, points in limiters.items() if points})


def step_of_clock(repeated: Iterable[Measured]) -> float | None:
    """As the timed ones show it."""
    return clock_step(m.timed.histogram for m in repeated if m.timed is not None)


def clock_step_of(group: Group) -> float:
    return step_of_clock(group.repetitions()) or 0.0


def together(groups: Sequence[Group], threads: int) -> Group:
    """As one, for what is said about all of them: each design and scenario, at one thread count."""
    first = groups[0]
    limiters = {
        f"{row} in {group.scenario}": {threads: points[threads]}
        for group in groups
        for row, points in group.limiters.items()
        if threads in points
    }
    return Group(
        ", ".join(group.scenario for group in groups),
        first.placement,
        limiters,
        sum(group.failed for group in groups),
        sum(group.repeated for group in groups),
    )


def ops(measured: Measured) -> float:
    return measured.operations_per_second


def latency(fraction: float) -> Callable[[Measured], float]:
    # 0.5 ns stands for a 0, which a logarithmic axis cannot show.
    return lambda measured: max(0.5, measured.latency.percentiles([fraction])[0])


def floor(repeated: Sequence[Measured], fraction: float) -> float:
    """What an empty decision reads: at the median if that is asked for, else at p99."""
    typical = fraction <= 0.5
    return median(m.floor.p50_ns if typical else m.floor.p99_ns for m in repeated)


class Timer(NamedTuple):
    floor: float
    """What an empty decision reads."""
    step: float

    def reading(self, value: float) -> str:
        """Marked where the timer cannot resolve it."""
        return units.reading(value, units.at_floor(value, self.floor, self.step))


def timer_of(group: Group, fraction: float) -> Timer:
    return Timer(floor(group.repetitions(), fraction), clock_step_of(group))


def reading(repeated: Sequence[Measured], fraction: float, step: float) -> str:
    """A percentile's median over the repetitions, marked where the timer cannot resolve it.
    `step`: of the clock."""
    if not is_timed(repeated):
        return "-"
    value = summarize([latency(fraction)(m) for m in repeated]).median
    return Timer(floor(repeated, fraction), step).reading(value)


def is_floor(points: dict[int, list[Measured]]) -> bool:
    """A design that limits nothing: it shows what the harness itself costs."""
    return all(m.exactness == "none" for repeated in points.values() for m in repeated)


def is_rival(points: dict[int, list[Measured]]) -> bool:
    """A design that keeps the contract of windows: others do other work in their time."""
    return not is_floor(points) and all(
        m.contract == "windows" for repeated in points.values() for m in repeated
    )
