"""What a run is told: where shared memory and the writer are, what the clock must be; and its map
of what moving a cache line costs."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from conftest import SMALL, SMALL_REPETITIONS, CommandLine, lines_of, plain
from test_run import manifest_of

ONE = (*SMALL, "--threads", "1", "--repetitions", "1", "--out", "run")


def test_home_and_writer_reach_every_cell_the_plan_and_the_command(bare: CommandLine) -> None:
    answer = bare("run", *ONE, "--home", "interleave", "--writer", "own_core")
    assert answer.returncode == 0, answer.stderr
    run = bare.folder / "run"
    assert {line["home"]["policy"] for line in lines_of(run)} == {"interleave"}
    assert {line["writer"] for line in lines_of(run)} == {"own_core"}
    manifest = manifest_of(run)
    assert (manifest["plan"]["home"], manifest["plan"]["writer"]) == ("interleave", "own_core")
    words = shlex.split(manifest["command"])
    assert words[words.index("--home") + 1] == "interleave"
    assert words[words.index("--writer") + 1] == "own_core"


def test_a_resumed_run_keeps_home_and_writer(bare: CommandLine) -> None:
    assert bare("run", *ONE, "--home", "remote", "--writer", "1").returncode == 0
    cells = plain(bare.folder / "run")
    cells.write_text(cells.read_text().splitlines(keepends=True)[0])
    assert bare("run", "--resume", "run").returncode == 0
    lines = lines_of(bare.folder / "run")
    assert len(lines) == 2
    assert {(line["home"]["policy"], line["writer"]) for line in lines} == {("remote", "1")}
    assert "--home cannot change" in bare("run", "--resume", "run", "--home", "local").stderr


def test_the_program_refuses_a_home_before_anything_is_measured(cli: CommandLine) -> None:
    answer = cli("run", *ONE, "--home", "remot")
    assert answer.returncode == 2
    assert "did you mean remote?" in answer.stderr
    assert not (cli.folder / "run").exists()


def test_a_home_that_cannot_be_had_is_refused_before_anything_is_measured(
    bare: CommandLine,
) -> None:
    for refused, homes in (("remote", ["local", "interleave"]), ("interleave", ["remote"])):
        answer = bare("run", *ONE, "--home", refused, FAKE_NO_HOME=refused)
        assert answer.returncode == 1
        assert answer.stderr.endswith(f"cannot take memory from its home, {refused}\n")
        assert not (bare.folder / "run").exists()
        for home in homes:
            out = ("--out", f"run_{home}")
            assert (
                bare("run", *ONE[:-2], *out, "--home", home, FAKE_NO_HOME=refused).returncode == 0
            )


def test_a_resumed_run_asks_for_its_home_again(bare: CommandLine) -> None:
    assert bare("run", *ONE, "--home", "remote").returncode == 0
    cells = plain(bare.folder / "run")
    cells.write_text(cells.read_text().splitlines(keepends=True)[0])
    answer = bare("run", "--resume", "run", FAKE_NO_HOME="remote")
    assert answer.returncode == 1
    assert "cannot take memory from its home, remote" in answer.stderr
    assert len(lines_of(bare.folder / "run")) == 1


def test_nothing_is_chosen_unless_asked(finished_run: Path) -> None:
    manifest = manifest_of(finished_run)
    assert (manifest["plan"]["home"], manifest["plan"]["writer"]) == (None, None)
    assert "--home" not in manifest["command"]


def test_strict_stops_at_a_clock_that_cannot_be_trusted(bare: CommandLine) -> None:
    answer = bare("run", *ONE, "--strict", FAKE_APART="/")
    assert answer.returncode == 1
    assert answer.stderr.endswith("--strict: the clock cannot be trusted: it stutters\n")
    assert not (bare.folder / "run").exists()
    assert bare("run", *ONE, FAKE_APART="/").returncode == 0
    assert len(lines_of(bare.folder / "run")) == 2


def test_the_contention_map_is_kept_as_the_program_prints_it(bare: CommandLine) -> None:
    text = json.dumps({"pairs": 1, "transfers": [], "sharings": [], "more": [1, 2]}, indent=2)
    assert bare("run", *ONE, FAKE_MAP=text).returncode == 0
    run = bare.folder / "run"
    assert (run / "contention.json").read_text() == text + "\n"
    assert manifest_of(run)["contention_absent"] is None


@pytest.mark.parametrize(
    "told, reason", [("fails", "no CPU answers"), ("[1]", "not a JSON object"), ("x", "not JSON")]
)
def test_a_run_without_contention_map_says_why(bare: CommandLine, told: str, reason: str) -> None:
    answer = bare("run", *ONE, FAKE_MAP=told)
    assert answer.returncode == 0, answer.stderr
    run = bare.folder / "run"
    assert not (run / "contention.json").exists()
    assert reason in manifest_of(run)["contention_absent"]
    assert len(lines_of(run)) == 2


def test_resume_measures_no_second_map(bare: CommandLine, stored_run: Path) -> None:
    cells = stored_run / "cells.jsonl"
    cells.write_text("".join(cells.read_text().splitlines(keepends=True)[:-1]))
    before = (stored_run / "contention.json").read_text()
    other = json.dumps({"pairs": 7, "transfers": [], "sharings": []})
    assert bare("run", "--resume", "run", FAKE_MAP=other).returncode == 0
    assert (stored_run / "contention.json").read_text() == before
    assert len(lines_of(stored_run)) == SMALL_REPETITIONS
