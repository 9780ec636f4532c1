"""Draws and reports a run as large as a host of 64 CPUs makes it: within a minute and 1 GiB, on two
CPUs. Usage: check_size.py SYNTHESISE_RECORDS"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, NamedTuple

from synthetic_run import synthesise

from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS

CPUS = 2
MOST_SECONDS = 60.0
MOST_MIB = 1024.0
# Other work on this host may spoil one.
TRIES = 3
RECORDS = 24 * 8 * 6 * 2 * 5


class Cost(NamedTuple):
    seconds: float
    cpu_seconds: float
    peak_mib: float
    """Of all its processes together; what they share counts once."""


def _children() -> Dict[int, List[int]]:
    children: Dict[int, List[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(status.parent.name))
    return children


def _held_mib(process: int) -> float:
    children = _children()
    waiting, held = [process], 0.0
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        held += int(found[1]) / 1024 if found else 0.0
    return held


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _measure(arguments: List[str]) -> Cost:
    started, before, peak = time.monotonic(), _cpu_seconds(), 0.0
    command = [sys.executable, "-m", "limiterbench", *arguments]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while running.poll() is None:
        peak = max(peak, _held_mib(running.pid))
        time.sleep(0.1)
    seconds = time.monotonic() - started
    assert running.returncode == 0, f"{arguments[0]} ended with {running.returncode}"
    return Cost(seconds, _cpu_seconds() - before, peak)


def _holds(arguments: List[str]) -> bool:
    for _ in range(TRIES):
        cost = _measure(arguments)
        print(
            f"{arguments[0]}: {cost.seconds:.1f} s ({cost.cpu_seconds:.1f} s of CPU), "
            f"at most {cost.peak_mib:.0f} MiB",
            flush=True,
        )
        if cost.peak_mib > MOST_MIB:
            return False
        if cost.seconds < MOST_SECONDS:
            return True
    return False


def main(program: Path) -> int:
    available = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, available[:CPUS])
    with tempfile.TemporaryDirectory() as scratch:
        folder = synthesise(program, Path(scratch) / "run")
        found = len(read_records(folder / CELLS))
        size = (folder / CELLS).stat().st_size / 2**20
        print(f"{found:,} records, {size:.0f} MiB, on {min(CPUS, len(available))} CPUs")
        assert found >= RECORDS, "some optional library, and its rows, are missing here"
        held = [_holds([command, str(folder)]) for command in ("plot", "report")]
    print("within a minute and 1 GiB" if all(held) else "too slow, or too large")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
