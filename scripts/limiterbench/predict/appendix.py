"""What was predicted for hosts that nobody measured: after all that was measured, and named so."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Callable, NamedTuple, Sequence

from markupsafe import Markup

from limiterbench.charts.catalogue import Chart
from limiterbench.charts.frame import Frame, use_style
from limiterbench.common import units
from limiterbench.common.side_by_side import in_order
from limiterbench.common.tidy import Line, Value
from limiterbench.predict.answers import (
    CLAIM_HEADS,
    HEADS,
    Prediction,
    answer_of,
    print_answer,
    read_prediction,
    span,
)
from limiterbench.predict.charts import BEHIND
from limiterbench.predict.folder import read_points, simulated_charts
from limiterbench.predict.points import Band
from limiterbench.records.run_folder import open_run
from limiterbench.report.command import each_once
from limiterbench.report.figure import whole
from limiterbench.report.gallery import Table, csv_link
from limiterbench.report.page import Appendix, fill

# What a chart shows, in words.
_SHOWN = {"scaling": units.rate, "load": units.time}


def read(folders: Sequence[Path]) -> list[Prediction]:
    return [read_prediction(folder) for folder in each_once(folders)]


def print_simulated(folders: Sequence[Path]) -> list[Path]:
    """Prints what the simulated ones answer; returns the others."""
    simulated = {folder: open_run(folder).simulated is not None for folder in folders}
    for folder in folders:
        if simulated[folder]:
            print_answer(read_prediction(folder))
    return [folder for folder in folders if not simulated[folder]]


def of(predictions: Sequence[Prediction]) -> Appendix | None:
    """What the page of a report says of them; None if there is none."""
    if not predictions:
        return None
    css = resources.files("limiterbench.predict").joinpath("appendix.css")
    return Appendix(lambda page: _section(predictions, page), css.read_text(encoding="utf-8"))


class _Figure(NamedTuple):
    scene: tuple[str | None, str | None]
    title: str
    subtitle: str
    svg: Markup
    caption: Sequence[str]
    numbers: Table
    csv: str


def _section(predictions: Sequence[Prediction], page: Path) -> Markup:
    use_style()
    shown = [
        (
            p,
            answer,
            Table(HEADS, answer.rows),
            Table(CLAIM_HEADS, answer.claimed),
            _figures(p, f"simulated-{number}", page),
        )
        for number, p in enumerate(predictions)
        for answer in [answer_of(p)]
    ]
    return fill("predict/appendix.html.jinja", predictions=shown)


def _figures(prediction: Prediction, place: str, page: Path) -> dict[str, list[_Figure]]:
    """By the name of their scenario and placement; what the answer is about comes first."""
    points = read_points(prediction.folder)
    charts = simulated_charts(prediction.manifest, points, prediction.loads)

    def draw(index: int) -> _Figure:
        return _figure(prediction, charts[index], f"{place}-{index}", page)

    # Each takes a good part of a second.
    figures = list(in_order(draw, range(len(charts))))
    first = (prediction.headline.scenario, prediction.headline.placement)
    scenes: dict[str, list[_Figure]] = {}
    for figure in sorted(figures, key=lambda figure: figure.scene != first):
        scenes.setdefault(f"{figure.scene[0]}, {figure.scene[1]}", []).append(figure)
    return scenes


def _figure(prediction: Prediction, chart: Chart, place: str, page: Path) -> _Figure:
    frame = chart.draw()
    title = f"{frame.title} · {prediction.name}"
    _lighten(frame)
    return _Figure(
        (chart.scenario, chart.placement),
        title,
        frame.subtitle,
        whole(frame, place, title),
        frame.caption,
        _bands(frame.rows, _SHOWN[chart.kind]),
        csv_link(prediction.folder, chart, page),
    )


def _lighten(frame: Frame) -> None:
    """The panels share their scale; what else compares them is most of the bytes. The page says in
    words what the look means, and in a table what the bands are."""
    frame.figure.legends.clear()
    for axes in frame.panels:
        axes.tick_params(which="both", left=False, bottom=False)
        behind = [bands for bands in axes.collections if bands.get_label() == BEHIND]
        dots = [line for line in axes.lines if line.get_linestyle() == "None"]
        for artist in (*behind, *dots):
            artist.remove()


def _bands(lines: Sequence[Line], label: Callable[[float], str]) -> Table:
    """A design a line, a thread count or a rate a column."""
    across = "threads" if "threads" in lines[0] else "rate_per_second"
    cells: dict[str, dict[Value, str]] = {}
    for line in lines:
        edges = Band(float(str(line["low"])), float(str(line["high"])))
        cells.setdefault(str(line["limiter"]), {})[line[across]] = span(edges, label)
    counts = sorted({float(str(line[across])) for line in lines})
    named = [str(int(n)) if across == "threads" else units.rate(n) for n in counts]
    heads = [f"simulated, by {'threads' if across == 'threads' else 'decisions a second'}", *named]
    return Table(heads, [[row, *(at.get(n, "–") for n in counts)] for row, at in cells.items()])
