"""benchmark.json: what Google Benchmark's own tools read of a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest
from conftest import SMALL, SMALL_REPETITIONS, CommandLine, lines_of

from limiterbench.records.run_folder import open_run
from limiterbench.run.google_benchmark import BENCHMARK_JSON

COMPARE = Path("/usr/share/benchmark/compare.py")


def read(folder: Path) -> Dict[str, Any]:
    values: Dict[str, Any] = json.loads((folder / BENCHMARK_JSON).read_text(encoding="utf-8"))
    return values


def cell_of(entry: Dict[str, Any]) -> str:
    """The name without what Google Benchmark adds to it: /iterations:1/manual_time."""
    return "/".join(str(entry["run_name"]).split("/")[:4])


def places(values: Dict[str, Any]) -> List["tuple[int, str, int]"]:
    return [
        (entry["family_index"], cell_of(entry), entry["repetition_index"])
        for entry in values["benchmarks"]
    ]


def test_every_repetition_is_in_it_in_the_order_of_the_plan(finished_run: Path) -> None:
    values = read(finished_run)
    plan = open_run(finished_run).plan
    assert len(values["benchmarks"]) == SMALL_REPETITIONS
    assert places(values) == [
        (index, cell.name, repetition)
        for index, cell in enumerate(plan.cells)
        for repetition in range(plan.repetitions)
    ]
    assert {entry["repetitions"] for entry in values["benchmarks"]} == {plan.repetitions}
    assert values["context"]["executable"] == "limiterbench"


def test_nothing_else_stays_behind(finished_run: Path) -> None:
    assert [path.name for path in finished_run.iterdir() if path.name.startswith(".")] == []


def test_a_resumed_run_has_what_was_measured_before_it_was_stopped(cli: CommandLine) -> None:
    cli.without_charts()
    run = cli.folder / "run"
    assert cli("run", *SMALL, "--out", "run", FAKE_LOSES_CPUS="rwmutex/steady").returncode == 1
    assert not (run / BENCHMARK_JSON).exists()
    assert 0 < len((run / "cells.jsonl").read_text().splitlines()) < SMALL_REPETITIONS
    assert cli("run", "--resume", "run").returncode == 0
    assert len(set(places(read(run)))) == SMALL_REPETITIONS
    once = (run / BENCHMARK_JSON).read_bytes()
    assert cli("run", "--resume", "run").returncode == 0
    assert (run / BENCHMARK_JSON).read_bytes() == once


def test_what_failed_is_an_error(cli: CommandLine) -> None:
    answer = cli.without_charts()(
        *("run", *SMALL, "--out", "run"),
        FAKE_CHECK="rwmutex/steady/compact/threads:1",
        FAKE_CRASH="hazard/steady/compact/threads:2",
    )
    assert answer.returncode == 1
    entries = read(cli.folder / "run")["benchmarks"]
    assert len(entries) == SMALL_REPETITIONS
    failed = {cell_of(e): e["error_message"] for e in entries if e.get("error_occurred")}
    assert failed == {
        "rwmutex/steady/compact/threads:1": "admitted 11 of 10 permits",
        "hazard/steady/compact/threads:2": "killed by signal 11 (SIGSEGV)",
    }


def test_a_repetition_that_was_measured_again_counts_as_it_was_last(cli: CommandLine) -> None:
    answer = cli.without_charts()("run", *SMALL, "--out", "run", FAKE_NOISY="hazard")
    assert answer.returncode == 0, answer.stderr
    records = lines_of(cli.folder / "run")
    last = {(r["cell"], r["repetition"]): r["throughput"] for r in records}
    assert len(records) > len(last) == SMALL_REPETITIONS
    for entry in read(cli.folder / "run")["benchmarks"]:
        phase = last[cell_of(entry), entry["repetition_index"]]
        time = phase["wall_ns"] / sum(phase["operations"])
        assert entry["real_time"] == pytest.approx(time)
        assert entry["ops_per_second"] == pytest.approx(1e9 / time)


@pytest.mark.skipif(not COMPARE.exists(), reason="Google Benchmark's compare.py is not installed")
def test_google_benchmarks_own_compare_reads_it(finished_run: Path) -> None:
    path = str(finished_run / BENCHMARK_JSON)
    answer = subprocess.run(
        [sys.executable, str(COMPARE), "--no-color", "benchmarks", path, path],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert answer.returncode == 0, answer.stderr
    compared = [line for line in answer.stdout.splitlines() if line.startswith("hazard/steady/")]
    assert sum("pvalue" in line for line in compared) == 2
    assert sum("+0.0000" in line for line in compared) == 4
