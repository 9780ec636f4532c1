"""A disk that is full at any moment: what is on record stays, and the run goes on afterwards."""

from __future__ import annotations

import resource
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from conftest import SMALL, SMALL_REPETITIONS, CommandLine, gist, lines_of
from test_run import manifest_of

PAGE = 4096
PAGES_AT_FIRST = 4
PAGES_AT_MOST = 200


def _mount(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def disk(cli: CommandLine) -> Iterator[Path]:
    folder = cli.folder / "disk"
    folder.mkdir()
    mounted = _mount("-t", "tmpfs", "-o", f"size={PAGES_AT_FIRST * PAGE}", "tmpfs", str(folder))
    if mounted.returncode != 0:
        pytest.skip(f"NOT TRIED: a full disk needs leave to mount one: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_costs_no_finished_repetition(cli: CommandLine, disk: Path) -> None:
    """A little room at a time, so that it runs out in every step of a run."""
    cli.without_charts()
    run = disk / "run"
    stops = 0
    for pages in range(PAGES_AT_FIRST, PAGES_AT_MOST):
        _mount("-o", f"remount,size={pages * PAGE}", str(disk)).check_returncode()
        before = gist(lines_of(run)) if run.exists() else []
        arguments = ("--resume", str(run)) if run.exists() else (*SMALL, "--out", str(run))
        answer = cli("run", *arguments)
        assert "Traceback" not in answer.stderr, answer.stderr
        if run.exists():
            assert gist(lines_of(run))[: len(before)] == before
        if answer.returncode == 0:
            break
        assert "No space left on device" in answer.stderr, answer.stderr
        stops += 1
    assert stops > 5
    lines = lines_of(run)
    assert [line["status"] for line in lines] == ["ok"] * SMALL_REPETITIONS
    assert len({(line["cell"], line["repetition"]) for line in lines}) == SMALL_REPETITIONS
    assert manifest_of(run)["status"] == "complete"


def test_charts_that_do_not_fit_leave_the_old_ones(cli: CommandLine, stored_run: Path) -> None:
    before = {path.name: path.read_bytes() for path in (stored_run / "figures").iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, limits[1]))
    try:
        answer = cli("plot", "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert answer.returncode == 1
    assert answer.stderr == "error: run/figures: File too large\n"
    assert {path.name: path.read_bytes() for path in (stored_run / "figures").iterdir()} == before
