"""Work on all CPUs at once: where it is shared between processes, and where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Dict, List

import pytest
from conftest import SMALL, CommandLine

from limiterbench.common.side_by_side import in_order

# Python imports it in every process that finds it.
NOTE_FORKS = """
import os

def note():
    with open(os.environ["FORKS"], "a") as noted:
        noted.write(f"{len(os.listdir('/proc/self/task'))}\\n")

os.register_at_fork(before=note)
"""
SHARED = """
import os
from limiterbench.common.side_by_side import in_order

os.sched_getaffinity = lambda _: {0, 1}
ids = list(in_order(lambda task: (task, os.getpid()), range(8)))
assert [task for task, _ in ids] == list(range(8))
assert os.getpid() not in {process for _, process in ids}
"""


def test_work_is_shared_between_forks(cli: CommandLine) -> None:
    subprocess.run([sys.executable, "-c", SHARED], env=cli.env, check=True)


def test_beside_threads_all_work_stays_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    leave = threading.Event()
    threading.Thread(target=leave.wait).start()
    try:
        ids = set(in_order(lambda _: os.getpid(), range(8)))
    finally:
        leave.set()
    assert ids == {os.getpid()}


@pytest.fixture
def noting(cli: CommandLine) -> CommandLine:
    modules = cli.folder / "noting"
    modules.mkdir()
    (modules / "sitecustomize.py").write_text(NOTE_FORKS)
    cli.env["PYTHONPATH"] = f"{modules}:{cli.env['PYTHONPATH']}"
    return cli


def forks_of(cli: CommandLine, *arguments: str) -> List[str]:
    noted = cli.folder / "forks"
    noted.write_text("")
    answer = cli(*arguments, FORKS=str(noted))
    assert answer.returncode == 0, answer.stderr
    return noted.read_text().splitlines()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one CPU shares nothing")
def test_commands_fork_before_they_have_threads(noting: CommandLine) -> None:
    forks: Dict[str, List[str]] = {
        "run": forks_of(noting, "run", *SMALL, "--out", "run"),
        "plot": forks_of(noting, "plot", "run"),
        "report": forks_of(noting, "report", "run"),
    }
    assert {name: set(threads) for name, threads in forks.items()} == {
        "run": {"1"},
        "plot": {"1"},
        "report": {"1"},
    }
