"""Charts: what is drawn, that it is drawn again to the byte, and that old ones are not lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Dict, Set

import pytest
from conftest import CommandLine

from limiterbench.charts.catalogue import charts_of
from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.series import group_records


def bytes_of(folder: Path) -> Dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}


# What a caller may have set, and what must not show.
HOSTILE = {
    "PYTHONHASHSEED": "7",
    "TZ": "Asia/Tokyo",
    "LC_ALL": "C",
    "MPLBACKEND": "no_such_backend",
    "SOURCE_DATE_EPOCH": "yesterday",
    "COLUMNS": "20",
    "FORCE_COLOR": "1",
    "TERM": "no-such-terminal",
}


def settings_of(folder: Path, text: bytes) -> Path:
    """A folder with the user's own settings for matplotlib."""
    folder.mkdir(exist_ok=True)
    (folder / "matplotlibrc").write_bytes(text)
    return folder


def test_a_redraw_is_the_same_to_the_byte(cli: CommandLine, stored_run: Path) -> None:
    """Whatever the order of the records, the caller's environment and settings."""
    before = bytes_of(stored_run)
    page = (stored_run / "report.html").read_bytes()
    shutil.rmtree(stored_run / "figures")
    cells = stored_run / "cells.jsonl"
    cells.write_text("".join(reversed(cells.read_text().splitlines(keepends=True))))
    # Nobody can read it as text.
    settings_of(cli.folder, b"axes.facecolor: \xff\n")
    (cli.folder / "json.py").write_text("raise ImportError('of the current directory')\n")
    red = settings_of(cli.folder / "red", b"axes.facecolor: red\nfont.size: 30\n")
    env = {**HOSTILE, "MPLCONFIGDIR": str(red), "MATPLOTLIBRC": str(red)}
    answer = cli.process("plot", "run", **env)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert bytes_of(stored_run) == before
    assert sorted(answer.stdout.split()) == sorted(f"run/figures/{name}" for name in before)
    answer = cli.process("report", "run", **env)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "run/report.html\n", "")
    assert (stored_run / "report.html").read_bytes() == page
    assert bytes_of(stored_run) == before


def test_other_records_give_other_charts(cli: CommandLine, stored_run: Path) -> None:
    """Charts of what is gone go, and foreign files stay."""
    before = bytes_of(stored_run)
    old = stored_run / "figures" / "scaling_gone.svg"
    mine = stored_run / "figures" / "notes.svg"
    old.write_text("old")
    mine.write_text("mine")
    cells = stored_run / "cells.jsonl"
    lines = [json.loads(line) for line in cells.read_text().splitlines()]
    for line in lines:
        if line["cell"] == "hazard/steady/compact/threads:2":
            line["throughput"]["operations"] = [n // 3 for n in line["throughput"]["operations"]]
    cells.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert cli("plot", "run").returncode == 0
    assert (old.exists(), mine.exists()) == (False, True)
    after = bytes_of(stored_run)
    changed = {name.partition(".")[0] for name in before if before[name] != after[name]}
    # Those that show throughput, and no other.
    assert changed == {"scaling_steady", "fairness_steady", "slowdown", "admission_error"}


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("cells.jsonl", "{\n", "cells.jsonl:1: not JSON"),
        ("cells.jsonl", '{"schema": 1', "cells.jsonl:1: truncated"),
        ("cells.jsonl", '{"schema": 2}\n', "cells.jsonl:1: schema is 2, newer"),
        ("cells.jsonl", "", "no repetition that can be drawn"),
        ("run.json", '{\n "schema": 2\n}', "run.json:2: schema is 2, newer"),
        ("run.json", "{\n x\n}", "run.json:2: not JSON"),
        # Pythons disagree on the line: that of the comma, or that of the brace.
        ("run.json", '{\n "schema": 1,\n}', ": not JSON"),
        ("run.json", '{\n "schema": 1\n}', "run.json:1: topology is missing"),
        ("run.json", "[]", "run.json:1: not a JSON object"),
        ("run.json", "", "run.json:1: not JSON"),
    ],
)
def test_bad_records_leave_the_charts_alone(
    cli: CommandLine, stored_run: Path, name: str, content: str, said: str
) -> None:
    before = bytes_of(stored_run)
    (stored_run / name).write_text(content)
    answer = cli("plot", "run")
    assert answer.returncode == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert bytes_of(stored_run) == before
    assert not [entry for entry in stored_run.iterdir() if entry.name.startswith(".")]


def test_missing_records_are_said(cli: CommandLine, stored_run: Path) -> None:
    (stored_run / "cells.jsonl").unlink()
    answer = cli("plot", "run")
    assert answer.returncode == 2
    assert "cells.jsonl: No such file" in answer.stderr


def drawn(cli: CommandLine, *flags: str, **env: str) -> Set[str]:
    """The names of all charts of such a run. All can be drawn, and the page."""
    answer = cli.without_charts()("run", *flags, "--seconds", "0.01", "--out", "run", **env)
    assert answer.returncode == 0, answer.stderr
    run = cli.folder / "run"
    charts = charts_of(run, open_run(run), group_records(read_records(run / CELLS)))
    for chart in charts:
        assert chart.draw().rows
    assert CommandLine(cli.folder)("report", "run").returncode == 0
    return {chart.name for chart in charts}


def test_other_placements_have_charts_of_their_own(cli: CommandLine) -> None:
    placements = ("--placement", "scatter", "--placement", "compact")
    names = drawn(cli, "--impl", "hazard", "--scenario", "edge", *placements)
    assert {"p99_edge", "p99_edge_scatter", "percentiles_edge_scatter"} <= names


def test_rows_around_other_libraries_have_panels_of_their_own(cli: CommandLine) -> None:
    rows = ("--impl", "hazard", "--impl", "ck_epoch", "--impl", "urcu_memb", "--impl", "peer_0")
    flags = ("--scenario", "steady", "--threads", "1,32")
    extra = {"FAKE_PEERS": "ck_epoch urcu_memb", "FAKE_ROWS": "1", "FAKE_CPUS": "32"}
    assert "scaling_steady" in drawn(cli, *rows, *flags, **extra)
    cli = CommandLine(cli.folder)
    assert cli("plot", "run").returncode == 0
    before = bytes_of(cli.folder / "run")
    # The background of a panel comes from a set of names, whose order the seed decides.
    assert cli("plot", "run", PYTHONHASHSEED="3").returncode == 0
    assert bytes_of(cli.folder / "run") == before


def test_one_thread_count_one_repetition_and_only_the_floor(cli: CommandLine) -> None:
    flags = ("--impl", "unlimited", "--scenario", "steady")
    names = drawn(cli, *flags, "--threads", "1", "--repetitions", "1")
    assert {f"{chart}_steady" for chart in ("scaling", "p99", "percentiles")} <= names


def test_names_with_odd_characters_are_drawn(cli: CommandLine, stored_run: Path) -> None:
    for name in ("cells.jsonl", "run.json"):
        path = stored_run / name
        path.write_text(path.read_text().replace("hazard", "h$a^{z_<&>"))
    answer = cli("plot", "run")
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("command", ["run", "plot", "report", "compare", "readme"])
def test_help_names_what_the_shell_takes(cli: CommandLine, command: str) -> None:
    answer = cli(command, "--help")
    assert answer.returncode == 0
    assert "--no-install" in answer.stdout


def test_the_table_of_a_stored_run(cli: CommandLine, stored_run: Path) -> None:
    answer = cli("report", "--text", "run")
    assert answer.returncode == 0
    assert "steady, compact, at 2 threads, fastest first" in answer.stdout


def test_the_table_on_a_terminal_without_micro_signs(cli: CommandLine, stored_run: Path) -> None:
    answer = cli("report", "--text", "run", PYTHONIOENCODING="ascii")
    assert answer.returncode == 0, answer.stderr
    assert "fastest first" in answer.stdout
