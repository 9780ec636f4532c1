"""The report: the answer is the records', the page needs nothing else, bad input is said."""

from __future__ import annotations

import copy
import html
import json
import re
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, List, Set

import pytest
from conftest import ROOT, CommandLine

from limiterbench.charts.catalogue import charts_of
from limiterbench.report.answer import answer
from limiterbench.report.stored import StoredRun, read_run
from limiterbench.stats.series import is_timed, ops
from limiterbench.stats.statistics import Summary

Lines = List[Dict[str, Any]]


@pytest.fixture(scope="module")
def reference() -> StoredRun:
    return read_run(ROOT / "results" / "reference", "reference")


def page_of(cli: CommandLine, *arguments: str) -> str:
    done = cli("report", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return (cli.folder / done.stdout.strip()).read_text(encoding="utf-8")


def change(folder: Path, how: Callable[[Lines], Lines]) -> None:
    cells = folder / "cells.jsonl"
    lines = [json.loads(line) for line in cells.read_text().splitlines()]
    cells.write_text("".join(json.dumps(line) + "\n" for line in how(lines)))


def test_a_run_ends_with_its_report_and_a_second_one_is_the_same(
    cli: CommandLine, stored_run: Path
) -> None:
    first = (stored_run / "report.html").read_bytes()
    done = cli("report", "run", PYTHONHASHSEED="7", TZ="Asia/Tokyo", LC_ALL="C")
    assert (done.returncode, done.stdout) == (0, "run/report.html\n")
    assert (stored_run / "report.html").read_bytes() == first


def test_the_page_holds_all_that_it_shows(finished_run: Path) -> None:
    page = (finished_run / "report.html").read_text(encoding="utf-8")
    assert "//" not in "".join(re.findall(r'(?:href|src|url)\s*[=(]\s*"?([^")> ]*)', page))
    assert not re.search(r"<(?:link[^>]*stylesheet|img|iframe)|\bsrc=|@import|@font-face", page)
    for link in re.findall(r'href="([^"#]+)"', page.replace('href="data:,"', "")):
        assert (finished_run / link).is_file(), link
    places = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= places
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def faster(row: str, factors: List[float]) -> Callable[[Lines], Lines]:
    """Gives the row's repetitions these shares of a million decisions a repetition."""

    def how(lines: Lines) -> Lines:
        for line in lines:
            if line["limiter"] == row:
                threads = line["threads"]
                share = round(1e6 * factors[line["repetition"]] / threads)
                line["throughput"]["operations"] = [share] * threads
        return lines

    return how


def test_an_interval_of_one_repetition_tells_nothing_apart() -> None:
    assert not Summary(1, 1, 1, 1).apart_from(Summary(1, 9, 9, 9))
    assert Summary(2, 1, 1, 2).apart_from(Summary(2, 9, 3, 9))
    assert not Summary(2, 1, 1, 2).apart_from(Summary(2, 9, 2, 9))
    assert not Summary(2, 20, 20, 20, step=10).apart_from(Summary(2, 30, 30, 30, step=10))


def test_the_reference_has_a_result(reference: StoredRun) -> None:
    claims = answer(reference)
    closed = claims[-1]
    assert closed.startswith("In a closed loop (steady, 2 threads), `")
    assert " as often as `rwmutex`" in closed


def repeated(factors: List[float], row: str) -> Callable[[Lines], Lines]:
    """As many repetitions as there are factors."""

    def how(lines: Lines) -> Lines:
        first = [line for line in lines if line["repetition"] == 0]
        many = [{**copy.deepcopy(x), "repetition": n} for x in first for n in range(len(factors))]
        return faster(row, factors)(many)

    return how


def closed_of(run: Path) -> str:
    return answer(read_run(run, "run"))[-1]


def test_five_repetitions_are_a_result_and_four_are_none(stored_run: Path) -> None:
    change(stored_run, repeated([9.0, 9.1, 9.2, 9.3], "hazard"))
    said = "Not a result yet, all designs (4 repetitions); 5 repetitions are needed: "
    assert closed_of(stored_run).startswith(said)
    assert "`hazard` decides 91.5 M (90 M to 93 M) times a second" in closed_of(stored_run)
    change(stored_run, repeated([9.0, 9.1, 9.2, 9.3, 9.4], "hazard"))
    assert closed_of(stored_run).startswith("In a closed loop (steady, 2 threads), `hazard` dec")


def test_two_groups_are_no_result(stored_run: Path) -> None:
    change(stored_run, repeated([9.0, 9.1, 9.2, 19.0, 19.1], "hazard"))
    assert "Not a result yet: `hazard` (two groups of repetitions)." in closed_of(stored_run)
    assert "`hazard` decides" not in closed_of(stored_run)


def test_a_baseline_in_doubt_is_not_called_absent(stored_run: Path) -> None:
    change(stored_run, repeated([9.0, 9.1, 9.2, 19.0, 19.1], "rwmutex"))
    assert "Not a result yet: `rwmutex` (two groups of repetitions)." in closed_of(stored_run)
    assert "no `rwmutex`" not in closed_of(stored_run)
    change(stored_run, repeated([9.0, 9.1, 9.2, 19.0, 19.1], "hazard"))
    assert "the most of all" not in closed_of(stored_run)


def test_a_disturbed_cell_is_no_result(stored_run: Path) -> None:
    def disturb(lines: Lines) -> Lines:
        for line in lines:
            if line["limiter"] == "hazard" and line["repetition"] == 1:
                line["noise"] = {"flagged": True, "reasons": ["stolen"]}
        return lines

    change(stored_run, repeated([9.0, 9.1, 9.2, 9.3, 9.4], "hazard"))
    change(stored_run, disturb)
    assert "Not a result yet: `hazard` (disturbed by the host)." in closed_of(stored_run)
    change(stored_run, repeated([9.0, 9.1, 9.2, 9.3, 9.4, 9.5], "hazard"))
    change(stored_run, disturb)
    assert "`hazard` decides 93 M (90 M to 95 M)" in closed_of(stored_run)


def test_only_repetitions_in_one_state_of_the_transfer_are_compared(stored_run: Path) -> None:
    """The first six are slow, and the line transfer was; the last two are too few to count."""

    def transfers(lines: Lines) -> Lines:
        for line in lines:
            slow = line["repetition"] >= 6
            line["cpus"] = list(range(line["threads"]))
            line["transfer_ns"] = {end: 185.0 if slow else 50.0 for end in ("before", "after")}
        return lines

    change(stored_run, repeated([9.0, 9.1, 9.2, 9.3, 9.4, 9.5, 3.0, 3.1], "hazard"))
    change(stored_run, transfers)
    assert "`hazard` decides 92.5 M (90 M to 95 M)" in closed_of(stored_run)


def reloaded(counts: Dict[str, int], shares_cpu: bool) -> Callable[[Lines], Lines]:
    def how(lines: Lines) -> Lines:
        for line in lines:
            line["publishes"]["count"] = counts[line["limiter"]]
            line["writer_shares_cpu"] = shares_cpu
        return lines

    return how


@pytest.mark.parametrize(
    "counts, shares_cpu, ranked",
    [
        ({"rwmutex": 900, "hazard": 300}, False, False),
        ({"rwmutex": 300, "hazard": 300}, True, False),
        ({"rwmutex": 500, "hazard": 300}, False, True),
        # By chance, in so short a phase.
        ({"rwmutex": 1, "hazard": 0}, True, True),
    ],
)
def test_where_the_reloads_of_the_headline_decide_nothing_is_ranked(
    cli: CommandLine, stored_run: Path, counts: Dict[str, int], shares_cpu: bool, ranked: bool
) -> None:
    change(stored_run, reloaded(counts, shares_cpu))
    assert ("the designs are not ranked" in closed_of(stored_run)) != ranked
    assert ("decides" in closed_of(stored_run)) == ranked
    text = cli("report", "--text", "run").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert ("steady, compact, at 2 threads, most decisions first, no ranking" in text) != ranked
    assert bool(re.search(r"^design +steady +reloads/s$", text, re.MULTILINE)) != ranked


def test_a_sweep_of_the_load_is_no_closed_loop(reference: StoredRun) -> None:
    charts = charts_of(reference.folder, reference.manifest, reference.groups)
    shown = next(chart for chart in charts if chart.kind == "slowdown").draw().rows
    assert "open_loop" not in {line["scenario"] for line in shown}


@pytest.mark.parametrize("many, said", [(7, True), (1, True), (0, False)])
def test_a_disturbed_run_says_so_beside_its_answer(
    cli: CommandLine, stored_run: Path, many: int, said: bool
) -> None:
    def how(lines: Lines) -> Lines:
        for number, line in enumerate(lines):
            reasons = [f"CPU {number} lost 5.{number} % of its time while idle"]
            line["noise"] = {"flagged": number < many, "reasons": reasons * (number < many)}
        return lines

    change(stored_run, how)
    words = f"{many} of 8 repetitions were disturbed by the host, for example: CPU"
    assert (words in page_of(cli, "run")) == said
    text = " ".join(cli("report", "--text", "run").stdout.split())
    assert (f"Beware: {words}" in text) == said


def losing(shares: Dict[int, float]) -> Callable[[Lines], Lines]:
    """All are disturbed, and those with such numbers lose other shares than a twentieth."""

    def how(lines: Lines) -> Lines:
        for number, line in enumerate(sorted(lines, key=lambda line: str(line["cell"]))):
            cpu = {"stolen_share": shares.get(number, 0.05)}
            line["noise"] = {"flagged": True, "reasons": ["stolen"], "cpus": [cpu]}
        return lines

    return how


NEARLY = "This host disturbed nearly every repetition"


def test_where_all_are_disturbed_the_share_is_said(cli: CommandLine, stored_run: Path) -> None:
    change(stored_run, losing({0: 0.1}))
    words = f"{NEARLY} (median 5 % of its CPUs' time lost, or of the worst one's)"
    page = html.unescape(page_of(cli, "run"))
    assert words in page
    assert "repetitions were disturbed by the host, for example" not in page
    text = " ".join(cli("report", "--text", "run").stdout.split())
    assert f"Beware: {words}." in text and text.endswith(words)


def test_a_share_that_is_not_known_is_not_said(stored_run: Path) -> None:
    noise = {"flagged": True, "reasons": ["hiccups"]}
    change(stored_run, lambda lines: [{**line, "noise": noise} for line in lines])
    assert f"{NEARLY}." in read_run(stored_run, "run").missing


def test_more_threads_than_cpus_are_said(stored_run: Path) -> None:
    change(stored_run, lambda lines: [line for line in lines if line["threads"] == 2])
    about = json.loads((stored_run / "run.json").read_text())
    about["topology"]["cpus"] = 1
    (stored_run / "run.json").write_text(json.dumps(about))
    run = read_run(stored_run, "run")
    assert "(steady, 2 threads, more threads than the 1 CPU)" in answer(run)[0]
    assert "Only 2 threads were measured: nothing is known of scaling." in run.missing


def failing(lines: Lines) -> Lines:
    return [{**line, "status": "failed", "failure": "a check"} for line in lines]


def without(*keys: str) -> Callable[[Lines], Lines]:
    return lambda lines: [
        {key: value for key, value in line.items() if key not in keys} for line in lines
    ]


def without_histograms(lines: Lines) -> Lines:
    for line in lines:
        del line["latency"]["histogram"]
    return lines


@pytest.mark.parametrize(
    "how, missing",
    [
        (lambda lines: [], "There are no records"),
        (failing, "Every repetition failed"),
        (lambda lines: [x for x in lines if x["repetition"] == 0], "one repetition"),
        (lambda lines: [x for x in lines if x["threads"] == 1], "Only 1 thread was measured"),
        (without("latency"), "In 8 of 8 repetitions the latency is missing"),
        (without_histograms, "In 8 of 8 repetitions the latency is missing"),
        (without("exactness"), "8 of 8 lines of cells.jsonl cannot be used"),
        (
            lambda lines: [x for x in lines if x["limiter"] != "rwmutex"],
            "there is no rwmutex to co",
        ),
    ],
)
def test_what_is_missing_is_said(
    cli: CommandLine, stored_run: Path, how: Callable[[Lines], Lines], missing: str
) -> None:
    change(stored_run, how)
    page = page_of(cli, "run")
    assert missing in re.sub(r"<[^>]+>", "", page)
    measured = bool(read_run(stored_run, "run").groups)
    assert ("<figure" in page) == measured
    text = cli("report", "--text", "run")
    assert (text.returncode, text.stderr) == (0, "")


@pytest.mark.parametrize("rows", [{"rwmutex"}, {"hazard"}, {"rwmutex", "hazard"}])
def test_what_was_not_timed_still_has_its_throughput(
    cli: CommandLine, stored_run: Path, rows: Set[str]
) -> None:
    def how(lines: Lines) -> Lines:
        kept = [line for line in lines if line["limiter"] not in rows]
        return kept + without("latency")([line for line in lines if line["limiter"] in rows])

    change(stored_run, how)
    run = read_run(stored_run, "run")
    claims = " ".join(answer(run))
    assert "decides" in claims and " 0 ns" not in claims
    page = page_of(cli, "run")
    figures = re.findall(r"<figure[^>]*><h3>([^·<]*) · ", page)
    assert {"Throughput against threads", "Fairness across threads"} <= set(figures)
    assert ("p99 against threads" in figures) == (len(rows) == 1)
    assert ("Latency percentiles" in figures) == (len(rows) == 1)
    for group in run.groups:
        for row, points in group.limiters.items():
            assert all(ops(m) > 0 for repeated in points.values() for m in repeated)
            assert not any(map(is_timed, points.values())) == (row in rows)
    # All that reads records strictly says which line lacks what.
    plot = cli("plot", "run")
    assert plot.returncode == 2
    assert "latency is missing" in plot.stderr and "cells.jsonl:" in plot.stderr


@pytest.mark.parametrize(
    "latency, said",
    [(3, "latency is not an object"), ({"histogram": 3}, "latency.histogram is not an object")],
)
def test_a_latency_that_is_wrong_is_not_one_that_is_missing(
    stored_run: Path, latency: object, said: str
) -> None:
    change(stored_run, lambda lines: [{**lines[0], "latency": latency}, *lines[1:]])
    run = read_run(stored_run, "run")
    assert f"line 1: {said}" in run.missing[0]
    assert not any("the latency is missing" in missing for missing in run.missing)


def test_records_that_are_gone_or_torn_are_said(cli: CommandLine, stored_run: Path) -> None:
    cells = stored_run / "cells.jsonl"
    cells.write_bytes(cells.read_bytes()[:-20] + b"\xff")
    assert "line 8: not UTF-8 text" in page_of(cli, "run")
    cells.unlink()
    assert "The records cannot be read: cells.jsonl: No such file" in page_of(cli, "run")


ODD = "<script>alert(1)<b>&amp;$x\"'"


def test_odd_names_are_text(cli: CommandLine, stored_run: Path) -> None:
    for name in ("cells.jsonl", "run.json"):
        path = stored_run / name
        path.write_text(path.read_text().replace("hazard", json.dumps(ODD)[1:-1]))
    manifest = json.loads((stored_run / "run.json").read_text())
    manifest["host"]["hostname"] = manifest["host"]["cpu_model"] = "<img src=x onerror=alert(1)>"
    (stored_run / "run.json").write_text(json.dumps(manifest))
    page = page_of(cli, "run")
    assert "<script>alert" not in page and "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;b&gt;&amp;amp;$x" in page
    assert len(re.findall(r"<script", page)) == len(re.findall(r"</script>", page)) == 1


def test_several_runs_side_by_side(cli: CommandLine, stored_run: Path) -> None:
    other = Path(shutil.copytree(stored_run, cli.folder / "other"))
    manifest = json.loads((other / "run.json").read_text())
    manifest["versions"]["program"] = {"commit": "feedfacecafe"}
    (other / "run.json").write_text(json.dumps(manifest))
    own = (stored_run / "report.html").read_bytes()
    page = page_of(cli, "run", "other")
    assert (stored_run / "comparison.html").read_text(encoding="utf-8") == page
    assert (stored_run / "report.html").read_bytes() == own
    assert "Side by side" in page and "feedfacecafe" in page
    assert len(re.findall(r"<figure", page)) == 2 * len(re.findall(r"<figure", own.decode()))
    done = cli("report", "run", "other", "--out", "page.html")
    assert done.stdout == "page.html\n"
    links = re.findall(r'href="([^"#]+csv)"', (cli.folder / "page.html").read_text())
    assert links and all((cli.folder / link).is_file() for link in links)


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "DIR"),
        (["run", "run/../run"], "run: given twice"),
        (["run", "--out", "absent/page.html"], "there is no folder absent"),
        (["run", "--out", "run"], "is a folder"),
        (["run", "--text", "--out", "x"], "not allowed with"),
        (["absent"], "absent: no such folder"),
    ],
)
def test_what_is_refused(
    cli: CommandLine, stored_run: Path, arguments: List[str], said: str
) -> None:
    done = cli("report", *arguments)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


def test_the_text_fits_a_terminal(cli: CommandLine, stored_run: Path) -> None:
    text = cli("report", "--text", "run")
    assert text.returncode == 0
    assert max(map(len, text.stdout.splitlines())) <= 80
    first = answer(read_run(stored_run, "run"))[0].replace("`", "")
    assert f"- {first}" in " ".join(text.stdout.split())


def test_the_brief_page_is_small_and_prints_without_scripts(
    cli: CommandLine, stored_run: Path
) -> None:
    done = cli("report", "run", "--brief")
    assert (done.returncode, done.stdout) == (0, "run/brief.html\n")
    page = (stored_run / "brief.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 1_000_000
    assert "<script" not in page and "Not a result yet" in page


def test_markdown_for_a_pull_request(cli: CommandLine, stored_run: Path) -> None:
    text = cli("report", "run", "--format", "markdown").stdout
    assert text.startswith("### run\n\nNot a result yet, all designs (2 repetitions)")
    assert "\n| design | 1 thr |" in text and "\n| `hazard` |" in text
    assert len([line for line in text.splitlines() if line.startswith("|---")]) == 1


@pytest.mark.parametrize(
    "flags", ["--text --brief", "--brief --format csv", "--format pdf", "--brief run"]
)
def test_formats_that_do_not_go_together(cli: CommandLine, stored_run: Path, flags: str) -> None:
    assert cli("report", "run", *flags.split()).returncode == 2
