"""What was predicted for hosts that nobody measured: after all that was measured, and named so.

Of each scenario the charts of throughput and p99: percentiles would double what the page holds,
and say little more of a band.
"""

from __future__ import annotations

import textwrap
from importlib import resources
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from limiterbench.charts.catalogue import Chart
from limiterbench.charts.frame import Frame, use_style
from limiterbench.common import units
from limiterbench.common.side_by_side import in_order
from limiterbench.common.text_table import TextTable
from limiterbench.common.tidy import Line, Value
from limiterbench.predict.answers import HEADS, Prediction, answer_of, read_prediction, span
from limiterbench.predict.charts import BEHIND
from limiterbench.predict.folder import read_points, simulated_charts
from limiterbench.predict.points import Band
from limiterbench.predict.show import rankings_of
from limiterbench.records.run_folder import FIGURES, open_run
from limiterbench.report.command import each_once
from limiterbench.report.figure import whole
from limiterbench.report.html import Html, join, table, tag, text
from limiterbench.report.numbers import folded
from limiterbench.report.page import Appendix
from limiterbench.report.text import WIDTH, item

# What a chart shows, in words.
_SHOWN = {"scaling": units.rate, "p99": units.time}
_ABOUT = (
    "A model's answer for a host that nobody measured here, as bands from the lowest to the "
    "highest simulation, with no middle. Where such a machine can be had for an hour, measure it. "
    "Believe no difference between rows whose bands overlap, nor one that is less than the "
    "model's own error, and no p99 as a number. docs/prediction.md says what the model leaves "
    "out, how far off it was where that could be measured, and when not to use it."
)
_LOOK = (
    "A panel a row, all on one scale, the one with the highest band at the most threads first; "
    "dotted: the row's own perfect scaling from one thread."
)


def read(folders: Sequence[Path]) -> List[Prediction]:
    return [read_prediction(folder) for folder in each_once(folders)]


def print_rankings(folders: Sequence[Path]) -> List[Path]:
    """Of the simulated ones; returns the others."""
    simulated = {folder: open_run(folder).simulated is not None for folder in folders}
    for folder in folders:
        if simulated[folder]:
            print(rankings_of(folder, open_run(folder)))
    return [folder for folder in folders if not simulated[folder]]


def print_answers(predictions: Sequence[Prediction]) -> None:
    """After all that was measured, and named so."""
    for prediction in predictions:
        found = answer_of(prediction)
        print()
        print("\n".join(textwrap.wrap(f"SIMULATED, not measured: {prediction.name}", WIDTH)))
        for words in (found.about, found.scales, found.tails):
            print("\n".join(item(words.replace("`", ""))))
        table = TextTable(*(head.replace("`", "") for head in (*HEADS[:-1], "ratio")))
        for row, *cells in found.rows:
            table.add(row.strip("`"), *cells)
        print(table)
        if found.claim:
            print("\n".join(item(found.claim.replace("`", ""))))


def of(predictions: Sequence[Prediction]) -> Optional[Appendix]:
    """What the page of a report says of them; None if there is none."""
    if not predictions:
        return None
    css = resources.files("limiterbench.predict").joinpath("appendix.css")
    return Appendix(lambda page: _section(predictions, page), css.read_text(encoding="utf-8"))


def _section(predictions: Sequence[Prediction], page: Path) -> Html:
    use_style()
    parts = [_one(p, f"simulated-{number}", page) for number, p in enumerate(predictions)]
    return tag("section", parts, id="simulated")


def _one(prediction: Prediction, place: str, page: Path) -> Html:
    answer = answer_of(prediction)
    return tag(
        "div",
        tag("h2", f"SIMULATED, not measured: {prediction.name}"),
        tag("p", _ABOUT),
        tag("h3", answer.about),
        tag("p", in_code(answer.scales)),
        tag("p", in_code(answer.tails)),
        table([*map(in_code, HEADS)], [[*map(in_code, cells)] for cells in answer.rows]),
        tag("p", in_code(answer.claim)) if answer.claim else "",
        _charts(prediction, place, page),
        class_="simulated",
    )


def in_code(words: str) -> Html:
    """What stands in backticks is code."""
    parts = words.split("`")
    return join(tag("code", part) if n % 2 else text(part) for n, part in enumerate(parts))


def _charts(prediction: Prediction, place: str, page: Path) -> Html:
    """By scenario; what the answer is about comes first, and open."""
    found = simulated_charts(prediction.manifest, read_points(prediction.folder))
    charts = [chart for chart in found if chart.kind in _SHOWN]

    def draw(index: int) -> Html:
        return _figure(prediction, charts[index], f"{place}-{index}", page)

    # Each takes a good part of a second.
    figures = list(in_order(draw, range(len(charts))))
    first = (prediction.headline.scenario, prediction.headline.placement)
    scenes = list({(chart.scenario, chart.placement): None for chart in charts})
    parts = [
        tag(
            "details",
            tag("summary", f"SIMULATED: {scenario}, {placement}"),
            tag("div", _of(scene, charts, figures), class_="charts"),
            class_="scenario",
            open=scene == first,
        )
        for scene in sorted(scenes, key=lambda scene: scene != first)
        for scenario, placement in [scene]
    ]
    return join([tag("p", _LOOK, class_="small"), *parts])


def _of(
    scene: Tuple[Optional[str], Optional[str]], charts: Sequence[Chart], figures: Sequence[Html]
) -> List[Html]:
    return [f for c, f in zip(charts, figures) if (c.scenario, c.placement) == scene]


def _figure(prediction: Prediction, chart: Chart, place: str, page: Path) -> Html:
    frame = chart.draw()
    title = f"{frame.title} · {prediction.name}"
    _lighten(frame)
    file = prediction.folder / FIGURES / f"{chart.name}.csv"
    return tag(
        "figure",
        tag("h3", title),
        tag("p", frame.subtitle, class_="small"),
        tag("div", whole(frame, place, title, {}), class_="whole"),
        tag("figcaption", [tag("p", line) for line in frame.caption]),
        folded(_bands(frame.rows, _SHOWN[chart.kind]), file, page),
        class_="chart",
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


def _bands(lines: Sequence[Line], label: Callable[[float], str]) -> Html:
    """A row a line, a thread count a column."""
    cells: Dict[str, Dict[Value, str]] = {}
    for line in lines:
        edges = Band(float(str(line["low"])), float(str(line["high"])))
        cells.setdefault(str(line["limiter"]), {})[line["threads"]] = span(edges, label)
    counts = sorted({int(str(line["threads"])) for line in lines})
    heads = ["simulated, by threads", *map(str, counts)]
    return table(heads, [[row, *(at.get(n, "–") for n in counts)] for row, at in cells.items()])
