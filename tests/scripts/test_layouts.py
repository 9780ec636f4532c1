"""Several layouts of the program: they take the repetitions in turn, and the run says how many."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Set

import pytest
from conftest import FAKE, ROOT, CommandLine, compiler, lines_of, plain
from test_run import manifest_of

from limiterbench.records.records import read_records

CELLS = ("--impl", "rwmutex", "--impl", "hazard", "--scenario", "steady", "--threads", "1")
SHORT = (*CELLS, "--seconds", "0.01", "--seed", "1", "--out", "run")


def give_layouts(cli: CommandLine, count: int) -> Path:
    """The stand-in, with so many layouts, itself included."""
    program = cli.folder / "programs" / "limiterbench"
    program.parent.mkdir(exist_ok=True)
    shutil.copy(FAKE, program)
    for number in range(1, count):
        shutil.copy(FAKE, program.with_name(f"limiterbench.layout{number}"))
    cli.env["LIMITERBENCH_PROGRAM"] = str(program)
    return program


@pytest.fixture
def bare(cli: CommandLine) -> CommandLine:
    give_layouts(cli, 3)
    return cli.without_charts()


def built(cli: CommandLine, *arguments: str) -> str:
    """The layouts that a run has built before it measures."""
    prepare = cli.folder / "prepare"
    prepare.write_text('#!/bin/sh\necho "$@" >&2\nexit 7\n')
    prepare.chmod(0o755)
    answer = cli.process("run", *arguments, LIMITERBENCH_PREPARE=str(prepare))
    assert answer.returncode == 7
    level, layouts, target = answer.stderr.split()
    assert (level, target) == ("run", "limiterbench_layouts")
    return layouts


def dealt(run: Path) -> Dict[int, Set[int]]:
    """By repetition, the layouts that measured it."""
    found: Dict[int, Set[int]] = {}
    for line in lines_of(run):
        found.setdefault(line["repetition"], set()).add(line["layout"]["program"])
    return found


def test_repetitions_are_dealt_over_the_layouts_in_turn(bare: CommandLine) -> None:
    answer = bare("run", *SHORT, "--repetitions", "5", "--layouts", "3", FAKE_NOISY="hazard")
    assert answer.returncode == 0, answer.stderr
    run = bare.folder / "run"
    assert dealt(run) == {0: {0}, 1: {1}, 2: {2}, 3: {0}, 4: {1}}
    assert any(line["attempt"] for line in lines_of(run))
    manifest = manifest_of(run)
    assert manifest["plan"]["layouts"] == 3
    assert manifest["layouts_absent"] is None
    assert "--layouts 3" in manifest["command"]
    layouts = {
        record.measured.layout for record in read_records(run / "cells.jsonl") if record.measured
    }
    assert layouts == {0, 1, 2}


@pytest.mark.parametrize("repetitions, layouts", [("1", 1), ("2", 2), ("3", 3), ("4", 3)])
def test_unless_chosen_there_are_three_or_one_a_repetition(
    bare: CommandLine, repetitions: str, layouts: int
) -> None:
    answer = bare("run", *SHORT, "--repetitions", repetitions, "--dry-run")
    assert answer.returncode == 0, answer.stderr
    assert re.findall(r"^layouts +(\d+)( of the program)?", answer.stdout, re.MULTILINE) == [
        (f"{layouts}", " of the program" if layouts > 1 else "")
    ]


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (("--layouts", "0"), "--layouts: invalid whole number from 1 value: '0'"),
        (("--layouts", "-1"), "--layouts: invalid whole number from 1 value: '-1'"),
        (("--layouts", "2.5"), "--layouts: invalid whole number from 1 value: '2.5'"),
        (("--layouts", "3", "--repetitions", "2"), "--layouts 3: more than 2 repetitions"),
        (("--layouts", "2", "--repetitions", "1"), "--layouts 2: more than 1 repetition"),
        (("--layouts", "4"), "--layouts 4: more than 3 repetitions"),
        (("--layouts", "8", "--full"), "--layouts 8: more than 7 repetitions"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_built(
    cli: CommandLine, arguments: "tuple[str, ...]", reason: str
) -> None:
    answer = cli("run", *arguments, LIMITERBENCH_PREPARE="/absent")
    assert answer.returncode == 2
    assert reason in answer.stderr


def test_more_than_a_quick_plan_has_repetitions_is_refused(bare: CommandLine) -> None:
    """With so many cells it has two."""
    answer = bare("run", "--layouts", "3", "--out", "run", FAKE_ROWS="40", FAKE_CPUS="4")
    assert answer.returncode == 2
    assert "--layouts 3: more than 2 repetitions" in answer.stderr
    assert not (bare.folder / "run").exists()


def test_where_the_linker_makes_no_more_the_run_has_one_and_says_why(bare: CommandLine) -> None:
    program = give_layouts(bare, 1)
    for path in program.parent.glob("*.layout*"):
        path.unlink()
    (program.parent / "layouts").mkdir()
    (program.parent / "layouts" / "absent").write_text("the linker: GNU ld is missing\n")
    answer = bare("run", *SHORT, "--repetitions", "3", "--layouts", "3")
    assert answer.returncode == 0, answer.stderr
    run = bare.folder / "run"
    assert dealt(run) == {0: {0}, 1: {0}, 2: {0}}
    assert manifest_of(run)["plan"]["layouts"] == 1
    assert manifest_of(run)["layouts_absent"] == "the linker: GNU ld is missing"
    assert "layouts     1: the linker: GNU ld is missing" in answer.stdout


def test_a_program_alone_has_one_layout(cli: CommandLine) -> None:
    give_layouts(cli, 1)
    answer = cli.without_charts()("run", *SHORT, "--repetitions", "2")
    assert answer.returncode == 0, answer.stderr
    said = manifest_of(cli.folder / "run")["layouts_absent"]
    assert said == "no other layout of this build lies beside it"


def test_a_layout_of_another_build_is_left_alone(bare: CommandLine) -> None:
    other = bare.folder / "programs" / "limiterbench.layout2"
    older = 'case "$*" in *--version*) echo older; exit ;; esac'
    other.write_text(f'#!/bin/sh\n{older}\nexec {FAKE} "$@"\n')
    assert bare("run", *SHORT, "--repetitions", "3").returncode == 0
    manifest = manifest_of(bare.folder / "run")
    assert manifest["plan"]["layouts"] == 2
    assert "of this build" in manifest["layouts_absent"]


def keep(run: Path, count: int) -> None:
    lines = plain(run).read_text().splitlines(keepends=True)
    (run / "cells.jsonl").write_text("".join(lines[:count]))


def test_a_resumed_run_goes_on_with_its_layouts(bare: CommandLine) -> None:
    assert bare("run", *SHORT, "--repetitions", "3").returncode == 0
    run = bare.folder / "run"
    manifest = manifest_of(run)
    assert (manifest["plan"]["layouts"], manifest["layouts_absent"]) == (3, None)
    keep(run, 3)
    assert built(bare, "--resume", "run") == "-DLIMITERBENCH_LAYOUTS=3"
    assert bare("run", "--resume", "run").returncode == 0
    assert dealt(run) == {0: {0}, 1: {1}, 2: {2}}
    assert "--layouts cannot change" in bare("run", "--resume", "run", "--layouts", "2").stderr


def test_a_run_is_not_resumed_without_its_layouts(bare: CommandLine) -> None:
    assert bare("run", *SHORT, "--repetitions", "3").returncode == 0
    run = bare.folder / "run"
    keep(run, 3)
    before = plain(run).read_text()
    layout = bare.folder / "programs" / "limiterbench.layout2"
    changed = layout.read_text() + "\n# linked again\n"
    layout.unlink()
    answer = bare("run", "--resume", "run")
    assert answer.returncode == 2
    assert "needs 3 layouts" in answer.stderr
    layout.write_text(changed)
    layout.chmod(0o755)
    answer = bare("run", "--resume", "run")
    assert answer.returncode == 2
    assert "another program" in answer.stderr
    assert plain(run).read_text() == before


def test_a_run_of_before_there_were_layouts_is_read_and_resumed(
    cli: CommandLine, stored_run: Path
) -> None:
    text = (stored_run / "cells.jsonl").read_text()
    assert '"layout":{' in text
    lines: List[str] = []
    for line in text.splitlines():
        values = json.loads(line)
        del values["layout"]
        lines.append(json.dumps(values) + "\n")
    (stored_run / "cells.jsonl").write_text("".join(lines[:-1]))
    manifest = manifest_of(stored_run)
    del manifest["plan"]["layouts"], manifest["layouts_absent"]
    (stored_run / "run.json").write_text(json.dumps(manifest))
    records = read_records(stored_run / "cells.jsonl")
    assert {record.measured.layout for record in records if record.measured} == {None}
    answer = cli.without_charts()("run", "--resume", "run")
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    "arguments, count",
    [((), 3), (("--full",), 3), (("--repetitions", "2"), 2), (("--full", "--layouts", "6"), 6)],
)
def test_how_many_to_build(cli: CommandLine, arguments: "tuple[str, ...]", count: int) -> None:
    assert built(cli, *arguments) == f"-DLIMITERBENCH_LAYOUTS={count}"


@pytest.mark.skipif(shutil.which("ld") is None, reason="no linker")
def test_the_script_that_orders_functions(tmp_path: Path) -> None:
    """Two numbers, two orders, each the same again; every function of the archive is in both."""
    source = tmp_path / "source.cpp"
    names = [f"_Z{len(name)}{name}v" for name in ("one", "two", "three", "four", "five")]
    source.write_text(
        "".join(f"void {name}() {{}}\n" for name in "one two three four five".split())
    )
    flags = ["-ffunction-sections", "-c", str(source), "-o", str(tmp_path / "a.o")]
    subprocess.run([*compiler(), *flags], check=True)

    def ordered(number: int) -> List[str]:
        output = tmp_path / f"{number}.ld"
        flags = ["-Dreadelf=readelf", f"-Darchive={tmp_path / 'a.o'}", f"-Dnumber={number}"]
        flags.append(f"-Doutput={output}")
        script = ROOT / "cmake" / "order_functions.cmake"
        subprocess.run(["cmake", *flags, "-P", str(script)], check=True)
        text = output.read_text()
        assert text.count(f". = ALIGN(64) + {16 * (number % 4)};") == len(names)
        return [word[8:-1] for word in text.split() if word.startswith("*(.text.")]

    orders = [ordered(number) for number in (1, 2, 1, 6)]
    assert all(sorted(order) == sorted(names) for order in orders)
    assert orders[0] == orders[2]
    assert len({tuple(order) for order in orders}) == 3
