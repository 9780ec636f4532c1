"""What is simulated for one host: every hand-written row, over threads, under every assumption."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Callable, Collection, Iterable, Mapping, Sequence

from limiterbench.common.errors import HostError, InputError
from limiterbench.common.limits import cpus as usable_cpus
from limiterbench.predict.hosts import Host
from limiterbench.predict.points import Assumption, Point
from limiterbench.predict.simulator import POLICIES, Simulated, Simulator
from limiterbench.records.cells import Cell
from limiterbench.records.manifest import Boundary

OPEN_LOOP = "open_loop"
SCENARIOS = ("readonly", "steady", "reload_storm", "edge", OPEN_LOOP)
PLACEMENT = "compact"
# What the article that this project answers measured at.
_ASKED_THREADS = 64
SEED = 1


@dataclass(frozen=True)
class Task:
    cell: Cell
    assumed: Assumption
    index: int
    simulated_ns: float


def assumptions(host: Host) -> list[Assumption]:
    return [Assumption(policy, alpha) for alpha in host.alphas for policy in POLICIES]


def thread_counts(cpus: int, boundaries: Sequence[Boundary]) -> list[int]:
    """1 to all CPUs: powers of two, and what fills the first complex, socket, … and all cores."""
    first: dict[str, int] = {}
    for boundary in boundaries:
        first.setdefault(boundary.kind, boundary.threads)
    powers = {2**k for k in range(cpus.bit_length())}
    return sorted(count for count in {*powers, *first.values(), cpus} if count <= cpus)


def parse_threads(text: str, cpus: int) -> list[int]:
    counts: set[int] = set()
    for part in text.split(","):
        if not part.strip().isdecimal() or int(part) < 1:
            raise InputError(f"--threads: '{part}' is not a whole number from 1")
        counts.add(int(part))
    for count in sorted(counts):
        if count > cpus:
            raise InputError(f"--threads: {count} threads, but the host has {cpus} CPUs")
    return sorted(counts)


def blocking_rows(rows: Iterable[Mapping[str, object]]) -> frozenset[str]:
    """Of the rows that a plan or a run lists."""
    return frozenset(str(row["name"]) for row in rows if row.get("progress") == "blocking")


def duration_of(cell: Cell, blocking: Collection[str]) -> float:
    """Simulated nanoseconds: enough for a p99, little enough for a whole host.

    Threads that sleep for their turn do little in much time; edge has windows of a millisecond.
    """
    if cell.limiter in blocking:
        return 2e6
    return 1e6 if cell.scenario == "edge" else 2e5


def tasks_of(
    rows: Sequence[str],
    scenarios: Sequence[str],
    threads: Sequence[int],
    assumed: Sequence[Assumption],
    blocking: Collection[str],
) -> list[Task]:
    cells = [
        Cell(row, scenario, PLACEMENT, count)
        for scenario in scenarios
        for count in (threads if scenario != OPEN_LOOP else [threads_shown(threads)])
        for row in rows
    ]
    return [
        Task(cell, assumption, index, duration_of(cell, blocking))
        for cell in cells
        for index, assumption in enumerate(assumed)
    ]


def threads_shown(counts: Sequence[int]) -> int:
    """The number of threads of tables, legends and the open loop: the asked one where the host has
    it."""
    return _ASKED_THREADS if _ASKED_THREADS in counts else max(counts)


def required(result: Simulated) -> Point:
    if result.point is None:
        raise HostError(str(result.failure))
    return result.point


def simulate_all(
    simulator: Simulator,
    host: Host,
    tasks: Sequence[Task],
    done: Callable[[int], None] | None = None,
) -> list[Simulated]:
    """In the order of the tasks, as many at once as CPUs. The longest first: none is then left over
    at the end."""

    def simulate(task: Task) -> Simulated:
        return simulator.simulate(
            host, task.cell, task.assumed, task.index, SEED, task.simulated_ns
        )

    def length(i: int) -> tuple[bool, int]:
        return tasks[i].cell.scenario == OPEN_LOOP, tasks[i].cell.threads

    order = sorted(range(len(tasks)), key=length, reverse=True)
    results: dict[int, Simulated] = {}
    pool = ThreadPoolExecutor(usable_cpus())
    try:
        futures = {pool.submit(simulate, tasks[i]): i for i in order}
        for future in as_completed(futures):
            results[futures[future]] = future.result()
            if done is not None:
                done(len(results))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [results[i] for i in range(len(tasks))]


def estimate(simulator: Simulator, host: Host, tasks: Sequence[Task]) -> float:
    """In seconds, from one task in some hundred, spread over all."""
    # Evenly spread, and over a step that has nothing in common with the plan's own periods.
    step = max(1, len(tasks) // 12)
    sample = tasks[step // 2 :: step]
    start = time.monotonic()
    simulate_all(simulator, host, sample)
    return (time.monotonic() - start) * len(tasks) / len(sample)
