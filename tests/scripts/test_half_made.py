"""What a command that cannot go on leaves behind, and what it says."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FAKE, PATIENCE_SECONDS, ROOT, SMALL, CommandLine, lines_of
from test_run import manifest_of

from limiterbench.common import limits
from limiterbench.common.errors import HostError
from limiterbench.records.cells import Cell, parse_cell
from limiterbench.run.program import Program
from limiterbench.run.schedule import interleave


def left_by(cli: CommandLine) -> "set[str]":
    return {path.name for path in cli.folder.iterdir()} - {"no_charts", "preload"}


def preloaded(cli: CommandLine, text: str) -> "dict[str, str]":
    """The environment in which Python runs this first."""
    folder = cli.folder / "preload"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(text)
    return {"PYTHONPATH": f"{folder}:{cli.env['PYTHONPATH']}"}


DIES = {
    "in the first repetition": "import select; select.select = None",
    "before the first repetition": "import signal; signal.signal = None",
}


@pytest.mark.parametrize("when", DIES)
def test_a_run_that_dies_after_planning_leaves_no_folder(bare: CommandLine, when: str) -> None:
    answer = bare("run", *SMALL, "--out", "deep/run", **preloaded(bare, DIES[when]))
    assert answer.returncode != 0
    assert left_by(bare) <= {"deep"}
    assert not list(bare.folder.glob("deep/*")) and not list(bare.folder.glob("deep/.*"))


def test_a_host_that_refuses_the_first_repetition_leaves_no_folder(bare: CommandLine) -> None:
    answer = bare("run", *SMALL, "--out", "run", FAKE_LOSES_CPUS="steady")
    assert answer.returncode == 1
    assert "error: limiterbench: cannot bind a thread to CPU 0: not permitted\n" in answer.stderr
    assert left_by(bare) == set()


def test_what_is_on_record_stays(bare: CommandLine, finished_run: Path) -> None:
    cells = [cell for cell in map(parse_cell, manifest_of(finished_run)["plan"]["cells"]) if cell]
    last = interleave(cells, 2, 1)[len(cells) - 1].cell
    answer = bare("run", *SMALL, "--out", "run", FAKE_LOSES_CPUS=last.name)
    assert answer.returncode == 1
    assert len(lines_of(bare.folder / "run")) == len(cells) - 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_before_a_repetition_ended_nothing_is_left(bare: CommandLine, number: int) -> None:
    fifo = bare.folder.parent / f"fifo{number}"
    os.mkfifo(fifo)
    # The run tries the fewest and the most threads beforehand, and keeps nothing of it.
    cells = [Cell("hazard", "steady", "compact", count) for count in (1, 2, 4)]
    seed = next(seed for seed in range(99) if interleave(cells, 1, seed)[0].cell == cells[1])
    flags = ("--impl", "hazard", "--scenario", "steady", "--placement", "compact")
    counts = ("--threads", "1,2,4", "--repetitions", "1", "--seed", f"{seed}", "--out", "run")
    hang = {"FAKE_CPUS": "4", "FAKE_HANG": "threads:2", "FAKE_FIFO": str(fifo)}
    process = bare.start("run", *flags, *counts, **hang)
    with open(fifo, "rb") as reader:
        assert reader.read(1)
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 128 + number
    assert "nothing is kept" in errors and "--resume" not in errors
    assert left_by(bare) == set()


def test_everything_written_obeys_the_umask(cli: CommandLine) -> None:
    # An odd one: no mode that a program might fix by itself gives the same.
    umask = 0o025
    before = os.umask(umask)
    try:
        answer = cli("run", *SMALL, "--out", "new")
        assert answer.returncode == 0, answer.stderr
    finally:
        os.umask(before)
    written = [cli.folder / "new", *(cli.folder / "new").rglob("*")]
    assert (cli.folder / "new/figures/scaling_steady.svg") in written
    for path in written:
        full = 0o777 if path.is_dir() else 0o666
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == full & ~umask, f"{path}: {mode:o}"


def test_a_reached_limit_on_processes_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(HostError, match=r"ulimit -u: (\d+|unlimited), .*pids.max: "):
        Program(FAKE).ask("--list=json")


def test_the_limits_have_their_values(tmp_path: Path) -> None:
    for path, text in {
        "proc/self/cgroup": "0::/outer/inner\n",
        "sys/fs/cgroup/outer/inner/pids.max": "max\n",
        "sys/fs/cgroup/outer/pids.max": "30\n",
        "proc/sys/kernel/threads-max": "127000\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    said = limits.explain(BlockingIOError(errno.EAGAIN, "Resource"), tmp_path)
    assert "pids.max: 30, kernel.threads-max: 127000" in said


def bash(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """As a command of the project runs it, for the library asks where that command is."""
    sourced = f'script=$0; source "${{0%/*}}/lib/common.sh"; {script}'
    return subprocess.run(
        ["bash", "-c", sourced, str(ROOT / "scripts/run"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_log_that_cannot_be_written_is_the_cause(tmp_path: Path, what: str) -> None:
    """By root, too: hence no permissions, but a file where the folder belongs, and the reverse."""
    logs = tmp_path / "logs"
    if what == "folder":
        logs.write_text("OLD AND SUCCESSFUL\n")
    else:
        (logs / "step.log").mkdir(parents=True)
    done = bash('logs=$1; quietly step touch "$2"', str(logs), str(tmp_path / "made"))
    assert done.returncode != 0
    assert "not started, for want of a log: touch" in done.stderr
    assert str(logs) in done.stderr
    assert not (tmp_path / "made").exists()


def test_an_old_log_is_not_shown_for_one_that_cannot_be_written(tmp_path: Path) -> None:
    """A log on a full disk, or of another user."""
    (tmp_path / "step.log").symlink_to("/dev/full/nothing")
    done = bash("logs=$1; quietly step false", str(tmp_path))
    assert "not started" in done.stderr and "failed with status" not in done.stderr


def python(cli: CommandLine, shell: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", f"{sys.executable} -m limiterbench {shell}"],
        cwd=cli.folder,
        env=cli.env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_output_that_cannot_be_written_is_an_error_in_one_line(bare: CommandLine) -> None:
    for command in ("run --dry-run", "doctor --json"):
        done = python(bare, f"{command} >/dev/full")
        assert done.returncode == 1, command
        assert "No space left on device" in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_closed_output_takes_nothing_into_the_records(bare: CommandLine) -> None:
    done = python(bare, f"run {' '.join(SMALL)} --out run >&- 2>&- <&-")
    assert done.returncode == 0
    assert {line["status"] for line in lines_of(bare.folder / "run")} == {"ok"}


def test_without_a_temporary_folder_it_says_so(bare: CommandLine) -> None:
    gone = {"TMPDIR": "/nowhere"}
    text = "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/nowhere']"
    answer = bare("run", *SMALL, "--out", "run", **gone, **preloaded(bare, text))
    assert answer.returncode == 1
    assert "No usable temporary directory" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert left_by(bare) == set()


def test_in_a_folder_that_is_gone(bare: CommandLine) -> None:
    gone = bare.folder / "gone"
    flags = f"{' '.join(SMALL)} --out {bare.folder}/run"
    shell = f"mkdir {gone}; cd {gone}; rmdir {gone}; {sys.executable} -m limiterbench run {flags}"
    env = {**bare.env, "PWD": ""}
    done = subprocess.run(["bash", "-c", shell], env=env, stderr=-1, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
