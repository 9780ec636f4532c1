"""Kills a run by force at random moments and goes on with it: nothing is lost, nothing comes twice.

Usage: check_resume.py PROGRAM [SEED]
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from limiterbench.records.run_folder import CELLS  # noqa: E402
from limiterbench.records.stored_lines import content, stored  # noqa: E402

KILLS = 10
PLAN = (
    *("--impl=hazard", "--impl=rwmutex", "--scenario=steady", "--placement=compact"),
    *("--repetitions=10", "--seconds=0.02", "--seed=7", "--noise-repeats=0"),
)
# Longer than any step between two lines of the records on a host with nothing better to do.
LATEST_SECONDS = 0.3
PATIENCE_SECONDS = 120.0

Key = Tuple[str, int, int]


def environment(program: str, folder: Path) -> Dict[str, str]:
    """Drawing takes longer than all else: as on a host that has no matplotlib."""
    modules = folder / "no_charts"
    modules.mkdir()
    (modules / "matplotlib.py").write_text("raise ImportError('no matplotlib')\n")
    path = f"{modules}:{ROOT / 'scripts'}"
    return {**os.environ, "PYTHONPATH": path, "LIMITERBENCH_PROGRAM": program}


class Runs:
    def __init__(self, program: str, folder: Path) -> None:
        self._folder = folder
        self._env = environment(program, folder)

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "limiterbench", "run", *arguments]
        with open(self._folder / "output", "ab") as output:
            return subprocess.Popen(
                command, cwd=self._folder, env=self._env, stdout=output, stderr=output
            )

    def finish(self, *arguments: str) -> None:
        """A repetition that failed, as on a busy host, is on record like any other."""
        status = self.start(*arguments).wait()
        assert status in (0, 1), (self._folder / "output").read_text()


def lines(run: Path) -> List[bytes]:
    """The whole lines of the records."""
    file = stored(run / CELLS)
    return bytes(content(file)).split(b"\n")[:-1] if file.exists() else []


def keys(run: Path) -> List[Key]:
    records = [json.loads(line) for line in lines(run)]
    return sorted((r["cell"], r["repetition"], r.get("attempt", 0)) for r in records)


def wait_for_no_survivor(run: Path) -> None:
    """A cell that outlives its run would disturb the one that goes on."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(str(run) in command for command in commands()):
        assert time.monotonic() < deadline, f"a process of {run} outlives its run"
        time.sleep(0.01)


def commands() -> List[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has just ended
    return found


def kill_somewhere(process: "subprocess.Popen[bytes]", run: Path, source: random.Random) -> bool:
    """At start-up, within a repetition or between two. False if the run ended before."""
    wanted = len(lines(run)) + source.choice((0, 1, 1, 2))
    while len(lines(run)) < wanted and process.poll() is None:
        time.sleep(0.002)
    time.sleep(source.uniform(0, LATEST_SECONDS))
    alive = process.poll() is None
    process.kill()
    process.wait()
    return alive


def killed_run(runs: Runs, run: Path, seed: int) -> None:
    source = random.Random(seed)
    for _ in range(KILLS):
        before = lines(run)
        arguments = ("--resume", str(run)) if run.exists() else (*PLAN, "--out", str(run))
        alive = kill_somewhere(runs.start(*arguments), run, source)
        assert alive, "the run ended before it was killed: the plan is too short"
        wait_for_no_survivor(run)
        assert lines(run)[: len(before)] == before, "a finished repetition was changed"
    runs.finish("--resume", str(run))


def check(program: str, folder: Path, seed: int) -> None:
    runs = Runs(program, folder)
    whole, killed = folder / "whole", folder / "killed"
    runs.finish(*PLAN, "--out", str(whole))
    killed_run(runs, killed, seed)
    assert keys(killed) == keys(whole)
    assert len(set(keys(killed))) == len(keys(killed)) > KILLS
    about = [json.loads((run / "run.json").read_text()) for run in (whole, killed)]
    assert "interrupted" not in [run["status"] for run in about]
    assert about[0]["plan"] == about[1]["plan"]
    left = {path.name for path in killed.iterdir()} ^ {path.name for path in whole.iterdir()}
    assert not left, f"only one of the two runs has {left}"
    print(f"killed {KILLS} times: {len(keys(killed))} repetitions, each once (seed {seed})")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        seeds = [int(word) for word in sys.argv[2:]] or [random.SystemRandom().getrandbits(32)]
        check(str(Path(sys.argv[1]).resolve()), Path(scratch), seeds[0])
