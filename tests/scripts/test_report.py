"""The report: the answer is the records', the page needs nothing else, bad input is said."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Set

import pytest
from conftest import ROOT, CommandLine

from limiterbench.charts.catalogue import charts_of
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.report.answer import Number, answer
from limiterbench.report.chooser import chooser
from limiterbench.report.contest import THROUGHPUT, Contest, contest
from limiterbench.report.stored import StoredRun, read_run
from limiterbench.stats.series import Group, closed_loop
from limiterbench.stats.statistics import Summary
from limiterbench.stats.summary import write as write_summary

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


def test_every_number_of_the_answer_is_in_the_summary(tmp_path: Path, reference: StoredRun) -> None:
    """Shown with three digits; the summary has them all."""
    with write_summary(tmp_path, list(reference.lines.values())).open(encoding="utf-8") as file:
        lines = {
            (row["limiter"], row["scenario"], row["placement"], row["threads"]): row
            for row in csv.DictReader(file)
        }
    claims = answer(reference)
    numbers = [part for claim in claims for part in claim.parts if isinstance(part, Number)]
    assert len(numbers) > 10
    for number in numbers:
        cell = number.cell
        line = lines[(cell.limiter, cell.scenario, cell.placement, str(cell.threads))]
        value = float(line[number.column])
        assert in_plain(number.text) == pytest.approx(value, rel=0.006), number
    words = [part for claim in claims for part in claim.parts if isinstance(part, str)]
    # The budget and the rate are chosen.
    assert not re.search(r"\d", re.sub(r"p99|10 µs|1 M a second", "", "".join(words)))


def in_plain(text: str) -> float:
    match = re.fullmatch(r"([\d.,]+)(x| [a-zµGMk%]+)?", text)
    assert match, text
    factors = {"G": 1e9, "M": 1e6, "k": 1e3, "s": 1e9, "ms": 1e6, "µs": 1e3, "%": 0.01}
    return float(match[1].replace(",", "")) * factors.get((match[2] or "").strip(), 1)


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


def test_overlapping_rows_are_not_told_apart(stored_run: Path) -> None:
    change(stored_run, faster("rwmutex", [1.0, 1.2]))
    change(stored_run, faster("hazard", [1.1, 1.3]))
    claims = answer(read_run(stored_run, "run"))
    assert "hazard decides" in claims[0].text
    assert "no detectable difference from rwmutex" in claims[0].text
    assert "as often as" not in claims[0].text


def test_rows_that_do_not_overlap_have_a_ratio_with_its_interval(stored_run: Path) -> None:
    change(stored_run, faster("rwmutex", [1.0, 1.1]))
    change(stored_run, faster("hazard", [2.2, 3.3]))
    first = answer(read_run(stored_run, "run"))[0].text
    assert "2.62x (2.2x to 3x) as often as rwmutex" in first
    assert "The slowest of its 2 repetitions beat every other exact design's fastest." in first


def test_an_interval_of_one_repetition_tells_nothing_apart() -> None:
    assert not Summary(1, 1, 1, 1).apart_from(Summary(1, 9, 9, 9))
    assert Summary(2, 1, 1, 2).apart_from(Summary(2, 9, 3, 9))
    assert not Summary(2, 1, 1, 2).apart_from(Summary(2, 9, 2, 9))
    assert not Summary(2, 20, 20, 20, step=10).apart_from(Summary(2, 30, 30, 30, step=10))


def test_no_row_is_called_fastest_where_any_is_faster_for_certain(
    reference: StoredRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In overload the row with the highest median overlaps the headline's best; others do not."""

    def overlapping(run: StoredRun, group: Group, threads: int) -> Contest:
        field = contest(run, group, threads)
        if group.scenario == "overload":
            top, low = field.exact()[0], "throughput_low_per_second"
            as_low: Line = {**top.line, low: field.entrants["leased_rseq"].known(low)}
            field.entrants[top.row] = replace(top, line=as_low)
        return field

    monkeypatch.setattr("limiterbench.report.answer.contest", overlapping)
    group = reference.group("overload", "compact")
    assert group is not None
    field = overlapping(reference, group, 2)
    mine = field.entrants["leased_rseq"]
    above = [entrant.row for entrant in THROUGHPUT.better(mine, field.exact())]
    assert above and not field.exact()[0].throughput.apart_from(mine.throughput)
    claim = next(c.text for c in answer(reference) if "fastest, or shows no" in c.text)
    assert f"In overload, {above[0]}" in claim
    assert "overload" not in claim.split("fastest, or shows no")[1]


def test_unequal_reloads_are_not_ranked(reference: StoredRun) -> None:
    group = reference.group("reload_storm", "compact")
    assert group is not None
    reloads = {
        row: float(str(entrant.line["reloads_median_per_second"]))
        for row, entrant in contest(reference, group, 2).entrants.items()
    }
    least, most = min(reloads, key=reloads.__getitem__), max(reloads, key=reloads.__getitem__)
    assert [claim.text for claim in answer(reference) if "reload_storm" in claim.text] == [
        f"reload_storm is not ranked: the designs achieved {units.rate(reloads[least])} ({least}) "
        f"to {units.rate(reloads[most])} ({most}) reloads a second, so their work was unequal; the "
        "writer shared a measured thread's CPU, so the scheduler decided who ran."
    ]


def reloaded(counts: Dict[str, int], shares_cpu: bool) -> Callable[[Lines], Lines]:
    def how(lines: Lines) -> Lines:
        for line in lines:
            line["publishes"]["count"] = counts[line["limiter"]]
            line["writer_shares_cpu"] = shares_cpu
        return lines

    return how


@pytest.mark.parametrize(
    "counts, shares_cpu, said",
    [
        ({"rwmutex": 900, "hazard": 300}, False, ", so their work was unequal."),
        ({"rwmutex": 300, "hazard": 300}, True, "; the writer shared a measured thread's CPU, so"),
        ({"rwmutex": 500, "hazard": 300}, False, ""),
        # By chance, in so short a phase.
        ({"rwmutex": 1, "hazard": 0}, True, ""),
    ],
)
def test_where_the_reloads_of_the_headline_decide_nothing_is_ranked(
    cli: CommandLine, stored_run: Path, counts: Dict[str, int], shares_cpu: bool, said: str
) -> None:
    change(stored_run, faster("rwmutex", [1.0, 1.1]))
    change(stored_run, reloaded(counts, shares_cpu))
    claims = [claim.text for claim in answer(read_run(stored_run, "run"))]
    assert claims[0].startswith("steady is not ranked: the designs achieved ") == bool(said)
    assert said in claims[0]
    assert any("decides" in text for text in claims) != bool(said)
    text = cli("report", "--text", "run").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert ("steady, compact, at 2 threads, most decisions first, no ranking" in text) == bool(said)
    assert bool(re.search(r"^design +steady +reloads/s$", text, re.MULTILINE)) == bool(said)


def test_a_sweep_of_the_load_is_no_closed_loop(reference: StoredRun) -> None:
    found = chooser([reference])
    assert found is not None
    assert {field.title.split(",")[0] for field in found.fields} == {
        g.scenario for g in closed_loop(reference.groups)
    }
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
NONE_STANDS_OUT = "No noisy cell beyond what this host always takes"


@pytest.mark.parametrize(
    "shares, said",
    [
        ({}, NONE_STANDS_OUT),
        ({0: 0.1, 1: 0.1}, NONE_STANDS_OUT),
        ({0: 0.11, 1: 0.12}, "1 noisy cell beyond what this host always takes"),
    ],
)
def test_where_all_are_disturbed_only_what_stands_out_is_named(
    cli: CommandLine, stored_run: Path, shares: Dict[int, float], said: str
) -> None:
    change(stored_run, losing(shares))
    words = f"{NEARLY} (median 5 % of its CPUs' time lost, or of the worst one's)"
    page = html.unescape(page_of(cli, "run"))
    assert words in page and said in page
    assert "repetitions were disturbed by the host, for example" not in page
    text = " ".join(cli("report", "--text", "run").stdout.split())
    assert f"Beware: {words}." in text and text.endswith(words)


def test_a_share_that_is_not_known_is_not_said(stored_run: Path) -> None:
    noise = {"flagged": True, "reasons": ["hiccups"]}
    change(stored_run, lambda lines: [{**line, "noise": noise} for line in lines])
    assert f"{NEARLY}." in read_run(stored_run, "run").missing


def test_a_ratio_to_what_the_clock_cannot_show_has_one_side(reference: StoredRun) -> None:
    tail = answer(reference)[1].text
    assert re.search(r"is at least [\d.]+x as long. leased_rseq is faster than the timer can", tail)
    assert re.search(r"an empty decision already reads \d+ ns", tail)


def test_more_threads_than_cpus_are_said(stored_run: Path) -> None:
    change(stored_run, lambda lines: [line for line in lines if line["threads"] == 2])
    about = json.loads((stored_run / "run.json").read_text())
    about["topology"]["cpus"] = 1
    (stored_run / "run.json").write_text(json.dumps(about))
    run = read_run(stored_run, "run")
    assert "In steady at 2 threads, more threads than the 1 CPU, " in answer(run)[0].text
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
        (without("footprint", "noise", "cpus"), "not recorded"),
        (lambda lines: [x for x in lines if x["limiter"] != "rwmutex"], "rwmutex was not measured"),
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
    assert ('id="choose"' in page) == measured
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
    claims = " ".join(claim.text for claim in answer(run))
    assert "decides" in claims and " 0 ns" not in claims
    page = page_of(cli, "run")
    figures = re.findall(r"<figure[^>]*><h3>([^·<]*) · ", page)
    assert {"Throughput against threads", "Fairness across threads"} <= set(figures)
    assert ("p99 against threads" in figures) == (len(rows) == 1)
    assert ("Latency percentiles" in figures) == (len(rows) == 1)
    for line in run.lines.values():
        assert line["throughput_median_per_second"] is not None
        assert (line["p99_median_ns"] is None) == (line["limiter"] in rows)
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
    first = answer(read_run(stored_run, "run"))[0].text
    assert f"- {first}" in " ".join(text.stdout.split())
