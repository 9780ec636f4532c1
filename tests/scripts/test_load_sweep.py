"""The open loop's records, and the chart over load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from conftest import CommandLine, plain

from limiterbench.charts.legends import legends_of
from limiterbench.charts.load import load
from limiterbench.common.errors import InputError
from limiterbench.records.histogram import Histogram
from limiterbench.records.latencies import Latency, LoadPoint
from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.series import group_records

RUN = (
    *("run", "--impl", "hazard", "--impl", "ck_epoch", "--scenario", "open_loop"),
    *("--scenario", "steady", "--repetitions", "2", "--seconds", "0.01", "--out", "run"),
)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cli = CommandLine(tmp_path_factory.mktemp("swept")).without_charts()
    answer = cli(*RUN, FAKE_PEERS="ck_epoch")
    assert answer.returncode == 0, answer.stderr
    plain(cli.folder / "run")
    return cli.folder / "run"


@pytest.fixture
def cells(cli: CommandLine, measured: Path) -> Path:
    """A copy that the test may spoil."""
    shutil.copytree(measured, cli.folder / "run")
    return cli.folder / "run" / CELLS


def swept(cells: Path) -> int:
    """The first line with a sweep, counted from 0."""
    lines = cells.read_text().splitlines()
    return next(i for i, line in enumerate(lines) if json.loads(line)["open_loop"])


def test_only_the_sweeping_scenario_has_one(cells: Path) -> None:
    for record in read_records(cells):
        assert record.measured is not None
        assert (record.measured.sweep is not None) == (record.cell.scenario == "open_loop")


def test_records_from_before_the_sweep_are_read(cells: Path) -> None:
    lines = [json.loads(line) for line in cells.read_text().splitlines()]
    for line in lines:
        del line["open_loop"]
    cells.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert all(r.measured and r.measured.sweep is None for r in read_records(cells))


def first(record: Dict[str, Any]) -> Dict[str, Any]:
    point: Dict[str, Any] = record["open_loop"]["points"][0]
    return point


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda r: r.update(open_loop=3), "open_loop is not an object"),
        (lambda r: r["open_loop"].update(capacity_per_second=0), "capacity_per_second is not ab"),
        (lambda r: r["open_loop"].update(points=[]), "open_loop.points is empty"),
        (lambda r: r["open_loop"]["points"].append(first(r)), "points has a load twice"),
        (lambda r: first(r).update(arrivals="regular"), "arrivals is 'regular', not one of poi"),
        (lambda r: first(r).update(load=0), "open_loop.points[0].load is not above 0"),
        (lambda r: first(r).update(sent=0), "sent is 0, less than 1"),
        (lambda r: first(r).update(sent=4999, late=0), "times, of 4999 requests sent"),
        (lambda r: first(r).update(sent=5000, late=5001), "late is 5001, of 5000 sent"),
        (lambda r: first(r).pop("unsent"), "unsent is missing"),
        (lambda r: first(r)["service"].pop("histogram"), "service.histogram is missing"),
    ],
)
def test_a_wrong_sweep_is_named(
    cells: Path, change: Callable[[Dict[str, Any]], Any], reason: str
) -> None:
    number = swept(cells)
    lines = cells.read_text().splitlines()
    record = json.loads(lines[number])
    change(record)
    lines[number] = json.dumps(record)
    cells.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError) as refused:
        read_records(cells)
    assert str(refused.value).startswith(f"{cells}:{number + 1}: ")
    assert reason in str(refused.value)


def test_what_was_never_sent_counts_as_the_longest() -> None:
    times = Latency(10, 100, Histogram([(10, 98), (100, 2)]))
    whole = LoadPoint("poisson", 0.5, 100, 0, 0, times, times)
    assert whole.response_at(0.95) == 10
    missing = LoadPoint("poisson", 0.5, 100, 0, 10, times, times)
    assert missing.response_at(0.95) == 100
    assert missing.service.percentiles([0.95]) == [10]


def test_the_chart_over_load_is_drawn_where_there_is_a_sweep(cli: CommandLine, cells: Path) -> None:
    lines = cells.read_text().splitlines(keepends=True)
    cells.write_text("".join(line for line in lines if "/open_loop/" in line))
    assert cli("plot", "run").returncode == 0
    figures = cells.parent / "figures"
    charts = {path.name: path.read_bytes() for path in figures.glob("load_*")}
    assert set(charts) == {f"load_open_loop.{kind}" for kind in ("svg", "png", "csv")}
    for what in ("scaling", "p99", "percentiles"):
        drawn = (figures / f"{what}_open_loop.svg").read_text()
        assert "· open_loop, its closed loop" in drawn
    (figures / "load_gone.svg").write_text("old")
    assert cli("plot", "run", PYTHONHASHSEED="5").returncode == 0
    assert {path.name: path.read_bytes() for path in figures.glob("load_*")} == charts


def test_a_p99_among_what_was_never_sent_is_a_lower_bound(cli: CommandLine, cells: Path) -> None:
    lines = [json.loads(line) for line in cells.read_text().splitlines()]
    for line in lines:
        for point in line["open_loop"]["points"] if line["open_loop"] else []:
            if point["load"] >= 0.9:
                sent, is_bound = point["sent"], line["limiter"] == "hazard"
                point.update(unsent=sent if is_bound else sent // 1000, late=sent // 4)
    cells.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = cells.parent
    manifest = open_run(run)
    groups = [g for g in group_records(read_records(cells)) if g.scenario == "open_loop"]
    frame = load(manifest, groups[0], legends_of({"hazard", "ck_epoch"}))
    rows = {(r["limiter"], r["arrivals"], r["load_percent"]): r for r in frame.rows}
    bound, plain = rows["hazard", "poisson", 90.0], rows["ck_epoch", "poisson", 90.0]
    assert bound["unsent_share"] == 0.5
    assert plain["unsent_share"] == pytest.approx(0.001, rel=0.01)
    assert plain["late_share"] == pytest.approx(0.25, rel=0.01)
    assert float(str(plain["rate_per_second"])) > 0
    assert "open triangle: more than 1 % was never sent" in " ".join(frame.caption)
    texts = [text.get_text() for text in frame.figure.legends[0].get_texts()]
    assert any("≥" in text and "hazard" in text for text in texts)
    assert not any("≥" in text and "ck_epoch" in text for text in texts)
    triangles = [
        line for axes in frame.panels for line in axes.get_lines() if line.get_marker() == "^"
    ]
    assert "row:hazard" in {line.get_gid() for line in triangles}


def test_the_plan_says_what_a_sweep_takes(cli: CommandLine) -> None:
    plain = cli("run", "--dry-run").stdout
    assert "open_loop" not in plain.split("left out")[0]
    asked = cli("run", "--dry-run", "--scenario", "open_loop").stdout
    assert "and, in open_loop, a sweep of the load" in asked
    assert "open_loop" in cli("run", "--dry-run", "--full").stdout
