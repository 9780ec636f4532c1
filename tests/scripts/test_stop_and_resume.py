"""Ctrl-C, kill -9 and going on afterwards."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple

import pytest
from conftest import FAKE, PATIENCE_SECONDS, SMALL, SMALL_REPETITIONS, CommandLine, gist, lines_of
from test_run import manifest_of

from limiterbench.records.cells import Cell
from limiterbench.records.manifest import RunPlan
from limiterbench.run import cell_process
from limiterbench.run.cell_process import CellProcess, Line, StopRequest
from limiterbench.run.program import Program
from limiterbench.run.schedule import Turn

STUCK = "hazard/steady/compact/threads:2"
# Its turn comes in the middle of the first round: a run stopped there has something to keep.
SEED = ("--seed", "5")


@pytest.fixture
def bare_run(bare: CommandLine, stored_run: Path) -> Path:
    return stored_run


def wait_for(fd: int) -> None:
    assert select.select([fd], [], [], PATIENCE_SECONDS)[0], "waited too long"


@contextmanager
def stuck_run(bare: CommandLine) -> Iterator[Tuple["subprocess.Popen[str]", int]]:
    """A run that is inside a cell that never ends, and the process id of that cell."""
    fifo = bare.folder / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    hang = {"FAKE_HANG": STUCK, "FAKE_FIFO": str(fifo)}
    process = bare.start("run", *SMALL, *SEED, "--out", "run", **hang)
    try:
        wait_for(reader)
        yield process, int(os.read(reader, 100))
    finally:
        process.kill()
        process.communicate()
        os.close(reader)


def resume(bare: CommandLine) -> None:
    before = gist(lines_of(bare.folder / "run"))
    answer = bare("run", "--resume", "run")
    assert answer.returncode == 0, answer.stderr
    lines = lines_of(bare.folder / "run")
    keys = {(line["cell"], line["repetition"]) for line in lines}
    assert len(keys) == len(lines) == SMALL_REPETITIONS
    assert gist(lines)[: len(before)] == before
    assert manifest_of(bare.folder / "run")["status"] == "complete"


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_keeps_what_finished_and_says_how_to_go_on(
    bare: CommandLine, number: int, status: int
) -> None:
    with stuck_run(bare) as (process, cell):
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        with pytest.raises(ProcessLookupError):
            os.kill(cell, 0)
    assert process.returncode == status
    assert "./scripts/run --resume run" in errors
    assert "Traceback" not in errors
    kept = lines_of(bare.folder / "run")
    assert STUCK not in {line["cell"] for line in kept}
    assert f"{len(kept)} repetition" in errors
    assert manifest_of(bare.folder / "run")["status"] == "interrupted"
    resume(bare)


def test_ctrl_c_reaches_the_run_even_where_the_shell_ignores_it(bare: CommandLine) -> None:
    """A script's background jobs start with SIGINT ignored."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stuck_run(bare) as (process, _):
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert process.returncode == 130


def test_a_killed_run_takes_its_cell_along_and_can_be_resumed(bare: CommandLine) -> None:
    with stuck_run(bare) as (process, cell):
        watched = os.pidfd_open(cell)
        process.kill()
        wait_for(watched)
        os.close(watched)
    resume(bare)


def test_a_torn_last_line_is_measured_again(bare: CommandLine, bare_run: Path) -> None:
    cells = bare_run / "cells.jsonl"
    data = cells.read_bytes()
    torn = data[: data[:-1].rfind(b"\n") + 40]
    cells.write_bytes(torn)
    answer = bare("run", "--resume", "run", "--dry-run")
    assert "1 repetition left" in answer.stdout
    assert cells.read_bytes() == torn
    answer = bare("run", "--resume", "run")
    assert answer.returncode == 0, answer.stderr
    assert "torn" in answer.stdout
    assert len(lines_of(bare_run)) == SMALL_REPETITIONS


def test_a_failed_repetition_is_not_repeated(bare: CommandLine) -> None:
    assert bare("run", *SMALL, "--out", "run", FAKE_CRASH=STUCK).returncode == 1
    packed = bare.folder / "run/cells.jsonl.gz"
    before = packed.read_bytes()
    assert bare("run", "--resume", "run").returncode == 1
    assert packed.read_bytes() == before


def test_another_build_cannot_go_on(bare: CommandLine, bare_run: Path) -> None:
    program = bare.folder / "other"
    program.write_text(FAKE.read_text() + "# another build\n")
    program.chmod(0o755)
    answer = bare("run", "--resume", "run", LIMITERBENCH_PROGRAM=str(program))
    assert answer.returncode == 2
    assert "another program" in answer.stderr


def test_another_host_cannot_go_on(bare: CommandLine, bare_run: Path) -> None:
    assert "another host" in bare("run", "--resume", "run", FAKE_HOST="elsewhere").stderr
    assert "another topology" in bare("run", "--resume", "run", FAKE_CPUS="4").stderr


def test_a_run_under_way_cannot_be_resumed(bare: CommandLine) -> None:
    with stuck_run(bare):
        answer = bare("run", "--resume", "run")
    assert answer.returncode == 2
    assert "another run is writing" in answer.stderr


def test_corrupt_records_are_refused_before_measuring(bare: CommandLine, bare_run: Path) -> None:
    cells = bare_run / "cells.jsonl"
    lines = cells.read_text().splitlines(keepends=True)
    cells.write_text("".join(lines[:2]) + "{}\n" + "".join(lines[3:5]))
    before = cells.read_bytes()
    answer = bare("run", "--resume", "run")
    assert answer.returncode == 2
    assert "cells.jsonl:3: " in answer.stderr
    assert cells.read_bytes() == before


def killed_by(stop: StopRequest, folder: Path, script: str) -> Optional[Line]:
    """What goes on record of a process that is this script."""
    cell = Cell("hazard", "steady", "compact", 1)
    plan = RunPlan("quick", 1, [cell], 1, 0.01, PATIENCE_SECONDS, False)
    process = CellProcess(Script(script), plan, folder / "cell", stop, False)
    return process.measure(Turn(cell, 0))


def test_a_process_is_started_beside_threads_without_a_fork(tmp_path: Path) -> None:
    """conftest.py refuses a fork there."""
    leave = threading.Event()
    threading.Thread(target=leave.wait).start()
    try:
        assert Program(FAKE).ask("--environment")
        with StopRequest() as stop:
            line = killed_by(stop, tmp_path, "exit 5")
    finally:
        leave.set()
    assert line is not None
    assert line.record.failure == "exit status 5"


class Script(Program):
    def __init__(self, text: str) -> None:
        super().__init__(FAKE)
        self._text = text

    def measure_command(self, turn: Turn, scratch: Path, settings: Sequence[str]) -> List[str]:
        return ["/bin/sh", "-c", self._text]


@pytest.fixture
def hangup_kills() -> Iterator[None]:
    """Also where the tests themselves run under nohup, which their processes would inherit."""
    previous = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, previous)


@pytest.mark.usefixtures("hangup_kills")
@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "KILL"])
def test_a_process_that_a_stop_of_all_kills_first_is_not_on_record(
    tmp_path: Path, name: str
) -> None:
    script = f"(sleep 0.1; kill -TERM {os.getpid()}) & kill -{name} $$"
    with StopRequest() as stop:
        assert killed_by(stop, tmp_path, script) is None
        assert stop.received == signal.SIGTERM


def test_a_process_that_is_killed_alone_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_process, "_STOP_COMES_WITHIN_SECONDS", 0.01)
    with StopRequest() as stop:
        line = killed_by(stop, tmp_path, "kill -TERM $$")
    assert line is not None
    assert line.record.failure == "killed by signal 15 (SIGTERM)"


@pytest.mark.slow
def test_killed_anywhere_nothing_is_lost_and_nothing_comes_twice(bare: CommandLine) -> None:
    """Kills at the moment that a chosen number of repetitions is on record."""
    assert bare("run", *SMALL, "--out", "run", "--dry-run").returncode == 0
    cells = bare.folder / "run/cells.jsonl"
    arguments: Tuple[str, ...] = ("run", *SMALL, "--out", "run")
    for wanted in (1, 3, 4, 6):
        process = bare.start(*arguments)
        while process.poll() is None:
            if cells.exists() and cells.read_bytes().count(b"\n") >= wanted:
                break
        process.kill()
        process.communicate()
        arguments = ("run", "--resume", "run")
    resume(bare)
