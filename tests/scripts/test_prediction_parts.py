"""What a prediction is made of: profiles, rankings, calibration, the stored pages."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, Dict, List, Tuple, cast

import pytest
from conftest import ROOT, CommandLine
from simulation import FAKE, HOST, SMALL, add_contention, set_up, write_host

from limiterbench.charts.legends import OWN
from limiterbench.common.errors import InputError
from limiterbench.common.files import replace_blocks
from limiterbench.predict import calibrate, documents, hosts, loads, sensitivity, validate
from limiterbench.predict.answers import answer_of, read_prediction
from limiterbench.predict.hosts import Host
from limiterbench.predict.calibrate import transfers
from limiterbench.predict.loads import Load
from limiterbench.predict.points import (
    COLUMNS,
    MARGIN,
    SATURATED_NS,
    Assumption,
    Band,
    Point,
    rank,
    read,
    throughput,
    write,
)
from limiterbench.predict.simulator import Simulator
from limiterbench.predict.tasks import thread_counts
from limiterbench.records.cells import Cell
from limiterbench.records.contention import Sharing, Transfer
from limiterbench.records.histogram import Histogram
from limiterbench.records.latencies import Latency, LoadPoint, LoadSweep
from limiterbench.records.manifest import Boundary

PROFILES = sorted((ROOT / "benchmarks" / "hosts").glob("*.json"))


@pytest.mark.parametrize("path", PROFILES, ids=[path.stem for path in PROFILES])
def test_every_figure_of_a_profile_has_its_source(path: Path) -> None:
    host = hosts.read(path)
    figures = set(host.values) - {"schema", "name", "source"}
    assert set(host.values["source"]) == figures
    times = list(host.values["transfer_ns"].values())
    assert times == sorted(times)


def test_the_hosts_that_are_asked_for_are_there() -> None:
    wanted = {"epyc_7773x", "epyc_7r13x2", "graviton3", "xeon_8176x8", "xeon_8375cx2"}
    assert wanted <= set(hosts.profiles(ROOT))


def test_published_curves_name_a_profile_and_their_source() -> None:
    curves = validate.curves(ROOT)
    assert {curve.reference for curve in curves} == {"contended_increment", "rwlock_read"}
    for curve in curves:
        assert curve.host in hosts.profiles(ROOT)
        assert "perfbook" in curve.source


def test_threads_are_powers_of_two_and_where_each_kind_begins() -> None:
    boundaries = [Boundary(6, "complex"), Boundary(12, "complex"), Boundary(24, "smt")]
    assert thread_counts(48, boundaries) == [1, 2, 4, 6, 8, 16, 24, 32, 48]


def point(row: str, assumed: Assumption, rate: float) -> Point:
    return Point(Cell(row, "steady", "compact", 8), assumed, rate)


def rows_of(rates: Dict[str, Tuple[float, float]]) -> Dict[str, Dict[Assumption, Point]]:
    both = (Assumption("fifo", 0.2), Assumption("random", 0.4))
    return {
        row: {assumed: point(row, assumed, rate) for assumed, rate in zip(both, pair)}
        for row, pair in rates.items()
    }


def test_an_order_that_one_assumption_reverses_is_not_decided() -> None:
    ranking = rank(rows_of({"a": (100, 100), "b": (10, 300), "c": (1, 1)}), throughput)
    assert ranking.undecided == [("a", "b")]
    places = {entry.row: (entry.first, entry.last) for entry in ranking.placed}
    assert places == {"a": (1, 2), "b": (1, 2), "c": (3, 3)}


def test_an_order_is_not_decided_where_a_simulation_is_missing() -> None:
    rows = rows_of({"a": (100, 100), "b": (1, 1), "c": (9, 9)})
    del rows["a"][Assumption("random", 0.4)]
    ranking = rank(rows, throughput)
    assert ranking.undecided == [("a", "b"), ("a", "c")]


def test_an_order_within_the_models_error_is_not_decided() -> None:
    near = rank(rows_of({"a": (100 * MARGIN, 100 * MARGIN), "b": (100, 100)}), throughput)
    assert near.undecided == [("a", "b")]
    far = rank(rows_of({"a": (101 * MARGIN, 101 * MARGIN), "b": (100, 100)}), throughput)
    assert not far.undecided


def test_the_lower_value_ranks_first_where_it_is_better() -> None:
    ranking = rank(rows_of({"a": (9, 9), "b": (1, 1)}), throughput, lower_is_better=True)
    assert [entry.row for entry in ranking.placed] == ["b", "a"]


def test_the_table_is_read_as_written_and_its_lines_are_checked(tmp_path: Path) -> None:
    points = [p for at in rows_of({"a": (1, 2), "b": (4, 5)}).values() for p in at.values()]
    path = tmp_path / "simulated.csv"
    write(path, COLUMNS, reversed(points))
    assert read(path, COLUMNS, Point) == sorted(points)
    lines = path.read_text().splitlines()
    for bad, said in (([*lines, "x,fifo,1"], ":6: not cell"), (lines[1:], ":1: the columns")):
        path.write_text("\n".join(bad) + "\n")
        with pytest.raises(InputError, match=said):
            read(path, COLUMNS, Point)


def test_an_older_table_has_more_columns(tmp_path: Path) -> None:
    path = tmp_path / "simulated.csv"
    path.write_text(
        "cell,policy,alpha,ops_per_second,p50_ns\na/steady/compact/threads:8,fifo,0.2,5,7\n"
    )
    assert read(path, COLUMNS, Point) == [point("a", Assumption("fifo", 0.2), 5)]


TWO_SOCKETS = """<topology><object type="Machine" gp_index="1">{}</object></topology>"""


def sockets(*cores: "List[int]") -> str:
    """Of each socket, the CPUs: one a core."""
    text, index = "", 10
    for cpus in cores:
        inside = ""
        for cpu in cpus:
            pu = f'<object type="PU" os_index="{cpu}"/>'
            inside += f'<object type="Core" gp_index="{index}">{pu}</object>'
            index += 1
        text += f'<object type="Package" gp_index="{index}">{inside}</object>'
        index += 1
    return TWO_SOCKETS.format(text)


def test_pairs_become_the_median_of_each_distance(tmp_path: Path) -> None:
    path = tmp_path / "topology.xml"
    path.write_text(sockets([0, 2], [1, 3]))
    pairs = [Transfer(0, 2, 40), Transfer(1, 3, 60), Transfer(0, 1, 200)]
    assert transfers(path, pairs) == {"socket": 50, "remote": 200}
    # A distance that no measured pair has.
    assert transfers(path, pairs[:2]) == {"socket": 50, "remote": 50}
    with pytest.raises(InputError, match="has no CPU 7"):
        transfers(path, [Transfer(0, 7, 1)])


def test_alpha_is_fitted_on_the_contended_increments() -> None:
    host = Host("host", {**HOST, "alpha": 0.1})
    # As the stand-in has it: (1 + alpha) * rmw / alpha, five per cent more in the middle.
    sharings = [Sharing("compact", 1, 5.0), Sharing("compact", 2, 1.05 * 1.25 * 5 / 0.25)]
    assert calibrate.fit_alpha(host, sharings, Simulator(FAKE)) == pytest.approx(0.25, rel=0.01)


def test_denials_are_calibrated_beside_admissions() -> None:
    """On records that cost 7 ns more than the simulation, and where all but 1 % are denied 27."""
    host = Host("host", {**HOST, "alpha": 0.2})
    row = "hazard"
    quiet, denying = (Cell(row, name, "compact", 1) for name in ("readonly", "overload"))
    simulated = calibrate._costs(host, [row], "readonly", Simulator(FAKE))[row]
    more = {quiet: 7.0, denying: 27.0}
    run = SimpleNamespace(
        folder=Path("run"), cells=more, cost_ns=lambda cell: simulated + more[cell]
    )
    found = calibrate.with_instructions(host, host, cast(Any, run), Simulator(FAKE)).values
    assert found["instructions_ns"] == {row: pytest.approx(7, abs=0.05)}
    assert found["denial_ns"] == {row: pytest.approx(20 / 0.99, abs=0.05)}
    del more[denying]
    found = calibrate.with_instructions(host, host, cast(Any, run), Simulator(FAKE)).values
    assert found["denial_ns"] == {}


def test_a_run_without_a_contention_map_is_refused(cli: CommandLine, stored_run: Path) -> None:
    (stored_run / "contention.json").unlink()
    answer = set_up(cli)("predict", "--calibrate", "run", "--host", "imaginary")
    assert answer.returncode == 2
    assert "run/contention.json: No such file" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    pair = {"a": 0, "b": 1, "one_way_ns": 60.0, "skew_ns": 1.0}
    for pairs in ([], [pair]):
        add_contention(stored_run, {"pairs": 1, "transfers": pairs, "sharings": []})
        answer = cli("predict", "--calibrate", "run", "--host", "imaginary")
        assert answer.returncode == 2
        assert "run/contention.json: sharings" in answer.stderr


def test_a_figure_that_is_off_keeps_nearer_distances_nearer() -> None:
    host = Host("host", {**HOST, "transfer_ns": {"l3": 20, "socket": 50, "remote": 60}})
    changed = sensitivity.figures(host)["transfer_ns.socket"]
    assert changed(1.5).values["transfer_ns"] == {"l3": 20, "socket": 75, "remote": 75}
    assert changed(0.2).values["transfer_ns"] == {"l3": 10, "socket": 10, "remote": 60}
    assert sensitivity.figures(host)["alpha"](2).values["alpha"] == [0.4, 0.8]


def test_a_file_beside_the_host_file_is_its_topology(tmp_path: Path) -> None:
    (tmp_path / "machine.xml").write_text(sockets([0]))
    path = write_host(tmp_path / "host.json", topology="machine.xml")
    assert hosts.read(path).topology == str(tmp_path / "machine.xml")


def test_the_stored_pages_say_what_the_stored_predictions_say() -> None:
    for path, blocks in documents.blocks(ROOT).items():
        text = path.read_text(encoding="utf-8")
        assert replace_blocks(text, path.name, blocks) == text, path


def test_the_stored_validation_is_as_near_as_the_page_says() -> None:
    own = documents.read_validation(ROOT)["own_host"]
    medians = own["median_error"]
    for scenario in ("readonly", "steady", "edge"):
        assert medians[scenario] <= 0.25
    # Compared with the reference run, which may be older than a design.
    with open(ROOT / "results" / "reference" / "summary.csv", encoding="utf-8") as summary:
        measured = {row["limiter"] for row in csv.DictReader(summary)} & set(OWN)
    assert len(measured) >= 14
    for scenario, stated in medians.items():
        rows = [row for row in own["rows"] if row["scenario"] == scenario]
        assert sorted(row["row"] for row in rows) == sorted(measured)
        errors = [abs(row["error"]) for row in rows]
        assert median(errors) == pytest.approx(stated, abs=1e-3)


def load(row: str, policy: str, rate: float, p50: float, p99: float) -> Load:
    assumed = Assumption(policy, 0.2)
    return Load(Cell(row, "open_loop", "compact", 64), assumed, rate, p50, p99)


def test_a_rate_that_was_offered_three_times_counts_once_by_its_median() -> None:
    def point(rate: float, nanoseconds: int, unsent: int = 0) -> LoadPoint:
        times = Latency(0, 1e9, Histogram([(nanoseconds, 1000)]))
        return LoadPoint("poisson", rate, rate, 1000, 0, unsent, times, times)

    points = [point(2e6, 90), point(2e6, 60), point(2e6, 70), point(1e6, 50), point(5e6, 50, 2)]
    sweep = LoadSweep(points, {}, None)
    cell = Cell("hazard", "open_loop", "compact", 64)
    found = loads.loads_of(cell, Assumption("fifo", 0.2), sweep)
    assert [(at.rate_per_second, at.p99_ns) for at in found] == [
        (1e6, 50),
        (2e6, 70),
        (5e6, SATURATED_NS),
    ]


def test_a_design_stays_saturated_at_higher_rates() -> None:
    made = [load("a", "fifo", 1e5, 10, 20), load("a", "fifo", 2e5, 10, SATURATED_NS)]
    made += [load("b", "fifo", rate, 10, 20) for rate in (1e5, 2e5, 5e5)]
    at = loads.at_rate(made, 64, 5e5)
    assert {row: [point.p99_ns for point in found.values()] for row, found in at.items()} == {
        "a": [SATURATED_NS],
        "b": [20],
    }
    assert loads.at_rate(made, 8, 5e5) == {}
    assert loads.rungs_of([*made, load("a", "fifo", 1.414e5, 1, 1)]) == [1e5, 2e5, 5e5]


def test_the_table_of_loads_is_read_as_written(tmp_path: Path) -> None:
    made = [load("a", "fifo", 1e5, 10, 20), load("b", "node", 2e5, *2 * [SATURATED_NS])]
    path = tmp_path / loads.TABLE
    write(path, loads.COLUMNS, reversed(made))
    assert loads.read_loads(tmp_path) == made
    path.write_text("cell\nx\n")
    with pytest.raises(InputError, match="the columns are not cell,"):
        loads.read_loads(tmp_path)
    path.unlink()
    assert loads.read_loads(tmp_path) == []


def test_the_claim_holds_between_two_loads(cli: CommandLine) -> None:
    """The lock is 50 times slower at 500,000 in each simulation, at 1 M in one of two."""
    answer = set_up(cli)("predict", "--host", "imaginary", *SMALL, "--out", "out")
    assert answer.returncode == 0, answer.stderr
    out = cli.folder / "out"
    assert not answer_of(read_prediction(out)).claim
    slower = {1e5: (2, 3), 5e5: (50, 45), 1e6: (60, 39), 2e6: (1, 1), 5e6: (70, 80)}
    made = [
        load(row, policy, rate, 100, 1000 * (times if row == "go_rwmutex" else 1))
        for rate, pair in slower.items()
        for policy, times in zip(("fifo", "node"), pair)
        for row in ("go_rwmutex", "snapshot_value", "leased")
    ]
    at_16 = [at._replace(cell=at.cell._replace(threads=16)) for at in made]
    write(out / loads.TABLE, loads.COLUMNS, at_16)
    found = answer_of(read_prediction(out))
    said = "By p99 at 500 k/s and at 5 M/s in every simulation and from 500 k/s to 1 M/s and at 5"
    assert said in found.claim
    assert "by p50 at no load in every simulation and at no load in at least one" in found.claim
    assert [line[0] for line in found.claimed] == ["100 k", "500 k", "1 M", "2 M", "5 M"]
    assert found.claimed[1][-2:] == ["45 to 50", "1 µs"]
    # snapshot_value and leased are alike.
    assert "2 of 3 pairs of designs are decided" in found.load
    assert found.rows[-1][0] == "`go_rwmutex`"
    page = documents.answer(read_prediction(out))
    assert any("`go_rwmutex` p50" in line for line in page)


def test_bands_hold_every_assumption() -> None:
    from limiterbench.predict.points import band, ratio

    rows = rows_of({"a": (10, 30), "b": (5, 60)})
    assert band(rows["a"], throughput) == Band(10, 30)
    # Compares each pair under the same assumption, not the ends.
    assert ratio(rows["a"], rows["b"], throughput) == Band(0.5, 2)


def test_profiles_are_plain_json_with_one_schema() -> None:
    for path in PROFILES:
        assert json.loads(path.read_text(encoding="utf-8"))["schema"] == hosts.SCHEMA
