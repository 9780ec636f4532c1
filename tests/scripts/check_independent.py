"""Whether the harness and a loop that shares no code with it agree on what a decision costs.

Usage: check_independent.py PROGRAM INDEPENDENT_LOOP [unittest arguments]

Both measure the cell DESIGN/readonly/compact/threads:1 in turn, in short phases, each time in a new
process: what the machine does to one it does to the other, and neither keeps a lucky layout of its
memory.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from statistics import median
from typing import List, Tuple

PROGRAM = ""
LOOP = ""
MILLISECONDS = 10
PAIRS = 15
ATTEMPTS = 4
# In a throughput phase: see native/member.cpp.
DECISIONS_PER_READING = 64
AGREE = 0.10
# A load may wait for a store whose address agrees in its low 12 bits: see docs/limits.md.
AGREE_RSEQ = 0.40


def with_priority() -> None:
    """Other work on the machine does not interrupt, where this user may ask for that."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        pass


def run(*command: str) -> str:
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        preexec_fn=with_priority,
    )
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit status {done.returncode}: {done.stderr}")
    return done.stdout


def harness_ns(design: str, *flags: str) -> Tuple[float, float, int]:
    """Nanoseconds per decision, those of them that reading the clock takes, and the CPU that was
    used."""
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder, "cells.jsonl")
        cell = (f"--limiter={design}", "--scenario=readonly", "--placement=compact", "--threads=1")
        run(PROGRAM, *cell, f"--seconds={MILLISECONDS / 1000}", f"--records={records}", *flags)
        record = json.loads(records.read_text())
    throughput = record["throughput"]
    clock = record["timer"]["floor"]["p50_ns"] / DECISIONS_PER_READING
    return throughput["wall_ns"] / sum(throughput["operations"]), clock, record["cpus"][0]


def independent_ns(design: str, cpu: int) -> float:
    return float(run(LOOP, design, str(cpu), "1", str(MILLISECONDS)))


def ratio_of_medians(design: str, *flags: str) -> float:
    """What the harness measures, divided by what the independent loop does and the harness's
    readings of its clock, which some machines take from the kernel."""
    pairs: List[Tuple[float, float]] = []
    for _ in range(PAIRS):
        ours, clock, cpu = harness_ns(design, *flags)
        pairs.append((ours, independent_ns(design, cpu) + clock))
    return median(ours for ours, _ in pairs) / median(theirs for _, theirs in pairs)


class Independent(unittest.TestCase):
    def agrees(self, design: str, within: float) -> None:
        """A loaded machine may spoil an attempt, but will not spoil all in the same direction."""
        ratios = []
        for _ in range(ATTEMPTS):
            ratios.append(ratio_of_medians(design))
            print(f"{design}: harness / independent loop = {ratios[-1]:.3f}", flush=True)
            if 1 / (1 + within) <= median(ratios) <= 1 + within:
                return
        self.fail(f"{design}: harness / independent loop = {ratios}")

    def test_hazard(self) -> None:
        self.agrees("hazard", AGREE)

    def test_sharded(self) -> None:
        self.agrees("sharded", AGREE)

    def test_leased(self) -> None:
        self.agrees("leased", AGREE)

    def test_snapshot_value(self) -> None:
        self.agrees("snapshot_value", AGREE)

    def test_rwmutex(self) -> None:
        self.agrees("rwmutex", AGREE)

    def test_leased_rseq(self) -> None:
        self.agrees("leased_rseq", AGREE_RSEQ)

    def test_a_slowed_harness_is_noticed(self) -> None:
        ratios = [ratio_of_medians("hazard", "--test_slow_down=hazard:40") for _ in range(3)]
        self.assertGreater(median(ratios), 1 + AGREE)


if __name__ == "__main__":
    PROGRAM, LOOP = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
