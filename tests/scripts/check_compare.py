"""What compare says of real runs: nothing of one build measured twice, and SLOWER of a slowed row.

Usage: check_compare.py PROGRAM [unittest arguments]
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, Iterable, List

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ""

SLOWED = "hazard"
PERCENT = 20
CHOSEN = {
    "limiter": ("unlimited", "hazard", "gcra", "rwmutex_read", "leased"),
    "scenario": ("readonly", "steady", "overload"),
    "threads": ("1", str(min(2, len(os.sched_getaffinity(0))))),
}
SECONDS = 0.1
REPETITIONS = 20
SHARE = 0.95


def limiterbench(*arguments: str, program: str) -> str:
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "scripts"),
        "LIMITERBENCH_PROGRAM": program,
    }
    command = [sys.executable, "-m", "limiterbench", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr}"
    return done.stdout


def verdicts(base: Path, new: Path) -> List[Dict[str, Any]]:
    said = limiterbench(*("compare", str(base), str(new), "--json"), program=PROGRAM)
    comparison = json.loads(said)
    print(json.dumps({key: comparison[key] for key in ("counts", "shift")}))
    cells: List[Dict[str, Any]] = comparison["cells"]
    return cells


def share(verdicts: Iterable[str], *kinds: str) -> float:
    found = [verdict in kinds for verdict in verdicts]
    return sum(found) / len(found)


def slowed_program(folder: Path) -> str:
    """The program with its test flag, under a name of its own: to the runner, another build."""
    path = folder / "slowed"
    path.write_text(f'#!/bin/sh\nexec {PROGRAM} "$@" --test_slow_down={SLOWED}:{PERCENT}\n')
    path.chmod(0o755)
    return str(path)


def start_run(program: str, folder: Path) -> None:
    flags = [f"--impl={name}" for name in CHOSEN["limiter"]]
    flags += [f"--scenario={name}" for name in CHOSEN["scenario"]]
    flags += [f"--threads={','.join(sorted(set(CHOSEN['threads'])))}", "--placement=compact"]
    flags += ["--repetitions=1", f"--seconds={SECONDS}", f"--out={folder}"]
    limiterbench("run", *flags, program=program)


def add_repetition(program: str, folder: Path, index: int) -> None:
    flags = [f"--{key}={','.join(sorted(set(names)))}" for key, names in CHOSEN.items()]
    flags += [f"--seconds={SECONDS}", f"--repetition_index={index}", "--placement=compact"]
    command = [program, *flags, f"--records={folder / 'cells.jsonl'}"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


class Compares(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_one_build_measured_twice_has_not_changed(self) -> None:
        runs = [self.folder / name for name in ("first", "second")]
        for run in runs:
            limiterbench("run", "--quick", f"--out={run}", program=PROGRAM)
        cells = verdicts(*runs)
        for metric in ("throughput", "p99"):
            said = [cell[metric]["verdict"] for cell in cells]
            self.assertGreaterEqual(share(said, "SAME", "UNCLEAR"), SHARE, metric)

    def test_a_slowed_row_is_slower_and_no_other(self) -> None:
        runs = {
            self.folder / "as_it_is": PROGRAM,
            self.folder / "slowed_run": slowed_program(self.folder),
        }
        for run, program in runs.items():
            start_run(program, run)
        # In turns, so that the host's drift is no difference between the two.
        for index in range(1, REPETITIONS):
            for run, program in runs.items():
                add_repetition(program, run, index)
        rates = {c["cell"]: c["throughput"] for c in verdicts(*runs)}
        slowed = {name: rates[name] for name in rates if name.startswith(f"{SLOWED}/")}
        for name, rate in slowed.items():
            print(f"{name}: {rate['verdict']} {rate['ratio']:.3f} p={rate['p_adjusted']:.2g}")
        self.assertGreaterEqual(share((r["verdict"] for r in slowed.values()), "SLOWER"), SHARE)
        others = [rates[name]["verdict"] for name in rates.keys() - slowed.keys()]
        self.assertGreaterEqual(share(others, "SAME", "UNCLEAR"), SHARE)


if __name__ == "__main__":
    PROGRAM = sys.argv[1]
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
