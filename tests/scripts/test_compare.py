"""The command: what it refuses, what it prints, how it ends."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from conftest import ROOT, CommandLine, plain

Line = Dict[str, Any]


def change_records(folder: Path, change: Callable[[Line], object]) -> None:
    path = plain(folder)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        change(line)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def change_manifest(folder: Path, change: Callable[[Line], object]) -> None:
    path = folder / "run.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values, indent=1))


@pytest.fixture
def other_run(cli: CommandLine, stored_run: Path) -> Path:
    """A copy of the stored run that the test may spoil."""
    return Path(shutil.copytree(stored_run, cli.folder / "other"))


def slow_hazard(line: Line) -> None:
    if line["limiter"] == "hazard":
        phase = line["throughput"]
        phase["operations"] = [count // 2 for count in phase["operations"]]


def refused(cli: CommandLine, *arguments: str) -> str:
    answer = cli("compare", *arguments)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""
    return answer.stderr


def test_a_copy_is_neither_faster_nor_slower(cli: CommandLine, other_run: Path) -> None:
    answer = cli("compare", "run", "other", "--fail-on-slower", "1")
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0] == "4 common cells:"
    assert lines[1].startswith("  throughput 0 faster, 0 slower")
    assert lines[-1] == "0 cells slower by more than 1 %"


def test_a_slowed_row_is_listed_and_fails(cli: CommandLine, other_run: Path) -> None:
    change_records(other_run, slow_hazard)
    answer = cli("compare", "run", "other", "--fail-on-slower", "20")
    assert answer.returncode == 1, answer.stderr
    assert "throughput 0 faster, 2 slower" in answer.stdout
    assert "throughput: steady, compact" in answer.stdout
    assert "SLOWER" in answer.stdout
    assert "2 cells slower by more than 20 %" in answer.stdout
    assert cli("compare", "run", "other", "--fail-on-slower", "150").returncode == 0
    assert "2 faster" in cli("compare", "other", "run").stdout


def test_all_lists_every_cell_in_80_columns(cli: CommandLine, other_run: Path) -> None:
    answer = cli("compare", "run", "other", "--all")
    assert answer.stdout.count("rwmutex") == 4
    assert max(map(len, answer.stdout.splitlines())) <= 80


def test_json_has_everything(cli: CommandLine, other_run: Path) -> None:
    change_records(other_run, slow_hazard)
    answer = cli("compare", "run", "other", "--json", "--fail-on-slower", "20")
    assert answer.returncode == 1
    found = json.loads(answer.stdout)
    assert found["schema"] == 1
    assert found["counts"]["throughput"]["SLOWER"] == 2
    assert len(found["fail_on_slower"]["cells"]) == 2
    assert found["differences"] == []
    cell = found["cells"][0]
    assert cell["cell"] == "hazard/steady/compact/threads:1"
    assert cell["throughput"]["ratio"] == pytest.approx(0.5, rel=1e-6)
    assert cell["throughput"]["low"] < cell["throughput"]["estimate"] < cell["throughput"]["high"]
    assert cell["throughput"]["base"]["interval"]["coverage"] == 0.5
    bootstrap = cell["p99"]["base"]["bootstrap"]
    assert bootstrap["low"] <= cell["p99"]["base"]["median"] <= bootstrap["high"]
    again = cli("compare", "run", "other", "--json", "--fail-on-slower", "20")
    assert again.stdout == answer.stdout


@pytest.mark.parametrize(
    "key, value", [("hostname", "elsewhere"), ("cpu_model", "another"), ("kernel", "7.0")]
)
def test_other_hosts(cli: CommandLine, other_run: Path, key: str, value: str) -> None:
    change_manifest(other_run, lambda values: values["host"].update({key: value}))
    error = refused(cli, "run", "other")
    assert "different hosts; --across-hosts" in error
    assert f"{key}: " in error and f"-> {value}" in error
    assert "different hosts" in refused(cli, "run", "other")
    allowed = cli("compare", "run", "other", "--across-hosts")
    assert allowed.returncode == 0
    assert f"beware: {key}: " in allowed.stdout


def test_other_builds(cli: CommandLine, other_run: Path) -> None:
    def rebuild(values: Line) -> None:
        values["program_sha256"] = "0" * 64
        values["versions"]["program"]["flags"] = "-O3"

    change_manifest(other_run, rebuild)
    said = cli("compare", "run", "other").stdout
    assert "-> -O3" in said and "beware: program: " in said
    allowed = cli("compare", "run", "other", "--json")
    whats = [entry["what"] for entry in json.loads(allowed.stdout)["differences"]]
    assert whats == ["flags", "program"]


def test_runs_of_one_build_with_1_and_3_layouts(cli: CommandLine, other_run: Path) -> None:
    def link_two_more(values: Line) -> None:
        values["program_sha256"] = "0" * 64
        values["plan"]["layouts"] = 3

    change_manifest(other_run, link_two_more)
    answer = cli("compare", "run", "other", "--json")
    assert answer.returncode == 0, answer.stderr
    (difference,) = json.loads(answer.stdout)["differences"]
    assert difference == {"what": "layouts", "base": "1", "new": "3"}
    assert "beware: layouts: 1 -> 3" in cli("compare", "run", "other").stdout
    change_manifest(other_run, lambda values: values["versions"]["program"].update(commit="x"))
    assert "beware: commit: " in cli("compare", "run", "other").stdout


def test_other_phases_are_said(cli: CommandLine, other_run: Path) -> None:
    change_manifest(other_run, lambda values: values["plan"].update(seconds=2.0))
    assert "beware: phase: 0.01 s -> 2 s" in cli("compare", "run", "other").stdout


def test_other_places_of_memory_and_writer_are_said(cli: CommandLine, other_run: Path) -> None:
    change_manifest(other_run, lambda values: values["plan"].update(home="remote", writer="1"))
    said = cli("compare", "run", "other").stdout
    assert "beware: home: default -> remote" in said
    assert "beware: writer: default -> 1" in said


def test_another_share_of_disturbed_repetitions_is_said(cli: CommandLine, other_run: Path) -> None:
    change_records(other_run, lambda line: line["noise"].update(flagged=line["threads"] == 2))
    said = cli("compare", "run", "other").stdout
    assert "beware: disturbed repetitions: 0 % -> 50 %" in said


def test_a_tail_that_grows_out_of_the_timers_floor_fails(cli: CommandLine, other_run: Path) -> None:
    def at(time: int) -> Callable[[Line], object]:
        def change(line: Line) -> None:
            line["latency"].update(min_ns=time, max_ns=time)
            line["timer"]["floor"] = {**line["timer"]["floor"], "p50_ns": 40, "p99_ns": 40}

        return change

    change_records(cli.folder / "run", at(40))
    change_records(other_run, at(4000))
    answer = cli("compare", "run", "other", "--fail-on-slower", "50")
    assert answer.returncode == 1, answer.stderr
    assert "p99        0 faster, 4 slower" in answer.stdout
    assert "at least +" in answer.stdout
    better = cli("compare", "other", "run", "--fail-on-slower", "50")
    assert better.returncode == 0 and "p99        4 faster, 0 slower" in better.stdout
    cli("compare", "run", "other", "--json").check_returncode()


def test_no_common_cells(cli: CommandLine, stored_run: Path) -> None:
    flags = ("--impl", "sharded", "--scenario", "steady", "--seconds", "0.01")
    assert cli.without_charts()("run", *flags, "--out", "other").returncode == 0
    assert "no common cells: run has 4 that were measured" in refused(cli, "run", "other")


def test_cells_of_one_run_only_are_counted(cli: CommandLine, other_run: Path) -> None:
    def fail(line: Line) -> None:
        if line["limiter"] == "hazard" and line["threads"] == 2:
            line.update(status="failed", failure="a check")

    change_records(other_run, fail)
    answer = cli("compare", "run", "other")
    assert answer.stdout.startswith("3 common cells:")
    assert "not compared: 1 cell only in BASE" in answer.stdout


@pytest.mark.parametrize("name, line", [("run.json", 2), ("cells.jsonl", 1)])
def test_another_schema(cli: CommandLine, other_run: Path, name: str, line: int) -> None:
    path = other_run / name
    path.write_text(re.sub(r'"schema": ?1', '"schema": 2', path.read_text()))
    assert f"{name}:{line}: schema is 2, newer" in refused(cli, "run", "other")


def test_folders_that_cannot_be_compared(cli: CommandLine, stored_run: Path) -> None:
    assert "the same run" in refused(cli, "run", "run")
    assert "no such folder" in refused(cli, "run", "absent")
    assert "BASE" in refused(cli) and "NEW" in refused(cli, "run")
    for value in ("0", "-1", "nan", "x"):
        assert "--margin" in refused(cli, "run", "run", "--margin", value)
        assert "--fail-on-slower" in refused(cli, "run", "run", f"--fail-on-slower={value}")


def test_the_stored_run_against_a_slowed_copy_of_itself(cli: CommandLine) -> None:
    for name in ("base", "new"):
        shutil.copytree(ROOT / "results" / "reference", cli.folder / name)
    change_records(cli.folder / "new", slow_hazard)
    answer = cli("compare", "base", "new", "--json")
    assert answer.returncode == 0, answer.stderr
    for cell in json.loads(answer.stdout)["cells"]:
        slowed = cell["cell"].startswith("hazard/")
        assert (cell["throughput"]["verdict"] == "SLOWER") == slowed, cell["cell"]
