"""The open loop: its records, the capacities in the summary, its charts, table and claim."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from conftest import CommandLine, lines_of, plain
from synthetic_load import old_open_loop, open_loop, point

from limiterbench.charts.catalogue import charts_of
from limiterbench.charts.frame import Frame
from limiterbench.common.errors import InputError
from limiterbench.records.histogram import Histogram
from limiterbench.records.latencies import Latency, LoadPoint
from limiterbench.records.records import Measured, read_records
from limiterbench.records.run_folder import CELLS, RUN_JSON
from limiterbench.report.answer import answer
from limiterbench.report.stored import read_run
from limiterbench.report.table import open_loop as table_of
from limiterbench.stats.loads import at_common_rate, capacities, curve
from limiterbench.stats.summary import summarise

RUN = (
    *("run", "--impl", "hazard", "--impl", "rwmutex", "--impl", "ck_epoch", "--impl", "unlimited"),
    *("--scenario", "open_loop", "--scenario", "steady", "--threads", "2"),
    *("--repetitions", "5", "--seconds", "0.01", "--out", "run"),
)
PEER = "ck_epoch"
# Where each design saturates, and its p99 with nobody else about.
MADE_UP = {
    "hazard": (3e7, 200),
    "rwmutex": (4e6, 2000),
    PEER: (3.1e7, 200),
    "unlimited": (1e9, 60),
}
GENERATOR = 8e7


def make_up(record: Dict[str, Any]) -> None:
    saturates, alone_ns = MADE_UP[record["limiter"]]
    seed = sum(record["limiter"].encode()) + record["repetition"]
    record["open_loop"] = open_loop(saturates, alone_ns, GENERATOR, seed)


def change(cells: Path, how: Callable[[Dict[str, Any]], Any]) -> None:
    """Those with an open loop."""
    lines = [json.loads(line) for line in cells.read_text().splitlines()]
    for line in lines:
        if line["open_loop"]:
            how(line)
    cells.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cli = CommandLine(tmp_path_factory.mktemp("swept")).without_charts()
    answer = cli(*RUN, FAKE_PEERS=PEER)
    assert answer.returncode == 0, answer.stderr
    return plain(cli.folder / "run").parent


@pytest.fixture
def cells(cli: CommandLine, measured: Path) -> Path:
    """A copy that the test may spoil."""
    shutil.copytree(measured, cli.folder / "run")
    change(cli.folder / "run" / CELLS, make_up)
    return cli.folder / "run" / CELLS


@pytest.fixture
def old(cells: Path) -> Path:
    """As of before every design was offered the same rates."""
    change(cells, lambda r: r.update(open_loop=old_open_loop(1e6 * (10 + r["repetition"]))))
    return cells


def repetitions(cells: Path, row: str) -> List[Measured]:
    found = [r.measured for r in read_records(cells) if r.cell[:2] == (row, "open_loop")]
    return [one for one in found if one]


def frames(cells: Path) -> Dict[str, Frame]:
    run = read_run(cells.parent, "run")
    charts = charts_of(run.folder, run.manifest, run.groups)
    return {chart.kind: chart.draw() for chart in charts if chart.kind in ("load", "capacity")}


def test_only_the_open_loop_offers_rates(cells: Path) -> None:
    for record in read_records(cells):
        assert record.measured is not None
        assert (record.measured.sweep is not None) == (record.cell.scenario == "open_loop")


def test_records_from_before_the_open_loop_are_read(cells: Path) -> None:
    lines = [json.loads(line) for line in cells.read_text().splitlines()]
    for line in lines:
        del line["open_loop"]
    cells.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert all(r.measured and r.measured.sweep is None for r in read_records(cells))


def first(record: Dict[str, Any]) -> Dict[str, Any]:
    point: Dict[str, Any] = record["open_loop"]["points"][0]
    return point


def budget(record: Dict[str, Any]) -> Dict[str, Any]:
    capacity: Dict[str, Any] = record["open_loop"]["capacity"][0]
    return capacity


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda r: r.update(open_loop=3), "open_loop is not an object"),
        (lambda r: r["open_loop"].pop("capacity"), "open_loop.capacity is missing"),
        (lambda r: r["open_loop"]["capacity"].append(budget(r)), "capacity has a budget twice"),
        (lambda r: budget(r).update(within_ns=17), "capacity lacks the one within 1000 ns"),
        (lambda r: budget(r).update(rate_per_second=-1), "rate_per_second is -1, less than 0"),
        (lambda r: budget(r).update(at_least=1), "capacity[0].at_least is not true or false"),
        (lambda r: r["open_loop"].update(generator_per_second=0), "generator_per_second is not ab"),
        (lambda r: first(r).update(arrivals="regular"), "arrivals is 'regular', not one of poi"),
        (lambda r: first(r).update(rate_per_second=0), "points[0].rate_per_second is not above 0"),
        (lambda r: first(r).update(sent=999, late=0), "times, of 999 requests sent"),
        (lambda r: first(r).update(late=1001), "late is 1001, of 1000 sent"),
        (lambda r: first(r).pop("unsent"), "unsent is missing"),
        (lambda r: first(r)["service"].pop("histogram"), "service.histogram is missing"),
    ],
)
def test_a_wrong_open_loop_is_named(
    cells: Path, change: Callable[[Dict[str, Any]], Any], reason: str
) -> None:
    lines = [json.loads(line) for line in cells.read_text().splitlines()]
    number = next(i for i, line in enumerate(lines) if line["open_loop"])
    change(lines[number])
    cells.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(InputError) as refused:
        read_records(cells)
    assert str(refused.value).startswith(f"{cells}:{number + 1}: ")
    assert reason in str(refused.value)


def test_an_old_open_loop_needs_its_capacity(old: Path) -> None:
    change(old, lambda r: r["open_loop"].pop("capacity_per_second"))
    with pytest.raises(InputError, match="open_loop.capacity is missing"):
        read_records(old)


def test_what_was_never_sent_counts_as_the_longest() -> None:
    times = Latency(10, 100, Histogram([(10, 98), (100, 2)]))
    whole = LoadPoint("poisson", 1e6, 1e6, 100, 0, 0, times, times)
    assert whole.response_at(0.95) == 10
    missing = LoadPoint("poisson", 1e6, 1e6, 100, 0, 10, times, times)
    assert missing.response_at(0.95) == 100


def test_a_rate_at_which_nothing_was_sent_is_left_out(cells: Path) -> None:
    def stalled(record: Dict[str, Any]) -> None:
        nothing = {"min_ns": 0, "max_ns": 0, "histogram": {"sub_buckets": 64, "counts": []}}
        first(record).update(sent=0, late=0, unsent=9, response=nothing, service=nothing)

    before = len(curve(repetitions(cells, "hazard"), "poisson"))
    change(cells, stalled)
    assert len(curve(repetitions(cells, "hazard"), "poisson")) == before - 1


def test_a_rate_tried_three_times_counts_once_with_its_median(cells: Path) -> None:
    def thrice(record: Dict[str, Any]) -> None:
        points = record["open_loop"]["points"]
        tried = [p for p in points if p["rate_per_second"] == 1e6]
        index = points.index(tried[0])
        p99s = (1000 * (1 + record["repetition"]), 90_000, 100)
        points[index : index + 1] = [point("poisson", 1e6, p99) for p99 in p99s]

    change(cells, thrice)
    found = at_common_rate(repetitions(cells, "hazard"))
    assert found is not None and found.p99.n == 5
    ends = (found.p99.median, found.p99.low, found.p99.high)
    assert ends == pytest.approx((3000, 1000, 5000), rel=0.02)


def test_a_rate_that_few_repetitions_tried_is_left_out(cells: Path) -> None:
    def more(record: Dict[str, Any]) -> None:
        for number in range(record["repetition"]):
            record["open_loop"]["points"].append(point("poisson", 3e6 + number, 900))

    change(cells, more)
    rates = [found.rate for found in curve(repetitions(cells, "hazard"), "poisson")]
    # Of five repetitions four and three tried these, but two and one those.
    assert [rate for rate in rates if 3e6 <= rate < 4e6] == [3e6, 3e6 + 1]


def test_a_repetition_saturated_below_a_rate_counts_as_worse(cells: Path) -> None:
    """Two of five repetitions of hazard give up before 20 M, which three are offered."""
    before = curve(repetitions(cells, "hazard"), "poisson")

    def slow(record: Dict[str, Any]) -> None:
        if record["limiter"] == "hazard" and record["repetition"] < 2:
            record["open_loop"] = open_loop(4e6, 200, GENERATOR, record["repetition"])

    change(cells, slow)
    found = {at.rate: at for at in curve(repetitions(cells, "hazard"), "poisson")}
    at = found[2e7]
    assert at.p99.n == 5 and at.p99.high >= 1e6
    assert at.p99.median > next(b for b in before if b.rate == 2e7).p99.median
    assert not at.is_bound and found[1e6].p99.n == 5


def test_a_repetition_that_the_generator_ended_is_left_out(cells: Path) -> None:
    def bounded(record: Dict[str, Any]) -> None:
        if record["repetition"] < 2:
            record["open_loop"] = open_loop(1e9, 200, 1.2e7, record["repetition"])

    change(cells, bounded)
    found = {at.rate: at.p99.n for at in curve(repetitions(cells, "hazard"), "poisson")}
    assert (found[1e7], found[2e7]) == (5, 3)


def test_bursts_of_all_repetitions_meet_at_their_shares_of_the_capacity(cells: Path) -> None:
    found = curve(repetitions(cells, "hazard"), "bursty")
    assert [at.p99.n for at in found] == [5, 5]
    assert found[1].rate == pytest.approx(2 * found[0].rate, rel=0.05)


def test_old_loads_are_drawn_at_their_rates(old: Path) -> None:
    measured = repetitions(old, "hazard")
    found = curve(measured, "poisson")
    # Medians of the capacities from 10 M to 14 M.
    assert [at.rate for at in found] == pytest.approx([1.2e6, 6e6, 10.8e6])
    assert [at.p99.n for at in found] == [5] * 3
    assert capacities(measured) == {} and at_common_rate(measured) is None
    assert set(frames(old)) == {"load"}
    run = read_run(old.parent, "run")
    lines = summarise(run.manifest, read_records(old))
    line = next(x for x in lines if (x["limiter"], x["scenario"]) == ("hazard", "open_loop"))
    assert all(line[key] is None for key in line if key.startswith(("capacity_", "response_")))
    assert "capacity" not in " ".join(answer(run))


def summary(cli: CommandLine) -> Dict[str, Dict[str, str]]:
    assert cli("report", "run", "--format", "csv").returncode == 0
    with open(cli.folder / "run" / "summary.csv", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return {line["limiter"]: line for line in lines if line["scenario"] == "open_loop"}


def test_the_summary_has_the_capacities_of_the_repetitions(cli: CommandLine, cells: Path) -> None:
    sweeps = [r["open_loop"] for r in lines_of(cells.parent) if r["open_loop"]]
    assert len(sweeps) == 20
    line = summary(cli)["hazard"]
    mine = sorted(
        r["open_loop"]["capacity"][1]["rate_per_second"]
        for r in lines_of(cells.parent)
        if r["limiter"] == "hazard" and r["open_loop"]
    )
    ends = [float(line[f"capacity_10us{end}"]) for end in ("_low", "", "_high")]
    assert ends == pytest.approx([mine[0], mine[2], mine[4]], rel=1e-6)
    assert line["capacity_10us_at_least"] == "no"
    assert 2e7 < ends[1] < 3e7
    ordered = [float(line[f"capacity_{name}"]) for name in ("1us", "10us", "100us", "1ms")]
    assert ordered == sorted(ordered) and ordered[0] < ordered[1]
    assert 190 < float(line["response_p99_at_1m_median_ns"]) < 230
    assert summary(cli)["unlimited"]["capacity_1us_at_least"] == "yes"
    assert float(summary(cli)["rwmutex"]["capacity_1us"]) == 0


def test_one_lower_bound_makes_the_median_one(cli: CommandLine, cells: Path) -> None:
    change(cells, lambda r: budget(r).update(at_least=r["repetition"] == 3))
    assert summary(cli)["hazard"]["capacity_1us_at_least"] == "yes"
    change(cells, lambda r: budget(r).update(at_least=False))
    assert summary(cli)["hazard"]["capacity_1us_at_least"] == "no"


def test_the_charts_are_drawn_again_the_same(cli: CommandLine, cells: Path) -> None:
    lines = cells.read_text().splitlines(keepends=True)
    cells.write_text("".join(line for line in lines if "/open_loop/" in line))
    assert cli("plot", "run").returncode == 0
    figures = cells.parent / "figures"
    charts = {
        p.name: p.read_bytes() for kind in ("load", "capac") for p in figures.glob(f"{kind}*")
    }
    names = {f"{name}.{kind}" for name in ("load_open_loop", "capacity") for kind in ("svg", "png")}
    assert set(charts) == names | {"load_open_loop.csv", "capacity.csv"}
    for what in ("scaling", "p99", "percentiles"):
        drawn = (figures / f"{what}_open_loop.svg").read_text()
        assert "· open_loop, its closed loop" in drawn
    (figures / "load_gone.svg").write_text("old")
    assert cli("plot", "run", PYTHONHASHSEED="5").returncode == 0
    found = {p.name: p.read_bytes() for kind in ("load", "capac") for p in figures.glob(f"{kind}*")}
    assert found == charts


def test_the_chart_over_load_names_its_lines(cells: Path) -> None:
    frame = frames(cells)["load"]
    assert list(frame.rows[0]) == [
        *("limiter", "threads", "arrivals", "rate_per_second"),
        *("p50_ns", "p50_low_ns", "p50_high_ns", "p99_ns", "p99_low_ns", "p99_high_ns"),
    ]
    line = next(r for r in frame.rows if (r["limiter"], r["rate_per_second"]) == ("hazard", 1e6))
    assert (line["threads"], line["arrivals"]) == (2, "poisson")
    columns = ("p50_low_ns", "p50_ns", "p50_high_ns", "p99_low_ns", "p99_ns", "p99_high_ns")
    values = [float(str(line[column])) for column in columns]
    assert values == sorted(values) and values[2] < values[3]
    (axes,) = frame.panels
    assert not frame.figure.legends
    labels = {text.get_text(): text for text in axes.texts}
    # What limits nothing is grey.
    assert set(labels) == {"hazard", "rwmutex", PEER, "generator's limit"}
    frame.figure.canvas.draw()
    boxes = [super(type(t), t).get_window_extent() for n, t in labels.items() if "'" not in n]
    assert not any(a.overlaps(b) for a in boxes for b in boxes if a is not b)
    limits = [line.get_xdata()[0] for line in axes.get_lines() if len(set(line.get_xdata())) == 1]
    assert GENERATOR in limits


def test_a_p99_among_what_was_never_sent_is_marked_and_ends_its_line(cells: Path) -> None:
    (axes,) = frames(cells)["load"].panels
    of_hazard = [line for line in axes.get_lines() if line.get_gid() == "row:hazard"]
    hollow = [line for line in of_hazard if line.get_markerfacecolor() == "white"]
    (triangle,) = [line for line in hollow if line.get_marker() == "^"]
    (end,) = triangle.get_xdata()
    assert end == max(of_hazard[0].get_xdata())
    measured = curve(repetitions(cells, "hazard"), "poisson")
    assert [at.rate for at in measured if at.is_bound][0] == end


def test_the_capacities_are_grouped_by_what_designs_share(cells: Path) -> None:
    frame = frames(cells)["capacity"]
    (axes,) = frame.panels
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names[0] == "one counter" and set(names[1:3]) == {"hazard", PEER}
    assert names[3:] == ["exclusive lock", "rwmutex", "no limiter", "unlimited"]
    markers = {
        row: [x.get_marker() for x in axes.get_lines() if x.get_gid() == f"row:{row}"]
        for row in MADE_UP
    }
    assert markers["hazard"] == ["o"] * 4
    assert markers["unlimited"] == [">"] * 4
    assert markers["rwmutex"] == ["<", "o", "o", "o"]
    assert len(frame.rows) == 16


def test_the_table_has_the_most_able_first(cells: Path) -> None:
    run = read_run(cells.parent, "run")
    (group,) = [g for g in run.groups if (g.scenario, g.placement) == ("open_loop", "compact")]
    lines = str(table_of(group, 2)).splitlines()
    assert lines[0].split() == ["design", *"1 µs 10 µs 100 µs 1 ms".split()]
    assert [line.split()[0] for line in lines[2:]][0::3] == ["unlimited", "rwmutex"]
    assert lines[2].count("≥50 M") == 4 and "none" in lines[-1]


def test_the_claim_says_what_each_sustains(cells: Path) -> None:
    claim = answer(read_run(cells.parent, "run"))[0]
    assert claim.startswith("Within a p99 of 10 µs at 2 threads, ")
    assert " decisions a second (" in claim and " and `rwmutex` 3" in claim
    assert "; at 1 M a second their p99 response is " in claim
    assert "repetitions" not in claim and "difference" not in claim


def test_a_run_of_nothing_but_open_loops_has_its_answer(cli: CommandLine, cells: Path) -> None:
    lines = cells.read_text().splitlines(keepends=True)
    cells.write_text("".join(line for line in lines if "/open_loop/" in line))
    claims = answer(read_run(cells.parent, "run"))
    assert len(claims) == 1 and claims[0].startswith("Within a p99 of 10 µs")
    assert cli("report", "run").returncode == 0


def test_a_host_too_slow_for_any_rate_is_said(cells: Path) -> None:
    def none(record: Dict[str, Any]) -> None:
        record["open_loop"]["capacity"][1].update(rate_per_second=0)

    change(cells, lambda r: none(r) if r["limiter"] != "unlimited" else None)
    claim = answer(read_run(cells.parent, "run"))[0]
    assert claim.endswith("no exact design keeps to it at the lowest rate that was offered.")
    change(cells, none)
    claim = answer(read_run(cells.parent, "run"))[0]
    assert claim.endswith(
        "and neither does `unlimited`, which limits nothing: this host is disturbed."
    )


def test_few_repetitions_decide_no_order(cells: Path) -> None:
    lines = [json.loads(line) for line in cells.read_text().splitlines()]
    kept = [json.dumps(line) + "\n" for line in lines if line["repetition"] < 4]
    cells.write_text("".join(kept))
    claim = answer(read_run(cells.parent, "run"))[0]
    assert claim.startswith("Not a result yet, all designs (4 repetitions); 5 repetitions are need")


def test_capacities_that_overlap_are_not_ordered(cells: Path) -> None:
    def same(record: Dict[str, Any]) -> None:
        record["open_loop"]["capacity"][1]["rate_per_second"] = 1e6 + record["repetition"]

    change(cells, same)
    claim = answer(read_run(cells.parent, "run"))[0]
    assert claim.endswith(f" No detectable difference from `{PEER}`: `rwmutex`.")


def test_rates_reach_the_program_and_the_record(bare: CommandLine) -> None:
    what = ("--impl", "hazard", "--scenario", "open_loop", "--threads", "2", "--seconds", "0.01")
    done = bare("run", *what, "--rates", "1e6,2e6", "--out", "run")
    assert done.returncode == 0, done.stderr
    stored = json.loads((bare.folder / "run" / RUN_JSON).read_text())
    assert stored["plan"]["rates"] == "1e6,2e6"
    assert "--rates 1e6,2e6" in stored["command"]
    refused = bare("run", "--resume", "run", "--rates", "1e6")
    assert (refused.returncode, "--rates cannot change" in refused.stderr) == (2, True)


@pytest.mark.parametrize("rates", ["0", "-5", "often", "1e6,,2e6"])
def test_wrong_rates_are_refused_before_anything_is_measured(bare: CommandLine, rates: str) -> None:
    done = bare("run", f"--rates={rates}", "--out", "run")
    assert done.returncode == 2
    assert "--rates" in done.stderr
    assert not (bare.folder / "run").exists()


def test_the_plan_says_what_the_rates_take(cli: CommandLine) -> None:
    plain = cli("run", "--dry-run").stdout
    assert "and, in open_loop, many rates one by one" in plain
    assert "open_loop" in cli("run", "--dry-run", "--full").stdout
