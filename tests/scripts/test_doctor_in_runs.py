"""A run asks the doctor before it measures, keeps what was found, and can be made to obey."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List

import pytest
from conftest import SMALL, CommandLine, plain
from healthy_host import build, write

from limiterbench.charts.caption import caption
from limiterbench.records.finding import FAIL, OK, WARN, Finding
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.series import group_records

GROUP = "sys/fs/cgroup/user.slice/cpu.max"
PAGES = "sys/kernel/mm/transparent_hugepage/enabled"


@pytest.fixture
def sick(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, str]:
    """The environment in which the doctor finds one FAIL and one WARN."""
    root = build(tmp_path_factory.mktemp("sick"))
    write(root, GROUP, "50000 100000")
    write(root, PAGES, "[always] madvise never")
    return {"LIMITERBENCH_HOST_ROOT": str(root)}


def statuses(run: Path) -> Dict[str, str]:
    return {finding.check: finding.status for finding in open_run(run).doctor}


def test_all_findings_are_stored_and_only_the_bad_ones_shown(
    cli: CommandLine, sick: Dict[str, str]
) -> None:
    answer = cli.without_charts()("run", *SMALL, "--out", "run", **sick)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("FAIL    CPU quota ")
    assert "1 FAIL, 1 WARN: ./scripts/doctor says what to do" in answer.stdout
    assert "UNKNOWN" not in answer.stdout and "echo madvise" not in answer.stdout
    stored = json.loads((cli.folder / "run" / "run.json").read_text())["doctor"]
    assert len(stored) == 15
    assert set(stored[0]) == {"check", "status", "seen", "advice"}
    # Three threads, the writer among them, on a host of four CPUs.
    assert "grants 0.5 CPUs, 3 are measured" in stored[0]["seen"]


def test_strict_refuses_and_creates_nothing(cli: CommandLine, sick: Dict[str, str]) -> None:
    answer = cli("run", *SMALL, "--strict", "--out", "run", **sick)
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: --strict: nothing is measured here\nCPU quota: the")
    assert answer.stdout == ""
    assert not list(cli.folder.iterdir())


def test_strict_measures_where_nothing_fails(cli: CommandLine) -> None:
    answer = cli.without_charts()("run", *SMALL, "--strict", "--out", "run")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("host ")


def test_a_dry_run_does_not_ask(cli: CommandLine, sick: Dict[str, str]) -> None:
    answer = cli("run", *SMALL, "--strict", "--dry-run", **sick)
    assert answer.returncode == 0
    assert "quota" not in answer.stdout


def drop_last_record(run: Path) -> None:
    lines = plain(run).read_text().splitlines(keepends=True)
    (run / CELLS).write_text("".join(lines[:-1]))


def test_a_resumed_run_keeps_the_worse_of_both(
    cli: CommandLine, stored_run: Path, sick: Dict[str, str]
) -> None:
    drop_last_record(stored_run)
    assert cli("run", "--resume", "run", "--strict", **sick).returncode == 2
    assert FAIL not in statuses(stored_run).values()
    assert cli.without_charts()("run", "--resume", "run", **sick).returncode == 0
    assert statuses(stored_run)["CPU quota"] == FAIL
    drop_last_record(stored_run)
    assert cli("run", "--resume", "run").returncode == 0
    assert statuses(stored_run)["CPU quota"] == FAIL


def test_a_run_with_nothing_left_is_not_judged_by_the_host_of_now(
    cli: CommandLine, stored_run: Path, sick: Dict[str, str]
) -> None:
    assert cli.without_charts()("run", "--resume", "run", "--strict", **sick).returncode == 0
    assert FAIL not in statuses(stored_run).values()


def change(run: Path, doctor: Any) -> None:
    path = run / "run.json"
    values = json.loads(path.read_text())
    del values["doctor"]
    if doctor is not None:
        values["doctor"] = doctor
    path.write_text(json.dumps(values, indent=1))


def test_a_run_of_before_the_doctor_is_still_read(cli: CommandLine, stored_run: Path) -> None:
    change(stored_run, None)
    assert open_run(stored_run).doctor == []
    assert cli("report", "--text", "run").returncode == 0


@pytest.mark.parametrize(
    "doctor, said",
    [
        ("well", "doctor is not a list"),
        ([{"check": "load", "status": "FAIL"}], "doctor[0].seen is missing"),
        ([{"check": "load", "status": "bad", "seen": "", "advice": ""}], "status is 'bad'"),
    ],
)
def test_a_wrong_finding_is_named(
    cli: CommandLine, stored_run: Path, doctor: object, said: str
) -> None:
    change(stored_run, doctor)
    answer = cli("report", "--text", "run")
    assert answer.returncode == 2
    assert "run.json:" in answer.stderr and said in answer.stderr


def beware(run: Path, **changes: Any) -> str:
    manifest: Manifest = replace(open_run(run), **changes)
    lines: List[str] = caption(manifest, group_records(read_records(run / CELLS))[0], "what")
    return next((line for line in lines if line.startswith("Beware")), "")


FINDINGS = [
    Finding("virtualisation", WARN, "virtual machine: x"),
    Finding("turbo", WARN, "turbo is on"),
    Finding("SMT", WARN, "SMT is on"),
    Finding("load", FAIL, "other work"),
    Finding("cpuset", OK, "2 of 2"),
]


def test_a_caption_names_the_worst_and_counts_the_rest(finished_run: Path) -> None:
    said = beware(finished_run, doctor=FINDINGS, host={})
    assert said == (
        "Beware: FAIL other work; virtual machine: x; turbo is on; "
        "1 FAIL, 3 WARN in all, listed in run.json."
    )
    assert "in all" not in beware(finished_run, doctor=FINDINGS[2:], host={})
    assert beware(finished_run, doctor=FINDINGS[4:], host={}) == ""


def test_a_caption_says_nothing_twice(finished_run: Path) -> None:
    stored = {"warnings": ["virtual machine: its host", "load average 2: x"]}
    lacking = {"membarrier": {"private_expedited": False}, "rseq": {"registered": True}}
    said = beware(finished_run, doctor=FINDINGS[:1], host={**stored, **lacking})
    assert said == (
        "Beware: virtual machine: x; no membarrier: asymmetric fences fall back to full ones."
    )
    alone = beware(finished_run, doctor=[], host=stored)
    assert alone == "Beware: virtual machine: its host; load average 2: x."
