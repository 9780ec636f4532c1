"""The program on a virtual machine of 64 CPUs: scripts/test --virtual has booted it before.

Under emulation no time means anything, so none is looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import pytest
from guest import Guest, cpus_of, make_run, misplaced
from limiterbench.charts.legends import legends_of
from limiterbench.charts.plot import draw
from limiterbench.charts.threads import p99, scaling
from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.series import group_records

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ["LIMITERBENCH_PROGRAM"])
SOME_CPUS = cpus_of("16-23,32-39")
RUNS = ("compact", "scatter", "smt", "some_cpus", "curve", "rows")


@pytest.fixture(scope="session")
def guest() -> Guest:
    return Guest(ROOT / "build/virtual/results")


def order(topology: Dict[str, Any], placement: str) -> List[int]:
    cpus: List[int] = topology["placements"][placement]["order"]
    return cpus


def test_the_topology_is_that_of_the_machine(guest: Guest) -> None:
    topology = guest.json("topology.json")
    counted = [topology[key] for key in ("packages", "complexes", "cores", "numa_nodes")]
    assert (counted, topology["complex_kind"]) == ([2, 4, 32, 4], "L3")
    for cpu in topology["cpus"]:
        number = cpu["os_index"]
        assert cpu["package"] == number // 32
        assert cpu["complex"] == cpu["numa"] == number // 16
        assert (cpu["core"], cpu["sibling"]) == divmod(number, 2)
    assert len(topology["cpus"]) == 64


def test_placements_fill_complexes_packages_and_siblings_in_their_order(guest: Guest) -> None:
    topology = guest.json("topology.json")
    assert order(topology, "compact") == [*range(0, 64, 2), *range(1, 64, 2)]
    assert order(topology, "scatter")[:8] == [0, 32, 16, 48, 2, 34, 18, 50]
    assert order(topology, "scatter")[32:36] == [1, 33, 17, 49]
    assert order(topology, "smt") == list(range(64))
    found = [(b["threads"], b["kind"]) for b in topology["placements"]["compact"]["boundaries"]]
    assert found == [(8, "complex"), (16, "package"), (24, "complex"), (32, "smt")]


def test_the_topology_is_said_in_80_columns(guest: Guest) -> None:
    text = guest.text("topology.txt")
    assert text.startswith("2 packages, 4 L3 complexes, 32 cores, 64 CPUs, 4 NUMA nodes\n")
    assert max(map(len, text.splitlines())) <= 80


def test_another_host_plans_for_it_what_it_plans_itself(guest: Guest) -> None:
    command = [str(PROGRAM), f"--topology={guest.folder / 'topology.xml'}"]
    answer = subprocess.run(
        [*command, "--topology_format=json"], capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout)["placements"] == guest.json("topology.json")["placements"]


@pytest.mark.parametrize("placement", ["compact", "scatter", "smt"])
def test_every_thread_is_where_the_plan_put_it(guest: Guest, placement: str) -> None:
    planned = order(guest.json("topology.json"), placement)
    (record,) = guest.records(placement)
    assert record["cpus"] == planned
    # Every CPU is taken, so that the writer has to share the last thread's.
    assert (record["writer_cpu"], record["writer_shares_cpu"]) == (planned[-1], True)
    threads = guest.places(placement, 65)
    assert misplaced([*planned, planned[-1]], threads) == []


def test_a_thread_on_another_cpu_than_it_was_told_is_noticed(guest: Guest) -> None:
    (record,) = guest.records("misplaced")
    found = misplaced(record["cpus"], guest.places("misplaced", 8))
    assert found == ["thread 2: planned for 4, may use [6], is on 6"]


def test_only_allowed_cpus_are_used(guest: Guest) -> None:
    topology = guest.json("some_cpus.json")
    assert {cpu["os_index"] for cpu in topology["cpus"]} == SOME_CPUS
    assert (topology["packages"], topology["complexes"], topology["cores"]) == (2, 2, 8)
    (record,) = guest.records("some_cpus")
    assert record["cpus"] == [
        *range(16, 24, 2),
        *range(32, 40, 2),
        *range(17, 24, 2),
        *range(33, 40, 2),
    ]
    assert misplaced([*record["cpus"], 39], guest.places("some_cpus", 17)) == []
    for sample in guest.samples("some_cpus"):
        for thread in sample:
            assert thread.allowed <= SOME_CPUS and thread.cpu in SOME_CPUS


def test_more_threads_than_allowed_cpus_are_refused(guest: Guest) -> None:
    assert guest.status("too_many.txt") == 2
    assert "this process may use 16 CPUs" in guest.text("too_many.txt.stderr")


def test_shared_state_is_at_home_with_thread_0(guest: Guest) -> None:
    for name in RUNS:
        topology = guest.json("some_cpus.json" if name == "some_cpus" else "topology.json")
        nodes = {cpu["os_index"]: cpu["numa"] for cpu in topology["cpus"]}
        for record in guest.records(name):
            home, first = record["home"], record["cpus"][0]
            assert (home["cpu"], home["numa"]) == (first, nodes[first]), name


def test_every_row_limits_64_threads_within_its_bound(guest: Guest) -> None:
    listed = subprocess.run([str(PROGRAM), "--list=json"], capture_output=True, check=True)
    records = {record["limiter"]: record for record in guest.records("rows")}
    assert set(records) == {row["name"] for row in json.loads(listed.stdout)}
    saturated = 0
    for name, record in records.items():
        assert (record["status"], record["threads"]) == ("ok", 64), record["failure"]
        admission = record["admission"]
        assert 0 < admission["admitted"] <= admission["expected_max"], name
        assert admission["error"] <= admission["bound"], name
        if (record["exactness"], record["contract"]) == ("exact", "windows"):
            assert (admission["error"], admission["bound"]) == (0, 0), name
            assert admission["admitted"] >= admission["expected_min"], name
            saturated += admission["expected_min"] > 0
    # A limit that is never reached is kept by any row. Here that hangs on how the emulator lets
    # threads run, but not for most rows.
    assert saturated > len(records) / 2


def test_no_configuration_is_torn_or_older_than_one_before(guest: Guest) -> None:
    for name in RUNS:
        for record in guest.records(name):
            checks = record["config_checks"]
            assert checks["read"] > 0 and (checks["torn"], checks["backwards"]) == (0, 0)


def test_nothing_is_called_oversubscribed(guest: Guest) -> None:
    for name in RUNS:
        assert not any(record["oversubscribed"] for record in guest.records(name)), name


def test_the_curve_has_every_planned_cell(guest: Guest) -> None:
    planned = [cell["cell"] for cell in guest.json("plan.json")["cells"]]
    assert [record["cell"] for record in guest.records("curve")] == planned
    counts = {cell["threads"] for cell in guest.json("plan.json")["cells"]}
    assert counts == {1, 2, 4, 8, 16, 32, 64}


@pytest.fixture(scope="session")
def run(guest: Guest) -> Path:
    """Kept beside the results, for whoever wants to look."""
    folder = guest.folder.parent / "run"
    shutil.rmtree(folder, ignore_errors=True)
    make_run(guest, PROGRAM, ROOT, folder)
    return folder


def test_its_records_are_drawn_here(run: Path) -> None:
    names = {path.name for path in draw(run)}
    for chart in ("scaling", "p99", "percentiles"):
        for placement in ("", "_scatter"):
            assert f"{chart}_steady{placement}.svg" in names
    assert all(path.stat().st_size > 0 for path in (run / "figures").iterdir())


@pytest.mark.parametrize("chart", [scaling, p99])
def test_charts_mark_dies_packages_and_siblings(run: Path, chart: Any) -> None:
    manifest = open_run(run)
    groups = {g.placement: g for g in group_records(read_records(run / CELLS))}
    for placement, counts in (("compact", [8, 16, 16, 32]), ("scatter", [2, 4, 32])):
        frame = chart(manifest, groups[placement], legends_of(groups[placement].limiters))
        upright = [
            line.get_xdata()[0]
            for line in frame.panels[0].lines
            if line.get_linestyle() == "--" and len(set(line.get_xdata())) == 1
        ]
        # Each lies between its own count's markers, or the last ones before it, and the next ones.
        threads = groups[placement].threads
        assert [max(n for n in threads if n < x) for x in upright] == counts
        labels = [text.get_text() for text in frame.figure.legends[0].get_texts()]
        assert not any("more threads" in label for label in labels)
