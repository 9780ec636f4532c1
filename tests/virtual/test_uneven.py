"""The program on a virtual machine of uneven memory: scripts/test --virtual has booted it before.

CPUs 0-3 are near node 0, and 8-11 near node 2. Node 1, of CPUs 4-7, has no memory. Node 3 has no
CPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from guest import Guest
from limiterbench.records.host_map import read_host_map

ROOT = Path(__file__).resolve().parents[2]
WITH_MEMORY = {0, 2, 3}
NEAR: List[Optional[int]] = [0] * 4 + [None] * 4 + [1] * 4


@pytest.fixture(scope="session")
def guest() -> Guest:
    return Guest(ROOT / "build/virtual/uneven/results")


def home_of(guest: Guest, name: str) -> Dict[str, Any]:
    (record,) = guest.records(name)
    assert record["status"] == "ok"
    home: Dict[str, Any] = record["home"]
    return home


def test_nodes_are_counted_by_their_memory(guest: Guest) -> None:
    assert guest.text("online").strip() == "0-3"
    topology = guest.json("topology.json")
    assert (
        topology["numa_nodes"] == guest.json("environment.json")["environment"]["numa_nodes"] == 3
    )
    summary = "3 packages, 3 L3 complexes, 12 cores, 12 CPUs, 3 NUMA nodes"
    assert topology["summary"] == summary
    assert guest.text("topology.txt").startswith(f"{summary}\n")


def test_a_cpu_without_memory_near_has_no_node(guest: Guest) -> None:
    assert [cpu["numa"] for cpu in guest.json("topology.json")["cpus"]] == NEAR
    places = read_host_map(guest.folder / "topology.xml").places
    assert [place.numa for place in places] == NEAR


def test_the_whole_machine_is_measured(guest: Guest) -> None:
    records = guest.records("all")
    assert {record["limiter"] for record in records} == {"hazard", "leased"}
    for record in records:
        assert (record["status"], record["threads"]) == ("ok", 12), record["failure"]
        assert record["home"]["nodes"] == [0]


@pytest.mark.parametrize("package, node", [(0, 0), (2, 2)])
def test_local_memory_is_near(guest: Guest, package: int, node: int) -> None:
    home = home_of(guest, f"package_{package}_local")
    assert (home["policy"], home["nodes"], home["note"]) == ("local", [node], "")


def test_without_memory_near_the_kernel_chooses(guest: Guest) -> None:
    home = home_of(guest, "package_1_local")
    assert (home["cpu"], home["numa"]) == (4, None)
    assert len(home["nodes"]) == 1 and set(home["nodes"]) < WITH_MEMORY
    assert home["note"] == "CPU 4 has no NUMA node near: the kernel chose the node"


@pytest.mark.parametrize("package", [0, 1, 2])
def test_remote_memory_is_not_near(guest: Guest, package: int) -> None:
    home = home_of(guest, f"package_{package}_remote")
    assert home["policy"] == "remote"
    assert len(home["nodes"]) == 1 and set(home["nodes"]) < WITH_MEMORY - {package}
    assert home["note"].endswith("every node is remote") == (package == 1)


def test_memory_is_interleaved_where_there_is_some(guest: Guest) -> None:
    home = home_of(guest, "interleaved")
    assert (home["policy"], home["numa"]) == ("interleave", None)
    assert len(home["nodes"]) > 1 and set(home["nodes"]) <= WITH_MEMORY


def test_a_sandbox_without_memory_policies_costs_the_default_a_note(guest: Guest) -> None:
    note = home_of(guest, "denied_local")["note"]
    assert note.startswith("the kernel chose the node, for it refused set_mempolicy: ")


@pytest.mark.parametrize("home", ["remote", "interleave"])
def test_a_sandbox_without_memory_policies_refuses_another_home(guest: Guest, home: str) -> None:
    assert guest.status(f"denied_{home}") == 3
    assert guest.text(f"denied_{home}.log").splitlines() == [
        f"limiterbench: cannot take memory from its home, {home}: set_mempolicy: "
        "Operation not permitted (a container or sandbox forbids it)"
    ]
    assert not (guest.folder / f"denied_{home}.jsonl").exists()


@pytest.mark.parametrize("group", ["seen", "hidden"])
def test_a_control_group_leaves_one_node(guest: Guest, group: str) -> None:
    topology = guest.json(f"{group}_topology.json")
    environment = guest.json(f"{group}_environment.json")["environment"]
    assert topology["numa_nodes"] == environment["numa_nodes"] == 1
    assert [cpu["numa"] for cpu in topology["cpus"]] == [0] * 4 + [None] * 8
    home = home_of(guest, f"{group}_local")
    assert (home["numa"], home["nodes"]) == (None, [0])
    assert guest.status(f"{group}_remote") == 2
    assert "there is one NUMA node whose memory may be used" in guest.text(f"{group}_remote.log")
