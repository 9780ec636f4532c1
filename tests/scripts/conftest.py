"""What the tests share: the command line over a stand-in program, and a finished small run."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Dict, Iterator, List

import healthy_host
import pytest

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).resolve().with_name("fake_limiterbench")
# A test that waits longer than this for another process has found a bug.
PATIENCE_SECONDS = 60.0
# Variables that neither Python nor a module obeys when it starts.
_READ_LATE = ("FAKE_", "LIMITERBENCH_HOST_ROOT", "LIMITERBENCH_PROGRAM", "LIMITERBENCH_ROOT")

sys.path.insert(0, str(ROOT / "scripts"))

import stored_answers  # noqa: E402

from limiterbench.cli import main  # noqa: E402
from limiterbench.records.run_folder import CELLS  # noqa: E402
from limiterbench.records.stored_lines import content, stored, unpack  # noqa: E402


def compiler() -> List[str]:
    """The one that CXX names, or the system's. Skips the test where it is missing."""
    words = shlex.split(os.environ.get("CXX") or "c++")
    if shutil.which(words[0]) is None:
        pytest.skip(f"needs the compiler {words[0]}")
    return words


class CommandLine:
    """The commands, in a folder of their own, over the stand-in program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env: Dict[str, str] = {
            **os.environ,
            "LIMITERBENCH_ROOT": str(folder),
            "LIMITERBENCH_PROGRAM": str(FAKE),
            "PYTHONPATH": str(ROOT / "scripts"),
            "PYTHONWARNINGS": "error",
        }
        self._has_charts = True

    def without_charts(self) -> "CommandLine":
        """Drawing takes longer than all else: as on a host that has no matplotlib."""
        modules = self.folder / "no_charts"
        modules.mkdir()
        (modules / "matplotlib.py").write_text("raise ImportError('no matplotlib')\n")
        self.env["PYTHONPATH"] = f"{modules}:{self.env['PYTHONPATH']}"
        self._has_charts = False
        return self

    def __call__(self, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """In this process, whose modules are loaded, if a new one would do nothing else."""
        if all(name.startswith(_READ_LATE) for name in env):
            return self._here(arguments, env)
        return self.process(*arguments, **env)

    def _here(
        self, arguments: "tuple[str, ...]", env: Dict[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        said, errors = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(errors):
            patch.chdir(self.folder)
            for name, value in {**self.env, **env}.items():
                patch.setenv(name, value)
            if not self._has_charts:
                modules: Dict[str, Any] = sys.modules
                patch.setitem(modules, "limiterbench.charts.catalogue", None)
            status = main(list(arguments))
        return subprocess.CompletedProcess(arguments, status, said.getvalue(), errors.getvalue())

    def _command(self, arguments: "tuple[str, ...]") -> List[str]:
        return [sys.executable, "-m", "limiterbench", *arguments]

    def process(self, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """In one of its own."""
        return subprocess.run(
            self._command(arguments),
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *arguments: str, **env: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self._command(arguments),
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def refuse_fork_beside_threads() -> None:
    """The child would wait for ever for a lock that another thread holds. pytest's settings make
    what is raised here an error of the test."""
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        raise RuntimeError(f"a process with {threads} threads forks")


os.register_at_fork(before=refuse_fork_beside_threads)


@pytest.fixture(scope="session", autouse=True)
def host_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the doctor finds must not hang on what this host is and does."""
    root = healthy_host.build(tmp_path_factory.mktemp("host"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIMITERBENCH_HOST_ROOT", str(root))
        yield root


@pytest.fixture(scope="session", autouse=True)
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the stand-in program answers with."""
    folder = stored_answers.write(tmp_path_factory.mktemp("answers"), ROOT / "results/reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAKE_STORED", str(folder))
        yield


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def bare(cli: CommandLine) -> CommandLine:
    return cli.without_charts()


def plain(run: Path) -> Path:
    """The run's records, which it has compressed, as a file that the test may read and spoil."""
    unpack(run / CELLS)
    return run / CELLS


def lines_of(run: Path) -> List[Any]:
    """The records of a run, also if they are compressed."""
    return [json.loads(line) for line in bytes(content(stored(run / CELLS))).splitlines()]


def gist(lines: List[Any]) -> List[Any]:
    """Of each record, what compressing leaves as it was written."""
    return [(line["cell"], line["repetition"], line.get("throughput")) for line in lines]


SMALL = (
    *("--impl", "rwmutex", "--impl", "hazard"),
    *("--scenario", "steady"),
    *("--repetitions", "2", "--seconds", "0.01", "--seed", "1"),
)
SMALL_REPETITIONS = 2 * 2 * 2


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    answer = CommandLine(folder)("run", *SMALL, "--out", "run")
    assert answer.returncode == 0, answer.stderr
    return folder / "run"


@pytest.fixture
def stored_run(cli: CommandLine, finished_run: Path) -> Path:
    """A copy that the test may spoil, with plain records."""
    run = Path(shutil.copytree(finished_run, cli.folder / "run"))
    plain(run)
    return run
