"""Disturbed repetitions: flagged, kept, counted, measured again within bounds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Sequence

import pytest
from conftest import SMALL, SMALL_REPETITIONS, CommandLine, lines_of, plain
from test_run import manifest_of

from limiterbench.charts.caption import caption
from limiterbench.common.errors import InputError
from limiterbench.records import manifest as manifests
from limiterbench.records.cells import Cell
from limiterbench.records.manifest import RunPlan
from limiterbench.records.records import Record, parse_record, read_attempts, read_records
from limiterbench.records.run_folder import CELLS, RUN_JSON
from limiterbench.run.schedule import most_repeats, repeats
from limiterbench.stats.series import group_records

DISTURBED = "hazard/steady/compact/threads:2"


def rate(record: Record) -> float:
    assert record.measured is not None
    return record.measured.operations_per_second


def attempts_of(lines: Sequence[Dict[str, Any]], cell: str) -> List[int]:
    return sorted(line["attempt"] for line in lines if line["cell"] == cell)


def test_a_disturbed_repetition_is_kept_and_measured_again(bare: CommandLine) -> None:
    answer = bare("run", *SMALL, "--out", "run", FAKE_NOISY=DISTURBED)
    assert answer.returncode == 0, answer.stderr
    lines = lines_of(bare.folder / "run")
    # A twentieth of 8 repetitions is none, but one may be repeated.
    assert len(lines) == SMALL_REPETITIONS + 1
    assert attempts_of(lines, DISTURBED) == [0, 0, 1]
    assert lines[-1]["attempt"] == 1
    records = read_records(bare.folder / "run" / CELLS)
    assert len(records) == SMALL_REPETITIONS
    assert len(read_attempts(bare.folder / "run" / CELLS)) == SMALL_REPETITIONS + 1
    assert sum(record.disturbed for record in records) == 1
    assert "1 of 8 repetitions were disturbed by the host" in answer.stdout
    assert "1 disturbed repetition measured again" in answer.stdout


def test_the_last_attempt_counts(bare: CommandLine) -> None:
    assert bare("run", *SMALL, "--out", "run", FAKE_NOISY=DISTURBED).returncode == 0
    path = plain(bare.folder / "run")
    attempts = read_attempts(path)
    again = next(record for record in attempts if record.attempt == 1)
    same = [r for r in attempts if (r.cell, r.repetition) == (again.cell, again.repetition)]
    assert [record.attempt for record in same] == [0, 1]
    first, last = (rate(record) for record in same)
    assert first != last
    counted = [rate(record) for record in read_records(path)]
    assert last in counted
    assert first not in counted


def test_nothing_is_repeated_where_that_is_not_wanted(bare: CommandLine) -> None:
    answer = bare("run", *SMALL, "--out", "run", "--noise-repeats", "0", FAKE_NOISIER="/")
    assert answer.returncode == 0, answer.stderr
    assert len(lines_of(bare.folder / "run")) == SMALL_REPETITIONS
    assert "This host disturbed nearly every repetition" in answer.stdout
    assert "--noise-repeats 0" in manifest_of(bare.folder / "run")["command"]


def test_a_failed_repetition_is_not_repeated_for_noise(bare: CommandLine) -> None:
    answer = bare("run", *SMALL, "--out", "run", FAKE_NOISIER="/", FAKE_CRASH="/")
    assert answer.returncode == 1
    assert len(lines_of(bare.folder / "run")) == SMALL_REPETITIONS


def planned(path: Path, **changes: Any) -> RunPlan:
    return replace(manifests.read(path / RUN_JSON).plan, **changes)


def disturbed_record(run: Path) -> Record:
    line = {**lines_of(run)[0], "noise": {"flagged": True, "reasons": ["x"]}}
    return parse_record(json.dumps(line))


def play(plan: RunPlan, record: Record) -> Counter[str]:
    """Measures all that repeats() asks for, every attempt disturbed: how many of each scenario."""
    attempts = [
        replace(record, cell=cell, repetition=repetition, attempt=0)
        for cell in plan.cells
        for repetition in range(plan.repetitions)
    ]
    extra: Counter[str] = Counter()
    while True:
        turns = repeats(plan, attempts)
        if not turns:
            return extra
        for turn in turns:
            assert turn.attempt <= plan.noise_repeats
            attempts.append(replace(record, **turn._asdict()))
            extra[turn.cell.scenario] += 1


def test_a_run_grows_by_so_much_at_most_in_each_scenario(finished_run: Path) -> None:
    cells = [
        Cell("hazard", scenario, "compact", n)
        for scenario, counts in (("steady", 10), ("open_loop", 3))
        for n in range(1, counts + 1)
    ]
    record = disturbed_record(finished_run)
    plan = planned(finished_run, mode="full", cells=cells, repetitions=5, noise_repeats=1)
    assert play(plan, record) == {"steady": 10, "open_loop": 3}
    assert play(replace(plan, noise_repeats=9), record) == {"steady": 10, "open_loop": 3}
    assert play(replace(plan, noise_repeats=0), record) == {}
    assert play(replace(plan, cells=cells[:1], repetitions=1), record) == {"steady": 1}
    assert play(replace(plan, mode="quick", repetitions=20), record) == {
        "steady": 10,
        "open_loop": 3,
    }


def test_attempts_go_on_until_one_is_not_disturbed(finished_run: Path) -> None:
    record = disturbed_record(finished_run)
    plan = planned(finished_run, mode="full", repetitions=20, noise_repeats=3)
    turn = repeats(plan, [replace(record, attempt=0)])
    assert [t.attempt for t in turn] == [1]
    again = [replace(record, attempt=n) for n in range(3)]
    assert [t.attempt for t in repeats(plan, again)] == [3]
    assert repeats(plan, [*again, replace(record, attempt=3)]) == []
    calm = parse_record(json.dumps({**lines_of(finished_run)[0], "attempt": 3}))
    assert repeats(plan, [*again, calm]) == []


def test_the_most_disturbed_are_measured_again_first(finished_run: Path) -> None:
    line = lines_of(finished_run)[0]

    def disturbed(repetition: int, **values: Any) -> Record:
        noise = {**line["noise"], "flagged": True, **values}
        return parse_record(json.dumps({**line, "repetition": repetition, "noise": noise}))

    cpu = line["noise"]["cpus"][0]
    attempts = [
        disturbed(0),
        disturbed(1, steal_ns=600, span_ns=1000),  # of two CPUs
        disturbed(2, cpus=[cpu, {**cpu, "stolen_share": 0.4}]),
        disturbed(3, others_ns=1000, span_ns=1000),
        disturbed(4, steal_ns=10, span_ns=1000),
    ]
    cell = attempts[0].cell
    plan = planned(finished_run, mode="full", cells=[cell], repetitions=15, noise_repeats=1)
    assert [turn.repetition for turn in repeats(plan, attempts)] == [3, 2, 1]


def test_a_repeat_that_fails_is_told_and_leaves_what_was_measured(bare: CommandLine) -> None:
    answer = bare("run", *SMALL, "--out", "run", FAKE_NOISY=DISTURBED, FAKE_CRASH_AGAIN=DISTURBED)
    assert answer.returncode == 1
    assert "1 repetition failed" in answer.stdout and "SIGSEGV" in answer.stdout
    assert manifest_of(bare.folder / "run")["status"] == "failed"
    attempts = read_attempts(bare.folder / "run" / CELLS)
    assert [record.attempt for record in attempts if record.failure] == [1]
    records = read_records(bare.folder / "run" / CELLS)
    assert len(records) == SMALL_REPETITIONS
    assert all(record.failure is None for record in records)
    assert bare("run", "--resume", "run").returncode == 1
    assert len(read_attempts(bare.folder / "run" / CELLS)) == len(attempts)


def test_resume_repeats_what_was_left_disturbed(bare: CommandLine) -> None:
    assert bare("run", *SMALL, "--out", "run", FAKE_NOISY=DISTURBED).returncode == 0
    cells = plain(bare.folder / "run")
    whole = cells.read_bytes()
    without_repeat = whole[: whole[:-1].rfind(b"\n") + 1]
    cells.write_bytes(without_repeat)
    answer = bare("run", "--resume", "run", "--dry-run")
    assert "1 repetition left: about" in answer.stdout
    assert bare("run", "--resume", "run", FAKE_NOISY=DISTURBED).returncode == 0
    lines = lines_of(bare.folder / "run")
    assert len(lines) == SMALL_REPETITIONS + 1
    assert attempts_of(lines, DISTURBED) == [0, 0, 1]
    assert plain(bare.folder / "run").read_bytes().startswith(without_repeat)
    assert "0 repetitions left: about" in bare("run", "--resume", "run", "--dry-run").stdout


def test_what_a_resumed_run_has_left_includes_repeats(bare: CommandLine) -> None:
    assert bare("run", *SMALL, "--out", "run").returncode == 0
    cells = plain(bare.folder / "run")
    cells.write_text("".join(cells.read_text().splitlines(keepends=True)[:3]))
    said = bare("run", "--resume", "run", "--dry-run").stdout
    assert "5 repetitions left, and up to 1 more to measure again" in said


def test_no_more_repeats_are_foreseen_than_there_can_be(finished_run: Path) -> None:
    record = disturbed_record(finished_run)
    calm = parse_record(json.dumps(lines_of(finished_run)[0]))
    plan = planned(finished_run, mode="full", cells=[record.cell], repetitions=15, noise_repeats=2)

    def attempts(like: Record, count: int) -> List[Record]:
        return [replace(like, repetition=n, attempt=0) for n in range(count)]

    assert most_repeats(plan, []) == 3
    assert most_repeats(replace(plan, noise_repeats=0), []) == 0
    assert most_repeats(plan, attempts(calm, 15)) == 0
    assert most_repeats(plan, attempts(calm, 14)) == 2
    assert most_repeats(plan, [*attempts(calm, 14), replace(record, repetition=14)]) == 2
    again = [replace(record, repetition=0, attempt=n) for n in (1, 2)]
    assert most_repeats(plan, [*attempts(record, 15), *again]) == 1


def test_attempts_must_follow_each_other(stored_run: Path) -> None:
    cells = stored_run / CELLS
    lines = lines_of(stored_run)
    for attempt, reason in (
        (0, "9: repetition 0 of .* is already on line 1"),
        (2, "9: attempt 2 at repetition 0 of .* comes without attempt 1"),
    ):
        text = [*lines, {**lines[0], "attempt": attempt}]
        cells.write_text("".join(json.dumps(line) + "\n" for line in text))
        with pytest.raises(InputError, match=reason):
            read_records(cells)


def test_records_of_before_noise_was_looked_for_are_read(stored_run: Path) -> None:
    cells = stored_run / CELLS
    lines = lines_of(stored_run)
    for line in lines:
        del line["noise"], line["attempt"]
    cells.write_text("".join(json.dumps(line) + "\n" for line in lines))
    records = read_records(cells)
    assert len(records) == SMALL_REPETITIONS
    assert not any(record.disturbed for record in records)


def test_the_caption_counts_the_disturbed(stored_run: Path) -> None:
    manifest = manifests.read(stored_run / RUN_JSON)
    lines = lines_of(stored_run)
    records = [parse_record(json.dumps(line)) for line in lines[1:]]
    records.append(replace(disturbed_record(stored_run), attempt=2))
    text = "\n".join(caption(manifest, group_records(records)[0], "what"))
    assert "1 of 8 repetitions were disturbed by the host" in text
    assert "2 disturbed repetitions measured again" in text


def test_a_resumed_run_repeats_as_often_as_it_began(cli: CommandLine, stored_run: Path) -> None:
    answer = cli("run", "--resume", stored_run.name, "--noise-repeats", "3")
    assert answer.returncode == 2
    assert "--noise-repeats cannot change a run that is resumed" in answer.stderr
