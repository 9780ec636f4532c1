"""benchmark.json: what Google Benchmark's own tools read of a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest
from conftest import SMALL, SMALL_REPETITIONS, CommandLine

from limiterbench.records.manifest import RunPlan
from limiterbench.records.run_folder import open_run
from limiterbench.run.google_benchmark import BENCHMARK_JSON, BenchmarkLog, cell_of
from limiterbench.run.schedule import Turn

COMPARE = Path("/usr/share/benchmark/compare.py")


def read(folder: Path) -> Dict[str, Any]:
    values: Dict[str, Any] = json.loads((folder / BENCHMARK_JSON).read_text(encoding="utf-8"))
    return values


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
    assert values["context"]["executable"] == "fake_limiterbench"


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


def test_a_failed_check_is_an_error_and_a_crash_is_left_out(cli: CommandLine) -> None:
    answer = cli.without_charts()(
        *("run", *SMALL, "--out", "run"),
        FAKE_CHECK="rwmutex/steady/compact/threads:1",
        FAKE_CRASH="hazard/steady/compact/threads:2",
    )
    assert answer.returncode == 1
    entries = read(cli.folder / "run")["benchmarks"]
    assert len(entries) == SMALL_REPETITIONS - 2
    failed = [cell_of(entry) for entry in entries if entry.get("error_occurred")]
    assert failed == ["rwmutex/steady/compact/threads:1"] * 2
    assert not any(cell_of(e) == "hazard/steady/compact/threads:2" for e in entries)


def written(path: Path, cell: str, time: float) -> Path:
    entry = {"name": f"{cell}/iterations:1", "run_name": f"{cell}/iterations:1", "real_time": time}
    path.write_text(json.dumps({"context": {"executable": "/a/b"}, "benchmarks": [entry]}))
    return path


def merged(folder: Path, plan: RunPlan, *times: float) -> bytes:
    folder.mkdir(exist_ok=True)
    with BenchmarkLog(folder) as log:
        assert isinstance(log, BenchmarkLog)
        for time in times:
            log.keep(Turn(plan.cells[0], 0), written(folder / "x", plan.cells[0].name, time))
        log.merge(plan)
    return (folder / BENCHMARK_JSON).read_bytes()


def test_a_repetition_that_was_measured_again_counts_as_it_was_last(
    tmp_path: Path, finished_run: Path
) -> None:
    plan = open_run(finished_run).plan
    last = merged(tmp_path / "once", plan, 3.0)
    assert merged(tmp_path / "again", plan, 2.0, 3.0) == last
    merged(tmp_path / "resumed", plan, 2.0)
    assert merged(tmp_path / "resumed", plan, 3.0) == last


def test_a_repetition_that_failed_when_measured_again_counts_as_it_was(
    tmp_path: Path, finished_run: Path
) -> None:
    plan = open_run(finished_run).plan
    once = merged(tmp_path, plan, 2.0)
    failed = json.loads((written(tmp_path / "failed", plan.cells[0].name, 3.0)).read_text())
    failed["benchmarks"][0]["error_occurred"] = True
    (tmp_path / "failed").write_text(json.dumps(failed))
    for path in ("none", "failed"):
        with BenchmarkLog(tmp_path) as log:
            assert isinstance(log, BenchmarkLog)
            log.keep(Turn(plan.cells[0], 0, 1), tmp_path / path)
            log.merge(plan)
        assert (tmp_path / BENCHMARK_JSON).read_bytes() == once


@pytest.mark.parametrize("damage", [b"\0\0\0", b"{", b"[]", b"3", b'{"cell": "x"}', b"\xff"])
def test_a_damaged_line_is_left_out(tmp_path: Path, finished_run: Path, damage: bytes) -> None:
    plan = open_run(finished_run).plan
    once = merged(tmp_path / "whole", plan, 2.0)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / ".benchmark.jsonl").write_bytes(damage + b"\n")
    assert merged(tmp_path / "damaged", plan, 2.0) == once


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"context": {}, "benchmarks": []}'])
def test_what_a_process_left_half_written_is_not_kept(
    tmp_path: Path, finished_run: Path, text: str
) -> None:
    plan = open_run(finished_run).plan
    (tmp_path / "part").write_text(text)
    with BenchmarkLog(tmp_path) as log:
        assert isinstance(log, BenchmarkLog)
        log.keep(Turn(plan.cells[0], 0), tmp_path / "part")
        log.keep(Turn(plan.cells[0], 0), tmp_path / "none")
        log.merge(plan)
    assert not (tmp_path / BENCHMARK_JSON).exists()


@pytest.mark.parametrize("text", ["", "{}", '{"benchmarks": [3]}'])
def test_a_spoilt_file_is_named(stored_run: Path, cli: CommandLine, text: str) -> None:
    (stored_run / BENCHMARK_JSON).write_text(text)
    answer = cli("run", "--resume", "run")
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: ") and BENCHMARK_JSON in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


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
