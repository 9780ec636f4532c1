"""docs/add-a-row.md, followed literally in a copy of the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree
from pathlib import Path
from typing import List

import pytest
from conftest import ROOT, CommandLine, lines_of
from schemas import CELL
from test_docs import blocks

PAGE = ROOT / "docs" / "add-a-row.md"
PARTS = ("impls", "benchmarks", "tests", "scripts", "cmake", "CMakeLists.txt", "CMakePresets.json")
# The other rows take minutes to compile, and have tests of their own.
KEPT = ("hazard", "gcra")


def call(folder: Path, *command: str) -> str:
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{command}\n{answer.stdout[-3000:]}{answer.stderr[-3000:]}"
    return answer.stdout


def copy_of_the_project(folder: Path) -> Path:
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def add(folder: Path, row: str, header: str, line: str) -> None:
    """The two steps of the page, and nothing else."""
    (folder / "impls" / "rows" / f"{row}.hpp").write_text(header, encoding="utf-8")
    registry = folder / "impls" / "registry.hpp"
    text = registry.read_text(encoding="utf-8")
    include = f'#include "rows/{row}.hpp"\n'
    for place, more in (
        ("#include <type_traits>\n\n", include),
        ("using Rows = TypeList<\n", line),
    ):
        assert text.count(place) == 1
        text = text.replace(place, place + more)
    registry.write_text(text, encoding="utf-8")


def take_off_the_others(folder: Path, row: str) -> None:
    registry = folder / "impls" / "registry.hpp"
    before, rows, after = re.split(
        r"(?<=using Rows = TypeList<\n)(.*?)(?=#if)",
        registry.read_text(encoding="utf-8"),
        maxsplit=1,
        flags=re.DOTALL,
    )
    kept = [line for line in rows.splitlines(True) if line.strip(" ,\n") in (row, *KEPT)]
    assert len(kept) == 1 + len(KEPT)
    registry.write_text(before + "".join(kept) + after, encoding="utf-8")


def commands() -> List[str]:
    shown: List[str] = blocks(PAGE, "sh")[0].splitlines()
    return shown


@pytest.fixture(scope="module")
def row() -> str:
    (name,) = re.findall(r"`impls/rows/(\w+)\.hpp`", PAGE.read_text(encoding="utf-8"))
    return str(name)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, row: str) -> Path:
    # The build copes with any name that a folder may have.
    folder = copy_of_the_project(tmp_path_factory.mktemp("project") / "d'été (à b)")
    header, line = blocks(PAGE, "cpp")
    add(folder, row, header, line)
    take_off_the_others(folder, row)
    configure, build = commands()[:2]
    fast = ["-DLIMITERBENCH_PEERS=OFF", "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1"]
    call(folder, *configure.split(), *fast)
    call(folder, *build.split())
    return folder


@pytest.mark.slow
def test_the_row_is_held_to_the_contract(built: Path, row: str, tmp_path: Path) -> None:
    (command,) = [line for line in commands() if "conformance_test" in line and "gtest" in line]
    program, *flags = command.replace("'", "").split()
    junit = tmp_path / "junit.xml"
    call(built, program, *flags, f"--gtest_output=xml:{junit}")
    cases = [case.get("classname") for case in xml.etree.ElementTree.parse(junit).iter("testcase")]
    assert len(cases) > 20
    assert {str(case).split("/")[1] for case in cases} == {row}


@pytest.mark.slow
def test_the_row_is_listed_measured_and_drawn(built: Path, row: str) -> None:
    program = built / "build" / "release" / "limiterbench"
    assert f"{row} " in call(built, str(program), "--list")
    command = next(line for line in commands() if line.startswith("./scripts/run"))
    cli = CommandLine(built)
    answer = cli(
        *("run", *command.split()[1:]),
        *("--threads", "1,2", "--oversubscribe", "--seconds", "0.02"),
        *("--repetitions", "1", "--noise-repeats", "0"),
        *("--out", "run"),
        LIMITERBENCH_PROGRAM=str(program),
    )
    assert answer.returncode == 0, answer.stderr
    assert row in answer.stdout
    records = [record for record in lines_of(built / "run") if record["limiter"] == row]
    assert [record["status"] for record in records] == ["ok"] * 2
    assert [error for record in records for error in CELL.errors(record)] == []
    # Text is kept as text in the charts: the legend names the row.
    chart = (built / "run" / "figures" / "scaling_steady.svg").read_text(encoding="utf-8")
    assert row in chart
