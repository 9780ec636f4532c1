"""What came back from the virtual machine: answers, records, and where its kernel saw threads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence, Set

from limiterbench.common.versions import versions
from limiterbench.records.manifest import COMPLETE, Manifest, RunPlan, Topology
from limiterbench.records.run_folder import CELLS, create
from limiterbench.run.cell_process import utc_now
from limiterbench.run.plan import make_plan
from limiterbench.run.program import Program
from limiterbench.run.request import Request

_CPU_FIELD = 36  # of /proc/PID/task/TID/stat, counted after the name in parentheses


class Thread(NamedTuple):
    tid: int
    allowed: Set[int]
    cpu: int


class Guest:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def json(self, name: str) -> Any:
        return json.loads(self.text(name))

    def status(self, name: str) -> int:
        return int(self.text(f"{name}.status"))

    def records(self, name: str) -> List[Dict[str, Any]]:
        """Of a run that succeeded."""
        assert self.status(name) == 0, self.text(f"{name}.log")
        return [json.loads(line) for line in self.text(f"{name}.jsonl").splitlines()]

    def samples(self, name: str) -> List[List[Thread]]:
        """All threads of the process, again and again, as long as it ran."""
        blocks = [block.splitlines() for block in self.text(f"{name}.threads").split("\n\n")]
        return [_sample(lines) for lines in blocks if any(lines)]

    def places(self, name: str, team: int) -> List[Thread]:
        """The team's threads in the order of their start, the last time that all of them ran."""
        whole = [sample for sample in self.samples(name) if len(sample) == team + 1]
        assert whole, f"{name}: never seen with {team} threads and the main one"
        return sorted(whole[-1])[1:]


def cpus_of(text: str) -> Set[int]:
    """The kernel's way to write a set: 0-3,8."""
    cpus: Set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus |= set(range(int(first), int(last or first) + 1))
    return cpus


def _sample(lines: Sequence[str]) -> List[Thread]:
    """Threads that ended between the two files that tell of them are left out."""
    tids = [int(line.split()[1]) for line in lines if line.startswith("Pid:")]
    masks = [line.split()[1] for line in lines if line.startswith("Cpus_allowed_list:")]
    allowed = dict(zip(tids, map(cpus_of, masks)))
    threads: List[Thread] = []
    for line in lines:
        tid, _, rest = line.partition(" (")
        if rest and int(tid) in allowed:
            cpu = int(rest.rpartition(")")[2].split()[_CPU_FIELD])
            threads.append(Thread(int(tid), allowed[int(tid)], cpu))
    return threads


def misplaced(order: Sequence[int], threads: Sequence[Thread]) -> List[str]:
    """What differs between the CPUs planned for threads and those where the kernel has them."""
    return [
        f"thread {index}: planned for {cpu}, may use {sorted(thread.allowed)}, is on {thread.cpu}"
        for index, (cpu, thread) in enumerate(zip(order, threads))
        if (thread.allowed, thread.cpu) != ({cpu}, cpu)
    ]


class _Answers(Program):
    """The program as it answered in the guest."""

    def __init__(self, path: Path, guest: Guest) -> None:
        super().__init__(path)
        self._guest = guest

    def ask(self, *flags: str, seconds: float = 0) -> str:
        name = flags[0].removeprefix("--").partition("=")[0]
        return self._guest.text(f"{name}.json")


def make_run(guest: Guest, program: Path, root: Path, folder: Path) -> Manifest:
    """The guest's curve as a run's folder, as ./scripts/run would have left it."""
    answers = _Answers(program, guest)
    plan = make_plan(answers, Request())
    about = answers.about()
    manifest = Manifest(
        started_utc=utc_now(),
        host=about.host,
        timer=about.timer,
        topology=Topology(plan.summary, plan.cpus, plan.boundaries),
        rows=[row.values for row in plan.rows],
        plan=RunPlan("quick", 0, plan.cells, 1, 0.5, 600.0, False),
        command="./scripts/test --virtual",
        versions={**versions(root), "program": about.versions},
        program_sha256=answers.digest(),
        status=COMPLETE,
    )
    create(folder, manifest, lambda path: _copy(guest, "topology.xml", path))
    _copy(guest, "curve.jsonl", folder / CELLS)
    return manifest


def _copy(guest: Guest, name: str, path: Path) -> None:
    path.write_text(guest.text(name), encoding="utf-8")
