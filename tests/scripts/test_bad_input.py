"""Everything that is refused: exit status 2, the reason on stderr, nothing touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest
from conftest import SMALL, CommandLine

from limiterbench.cli import COMMANDS, parser_of


def refused(cli: CommandLine, *arguments: str, **env: str) -> str:
    before = sorted(cli.folder.rglob("*"))
    answer = cli(*arguments, **env)
    assert answer.returncode == 2, answer.stderr
    assert "Traceback" not in answer.stderr
    assert sorted(cli.folder.rglob("*")) == before
    return answer.stderr


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--impl", "hazrd"], ["'hazrd'", "did you mean hazard?", "rwmutex_read", "sharded"]),
        (["--scenario", "stedy"], ["'stedy'", "did you mean steady?", "reload_storm"]),
        (["--placement", "scater"], ["'scater'", "did you mean scatter?", "compact", "smt"]),
        (["--quik"], ["unknown flag '--quik'", "did you mean --quick?", "--repetitions"]),
        (["--qui"], ["unknown flag '--qui'", "did you mean --quick?"]),
        (["--threads", "0"], ["0", "2 CPUs", "--oversubscribe"]),
        (["--threads", "1,3"], ["3", "2 CPUs", "--oversubscribe"]),
        (["--threads", "-1"], ["-1"]),
        (["--repetitions", "0"], ["--repetitions", "whole number from 1"]),
        (["--seconds", "0"], ["--seconds", "above 0"]),
        (["--seconds", "nan"], ["--seconds"]),
        (["--seconds", "inf"], ["--seconds"]),
        (["--time-limit", "-3"], ["--time-limit"]),
        (["--seed", "-1"], ["--seed"]),
        (["--quick", "--full"], ["not allowed with"]),
        (["surplus"], ["'surplus' is not expected"]),
        (["--topology", "pack:2"], ["--dry-run"]),
        (["--impl"], ["expected one argument"]),
    ],
)
def test_flags_and_names(cli: CommandLine, arguments: List[str], said: List[str]) -> None:
    error = refused(cli, "run", *arguments)
    for part in said:
        assert part in error


def test_more_threads_than_cpus_when_it_is_asked_for(cli: CommandLine) -> None:
    answer = cli("run", "--threads", "1,4", "--oversubscribe", "--dry-run")
    assert answer.returncode == 0
    assert "oversubscribed: 4, in " in answer.stdout


def test_commands(cli: CommandLine) -> None:
    assert "did you mean plot?" in refused(cli, "plt")
    assert "run, plot, report" in refused(cli)


@pytest.mark.parametrize("content", [None, "notes.txt"])
def test_an_output_folder_that_is_no_run(cli: CommandLine, content: str) -> None:
    folder = cli.folder / "mine"
    folder.mkdir()
    if content:
        (folder / content).write_text("precious")
    assert "is not a run" in refused(cli, "run", "--out", "mine")


def test_an_output_that_is_a_file_or_below_one(cli: CommandLine) -> None:
    (cli.folder / "file").write_text("precious")
    assert "is not a run" in refused(cli, "run", "--out", "file")
    assert "not writable" in refused(cli, "run", "--out", "file/run")


def test_an_output_folder_that_cannot_be_made_is_found_before_the_plan(cli: CommandLine) -> None:
    answer = cli("run", *SMALL, "--out", "/proc/limiterbench")
    assert answer.returncode == 2
    assert "/proc/limiterbench: /proc is not writable: " in answer.stderr
    assert answer.stdout == ""


def test_a_default_folder_that_cannot_be_made_is_found_before_the_plan(cli: CommandLine) -> None:
    answer = cli("run", *SMALL, LIMITERBENCH_ROOT="/proc")
    assert answer.returncode == 2
    assert "/proc is not writable: " in answer.stderr
    assert answer.stdout == ""


def test_an_output_folder_that_holds_a_run(cli: CommandLine, stored_run: Path) -> None:
    assert "--resume run" in refused(cli, "run", "--out", "run")


@pytest.mark.parametrize("command", [["run", "--resume"], ["plot"], ["report", "--text"]])
def test_folders_that_are_no_run(cli: CommandLine, command: List[str]) -> None:
    (cli.folder / "empty").mkdir()
    assert "no such folder" in refused(cli, *command, "absent")
    assert "not a run" in refused(cli, *command, "empty")


@pytest.mark.parametrize("flag", [["--seed", "0"], ["--full"], ["--impl", "hazard"]])
def test_a_resumed_run_cannot_be_changed(
    cli: CommandLine, stored_run: Path, flag: List[str]
) -> None:
    assert f"{flag[0]} cannot change" in refused(cli, "run", "--resume", "run", *flag)


def test_a_program_that_is_not_built(cli: CommandLine) -> None:
    said = refused(cli, "run", LIMITERBENCH_PROGRAM=str(cli.folder / "absent"))
    assert "not built" in said


@pytest.mark.parametrize("arguments", [["--quik"], ["--out", "mine"], ["--resume", "mine"]])
def test_what_is_refused_before_anything_is_built(cli: CommandLine, arguments: List[str]) -> None:
    (cli.folder / "mine").mkdir()
    nothing = {"LIMITERBENCH_PREPARE": "/absent", "LIMITERBENCH_PROGRAM": "/absent"}
    refused(cli, "run", *arguments, **nothing)
    refused(cli, "run", "--out", "/proc/limiterbench", **nothing)
    assert "/absent" in cli("run", "--impl", "hazard", **nothing).stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_only_a_near_flag_is_suggested(cli: CommandLine, command: str) -> None:
    assert "did you mean" not in refused(cli, command, *_OPERANDS.get(command, ()), "--frobnicate")


_OPERANDS = {"plot": ("x",), "readme": ("x",), "report": ("x",), "compare": ("x", "y")}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_has_a_help_text(command: str) -> None:
    actions = parser_of(command)._actions
    assert [action.dest for action in actions if not action.help] == []
    assert "no_install" in [action.dest for action in actions]


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "run", "other", "--all"],
        ["doctor"],
        ["report", "--text", "run"],
        ["run", "--help"],
    ],
)
def test_a_reader_that_leaves_is_no_failure(
    cli: CommandLine, stored_run: Path, arguments: List[str]
) -> None:
    """`compare A B | head -1` must not end as if a cell were slower."""
    shutil.copytree(stored_run, cli.folder / "other")
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as stdout:
        process = subprocess.run(
            [sys.executable, "-m", "limiterbench", *arguments],
            cwd=cli.folder,
            env=cli.env,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (process.returncode, process.stderr) == (141, "")
