"""summary.csv, and the estimates in it."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import Any, Dict, List

import pytest
from conftest import CommandLine, SMALL_REPETITIONS

from limiterbench.common.tidy import as_csv, plain
from limiterbench.records.records import parse_record
from limiterbench.stats.statistics import each_repetition, ratio
from limiterbench.stats.scaling import scaling_of


def lines_of(folder: Path) -> List[Dict[str, str]]:
    with open(folder / "summary.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def records_of(folder: Path) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in (folder / "cells.jsonl").read_text().splitlines()]


def rewrite(folder: Path, records: List[Dict[str, Any]]) -> None:
    (folder / "cells.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))


def write_again(cli: CommandLine) -> None:
    answer = cli("report", "run", "--format", "csv")
    assert answer.returncode == 0, answer.stderr


def test_a_line_for_each_cell_with_its_own_numbers(stored_run: Path) -> None:
    records = records_of(stored_run)
    lines = lines_of(stored_run)
    assert len(lines) * 2 == SMALL_REPETITIONS == len(records)
    line = next(x for x in lines if (x["limiter"], x["threads"]) == ("hazard", "2"))
    mine = [r["throughput"] for r in records if r["cell"] == "hazard/steady/compact/threads:2"]
    rates = sorted(sum(t["operations"]) * 1e9 / t["wall_ns"] for t in mine)
    assert float(line["throughput_low_per_second"]) == pytest.approx(rates[0], rel=1e-6)
    assert float(line["throughput_high_per_second"]) == pytest.approx(rates[1], rel=1e-6)
    assert (line["repetitions"], line["coverage"], line["failed"]) == ("2", "0.5", "0")


def test_every_column_names_its_unit_or_counts(stored_run: Path) -> None:
    units = ("_ns", "_per_second", "_bytes", "_permits", "_ratio", "_ratio_low", "_ratio_high")
    plain_numbers = {"threads", "repetitions", "failed", "noisy", "coverage"}
    plain_numbers |= {f"fairness_{end}" for end in ("median", "low", "high")}
    plain_numbers |= {f"scaling_exponent{end}" for end in ("", "_low", "_high")}
    plain_numbers |= {"scaling_thread_counts"}
    words = {"limiter", "scenario", "placement", "oversubscribed", "writer"}
    words |= {"exactness", "progress"}
    # These two names are those of the things themselves: decisions a second, yes or no.
    capacity = re.compile(r"capacity_(1us|10us|100us|1ms)(_low|_high|_at_least)?")
    for name in lines_of(stored_run)[0]:
        known = name.endswith(units) or name in plain_numbers | words
        assert known or capacity.fullmatch(name), name


def test_a_failed_cell_has_a_line_without_numbers(cli: CommandLine, stored_run: Path) -> None:
    records = records_of(stored_run)
    for record in records:
        if record["cell"] == "hazard/steady/compact/threads:2":
            record.update(status="failed", failure="torn")
    rewrite(stored_run, records)
    write_again(cli)
    line = next(x for x in lines_of(stored_run) if (x["limiter"], x["threads"]) == ("hazard", "2"))
    assert (line["repetitions"], line["failed"]) == ("0", "2")
    numbers = [name for name in line if name.endswith(("_ns", "_per_second", "_ratio"))]
    assert {line[name] for name in numbers} == {""}


def test_records_of_an_older_program_leave_columns_empty(
    cli: CommandLine, stored_run: Path
) -> None:
    records = records_of(stored_run)
    for record in records:
        record.pop("footprint", None)
        record["admission"].pop("bound")
        record.pop("cpus")
    rewrite(stored_run, records)
    write_again(cli)
    for line in lines_of(stored_run):
        assert line["live_median_bytes"] == line["admission_bound_max_permits"] == ""


def test_a_value_of_each_repetition_lies_within_its_interval() -> None:
    found = ratio([10.0, 30.0, 20.0], [1.0, 2.0, 4.0])
    assert found is not None
    assert (found.n, found.median, found.low, found.high) == (3, 10.0, 5.0, 15.0)
    assert found.coverage == 0.75
    assert each_repetition(sum, [[], [1.0]]) is None


def test_the_exponent_is_that_of_the_power_law(stored_run: Path) -> None:
    text = (stored_run / "cells.jsonl").read_text().splitlines()[0]
    record = json.loads(text)

    def measured(threads: int, rate: float) -> Any:
        record["cell"] = f"{record['limiter']}/steady/compact/threads:{threads}"
        record["threads"] = threads
        record["throughput"]["wall_ns"] = 1_000_000_000
        record["throughput"]["operations"] = [round(rate / threads)] * threads
        return parse_record(json.dumps(record)).measured

    points = {n: [measured(n, 1e9 * n**0.5) for _ in range(3)] for n in (1, 2, 4, 8)}
    found = scaling_of(points, 4)
    assert found is not None and found.threads == [1, 2, 4]
    assert found.exponent.median == pytest.approx(0.5, abs=1e-6)
    assert found.misfit == pytest.approx(1, abs=1e-6)
    assert scaling_of({1: points[1]}, 4) is None
    points[2] = [measured(2, 2e9) for _ in range(3)]
    bent = scaling_of(points, 8)
    assert bent is not None and bent.misfit > 1.1


@pytest.mark.parametrize(
    "value, text",
    [(None, ""), (3, "3"), (0.75, "0.75"), (123456789.4, "123456789"), (1 / 3, "0.3333333")],
)
def test_numbers_are_written_plainly(value: Any, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize("value", [1e-7, 2.5e-5, 7e5, 1e20, math.pi])
def test_no_number_needs_an_exponent(value: float) -> None:
    assert "e" not in plain(value)
    assert float(plain(value)) == pytest.approx(value, rel=1e-6)


def test_names_that_csv_must_quote() -> None:
    assert as_csv([{"limiter": 'a,"b"', "threads": 1}]) == 'limiter,threads\n"a,""b""",1\n'


def test_the_summary_as_json(cli: CommandLine, stored_run: Path) -> None:
    answer = cli("report", "--format", "json", "run")
    assert answer.stdout == "run/summary.json\n", answer.stderr
    values = json.loads((stored_run / "summary.json").read_text())
    texts = [{name: plain(value) for name, value in line.items()} for line in values]
    assert texts == lines_of(stored_run)


def test_the_summary_as_parquet_needs_pyarrow(cli: CommandLine, stored_run: Path) -> None:
    modules = cli.folder / "modules"
    modules.mkdir()
    (modules / "pyarrow.py").write_text("raise ImportError\n")
    cli.env["PYTHONPATH"] = f"{modules}:{cli.env['PYTHONPATH']}"
    answer = cli("report", "--format", "parquet", "run")
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: --format parquet needs Python's pyarrow")


def test_an_unknown_format_is_named(cli: CommandLine, stored_run: Path) -> None:
    answer = cli("report", "--format", "jsn", "run")
    assert answer.returncode == 2
    assert "unknown format 'jsn'; did you mean json?" in answer.stderr
