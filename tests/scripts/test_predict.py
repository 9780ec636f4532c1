"""Predictions, over a stand-in for the simulating program: folders, charts, refusals."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Dict

import pytest
from conftest import CommandLine
from schemas import RUN
from simulation import SMALL, set_up, write_host


@pytest.fixture
def predict(cli: CommandLine) -> CommandLine:
    return set_up(cli)


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cli = set_up(CommandLine(tmp_path_factory.mktemp("predicted")))
    answer = cli("predict", "--host", "imaginary", *SMALL, "--out", "out")
    assert answer.returncode == 0, answer.stderr
    (cli.folder / "answer").write_text(answer.stdout)
    return cli.folder


def bytes_of(folder: Path) -> Dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_folder_is_a_runs_and_says_that_it_is_simulated(predicted: Path) -> None:
    run = json.loads((predicted / "out" / "run.json").read_text())
    assert run["status"] == "complete"
    assert run["simulated"]["host"]["name"] == "an imaginary host"
    lines = (predicted / "out" / "cells.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert all(record["simulated"] is True for record in records)
    # Two rows at two numbers of threads, three policies by the two ends of alpha.
    keys = {(r["cell"], r["policy"], r["parameters"]["model"]["alpha"]) for r in records}
    assert len(keys) == len(records) == 2 * 2 * 3 * 2


def test_the_folder_keeps_to_the_schema_of_runs(predicted: Path) -> None:
    run = json.loads((predicted / "out" / "run.json").read_text())
    assert RUN.errors(run) == []
    del run["simulated"]
    assert RUN.errors(run) != []


def test_two_predictions_are_the_same_to_the_byte(predict: CommandLine, predicted: Path) -> None:
    answer = predict("predict", "--host", "imaginary", *SMALL, "--out", "out")
    assert answer.returncode == 0, answer.stderr
    first, second = predicted / "out", predict.folder / "out"
    assert bytes_of(first / "figures") == bytes_of(second / "figures")
    for name in ("cells.jsonl", "simulated.csv"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_every_chart_says_simulated(predicted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from limiterbench.charts.frame import Frame
    from limiterbench.predict.folder import draw

    titles = []
    original = Frame.__init__

    def note(self: Frame, title: str, *rest: object, **more: object) -> None:
        titles.append(title)
        original(self, title, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Frame, "__init__", note)
    # One process draws all, so that the titles are noted here.
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    drawn = draw(predicted / "out")
    assert {path.suffix for path in drawn} == {".svg", ".png", ".csv"}
    assert len(titles) == 1
    assert titles[0].startswith("SIMULATED · ")


def test_the_charts_are_drawn_from_the_table_alone(predict: CommandLine, predicted: Path) -> None:
    stored = predict.folder / "stored"
    shutil.copytree(predicted / "out", stored)
    before = bytes_of(stored / "figures")
    shutil.rmtree(stored / "figures")
    (stored / "cells.jsonl").unlink()
    answer = predict("plot", "stored")
    assert answer.returncode == 0, answer.stderr
    assert bytes_of(stored / "figures") == before


def test_the_ranking_claims_only_what_all_assumptions_say(predicted: Path) -> None:
    text = (predicted / "answer").read_text()
    assert max(map(len, text.splitlines())) <= 80
    assert "an imaginary host, SIMULATED, steady, 16 threads" in text
    # One shared word against four of them: decided, whatever the assumption.
    assert re.search("pairs not decided by this model +0 of 1$", text, re.M)


def test_a_dry_run_says_how_long_and_leaves_nothing(predict: CommandLine) -> None:
    answer = predict("predict", "--host", "imaginary", *SMALL, "--out", "out", "--dry-run")
    assert answer.returncode == 0, answer.stderr
    assert "24 simulations" in answer.stdout
    assert "takes      about" in answer.stdout
    assert not (predict.folder / "out").exists()


def test_a_failed_simulation_leaves_no_folder(predict: CommandLine) -> None:
    answer = predict(
        "predict", "--host", "imaginary", *SMALL, "--out", "out", FAKE_STUCK="hazard/steady"
    )
    assert answer.returncode == 1
    assert "no progress: CPU 0 at packed.hpp:10" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert not (predict.folder / "out").exists()


def test_a_failure_is_told_with_its_positions_and_its_row_is_not_placed(
    predict: CommandLine,
) -> None:
    answer = predict(
        "predict", "--host", "imaginary", *SMALL, "--out", "out", FAKE_FAILS="hazard/steady"
    )
    assert answer.returncode == 1
    first = "failed: hazard/steady/compact/threads:1, fifo: livelock: no operation\n"
    assert first in answer.stderr
    assert "  CPU 0: packed.hpp:10\n" in answer.stderr
    assert "12 simulations failed" in answer.stderr
    assert re.findall("^(rwmutex|hazard)", answer.stdout, re.M) == ["rwmutex"]
    assert (predict.folder / "out" / "figures" / "scaling_steady.svg").is_file()


def test_where_all_fail_nothing_is_drawn(predict: CommandLine) -> None:
    answer = predict(
        "predict", "--host", "imaginary", *SMALL, "--out", "out", FAKE_FAILS="/steady/"
    )
    assert answer.returncode == 1
    assert "24 simulations failed" in answer.stderr
    assert "error:" not in answer.stderr
    assert json.loads((predict.folder / "out" / "run.json").read_text())["status"] == "failed"
    assert not (predict.folder / "out" / "figures").exists()
    plot = predict("plot", "out")
    assert plot.returncode == 2 and "Traceback" not in plot.stderr


def test_the_command_reproduces_the_prediction(predicted: Path) -> None:
    run = json.loads((predicted / "out" / "run.json").read_text())
    assert run["command"] == (
        "./scripts/predict --host imaginary --threads 1,16 --impl hazard --impl rwmutex "
        "--scenario steady"
    )


def refused(cli: CommandLine, *arguments: str, **env: str) -> str:
    answer = cli("predict", *arguments, **env)
    assert answer.returncode == 2, answer.stderr
    assert answer.stderr.startswith("error: ")
    assert "Traceback" not in answer.stderr
    return answer.stderr


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--host", "epyc_7r13"), "unknown host 'epyc_7r13'; did you mean epyc_7r13x2?"),
        (("--host", "none/such.json"), "none/such.json: No such file or directory"),
        (("--impl", "hazard"), "--host NAME|FILE or --calibrate RUN is needed"),
        (("--calibrate", "nowhere"), "nowhere: no such folder"),
        (("--calibrate", "benchmarks"), "benchmarks: not a run: it has no run.json"),
        (("--host", "imaginary", "--threads", "1,x"), "--threads: 'x' is not a whole number"),
        (("--host", "imaginary", "--threads", "257"), "257 threads, but the host has 256 CPUs"),
        (("--host", "imaginary", "--impl", "hazrad"), "'hazrad'; did you mean hazard?"),
        (("--host", "imaginary", "--scenario", "stedy"), "'stedy'; did you mean steady?"),
        (("--host", "imaginary", "--out", "benchmarks"), "exists and is not a run"),
        (("--validate", "x", "--host", "imaginary"), "--host does not go with --validate"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    predict: CommandLine, arguments: "tuple[str, ...]", said: str
) -> None:
    assert said in refused(predict, *arguments)


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"rmw_ns": None}, "rmw_ns is missing"),
        ({"rmw_ns": -1}, "rmw_ns is -1"),
        ({"alpha": [0.4, 0.2]}, "alpha is not [low, high]"),
        ({"alpha": "much"}, "alpha is not a number"),
        ({"alpha": 2000}, "alpha is not above 0 and at most 1000"),
        ({"transfer_ns": None}, "transfer_ns is missing"),
        ({"transfer_ns": {"socket": "far"}}, "transfer_ns.socket is not a number"),
        ({"schema": 2}, "schema is 2, newer than 1"),
    ],
)
def test_a_bad_host_file_is_refused_by_its_field(
    predict: CommandLine, changed: Dict[str, object], said: str
) -> None:
    write_host(predict.folder / "bad.json", **changed)
    assert f"bad.json: {said}" in refused(predict, "--host", "bad.json")


def test_without_a_flag_the_hosts_are_listed(predict: CommandLine) -> None:
    answer = predict("predict", "--no-install", LIMITERBENCH_PREPARE="/absent")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "imaginary     an imaginary host\n" in answer.stdout
    assert "epyc_7r13x2   2 x AMD EPYC 7R13\n" in answer.stdout


def test_a_prediction_is_not_gone_on_with(predict: CommandLine, predicted: Path) -> None:
    said = refused(predict, "--host", "imaginary", *SMALL, "--out", str(predicted / "out"))
    assert said.endswith("already holds a run; name another\n")


def test_a_program_that_is_not_built_is_named(predict: CommandLine) -> None:
    said = refused(predict, "--host", "imaginary", LIMITERBENCH_SIMULATOR="/nowhere/sim")
    assert "/nowhere/sim: the program is not built" in said


def test_simulated_and_measured_are_never_compared(
    predict: CommandLine, predicted: Path, stored_run: Path
) -> None:
    answer = predict("compare", "run", str(predicted / "out"), "--across-hosts")
    assert answer.returncode == 2
    assert "simulated" in answer.stderr


def test_a_simulated_record_is_no_measurement(
    predict: CommandLine, predicted: Path, stored_run: Path
) -> None:
    line = (predicted / "out" / "cells.jsonl").read_text().splitlines()[0]
    record = json.loads(line)
    record.update(cell="hazard/steady/compact/threads:1", limiter="hazard", threads=1)
    cells = stored_run / "cells.jsonl"
    kept = [text for text in cells.read_text().splitlines() if "hazard" not in text]
    cells.write_text("\n".join([*kept, json.dumps(record)]) + "\n")
    answer = predict("plot", "run")
    assert answer.returncode == 2
    assert "simulated" in answer.stderr


def test_what_is_simulated_does_not_become_the_readmes_measurement(
    predict: CommandLine, predicted: Path
) -> None:
    (predict.folder / "README.md").write_text("")
    answer = predict("readme", str(predicted / "out"))
    assert answer.returncode == 2
    assert "simulated" in answer.stderr
