"""Every check in every status that it can have, over a tree of files instead of the host."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Dict, Optional

import pytest
from conftest import CommandLine
from healthy_host import FILES, build, stat, write

from limiterbench.doctor.checks import CHECKS, examine
from limiterbench.doctor.host import Host, Spun, cpu_list, look, spin
from limiterbench.doctor.show import brief, table
from limiterbench.records.finding import (
    FAIL,
    OK,
    UNKNOWN,
    WARN,
    Finding,
    counts,
    worse_of,
    worst_first,
)

CPU = "sys/devices/system/cpu"
CLOCK = "sys/devices/system/clocksource/clocksource0"
CURRENT, AVAILABLE = f"{CLOCK}/current_clocksource", f"{CLOCK}/available_clocksource"
GROUP = "sys/fs/cgroup/user.slice"
NODES = "sys/devices/system/node/online"
WITH_MEMORY = "sys/devices/system/node/has_memory"
BALANCING = "proc/sys/kernel/numa_balancing"
PAGES = "sys/kernel/mm/transparent_hugepage/enabled"
FLAGS = "proc/cpuinfo"
STATUS = "proc/self/status"
LIMITS = "proc/self/limits"
PARANOID = "proc/sys/kernel/perf_event_paranoid"
VENDOR = "sys/class/dmi/id/sys_vendor"
ISOLATED = f"{CPU}/isolated"
COUNTERS = "sys/bus/event_source/devices/cpu/type"

QUIET = stat(*[(0, 0, 0)] * 4), stat(*[(0, 100, 0)] * 4)

# A text replaces the file's; None takes the file, or all below a folder, away.
Changes = Dict[str, Optional[str]]


def spoil(root: Path, changes: Changes) -> None:
    for path, text in changes.items():
        if text is not None:
            write(root, path, text)
            continue
        for file in (file for file in FILES if file == path or file.startswith(f"{path}/")):
            (root / file).unlink()
            while not any((root / file).parent.iterdir()):
                file = str(Path(file).parent)
                (root / file).rmdir()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(build(tmp_path), None, *QUIET)


def found(host: Host, check: str) -> Finding:
    (finding,) = [finding for finding in examine(host) if finding.check == check]
    return finding


def test_nothing_is_wrong_with_a_healthy_host(host: Host) -> None:
    assert {finding.status for finding in examine(host)} == {OK}


def test_what_cannot_be_read_is_never_taken_for_good(tmp_path: Path) -> None:
    findings = examine(Host(tmp_path))
    assert {finding.status for finding in findings} == {UNKNOWN}
    assert len(findings) == len(CHECKS) == 15


@pytest.mark.parametrize(
    "junk",
    ["", "\0\xff", "-", "9" * 30, "cpu0 b c d e f g h i j k l", "Max locked memory lots"],
)
def test_files_that_hold_something_else_are_survived(host: Host, junk: str) -> None:
    for path in FILES:
        write(host.root, path, junk)
    spoiled = Host(host.root, 3, junk, junk)
    assert len(examine(spoiled)) == len(CHECKS)


@pytest.mark.parametrize(
    "check, changes, status, seen",
    [
        ("CPU quota", {f"{GROUP}/cpu.max": "150000 100000"}, FAIL, "grants 1.5 CPUs, 4 are"),
        ("CPU quota", {f"{GROUP}/cpu.max": "400000 100000"}, OK, "grants 4 CPUs; 4 are"),
        ("CPU quota", {"sys/fs/cgroup": None}, UNKNOWN, "cannot be read"),
        ("CPU quota", {"proc/self/cgroup": None}, UNKNOWN, "cannot be read"),
        (
            "CPU quota",
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/a\n0::/b\n",
                "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "200000",
                "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000",
            },
            FAIL,
            "grants 2 CPUs",
        ),
        (
            "CPU quota",
            {
                "proc/self/cgroup": "4:cpu:/a\n",
                "sys/fs/cgroup/cpu/release_agent": "",
                "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000",
            },
            OK,
            "limits no CPU time",
        ),
        # Groups that a cgroup namespace hides, or a mount of only a part of the tree.
        (
            "CPU quota",
            {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cgroup.events": "populated 1"},
            UNKNOWN,
            "hidden",
        ),
        (
            "CPU quota",
            {
                "proc/self/cgroup": "4:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            UNKNOWN,
            "hidden",
        ),
        ("CPU quota", {"proc/self/cgroup": "0::/../..\n"}, UNKNOWN, "hidden"),
        (
            "CPU quota",
            {"proc/self/cgroup": "0::/..\n", "sys/fs/cgroup/cpu.max": "100000 100000"},
            UNKNOWN,
            "hidden",
        ),
        ("CPU quota", {"sys/fs/cgroup/cgroup.controllers": None}, UNKNOWN, "hidden"),
        (
            "CPU quota",
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/cgroup.events": "populated 1",
                "sys/fs/cgroup/cpu.max": "150000 100000",
            },
            FAIL,
            "grants 1.5 CPUs, 4 are",
        ),
        ("cpuset", {STATUS: "Cpus_allowed_list:\t0,2"}, WARN, "2 of 4 CPUs may be used"),
        ("cpuset", {STATUS: "Cpus_allowed_list:\t1"}, WARN, "nothing scales"),
        ("cpuset", {f"{CPU}/online": None}, UNKNOWN, "not shown"),
        ("governor", {f"{CPU}/cpufreq/policy1/scaling_governor": "powersave"}, WARN, "powersave"),
        ("governor", {f"{CPU}/cpufreq": None}, UNKNOWN, "no frequency governor"),
        ("turbo", {f"{CPU}/intel_pstate/no_turbo": "0"}, WARN, "turbo is on"),
        ("turbo", {f"{CPU}/intel_pstate": None, f"{CPU}/cpufreq/boost": "1"}, WARN, "on"),
        ("turbo", {f"{CPU}/intel_pstate": None, f"{CPU}/cpufreq/boost": "0"}, OK, "off"),
        ("turbo", {f"{CPU}/intel_pstate": None}, UNKNOWN, "no switch"),
        ("C-states", {f"{CPU}/cpu1/cpuidle/state3/latency": "133"}, WARN, "state3, takes 133"),
        (
            "C-states",
            {
                f"{CPU}/cpu1/cpuidle/state3/latency": "133",
                f"{CPU}/cpu1/cpuidle/state3/disable": "1",
            },
            OK,
            "C1, takes 2",
        ),
        ("C-states", {f"{CPU}/cpuidle/current_driver": "haltpoll"}, UNKNOWN, "hypervisor"),
        ("C-states", {f"{CPU}/cpu0": None}, UNKNOWN, "driver intel_idle"),
        ("SMT", {f"{CPU}/smt/active": "1"}, WARN, "sibling"),
        ("SMT", {f"{CPU}/smt": None}, UNKNOWN, "not shown"),
        ("isolated CPUs", {ISOLATED: "\n"}, WARN, "no CPU is isolated"),
        ("isolated CPUs", {ISOLATED: "2-3"}, WARN, "2 of 4 CPUs are isolated: the others"),
        ("isolated CPUs", {ISOLATED: "4-5"}, WARN, "may not be used here"),
        ("isolated CPUs", {ISOLATED: None}, UNKNOWN, "not shown"),
        ("NUMA balancing", {BALANCING: "1"}, WARN, "between 2 nodes"),
        ("NUMA balancing", {BALANCING: "1", NODES: "0"}, OK, "one NUMA node"),
        ("NUMA balancing", {BALANCING: "1", WITH_MEMORY: "1"}, OK, "one NUMA node"),
        ("NUMA balancing", {BALANCING: "1", NODES: None}, UNKNOWN, "nodes are not shown"),
        ("NUMA balancing", {BALANCING: None}, UNKNOWN, "not shown"),
        ("huge pages", {PAGES: "[always] madvise never"}, WARN, "always"),
        ("huge pages", {PAGES: "always madvise [never]"}, OK, "never"),
        ("huge pages", {PAGES: None}, UNKNOWN, "not shown"),
        ("memory locking", {LIMITS: "Max locked memory  8388608  8388608  bytes"}, WARN, "8,192"),
        ("memory locking", {LIMITS: "Max locked memory  67108864  1  bytes"}, OK, "65,536"),
        ("memory locking", {LIMITS: None}, UNKNOWN, "cannot be read"),
        ("clock source", {CURRENT: "hpet", AVAILABLE: "hpet acpi_pm"}, FAIL, "distrusts the TSC"),
        ("clock source", {CURRENT: "hpet"}, WARN, "though there is a TSC"),
        (
            "clock source",
            {CURRENT: "kvm-clock", AVAILABLE: "kvm-clock"},
            WARN,
            "timed by clock_gettime, not by",
        ),
        ("clock source", {FLAGS: "flags : tsc constant_tsc"}, WARN, "its rate or stops"),
        ("clock source", {FLAGS: "Features : fp", CURRENT: "arch_sys_counter"}, OK, "arch_sys"),
        ("clock source", {CURRENT: None}, UNKNOWN, "not shown"),
        ("perf events", {PARANOID: "3"}, WARN, "perf_event_paranoid 3 forbids"),
        ("perf events", {PARANOID: "3", STATUS: "CapEff:\t0000004000000000"}, OK, "allowed"),
        ("perf events", {COUNTERS: None}, WARN, "hidden"),
        ("perf events", {PARANOID: None}, UNKNOWN, "not shown"),
        ("virtualisation", {VENDOR: "QEMU"}, WARN, "virtual machine (QEMU): its host"),
        ("virtualisation", {VENDOR: "Amazon EC2"}, WARN, "virtual machine (Amazon EC2)"),
        ("virtualisation", {FLAGS: "flags : hypervisor"}, WARN, "virtual machine: its host"),
        ("virtualisation", {"sys/hypervisor/type": "xen"}, WARN, "virtual machine (xen)"),
        ("virtualisation", {FLAGS: None, VENDOR: None}, UNKNOWN, "neither"),
    ],
)
def test_a_setting(host: Host, check: str, changes: Changes, status: str, seen: str) -> None:
    spoil(host.root, changes)
    finding = found(host, check)
    assert (finding.status, seen in finding.seen) == (status, True), finding
    assert bool(finding.advice) == finding.is_bad


def test_the_same_vendor_has_bare_machines(host: Host) -> None:
    spoil(host.root, {VENDOR: "Amazon EC2", "sys/class/dmi/id/product_name": "m7i.metal-24xl"})
    assert found(host, "virtualisation").status == OK


def test_memory_may_be_locked_by_capability(host: Host) -> None:
    spoil(host.root, {LIMITS: "Max locked memory  0  0  bytes", STATUS: "CapEff:\t4000"})
    assert found(host, "memory locking").status == OK


def test_the_quota_need_only_be_enough_for_the_threads_that_run(host: Host) -> None:
    write(host.root, f"{GROUP}/cpu.max", "200000 100000")
    assert found(replace(host, threads=3), "CPU quota").status == FAIL
    assert found(replace(host, threads=2), "CPU quota").status == OK


@pytest.mark.parametrize(
    "threads, user, status, seen",
    [
        (None, 0, OK, "0.00 of 4"),
        (None, 40, WARN, "0.40 of 4"),
        (None, 90, FAIL, "0.90 of 4 CPUs busy, 4 are measured"),
        (2, 90, WARN, "0.90 of 4"),
    ],
)
def test_other_work(host: Host, threads: Optional[int], user: int, status: str, seen: str) -> None:
    after = stat((user, 100 - user, 0), *[(0, 100, 0)] * 3)
    finding = found(replace(host, threads=threads, after=after), "load")
    assert (finding.status, seen in finding.seen) == (status, True), finding


def test_only_the_cpus_that_may_be_used_count(host: Host) -> None:
    write(host.root, STATUS, "Cpus_allowed_list:\t1-3")
    busy = replace(host, after=stat((100, 0, 0), *[(0, 100, 0)] * 3))
    assert found(busy, "load").status == OK


@pytest.mark.parametrize("average, status", [("0.1 0 0 1/2 3", OK), ("2.5 0 0 1/2 3", WARN)])
def test_the_load_average_stands_in_where_times_do_not_advance(
    host: Host, average: str, status: str
) -> None:
    write(host.root, "proc/loadavg", average)
    assert found(replace(host, after=host.before), "load").status == status


@pytest.mark.parametrize(
    "stolen, status, seen",
    [(1, WARN, "takes 0.25 %"), (40, FAIL, "takes 10 %"), (0, OK, "no CPU time")],
)
def test_stolen_time(host: Host, stolen: int, status: str, seen: str) -> None:
    after = stat((0, 100 - stolen, stolen), *[(0, 100, 0)] * 3)
    finding = found(replace(host, after=after), "steal")
    assert (finding.status, seen in finding.seen) == (status, True), finding


def test_a_virtual_machine_that_never_saw_stolen_time_may_not_be_told(host: Host) -> None:
    write(host.root, VENDOR, "QEMU")
    assert found(host, "steal").status == UNKNOWN
    before, after = stat(*[(0, 0, 7)] * 4), stat(*[(0, 100, 7)] * 4)
    assert found(replace(host, before=before, after=after), "steal").status == OK


def test_lists_of_cpus() -> None:
    assert cpu_list("0-2,8") == [0, 1, 2, 8]
    assert cpu_list("") == cpu_list("none") == cpu_list("3-x") == []


def test_the_worst_comes_first_and_fits(host: Host) -> None:
    spoil(host.root, {f"{GROUP}/cpu.max": "1 2", PAGES: "[always]", ISOLATED: None})
    findings = examine(host)
    text = table(findings)
    assert max(map(len, text.splitlines())) <= 80
    order = [text.index(f"\n{word} ") for word in ("WARN", "UNKNOWN", "OK")]
    assert text.startswith("FAIL") and order == sorted(order)
    assert text.splitlines()[-1] == "1 FAIL, 1 WARN, 1 UNKNOWN, 12 OK" == counts(findings)
    assert "\033" not in text and "\033[31mFAIL" in table(findings, colour=True)
    assert "echo madvise | sudo tee /sys/kernel/mm" in text
    said = [line for line in brief(findings).splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in said[:-1]] == [FAIL, WARN]
    assert said[-1] == "1 FAIL, 1 WARN: ./scripts/doctor says what to do"
    assert brief([Finding("load", OK, "quiet")]) == ""


def test_a_run_is_as_good_as_the_worst_of_its_parts() -> None:
    quiet, loud = Finding("load", OK, "quiet"), Finding("load", FAIL, "loud")
    off = Finding("turbo", OK, "off")
    assert worse_of([quiet, off], [loud]) == [loud, off]
    assert worse_of([loud], [quiet, off]) == [loud, off]
    assert worst_first([off, loud]) == [loud, off]


def test_this_host_can_be_examined() -> None:
    assert len(examine(look(Path("/")))) == len(CHECKS)


def test_the_command(cli: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = build(tmp_path_factory.mktemp("host"))
    write(root, f"{GROUP}/cpu.max", "150000 100000")
    here = {"LIMITERBENCH_HOST_ROOT": str(root)}
    answer = cli("doctor", **here)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("FAIL    CPU quota      the control group grants 1.5 CPUs")
    assert cli("doctor", "--strict", **here).returncode == 1
    findings = json.loads(cli("doctor", "--json", **here).stdout)
    assert findings[0]["status"] == "FAIL"
    assert set(findings[0]) == {"check", "status", "seen", "advice"}
    assert cli("doctor", "--strict").returncode == 0


@pytest.mark.parametrize("arguments", [["--strickt"], ["surplus"]])
def test_bad_arguments(cli: CommandLine, arguments: "list[str]") -> None:
    assert cli("doctor", *arguments).returncode == 2


@pytest.mark.parametrize("got, status", [(3.9, UNKNOWN), (2.5, FAIL)])
def test_where_groups_are_hidden_busy_loops_tell(host: Host, got: float, status: str) -> None:
    write(host.root, "sys/fs/cgroup/cgroup.events", "populated 1")
    finding = found(replace(host, spun=Spun(4, got)), "CPU quota")
    assert finding.status == status
    assert f"4 loops got {got:.2f} CPUs" in finding.seen


def test_busy_loops_get_no_more_than_there_is() -> None:
    cpu = min(os.sched_getaffinity(0))
    spun = spin([cpu])
    assert spun is not None and spun.loops == 1
    assert 0 < spun.cpus < 1.1
    assert spin([max(os.sched_getaffinity(0)) + 4096]) is None
