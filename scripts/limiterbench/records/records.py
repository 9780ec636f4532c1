"""Read and check `cells.jsonl`: one line per repetition, written by the program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Collection, NamedTuple, Sequence

from limiterbench.common.errors import InputError
from limiterbench.common.side_by_side import in_order, uncollected
from limiterbench.records import schema
from limiterbench.records.cells import Cell, parse_cell
from limiterbench.records.fields import BadField, Fields, parse_object
from limiterbench.records.histogram import Histogram
from limiterbench.records.latencies import (
    Latency,
    LoadSweep,
    parse_histogram,
    parse_latency,
    parse_sweep,
)
from limiterbench.records.stored_lines import Data, content, stored

SCHEMA = 1
# Below this index of Jain's, threads are served unequally.
UNEQUAL = 0.8


@dataclass(frozen=True)
class Floor:
    """What the timer itself costs, in the same loop."""

    p50_ns: float
    p99_ns: float


@dataclass(frozen=True)
class Noise:
    """What disturbed the CPUs of a repetition, as the program judged it."""

    flagged: bool
    reasons: list[str]
    lost_share: float = 0.0
    """Of the time of its CPUs, or of the worst one of them: the greatest that is known."""


@dataclass(frozen=True)
class Measured:
    operations_per_second: float
    fairness: float
    """Jain's index over the threads' operations: 1 if all are equal, 1/threads if one has all."""
    reloads_per_second: float
    """Configurations published in both phases, by their whole time."""
    timed: Latency | None
    """None without a latency phase, which only a reader that asks for such records sees."""
    floor: Floor
    timer_source: str
    exactness: str
    admission_error: int
    oversubscribed: bool
    writer_shares_cpu: bool
    writer_shares_core: bool
    sweep: LoadSweep | None
    noise: Noise | None
    """None in a record of before noise was looked for."""
    # What records of an older program lack is None, or as good as never seen.
    admission_bound: int | None = None
    """By how much this row may exceed the limit in so many windows."""
    publishes: Histogram | None = None
    """How long each publication took. None if there was none."""
    live_bytes: int | None = None
    retired_peak_bytes: int | None = None
    contract: str = "windows"
    cpus: tuple[int, ...] = ()
    """Where thread 0, 1, 2, … ran."""
    transfers_ns: tuple[float, ...] = ()
    """What moving a line between the first and the last CPU took, before and after."""
    layout: int | None = None
    """Which layout of the program measured. None in a record of before there were several."""

    @property
    def latency(self) -> Latency:
        """Of a repetition that is known to be timed."""
        assert self.timed is not None
        return self.timed

    @property
    def flagged(self) -> bool:
        """The host disturbed this repetition."""
        return self.noise is not None and self.noise.flagged


@dataclass(frozen=True)
class Record:
    cell: Cell
    repetition: int
    attempt: int
    """How many measurements of the same repetition, each disturbed, came before."""
    failure: str | None
    measured: Measured | None
    simulated: bool = False

    @property
    def disturbed(self) -> bool:
        noise = self.measured.noise if self.measured else None
        return noise is not None and noise.flagged


def check_schema(fields: Fields) -> None:
    version = fields.integer("schema", at_least=1)
    if version > SCHEMA:
        fields.refuse("schema", f"is {version}, newer than {SCHEMA}, the newest known here")


def _cell(fields: Fields) -> Cell:
    name = fields.text("cell")
    cell = parse_cell(name)
    if cell is None:
        fields.refuse("cell", f"is '{name}', not limiter/scenario/placement/threads:N")
    parts = Cell(
        fields.text("limiter"),
        fields.text("scenario"),
        fields.text("placement"),
        fields.integer("threads", at_least=1),
    )
    if cell != parts:
        fields.refuse("cell", f"is '{name}', but the other fields say '{parts.name}'")
    return cell


def _operations(fields: Fields, threads: int) -> list[int]:
    operations = fields.integers("operations")
    if len(operations) != threads:
        fields.refuse("operations", f"has {len(operations)} entries for {threads} threads")
    if sum(operations) <= 0:
        fields.refuse("operations", "counts none")
    return operations


def _jain(operations: Sequence[int]) -> float:
    squares = sum(count * count for count in operations)
    return sum(operations) ** 2 / (len(operations) * squares)


def _noise(noise: Fields) -> Noise:
    cpus = noise.maybe("cpus", noise.objects) or []
    shares = [cpu.number("stolen_share") for cpu in cpus]
    whole = len(cpus) * (noise.maybe("span_ns", noise.integer) or 0)
    if whole:
        taken = [noise.integer(key) for key in ("steal_ns", "others_ns") if noise.has(key)]
        shares += [time / whole for time in taken]
    return Noise(noise.flag("flagged"), noise.texts("reasons"), max(shares, default=0.0))


def _measured(fields: Fields, threads: int, untimed: bool) -> Measured:
    timer = fields.object("timer")
    floor = timer.object("floor")
    throughput = fields.object("throughput")
    operations = _operations(throughput, threads)
    wall_ns = throughput.number("wall_ns")
    # Where it may be missing, a latency phase that is took no time.
    latency = None if untimed and not fields.has("latency") else fields.object("latency")
    is_timed = latency is not None and (latency.has("histogram") or not untimed)
    both_ns = wall_ns + (latency.number("wall_ns") if latency else 0.0)
    return Measured(
        operations_per_second=sum(operations) * 1e9 / wall_ns,
        fairness=_jain(operations),
        reloads_per_second=fields.object("publishes").integer("count") * 1e9 / both_ns,
        timed=parse_latency(latency) if latency and is_timed else None,
        floor=Floor(floor.number("p50_ns"), floor.number("p99_ns")),
        timer_source=timer.text("source"),
        exactness=fields.text("exactness"),
        admission_error=fields.object("admission").integer("error"),
        oversubscribed=fields.flag("oversubscribed"),
        writer_shares_cpu=fields.flag("writer_shares_cpu"),
        writer_shares_core=fields.flag("writer_shares_core"),
        sweep=fields.maybe("open_loop", lambda key: parse_sweep(fields.object(key))),
        admission_bound=_optional(fields, "admission", "bound"),
        publishes=_publishes(fields.object("publishes")),
        live_bytes=_optional(fields, "footprint", "live"),
        retired_peak_bytes=_optional(fields, "footprint", "retired_peak"),
        noise=fields.maybe("noise", lambda key: _noise(fields.object(key))),
        contract=fields.maybe("contract", fields.text) or "windows",
        cpus=tuple(fields.maybe("cpus", fields.integers) or ()),
        transfers_ns=_transfers(fields),
        layout=_optional(fields, "layout", "program"),
    )


def _optional(fields: Fields, group: str, key: str) -> int | None:
    inside = fields.maybe(group, fields.object)
    return inside.maybe(key, inside.integer) if inside else None


def _transfers(fields: Fields) -> tuple[float, ...]:
    found = fields.maybe("transfer_ns", fields.object)
    return (
        tuple(found.number(end) for end in ("before", "after") if found.has(end)) if found else ()
    )


def _publishes(fields: Fields) -> Histogram | None:
    times = fields.maybe("histogram", lambda key: parse_histogram(fields.object(key)))
    return times if times and times.total else None


def parse_record(line: str, untimed: bool = False) -> Record:
    """One line of cells.jsonl. Raises BadField.

    A failed repetition needs only its name and the reason: nothing in it is plotted. With
    `untimed`, one whose decisions were not timed is a record too: its throughput can be used.
    """
    fields = parse_object(line)
    check_schema(fields)
    cell = _cell(fields)
    repetition = fields.integer("repetition")
    attempt = fields.maybe("attempt", fields.integer) or 0
    status = fields.text("status")
    if status == "failed":
        return Record(cell, repetition, attempt, fields.text("failure"), None)
    schema.check("cells", fields.values)
    simulated = fields.maybe("simulated", fields.flag) or False
    measured = _measured(fields, cell.threads, untimed)
    return Record(cell, repetition, attempt, None, measured, simulated)


def read_records(
    path: Path, planned: Collection[Cell] | None = None, torn_end: bool = False
) -> list[Record]:
    """Of each repetition in a cells.jsonl, the attempt that counts. As read_attempts."""
    return that_count(read_attempts(path, planned, torn_end))


def that_count(attempts: Sequence[Record]) -> list[Record]:
    """Of each repetition, the last attempt that succeeded, or else the last."""
    found: dict[tuple[Cell, int], Record] = {}
    for record in attempts:
        key = record.cell, record.repetition
        if key not in found or record.failure is None or found[key].failure is not None:
            found[key] = record
    return list(found.values())


def measured_by_cell(path: Path, planned: Collection[Cell]) -> dict[Cell, list[Measured]]:
    """Of the attempts that count, those that succeeded."""
    cells: dict[Cell, list[Measured]] = {}
    for record in read_records(path, planned):
        if record.measured is not None:
            cells.setdefault(record.cell, []).append(record.measured)
    return cells


def read_attempts(
    path: Path, planned: Collection[Cell] | None = None, torn_end: bool = False
) -> list[Record]:
    """Every record of a cells.jsonl. Raises InputError `file:line: reason`.

    With the planned cells, a record of any other one is refused: it belongs to another run. So is a
    simulated one: nothing that reads these takes it for measured.
    With torn_end, a last line without its end, as a kill may leave, counts as not written.
    """
    path = stored(path)
    data = content(path)
    records: list[Record] = []
    found: dict[tuple[Cell, int], list[int]] = {}
    allowed = None if planned is None else frozenset(planned)
    number = 0
    with uncollected():
        for part in in_order(lambda span: _read_part(data, span), _parts(data)):
            for record in part.records:
                number += 1
                if allowed is not None and record.cell not in allowed:
                    raise InputError(
                        f"{path}:{number}: cell is '{record.cell.name}', not in the run's plan"
                    )
                if record.simulated:
                    raise InputError(f"{path}:{number}: simulated, not measured")
                earlier = found.setdefault((record.cell, record.repetition), [])
                _check_attempt(record, earlier, path, number)
                records.append(record)
            if part.problem is not None and not (part.is_torn and torn_end):
                raise InputError(f"{path}:{number + 1}: {part.problem}")
    return records


class _Span(NamedTuple):
    """Whole lines of a file, by their bytes."""

    begin: int
    end: int


class _Part(NamedTuple):
    records: list[Record]
    problem: str | None
    """Of the line after these, where reading stopped."""
    is_torn: bool


# So many bytes a part: a process that parses one needs some hundred MiB for less than a second.
_PART = 4 << 20


def _end_of_line(data: Data, begin: int) -> int:
    return data.find(b"\n", begin) + 1 or len(data)


def _parts(data: Data) -> list[_Span]:
    ends: list[int] = []
    while not ends or ends[-1] < len(data):
        ends.append(_end_of_line(data, (ends[-1] if ends else 0) + _PART))
    return [_Span(begin, end) for begin, end in zip([0, *ends], ends)]


def _read_part(data: Data, span: _Span) -> _Part:
    records: list[Record] = []
    begin = span.begin
    with uncollected():
        while begin < span.end:
            end = _end_of_line(data, begin)
            line, begin = data[begin:end], end
            if not line.endswith(b"\n"):
                torn = "truncated: the line has no end (--resume repairs it)"
                return _Part(records, torn, True)
            try:
                records.append(parse_record(line.decode("utf-8")))
            except UnicodeDecodeError:
                return _Part(records, "not UTF-8 text", False)
            except BadField as error:
                return _Part(records, str(error), False)
    return _Part(records, None, False)


def _check_attempt(record: Record, earlier: list[int], path: Path, number: int) -> None:
    """`earlier`: the lines that hold attempts 0, 1, … at the same repetition."""
    if record.attempt == len(earlier):
        earlier.append(number)
        return
    attempt = f"attempt {record.attempt} at " if record.attempt else ""
    problem = (
        f"is already on line {earlier[record.attempt]}"
        if record.attempt < len(earlier)
        else f"comes without attempt {len(earlier)}"
    )
    raise InputError(
        f"{path}:{number}: {attempt}repetition {record.repetition} of {record.cell.name} {problem}"
    )
