"""docs/schema: stored and fresh records keep to it, and a misspelt field does not."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Iterator, List, Set, Tuple

import pytest
from conftest import ROOT, SMALL, CommandLine, lines_of
from schemas import CELL, CONTENTION, RUN, Schema, errors_of_run, thinned

from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.summary import summarise

PROGRAM = Path(os.environ.get("LIMITERBENCH_PROGRAM", ROOT / "build" / "release" / "limiterbench"))
STORED = sorted(path.parent for path in ROOT.glob("results/**/run.json"))

# What a record gains where the host and the plan offer it.
NOISE = {
    "flagged": True,
    "reasons": ["CPU 1 was away for 3 ms"],
    "idle_ns": 1000,
    "cpus": [{"cpu": 0, "hiccups": 3, "longest_ns": 2000, "stolen_share": 0.01}],
    "span_ns": 5000,
    "steal_ns": None,
    "others_ns": None,
    "frequency_khz": {"before": 2_000_000, "after": None},
}
COUNTERS = {
    "cycles": 10,
    "instructions": 20,
    "l1d_misses": None,
    "llc_misses": 0,
    "context_switches": 1,
    "decisions": 5,
}


@pytest.fixture(scope="module")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the program itself, one repetition of each kind of cell."""
    assert PROGRAM.exists(), f"{PROGRAM}: not built; ./scripts/test builds it"
    cli = CommandLine(tmp_path_factory.mktemp("real")).without_charts()
    what = ("--scenario", "steady", "--scenario", "readonly", "--scenario", "open_loop")
    size = ("--threads", "1", "--repetitions", "1", "--seconds", "0.03", "--noise-repeats", "0")
    answer = cli(
        *("run", "--impl", "hazard", "--impl", "sharded", *what, *size, "--out", "run"),
        LIMITERBENCH_PROGRAM=str(PROGRAM),
    )
    assert answer.returncode in (0, 1), answer.stderr
    return cli.folder / "run"


@pytest.mark.parametrize("folder", STORED, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_stored_runs_keep_to_the_schemas(folder: Path) -> None:
    assert errors_of_run(folder) == []


def test_a_run_made_now_keeps_to_the_schemas(real_run: Path) -> None:
    # More lines than cells where a repetition was disturbed.
    assert len({line["cell"] for line in lines_of(real_run)}) == 6
    assert (real_run / "benchmark.json").exists()
    assert errors_of_run(real_run) == []


def test_the_contention_map_keeps_to_its_schema() -> None:
    command = [str(PROGRAM), "--contention_map=json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    value = json.loads(answer.stdout)
    assert CONTENTION.errors(value) == []
    assert not_refused(CONTENTION, value) == []


def test_the_stand_in_program_writes_what_the_program_writes(finished_run: Path) -> None:
    assert errors_of_run(finished_run) == []


def test_repetitions_that_failed_keep_to_the_schemas(cli: CommandLine) -> None:
    answer = cli.without_charts()(
        *("run", *SMALL, "--out", "run"),
        FAKE_CHECK="rwmutex/steady/compact/threads:1",
        FAKE_CRASH="hazard/steady/compact/threads:1",
        FAKE_LATE="hazard/steady/compact/threads:2",
    )
    assert answer.returncode == 1
    failed = [r for r in lines_of(cli.folder / "run") if r["status"] == "failed"]
    assert {"throughput" in record for record in failed} == {True, False}
    assert errors_of_run(cli.folder / "run") == []


def misspelt(value: Any, path: str = "") -> Iterator[Tuple[str, Any]]:
    """Copies of a JSON value, each with the name of one field changed, or one field more."""
    if isinstance(value, list):
        for index, item in enumerate(value[:1]):
            for name, changed in misspelt(item, f"{path}[{index}]"):
                yield name, [changed, *value[1:]]
    elif isinstance(value, dict):
        yield f"{path}.more", {**value, "more": 0}
        for key, item in value.items():
            others = {k: v for k, v in value.items() if k != key}
            yield f"{path}.{key}", {**others, f"{key}x": item}
            for name, changed in misspelt(item, f"{path}.{key}"):
                yield name, {**value, key: changed}


def not_refused(of_file: Schema, value: Any) -> List[str]:
    return [name for name, changed in misspelt(value) if not of_file.errors(changed)]


def test_a_misspelt_field_of_a_record_is_refused(real_run: Path) -> None:
    # Where other work holds the CPU, a load so short may send nothing, which fails its cell.
    records = [r for r in lines_of(real_run) if "throughput" in r]
    record = max(records, key=lambda r: r["open_loop"] is not None)
    assert record["open_loop"] is not None
    record.update(noise=NOISE, counters=COUNTERS, attempt=1, writer="own_core")
    record["home"].update(policy="local", nodes=[0])
    record["timer"].update(skew_ns=12.5, invariant=None)
    assert CELL.errors(record) == []
    assert not_refused(CELL, thinned(record)) == []


def test_a_misspelt_field_of_a_run_is_refused(real_run: Path) -> None:
    run = json.loads((real_run / "run.json").read_text(encoding="utf-8"))
    run["plan"].update(home="local", writer="own_core")
    run["topology"]["boundaries"] = {"compact": [{"threads": 8, "kind": "complex"}]}
    assert RUN.errors(run) == [] and run["doctor"]
    assert not_refused(RUN, run) == []


@pytest.mark.parametrize(
    "path, value",
    [
        (("status",), "fine"),
        (("threads",), 0),
        (("throughput", "operations"), []),
        (("latency", "histogram", "counts"), [[1, 2, 3]]),
        (("latency", "min_ns"), -1),
        (("timer", "floor", "p50_ns"), None),
        (("admission", "error"), 0.5),
        (("started_utc",), "yesterday"),
    ],
)
def test_a_wrong_value_is_refused(finished_run: Path, path: Tuple[str, ...], value: object) -> None:
    record = copy.deepcopy(next(iter(lines_of(finished_run))))
    assert CELL.errors(record) == []
    part = record
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    assert CELL.errors(record) != []


def explained() -> Set[str]:
    page = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
    return set(re.findall(r"[A-Za-z0-9_]+", " ".join(re.findall(r"`([^`]+)`", page))))


def test_the_page_on_records_explains_every_column_of_the_summary(finished_run: Path) -> None:
    manifest = open_run(finished_run)
    (first, *_) = summarise(manifest, read_records(finished_run / CELLS))
    known = explained()
    ending = re.compile(r"_(median|low|high|max|at_least)(_\w+)?$")
    assert [name for name in first if not {name, ending.sub("", name)} & known] == []
