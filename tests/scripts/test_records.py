from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import pytest
from conftest import CommandLine

from limiterbench.common.errors import InputError
from limiterbench.records.records import Record, read_records
from limiterbench.records.stored_lines import pack, unpack

Change = Callable[[Dict[str, Any]], Any]


@pytest.fixture
def cells(stored_run: Path) -> Path:
    return stored_run / "cells.jsonl"


def spoil(cells: Path, number: int, change: Change) -> None:
    lines = cells.read_text().splitlines()
    record = json.loads(lines[number - 1])
    change(record)
    lines[number - 1] = json.dumps(record)
    cells.write_text("\n".join(lines) + "\n")


def test_every_line_becomes_a_record(cells: Path) -> None:
    records = read_records(cells)
    assert len(records) == len(cells.read_text().splitlines())
    record = records[0]
    line = json.loads(cells.read_text().splitlines()[0])
    assert record.measured is not None
    operations = sum(line["throughput"]["operations"])
    seconds = line["throughput"]["wall_ns"] / 1e9
    assert record.measured.operations_per_second == pytest.approx(operations / seconds)
    assert record.measured.latency.histogram.total == sum(
        count for count in line["latency"]["histogram"]["counts"] if count > 0
    )


def test_compressed_records_are_the_same_records(cells: Path) -> None:
    plain = read_records(cells)
    pack(cells)
    packed = cells.with_name("cells.jsonl.gz")
    assert not cells.exists()
    before = packed.read_bytes()
    assert [as_shown(record) for record in read_records(cells)] == list(map(as_shown, plain))
    unpack(cells)
    assert not packed.exists()
    pack(cells)
    assert packed.read_bytes() == before


def as_shown(record: Record) -> Tuple[object, ...]:
    assert record.measured is not None
    measured = record.measured
    return record.cell, measured.operations_per_second, measured.latency.histogram.counts


def test_a_histogram_of_pairs_is_read_and_made_compact(cells: Path) -> None:
    pairs = [(7, 2), (8, 1), (40, 5), (0, 3)]
    spoil(cells, 1, lambda r: r["latency"]["histogram"].update(counts=pairs))
    measured = read_records(cells)[0].measured
    assert measured is not None
    assert measured.latency.histogram.counts == sorted(pairs)
    pack(cells)
    unpack(cells)
    line = json.loads(cells.read_text().splitlines()[0])
    assert line["latency"]["histogram"]["counts"] == [3, -6, 2, 1, -31, 5]
    again = read_records(cells)[0].measured
    assert again is not None and again.latency.histogram.counts == sorted(pairs)


DAMAGE: Dict[str, Tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "truncated: the compressed data ends too early"),
    "cut off": (lambda data: data[:-1], "truncated: the compressed data ends too early"),
    "half": (lambda data: data[: len(data) // 2], "truncated: the compressed data ends too early"),
    "not gzip": (lambda data: b"{}\n" + data, "damaged: not what gzip wrote"),
    "another byte": (lambda data: data[:-8] + b"\0\0\0\0" + data[-4:], "damaged: not what gzip"),
    "no line end": (lambda data: gzip.compress(b"{}\n{}"), "1: schema is missing"),
    "newer": (lambda data: gzip.compress(b'{"schema": 2}\n'), "1: schema is 2, newer than 1"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_compressed_records_are_refused(cli: CommandLine, cells: Path, how: str) -> None:
    spoiled, reason = DAMAGE[how]
    pack(cells)
    packed = cells.with_name("cells.jsonl.gz")
    packed.write_bytes(spoiled(packed.read_bytes()))
    before = packed.read_bytes()
    for command in (["plot"], ["run", "--resume"], ["compare", "run"]):
        answer = cli(*command, "run")
        assert answer.returncode == 2
        assert answer.stderr.count("\n") == 1
        assert f"cells.jsonl.gz:{'' if reason[0] == '1' else ' '}{reason}" in answer.stderr
    report = cli("report", "--text", "run")
    assert report.returncode == 0 and "cells.jsonl" in report.stdout
    assert packed.read_bytes() == before and not cells.exists()


def test_plain_beside_compressed_records_is_refused(cli: CommandLine, cells: Path) -> None:
    lines = cells.read_bytes()
    pack(cells)
    cells.write_bytes(lines)
    for command in (["plot"], ["run", "--resume"]):
        answer = cli(*command, "run")
        assert answer.returncode == 2
        said = "cells.jsonl: cells.jsonl.gz is there too; delete one of the two"
        assert said in answer.stderr
    assert cells.read_bytes() == lines


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda r: r.update(schema=2), "schema is 2, newer than 1"),
        (lambda r: r.update(schema="1"), "schema is not a whole number"),
        (lambda r: r.pop("limiter"), "limiter is missing"),
        (lambda r: r.update(cell="nonsense"), "cell is 'nonsense', not limiter/scenario"),
        (lambda r: r.update(threads=64), "but the other fields say"),
        (lambda r: r.update(repetition=-1), "repetition is -1, less than 0"),
        (lambda r: r.update(repetition=True), "repetition is not a whole number"),
        (lambda r: r.update(status="maybe"), "status is 'maybe'"),
        (lambda r: r["throughput"].update(wall_ns=0), "throughput.wall_ns is not above 0"),
        (lambda r: r["throughput"].update(operations=[1] * 9), "throughput.operations has 9"),
        (lambda r: r["throughput"].update(operations=["x"]), "operations[0] is not a whole number"),
        (lambda r: r["latency"].update(histogram=3), "latency.histogram is not an object"),
        (lambda r: r["latency"]["histogram"].update(counts=[]), "latency.histogram is empty"),
        (lambda r: r["latency"]["histogram"].update(counts=[[1]]), "list of [bucket, count]"),
        (lambda r: r["latency"]["histogram"].update(counts=[[1, 2], [1, 3]]), "bucket 1 twice"),
        (lambda r: r["latency"]["histogram"].update(counts=[[999999, 1]]), "bucket 999999"),
        (lambda r: r["latency"]["histogram"].update(sub_buckets=32), "sub_buckets is 32, not 64"),
        (lambda r: r["latency"].update(max_ns=float("nan")), "NaN is not a JSON number"),
        (lambda r: r["latency"].update(min_ns=9, max_ns=8), "latency.min_ns is 9, above max_ns, 8"),
        (lambda r: r.update(exactness="exactly"), "exactness is 'exactly', not one of exact, app"),
        (lambda r: r["timer"].pop("floor"), "timer.floor is missing"),
        (lambda r: r["admission"].update(error=None), "admission.error is not a whole number"),
    ],
)
def test_a_wrong_field_is_named_with_file_and_line(
    cells: Path, change: Change, reason: str
) -> None:
    spoil(cells, 3, change)
    with pytest.raises(InputError) as refused:
        read_records(cells)
    assert str(refused.value).startswith(f"{cells}:3: ")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "line, reason",
    [
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"schema": 1}', "cell is missing"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
    ],
)
def test_a_corrupt_line_is_refused(cells: Path, line: bytes, reason: str) -> None:
    lines = cells.read_bytes().splitlines()
    lines[1] = line
    cells.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(InputError) as refused:
        read_records(cells)
    assert str(refused.value).startswith(f"{cells}:2: ")
    assert reason in str(refused.value)


def test_a_line_without_its_end_is_refused_unless_allowed(cells: Path) -> None:
    data = cells.read_bytes()
    count = len(data.splitlines())
    cells.write_bytes(data[:-1])
    with pytest.raises(InputError, match=f":{count}: truncated"):
        read_records(cells)
    assert len(read_records(cells, torn_end=True)) == count - 1


def test_a_repetition_that_is_there_twice_is_refused(cells: Path) -> None:
    first = cells.read_bytes().splitlines(keepends=True)[0]
    cells.write_bytes(cells.read_bytes() + first)
    with pytest.raises(InputError, match="is already on line 1"):
        read_records(cells)


def test_a_cell_that_was_not_planned_is_refused(cli: CommandLine, cells: Path) -> None:
    def become_another(record: Dict[str, Any]) -> None:
        record["limiter"] = "sharded"
        record["cell"] = record["cell"].replace(record["cell"].split("/")[0], "sharded")

    spoil(cells, 2, become_another)
    assert len(read_records(cells)) > 2
    for command in (["plot"], ["run", "--resume"]):
        answer = cli(*command, "run")
        assert answer.returncode == 2
        assert "cells.jsonl:2: cell is 'sharded/steady/compact/threads:" in answer.stderr
        assert "not in the run's plan" in answer.stderr
    report = cli("report", "--text", "run")
    assert report.returncode == 0
    assert "1 of 8 lines of cells.jsonl cannot be used" in " ".join(report.stdout.split())


def test_a_failed_repetition_needs_only_its_name(cells: Path) -> None:
    def fail(record: Dict[str, Any]) -> None:
        kept = ("schema", "cell", "limiter", "scenario", "placement", "threads", "repetition")
        for key in set(record) - set(kept):
            del record[key]
        record.update(status="failed", failure="killed by signal 11 (SIGSEGV)")

    spoil(cells, 1, fail)
    record = read_records(cells)[0]
    assert record.measured is None
    assert record.failure == "killed by signal 11 (SIGSEGV)"


def test_percentiles_stay_within_the_exact_extremes(cells: Path) -> None:
    spoil(
        cells,
        1,
        lambda r: r["latency"].update(
            min_ns=1000, max_ns=1001, histogram={"sub_buckets": 64, "counts": [[316, 5], [317, 5]]}
        ),
    )
    measured = read_records(cells)[0].measured
    assert measured is not None
    assert measured.latency.percentiles([0.0, 0.5, 1.0]) == [1000, 1000, 1001]
