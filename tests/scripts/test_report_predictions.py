"""Predictions in the report: apart from what was measured, and refused where there are none."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import List

import pytest
from conftest import ROOT, CommandLine
from simulation import SMALL, fill, set_up

from limiterbench.predict import appendix, loads, points
from limiterbench.predict.answers import answer_of, read_prediction
from limiterbench.predict.loads import Load
from limiterbench.predict.points import SATURATED_NS, Assumption
from limiterbench.records.cells import Cell
from limiterbench.report.command import write_page

ODD = "<script>alert(1)</script>&amp;`x`\"'"
MOST = 5_000_000


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cli = set_up(CommandLine(tmp_path_factory.mktemp("predicted")))
    done = cli("predict", "--host", "imaginary", *SMALL, "--out", "out")
    assert done.returncode == 0, done.stderr
    return cli.folder / "out"


@pytest.fixture
def prediction(cli: CommandLine, stored_run: Path, predicted: Path) -> Path:
    """A copy that the test may spoil, beside a run."""
    return Path(shutil.copytree(predicted, cli.folder / "out"))


def rename(prediction: Path, name: str) -> None:
    run = json.loads((prediction / "run.json").read_text())
    run["simulated"]["host"]["name"] = name
    (prediction / "run.json").write_text(json.dumps(run))


def drop(prediction: Path, part: str) -> None:
    """What was not simulated."""
    table = prediction / "simulated.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if part not in line))


def page_of(cli: CommandLine, *arguments: str) -> str:
    done = cli("report", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return (cli.folder / done.stdout.strip()).read_text(encoding="utf-8")


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_a_prediction_stands_apart_at_the_end(cli: CommandLine, prediction: Path) -> None:
    measured = (cli.folder / "run" / "report.html").read_text(encoding="utf-8")
    page = page_of(cli, "run", "--prediction", "out")
    before, _, after = page.partition('<section id="simulated">')
    assert "<h2>SIMULATED, not measured: an imaginary host</h2>" in after
    assert after.count("<figure") == 1
    assert all(t.startswith("SIMULATED · ") for t in re.findall(r"<figure[^>]*><h3>([^<]*)", after))
    assert "Does one atomic counter scale linearly? No: hazard does" in words_of(after)
    assert "The open loop was not simulated." in words_of(after)
    assert "docs/prediction.md says what the model leaves out" in words_of(after)
    # What was measured is the same, to the byte.
    assert measured.partition("<main>")[2].partition("</main>")[0].strip() in before
    assert "imaginary" not in before and "imaginary" not in measured


def test_the_page_still_holds_all_that_it_shows(cli: CommandLine, prediction: Path) -> None:
    page = page_of(cli, "run", "--prediction", "out")
    assert not re.search(r"<(?:link[^>]*stylesheet|img|iframe)|\bsrc=|@import|@font-face", page)
    links = re.findall(r'href="([^"#]+)"', page.replace('href="data:,"', ""))
    assert "../out/figures/scaling_steady.csv" in links
    assert all((cli.folder / "run" / link).is_file() for link in links)
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) and set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_a_second_page_is_the_same_to_the_byte(cli: CommandLine, prediction: Path) -> None:
    first = page_of(cli, "run", "--prediction", "out")
    done = cli("report", "run", "--prediction", "out", PYTHONHASHSEED="7", LC_ALL="C")
    assert done.returncode == 0
    assert (cli.folder / "run" / "report.html").read_text(encoding="utf-8") == first


def test_without_a_prediction_nothing_is_said_of_any(cli: CommandLine, prediction: Path) -> None:
    before = (cli.folder / "run" / "report.html").read_bytes()
    page_of(cli, "run", "--prediction", "out")
    assert page_of(cli, "run").encode() == before
    assert b"simulated" not in before.lower()


def test_the_text_has_the_predicted_answer(cli: CommandLine, prediction: Path) -> None:
    done = cli("report", "--text", "run", "--prediction", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    measured, _, simulated = done.stdout.partition("SIMULATED, not measured: an imaginary host")
    assert "fastest first" in measured
    assert "No: hazard does" in " ".join(simulated.split())


def test_odd_host_names_are_text(cli: CommandLine, prediction: Path) -> None:
    rename(prediction, ODD)
    page = page_of(cli, "run", "--prediction", "out")
    assert "<script>alert" not in page
    assert "SIMULATED, not measured: &lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;`x`" in page
    assert len(re.findall(r"<script", page)) == 1
    text = cli("report", "--text", "run", "--prediction", "out")
    assert (text.returncode, text.stderr) == (0, "")
    assert "SIMULATED, not measured: <script>alert(1)" in text.stdout


@pytest.mark.parametrize(
    "part, said",
    [
        ("hazard/", "Not known: it takes `hazard` with 1 thread and with several."),
        ("threads:1,", "Not known: it takes `hazard` with 1 thread and with several."),
        ("threads:16,", "Not known: it takes `hazard` with 1 thread and with several."),
    ],
)
def test_what_was_not_simulated_is_said(prediction: Path, part: str, said: str) -> None:
    drop(prediction, part)
    answer = answer_of(read_prediction(prediction))
    assert said in answer.scales


def add_loads(prediction: Path) -> None:
    """Of an open loop, in which the lock is saturated at 1 M decisions a second."""
    made = [
        Load(Cell(row, "open_loop", "compact", 16), Assumption(policy, 0.2), rate, 100, p99)
        for row, highest in (("rwmutex", 5e5), ("hazard", 1e6))
        for policy in ("fifo", "node")
        for rate in (5e5, 1e6)
        for p99 in [400.0 if rate <= highest else SATURATED_NS]
    ]
    points.write(prediction / loads.TABLE, loads.COLUMNS, made)


def test_the_answer_at_a_load_is_on_the_page(cli: CommandLine, prediction: Path) -> None:
    add_loads(prediction)
    said = "By p99, 1 of 1 pairs of designs are decided"
    after = page_of(cli, "run", "--prediction", "out").partition('<section id="simulated">')[2]
    assert said in words_of(after)
    assert re.search(r"hazard\s*100 ns\s*400 ns\s*1", words_of(after))
    text = cli("report", "--text", "run", "--prediction", "out").stdout
    assert said in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_rows_that_no_assumption_has_in_common(prediction: Path) -> None:
    """As failed simulations leave them."""
    add_loads(prediction)
    table = prediction / loads.TABLE
    lines = table.read_text().splitlines(keepends=True)
    apart = [line for line in lines if not re.match("hazard/.*,fifo|rwmutex/.*,node", line)]
    table.write_text("".join(apart))
    answer = answer_of(read_prediction(prediction))
    assert "0 of 1 pairs" in answer.load
    assert [line[3] for line in answer.rows] == ["1–2", "1–2"]


def test_a_prediction_of_another_scenario_answers_for_that(prediction: Path) -> None:
    table = prediction / "simulated.csv"
    table.write_text(table.read_text().replace("/steady/", "/edge/"))
    assert "SIMULATED, edge, 16 threads" in answer_of(read_prediction(prediction)).about


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("run", "--prediction", "absent"), "absent: no such folder"),
        (("run", "--prediction", "empty"), "empty: not a prediction: it has no run.json"),
        (("run", "--prediction", "run"), "run: not a prediction: it was measured"),
        (("run", "--text", "--prediction", "run"), "run: not a prediction: it was measured"),
        (("run", "--prediction", "out", "--prediction", "run/../out"), "out: given twice"),
        (("run", "--prediction", "out", "--format", "csv"), "--prediction does not go with"),
        (("out",), "out: simulated, not measured; show it beside a run: ./scripts/report RUN"),
        (("run", "out"), "out: simulated, not measured"),
        (("out", "--prediction", "out"), "out: simulated, not measured"),
        (("out", "--format", "csv"), "simulated, not measured"),
    ],
)
def test_what_is_refused(
    cli: CommandLine, prediction: Path, arguments: "tuple[str, ...]", said: str
) -> None:
    (cli.folder / "empty").mkdir()
    before = (cli.folder / "run" / "report.html").read_bytes()
    refused(cli, arguments, said)
    assert (cli.folder / "run" / "report.html").read_bytes() == before


def refused(cli: CommandLine, arguments: "tuple[str, ...]", said: str) -> None:
    done = cli("report", *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_prediction_that_is_spoilt(cli: CommandLine, prediction: Path) -> None:
    arguments = ("run", "--prediction", "out")
    table, manifest = prediction / "simulated.csv", prediction / "run.json"
    whole = table.read_text()
    table.write_text(whole.splitlines()[0] + "\n")
    refused(cli, arguments, "out/simulated.csv: no simulation that can be shown")
    table.write_text(whole + "hazard\n")
    refused(cli, arguments, "simulated.csv:26: not cell")
    table.unlink()
    refused(cli, arguments, "out: simulated, but it has no simulated.csv")
    table.write_text(whole)
    run = json.loads(manifest.read_text())
    run["simulated"]["host"] = "a host"
    manifest.write_text(json.dumps(run))
    refused(cli, arguments, "run.json:1: simulated.host is not an object")


@pytest.mark.slow
def test_the_page_of_a_full_run_with_two_whole_predictions_is_small(
    tmp_path: Path, predicted: Path
) -> None:
    folders: List[Path] = []
    for name in ("one", "two"):
        folders.append(Path(shutil.copytree(predicted, tmp_path / name)))
        fill(folders[-1], name)
    added = appendix.of(appendix.read(folders))
    page = write_page([ROOT / "results" / "reference"], tmp_path / "page.html", added)
    text = page.read_text(encoding="utf-8")
    # Throughput in four scenarios.
    assert text.partition('<section id="simulated">')[2].count("<figure") == 2 * 4
    assert page.stat().st_size < MOST
