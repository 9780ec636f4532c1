"""What limiterbench_primitives measured, as Google Benchmark's JSON has it, in tables."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.text_table import markdown

# Beside a run's records, if its host's building blocks were measured.
PRIMITIVES = "primitives.json"

# For each block, by threads: the median of one thread's CPU time in nanoseconds. The real time is
# divided by the threads before Google Benchmark 1.9 and not after.
Costs = dict[str, dict[int, float]]


def read_costs(path: Path) -> Costs:
    """InputError if the file is not JSON of repeated measurements in nanoseconds."""
    costs: Costs = {}
    for name, threads, time_ns in _medians(path):
        costs.setdefault(name.split("/")[0], {})[threads] = time_ns
    return costs


def _medians(path: Path) -> list[tuple[str, int, float]]:
    """For each block: its name with its arguments, the threads, the time."""

    def read(run: dict[str, Any]) -> tuple[str, int, float]:
        if run["time_unit"] != "ns":
            raise ValueError(f"time in {run['time_unit']}, not in ns")
        return str(run["run_name"]), int(run["threads"]), float(run["cpu_time"])

    try:
        runs = json.loads(path.read_text(encoding="utf-8"))["benchmarks"]
        medians = [read(run) for run in runs if run.get("aggregate_name") == "median"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: {error}") from None
    if not medians:
        raise InputError(f"{path}: no medians; measure with --benchmark_repetitions")
    return medians


class Read(NamedTuple):
    """What it costs to protect the configuration, read it and release it."""

    design: str
    """A design that reads in this way."""
    reloads_per_second: int
    threads: int
    time_ns: float
    """One thread's CPU time."""


# By the name of the source in benchmarks/primitives/reads.cpp.
SOURCES = {
    "SharedLockSource<sync::shared_mutex>": "rwmutex_read",
    "SharedPointerSource": "snapshot",
    "AtomicValueSource": "snapshot_value",
    "RingSource<8>": "snapshot_ring",
    "HazardPointerSource": "hazard",
    "SeqlockSource": "seqlock",
    "LeftRightSource": "left_right",
    "GracePeriodSource<UrcuMembDomain>": "urcu_memb",
    "GracePeriodSource<UrcuQsbrDomain>": "urcu_qsbr",
    "GracePeriodSource<CkEpochDomain>": "ck_epoch",
    "CkBrlockSource": "ck_brlock",
    "XeniumSource<xenium::reclamation::hazard_pointer<>>": "xenium_hp",
    "XeniumSource<xenium::reclamation::epoch_based<>>": "xenium_ebr",
    "LibcdsHazardSource": "libcds_hp",
}
_READ = re.compile(r"read_from<(.+)>/reloads_per_second:(\d+)/")


def read_reads(path: Path) -> list[Read]:
    """The cost of every source that a design reads from; none if there is no such file.
    InputError as read_costs()."""
    if not path.exists():
        return []
    found = [(_READ.match(name), threads, time) for name, threads, time in _medians(path)]
    return sorted(
        Read(SOURCES[match[1]], int(match[2]), threads, time)
        for match, threads, time in found
        if match and match[1] in SOURCES
    )


# What each line of a table is called, and the block that it shows.
Lines = Sequence[tuple[str, str]]

ORDERS: Lines = [
    ("load, relaxed", "load<relaxed>"),
    ("load, acquire", "load<acquire>"),
    ("load, seq_cst", "load<seq_cst>"),
    ("store to a line of its own, relaxed", "store_private<relaxed>"),
    ("store to a line of its own, release", "store_private<release>"),
    ("store to a line of its own, seq_cst", "store_private<seq_cst>"),
    ("increment of a line of its own, not atomic", "increment_private"),
    ("fetch_add on a line of its own, relaxed", "fetch_add_private<relaxed>"),
    ("fetch_add on a line of its own, seq_cst", "fetch_add_private<seq_cst>"),
    ("fetch_add on one shared line, relaxed", "fetch_add_shared<relaxed>"),
    ("fetch_add on one shared line, seq_cst", "fetch_add_shared<seq_cst>"),
    ("fence, acquire", "fence<acquire>"),
    ("fence, release", "fence<release>"),
    ("fence, seq_cst", "fence<seq_cst>"),
    ("asymmetric fence, the reader's", "asymmetric_light_fence"),
    ("asymmetric fence, the writer's (membarrier)", "asymmetric_heavy_fence"),
]


def _time(costs: dict[int, float], threads: int) -> str:
    return f"{costs[threads]:,.2f}" if threads in costs else "-"


def table(costs: Costs, lines: Lines, path: Path) -> str:
    """A Markdown table of `lines`; InputError if one was not measured."""
    missing = [name for _, name in lines if name not in costs]
    if missing:
        raise InputError(f"{path}: not measured: {', '.join(missing)}")
    counts = sorted({count for _, name in lines for count in costs[name]})
    heads = [units.count(count, "thread") for count in counts]
    rows = [[label, *(_time(costs[name], count) for count in counts)] for label, name in lines]
    return "\n".join(markdown(["ns", *heads], rows)) + "\n"


def about(path: Path) -> str:
    """Where and when it was measured, and by which commit."""
    context = json.loads(path.read_text(encoding="utf-8"))["context"]
    model = str(context.get("cpu_model", "unknown CPU")).strip('"')
    where = f"{model}, {units.count(int(context['num_cpus']), 'CPU')}"
    virtual = ", virtual" if context.get("virtualised") == "true" else ""
    commit = context.get("commit", "unknown")
    return f"{where}{virtual}; {context['date'][:10]}, commit {commit}, `{path.name}`."
