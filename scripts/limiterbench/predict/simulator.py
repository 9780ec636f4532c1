"""The program that simulates: what it is asked, and what it answers."""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Sequence

from limiterbench.common.errors import HostError, InputError
from limiterbench.predict.hosts import Host
from limiterbench.predict.loads import Load, loads_of
from limiterbench.predict.points import Assumption, Point
from limiterbench.records.cells import Cell
from limiterbench.records.fields import BadField, Fields
from limiterbench.records.records import parse_record
from limiterbench.run.program import Program

POLICIES = ("fifo", "node", "random")
REFERENCES = ("contended_increment", "rwlock_read")
_BAD_USAGE = 2
# A model that makes no progress ends by itself and says where; this is for what nobody thought of.
_PATIENCE_SECONDS = 900.0
# Host files are handed over in a temporary folder, which nobody knows.
_SCRATCH = re.compile(r"\S*/limiterbench\.\w+/")


class Reference(NamedTuple):
    """One point of a workload whose curve on real machines is published."""

    threads: int
    policy: str
    aggregate_ns: float
    p50_ns: float
    p99_ns: float


class Simulated(NamedTuple):
    line: str
    """The record, as stored."""
    point: Point | None
    failure: str | None = None
    """The model's own checks found fault with it: there is no point then."""
    loads: Sequence[Load] = ()
    """In an open loop, the response at each rate."""


@contextmanager
def _file_of(host: Host) -> Iterator[Path]:
    """In a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="limiterbench.") as scratch:
        file = Path(scratch) / f"{host.key}.json"
        file.write_text(host.text(), encoding="utf-8")
        yield file


class Simulator(Program):
    def _command(self, layout: int = 0) -> list[str]:
        """Without --end_with: a simulation ends within seconds, and disturbs no measurement."""
        return [str(self.path)]

    def _run(self, flags: Sequence[str]) -> str:
        answer = self._answer(flags, _PATIENCE_SECONDS)
        if answer.status == 0:
            return answer.said
        # The first line says what, and where; those below it, where every simulated thread is.
        said = answer.errors.strip().removeprefix("limiterbench_sim: ").split("\n")[0]
        said = _SCRATCH.sub("", said) or f"exit status {answer.status}"
        if answer.status == _BAD_USAGE:
            raise InputError(said)
        raise HostError(f"{self.path.name} {' '.join(flags)}: {said}")

    def rows(self) -> list[str]:
        """Those that can be simulated: --list indents all but the names."""
        lines = self._run(["--list"]).splitlines()
        return [line.split()[0] for line in lines if line and not line[0].isspace()]

    def simulate(
        self,
        host: Host,
        cell: Cell,
        assumed: Assumption,
        index: int,
        seed: int,
        simulated_ns: float,
    ) -> Simulated:
        """One cell under one assumption; `index` tells its repetitions apart."""
        with _file_of(host) as file:
            records = file.with_name("record.jsonl")
            flags = [
                f"--host={file}",
                f"--limiter={cell.limiter}",
                f"--scenario={cell.scenario}",
                f"--placement={cell.placement}",
                f"--threads={cell.threads}",
                f"--policy={assumed.policy}",
                f"--alpha={assumed.alpha:g}",
                f"--seed={seed}",
                f"--simulated_ns={simulated_ns:g}",
                f"--records={records}",
            ]
            problem: HostError | None = None
            try:
                self._run(flags)
            except HostError as error:
                problem = error
            lines = records.read_text(encoding="utf-8").splitlines() if records.is_file() else []
        if len(lines) != 1:
            raise problem or HostError(f"{self.path}: {len(lines)} records for {cell.name}, not 1")
        try:
            return _simulated(_numbered(lines[0], index), assumed)
        except BadField as error:
            raise HostError(f"{self.path}, {cell.name}: {error}") from None

    def reference(
        self, host: Host, workload: str, threads: Sequence[int], alpha: float, seed: int = 1
    ) -> list[Reference]:
        """Under every policy."""
        flags = [f"--reference={workload}", f"--threads={','.join(map(str, threads))}"]
        flags += ["--policy=all", f"--alpha={alpha:g}", f"--seed={seed}"]
        with _file_of(host) as file:
            answer = self._run([f"--host={file}", *flags])
        try:
            return [_reference(Fields(entry)) for entry in json.loads(answer)]
        except (BadField, ValueError, TypeError) as error:
            raise HostError(f"{self.path} --reference={workload}: {error}") from None


def _reference(fields: Fields) -> Reference:
    return Reference(
        fields.integer("threads", at_least=1),
        fields.text("policy"),
        fields.number("aggregate_ns"),
        fields.number("p50_ns"),
        fields.number("p99_ns"),
    )


def _numbered(line: str, index: int) -> str:
    """Each assumption is one repetition of its cell."""
    record: dict[str, Any] = json.loads(line)
    if record.get("simulated") is not True:
        raise HostError("a record of the simulation does not say that it is simulated")
    record["repetition"] = index
    return json.dumps(record, separators=(",", ":"), sort_keys=True)


def _simulated(line: str, assumed: Assumption) -> Simulated:
    record = parse_record(line)
    measured = record.measured
    if measured is None:
        return Simulated(line, None, f"{record.cell.name}, {assumed.policy}: {record.failure}")
    point = Point(record.cell, assumed, measured.operations_per_second)
    found = loads_of(record.cell, assumed, measured.sweep) if measured.sweep else []
    return Simulated(line, point, loads=found)
