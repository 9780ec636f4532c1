"""Whole runs over the stand-in program."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any, Dict

import pytest
from conftest import FAKE, SMALL, SMALL_REPETITIONS, CommandLine, lines_of

CHARTS = ("scaling", "p99", "percentiles")


def manifest_of(run: Path) -> Dict[str, Any]:
    manifest: Dict[str, Any] = json.loads((run / "run.json").read_text())
    return manifest


def test_a_run_folder_is_complete(finished_run: Path) -> None:
    assert sorted(entry.name for entry in finished_run.iterdir()) == [
        "benchmark.json",
        "cells.jsonl.gz",
        "contention.json",
        "figures",
        "report.html",
        "run.json",
        "summary.csv",
        "topology.xml",
    ]
    drawn = {entry.name for entry in (finished_run / "figures").iterdir()}
    assert {f"{c}_steady.{suffix}" for c in CHARTS for suffix in ("svg", "png")} <= drawn
    assert manifest_of(finished_run)["status"] == "complete"


def test_every_repetition_is_recorded_once_in_the_seeds_order(finished_run: Path) -> None:
    lines = lines_of(finished_run)
    keys = [(line["cell"], line["repetition"]) for line in lines]
    assert len(set(keys)) == len(keys) == SMALL_REPETITIONS
    plan = manifest_of(finished_run)["plan"]
    assert plan["seed"] == 1
    assert [line["repetition"] for line in lines] == [0] * 4 + [1] * 4
    assert [line["cell"] for line in lines[:4]] != plan["cells"]
    assert sorted(line["cell"] for line in lines[:4]) == sorted(plan["cells"])


def test_the_stored_command_measures_the_same_plan(cli: CommandLine, finished_run: Path) -> None:
    words = shlex.split(manifest_of(finished_run)["command"])
    assert words[0] == "./scripts/run"
    layouts = words[words.index("--layouts") + 1]
    assert layouts == str(manifest_of(finished_run)["plan"]["layouts"])
    answer = cli.without_charts()("run", *words[1:], "--out", "again")
    assert answer.returncode == 0, answer.stderr
    again, first = manifest_of(cli.folder / "again"), manifest_of(finished_run)
    assert again["plan"] == first["plan"]
    assert [line["cell"] for line in lines_of(cli.folder / "again")] == [
        line["cell"] for line in lines_of(finished_run)
    ]


def test_a_run_ends_with_a_table_that_fits_and_the_paths(cli: CommandLine) -> None:
    answer = cli("run", *SMALL, "--out", "run", FAKE_ROWS="18")
    assert answer.returncode == 0
    assert max(map(len, answer.stdout.splitlines())) <= 80
    assert "run/figures/scaling_steady.{svg,png}" in answer.stdout
    ranked = answer.stdout.index("fastest first")
    assert answer.stdout.index("hazard", ranked) < answer.stdout.index("rwmutex", ranked)
    assert answer.stdout.rstrip().endswith("records: run")


def test_the_default_folder_names_host_time_and_commit(cli: CommandLine) -> None:
    answer = cli.without_charts()("run", *SMALL, "--threads", "1", FAKE_HOST="a host/../b")
    assert answer.returncode == 0, answer.stderr
    (folder,) = (cli.folder / "results").iterdir()
    host, utc, commit = folder.name.split("_")
    assert (host, commit) == ("a-host-..-b", "nogit")
    assert len(utc) == len("20260101T000000Z")


def test_dry_run_measures_nothing(cli: CommandLine) -> None:
    answer = cli("run", *SMALL, "--dry-run", "--out", "run", FAKE_CRASH="/")
    assert answer.returncode == 0
    assert "4, each 2 repetitions" in answer.stdout
    assert "duration" in answer.stdout
    assert not list(cli.folder.iterdir())


def test_dry_run_for_another_host(cli: CommandLine) -> None:
    answer = cli("run", "--dry-run", "--topology", "pack:2 l3:8 core:8 pu:2")
    assert answer.returncode == 0
    assert "256 CPUs" in answer.stdout


@pytest.mark.parametrize(
    "flag, failure",
    [
        ("FAKE_CRASH", "killed by signal 11 (SIGSEGV)"),
        ("FAKE_CHECK", "admitted 11 of 10 permits"),
        ("FAKE_SILENT", "its record cannot be used: none was written"),
        ("FAKE_LATE", "killed by signal 6 (SIGABRT)"),
    ],
)
def test_a_cell_that_fails_costs_only_itself(cli: CommandLine, flag: str, failure: str) -> None:
    answer = cli.without_charts()(
        "run", *SMALL, "--out", "run", **{flag: "hazard/steady/compact/threads:2"}
    )
    assert answer.returncode == 1
    lines = lines_of(cli.folder / "run")
    assert len(lines) == SMALL_REPETITIONS
    failed = [line for line in lines if line["status"] == "failed"]
    assert [line["cell"] for line in failed] == ["hazard/steady/compact/threads:2"] * 2
    assert {line["failure"] for line in failed} == {failure}
    assert manifest_of(cli.folder / "run")["status"] == "failed"
    assert "2 repetitions failed" in answer.stdout
    assert failure in answer.stdout
    assert "fastest first" in answer.stdout


def test_a_cell_that_hangs_is_ended_and_recorded(cli: CommandLine) -> None:
    fifo = cli.folder / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    hang = {"FAKE_HANG": "hazard/steady/compact/threads:1", "FAKE_FIFO": str(fifo)}
    try:
        answer = cli.without_charts()("run", *SMALL, "--out", "run", "--time-limit", "1.5", **hang)
        pids = [int(line) for line in os.read(reader, 4096).split()]
    finally:
        os.close(reader)
    assert answer.returncode == 1
    lines = lines_of(cli.folder / "run")
    assert len(lines) == SMALL_REPETITIONS
    failed = [line for line in lines if line["status"] == "failed"]
    assert [line["failure"] for line in failed] == ["exceeded the time limit of 1.5 s"] * 2
    assert {line["cell"] for line in failed} == {"hazard/steady/compact/threads:1"}
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_run_of_nothing_but_failures_says_so(cli: CommandLine) -> None:
    answer = cli("run", *SMALL, "--threads", "1", "--out", "run", FAKE_CRASH="/")
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert "4 repetitions failed" in answer.stdout
    assert len(lines_of(cli.folder / "run")) == 4


def test_a_host_that_forbids_binding_is_found_before_the_run_begins(cli: CommandLine) -> None:
    answer = cli("run", *SMALL, "--out", "run", FAKE_UNBOUND="1")
    assert answer.returncode == 1
    assert answer.stderr == "error: cannot bind a thread to CPU 0: not permitted\n"
    assert answer.stdout == ""
    assert not list(cli.folder.iterdir())


def test_a_host_that_no_longer_binds_stops_the_run(cli: CommandLine) -> None:
    for lost, kept in (("/", False), ("hazard/steady/compact/threads:1", True)):
        answer = cli("run", *SMALL, "--out", "run", FAKE_LOSES_CPUS=lost)
        assert answer.returncode == 1
        assert "cannot bind a thread to CPU 0" in answer.stderr
        assert (cli.folder / "run").exists() == kept
    assert lines_of(cli.folder / "run") != []
    assert manifest_of(cli.folder / "run")["status"] == "failed"


def test_a_program_that_answers_nonsense_is_an_error_without_a_trace(cli: CommandLine) -> None:
    program = cli.folder / "nonsense"
    program.write_text("#!/bin/sh\necho nonsense\n")
    program.chmod(0o755)
    answer = cli("run", LIMITERBENCH_PROGRAM=str(program))
    assert answer.returncode == 1
    assert "not JSON" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_without_matplotlib_the_records_are_kept(cli: CommandLine) -> None:
    answer = cli.without_charts()("run", *SMALL, "--out", "run")
    assert answer.returncode == 0, answer.stderr
    assert "./scripts/plot and report make them" in answer.stdout
    assert len(lines_of(cli.folder / "run")) == SMALL_REPETITIONS


def test_the_stand_in_is_a_program(cli: CommandLine) -> None:
    assert os.access(FAKE, os.X_OK)
