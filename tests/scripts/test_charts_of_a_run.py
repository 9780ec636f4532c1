"""The charts that show several scenarios, or the host: which there are, and what is behind them."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any, Dict, List

import pytest
from check_charts import lacking
from conftest import ROOT, CommandLine, plain

from limiterbench.charts.catalogue import charts_of, unreadable
from limiterbench.common.errors import InputError
from limiterbench.records.contention import read_contention
from limiterbench.records.host_map import read_host_map
from limiterbench.records.primitives import SOURCES
from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.series import group_records

TOPOLOGY = """<?xml version="1.0" encoding="UTF-8"?>
<topology version="2.0"><object type="Machine" allowed_cpuset="0x0000000b">
<object type="Package" cpuset="0x00000003"><object type="NUMANode" cpuset="0x00000003"/>
<object type="L3Cache"><object type="Core"><object type="PU" os_index="0"/>
<object type="PU" os_index="1"/></object></object></object>
<object type="Package" cpuset="0x0000000c"><object type="NUMANode" cpuset="0x0000000c"/>
<object type="L3Cache"><object type="Core"><object type="PU" os_index="2"/></object>
<object type="Core"><object type="PU" os_index="3"/></object></object></object>
</object></topology>
"""
PRIMITIVES = {
    "context": {"num_cpus": 2, "date": "2026-01-01T00:00:00+00:00"},
    "benchmarks": [
        {
            "run_name": f"{name}/real_time/threads:{threads}",
            "aggregate_name": aggregate,
            "threads": threads,
            "cpu_time": cpu_time,
            "time_unit": "ns",
        }
        for name, threads, aggregate, cpu_time in (
            ("read_from<HazardPointerSource>/reloads_per_second:0", 2, "median", 1.75),
            ("read_from<HazardPointerSource>/reloads_per_second:0", 1, "median", 1.5),
            ("read_from<HazardPointerSource>/reloads_per_second:0", 1, "mean", 9.0),
            (
                "read_from<GracePeriodSource<CkEpochDomain>>/reloads_per_second:10000",
                2,
                "median",
                7.25,
            ),
            ("read_from<SomebodysSource>/reloads_per_second:0", 1, "median", 3.0),
            ("acquire_load_and_read", 1, "median", 0.5),
        )
    ],
}
CONTENTION = {
    "pairs": 1,
    "transfers": [{"a": 0, "b": 1, "one_way_ns": 57.25, "skew_ns": -3}],
    "sharings": [
        {"placement": "compact", "threads": 1, "aggregate_ns": 2.5},
        {"placement": "compact", "threads": 2, "aggregate_ns": 9.5},
    ],
}
SEVERAL = (
    *("--impl", "rwmutex", "--impl", "hazard", "--impl", "sharded", "--impl", "unlimited"),
    *("--scenario", "readonly", "--scenario", "steady", "--scenario", "reload_storm"),
    *("--repetitions", "1", "--seconds", "0.01", "--threads", "1,4", "--seed", "1"),
)


def rows_of(path: Path) -> List[Dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With all that a chart can be made of."""
    cli = CommandLine(tmp_path_factory.mktemp("measured")).without_charts()
    answer = cli("run", *SEVERAL, "--out", "run", FAKE_CPUS="4")
    assert answer.returncode == 0, answer.stderr
    folder = cli.folder / "run"
    cells = plain(folder)
    records = [json.loads(line) for line in cells.read_text().splitlines()]
    for record in records:
        record["footprint"] = {"live": 0, "retired_peak": 4096 if record["writer_cpu"] else 0}
        if record["writer_cpu"] is not None:
            counts = {"sub_buckets": 64, "counts": [[500, 3]]}
            record["publishes"] = {"count": 3, "max_ns": 30000, "histogram": counts}
    cells.write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "topology.xml").write_text(TOPOLOGY)
    (folder / "contention.json").write_text(json.dumps(CONTENTION))
    (folder / "primitives.json").write_text(json.dumps(PRIMITIVES))
    return folder


@pytest.fixture
def run(cli: CommandLine, measured: Path) -> Path:
    """A copy that the test may spoil."""
    return Path(shutil.copytree(measured, cli.folder / "run"))


def draw(cli: CommandLine) -> None:
    answer = cli("plot", "run")
    assert answer.returncode == 0, answer.stderr


def test_every_chart_has_its_picture_and_its_table(cli: CommandLine, run: Path) -> None:
    draw(cli)
    assert lacking(run) == []
    figures = run / "figures"
    ones = [r for r in rows_of(figures / "slowdown.csv") if r["scenario"] == "steady"]
    rivals = [float(r["slowdown_to_best_ratio"]) for r in ones if r["limiter"] != "unlimited"]
    assert min(rivals) == 1.0 and len(rivals) == 3
    held = {r["held_median_bytes"] for r in rows_of(figures / "memory.csv")}
    assert held == {"0", "4096"}
    shared = rows_of(figures / "contention.csv")
    assert [r["value_ns"] for r in shared] == ["57.25", "2.5", "9.5"]
    reads = rows_of(figures / "reads.csv")
    assert [(r["design"], r["reloads_per_second"], r["threads"]) for r in reads] == [
        ("ck_epoch", "10000", "2"),
        ("hazard", "0", "1"),
        ("hazard", "0", "2"),
    ]
    assert [r["time_ns"] for r in reads] == ["7.25", "1.5", "1.75"]
    assert 'id="row:hazard"' in (figures / "fairness_steady.svg").read_text()
    (figures / "memory.csv").unlink()
    (figures / "fairness_steady.svg").write_text("")
    assert lacking(run) == [
        f"no chart: {figures / n}" for n in ("fairness_steady.svg", "memory.csv")
    ]


def test_every_source_that_is_measured_has_a_line() -> None:
    measured = (ROOT / "benchmarks/primitives/reads.cpp").read_text()
    assert set(re.findall(r"BENCHMARK\(read_from<(.+)>\)->", measured)) == set(SOURCES)


def test_a_kind_of_chart_that_nothing_fills_is_missed(run: Path) -> None:
    (run / "contention.json").unlink()
    assert "no chart of the kind contention" in lacking(run)
    manifest = json.loads((run / "run.json").read_text())
    manifest["contention_absent"] = "one CPU"
    (run / "run.json").write_text(json.dumps(manifest))
    assert "no chart of the kind contention" not in lacking(run)


def test_the_map_of_the_host(run: Path) -> None:
    host = read_host_map(run / "topology.xml")
    assert [tuple(place) for place in host.places] == [
        (0, 0, 0, 0, 0),
        (1, 0, 0, 0, 0),
        (3, 1, 1, 2, 1),
    ]


def test_the_map_of_a_host_with_many_words_of_cpus(tmp_path: Path) -> None:
    cpus = "".join(
        f'<object type="Core"><object type="PU" os_index="{n}"/></object>' for n in (3, 40)
    )
    path = tmp_path / "topology.xml"
    machine = f'<object type="Machine" allowed_cpuset="0x00000100,0x0">{cpus}</object>'
    path.write_text(f"<topology>{machine}</topology>")
    assert [place.cpu for place in read_host_map(path).places] == [40]


def test_a_cpu_has_the_nearest_node_or_none(tmp_path: Path) -> None:
    def cpu(number: int) -> str:
        return f'<object type="Core"><object type="PU" os_index="{number}"/></object>'

    def node(cpus: str) -> str:
        return f'<object type="NUMANode" cpuset="{cpus}"/>'

    path = tmp_path / "topology.xml"
    for all_of_them, nodes in (("", [None, 0, 1]), (node("0x7"), [0, 1, 2])):
        path.write_text(
            f'<topology><object type="Machine" allowed_cpuset="0x7">{all_of_them}{cpu(0)}'
            f'{node("0x4")}{cpu(2)}{node("0x2")}{cpu(1)}</object></topology>'
        )
        places = sorted(read_host_map(path).places)
        assert [places[n].numa for n in (0, 2, 1)] == nodes


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("topology.xml", "<topology>", "topology.xml:1: not XML"),
        ("topology.xml", "<html/>", "topology.xml: not a topology as hwloc writes it"),
        ("contention.json", "{", "contention.json: not JSON"),
        ("contention.json", '{"pairs": 1}', "contention.json: transfers is missing"),
        ("primitives.json", "{", "primitives.json: "),
        ("primitives.json", '{"benchmarks": []}', "primitives.json: no medians"),
    ],
)
def test_a_file_of_the_host_that_cannot_be_read_costs_its_own_chart_only(
    run: Path, name: str, text: str, said: str
) -> None:
    manifest, groups = open_run(run), group_records(read_records(run / CELLS))
    whole = [chart.kind for chart in charts_of(run, manifest, groups)]
    assert unreadable(run) == []
    (run / name).write_text(text)
    kind = {"primitives.json": "reads"}.get(name, Path(name).stem)
    left = [chart.kind for chart in charts_of(run, manifest, groups)]
    assert left == [other for other in whole if other != kind] and len(left) < len(whole)
    (problem,) = unreadable(run)
    assert problem.startswith(f"no chart {kind}: ") and said in problem


def test_a_run_ends_with_its_table_whatever_becomes_of_the_charts(cli: CommandLine) -> None:
    flags = ("--impl", "hazard", "--scenario", "steady", "--repetitions", "1", "--threads", "1")
    answer = cli("run", *flags, "--seconds", "0.01", "--out", "run", FAKE_TOPOLOGY="<topology>")
    assert answer.returncode == 0, answer.stderr
    assert "no chart topology: run/topology.xml:1: not XML" in answer.stdout
    assert "report: run/report.html" in answer.stdout
    (cli.folder / "run" / "figures" / "scaling_steady.svg").unlink()
    (cli.folder / "run" / "figures" / "scaling_steady.svg").mkdir()
    answer = cli("run", "--resume", "run")
    assert answer.returncode != 0 and "figures" in answer.stderr
    assert "hazard" in answer.stdout


def test_a_host_whose_contention_was_not_measured(run: Path) -> None:
    (run / "contention.json").unlink()
    assert read_contention(run / "contention.json") is None
    with pytest.raises(InputError, match="No such file"):
        read_host_map(run / "nothing.xml")


def test_plot_says_which_chart_it_left_out(cli: CommandLine, run: Path) -> None:
    """A run of one row, one scenario: no chart that would compare, and no error."""
    records: List[Any] = [json.loads(x) for x in (run / "cells.jsonl").read_text().splitlines()]
    few = [r for r in records if (r["limiter"], r["scenario"]) == ("hazard", "steady")]
    (run / "cells.jsonl").write_text("".join(json.dumps(r) + "\n" for r in few))
    (run / "topology.xml").write_text("<topology>")
    answer = cli("plot", "run")
    assert answer.returncode == 0
    assert answer.stderr == "no chart topology: run/topology.xml:1: not XML\n"
    assert "figures/contention.svg" in answer.stdout
    names = {path.stem for path in (run / "figures").iterdir()}
    assert names.isdisjoint({"slowdown", "reload_latency", "memory", "topology"})
    assert {"admission_error", "fairness_steady"} <= names
    report = cli("report", "--text", "run")
    assert "no chart topology: run/topology.xml:1: not XML" in " ".join(report.stdout.split())
    assert cli("report", "run").returncode == 0
