"""What was predicted for hosts that nobody measured: after all that was measured, and named so.

Of each scenario the charts of throughput and p99: percentiles would double what the page holds,
and say little more of a band.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from limiterbench import units
from limiterbench.charts.catalogue import Chart
from limiterbench.charts.frame import Frame, use_style
from limiterbench.prediction.answers import HEADS, Prediction, answer_of, span
from limiterbench.prediction.charts import BEHIND
from limiterbench.prediction.folder import read_points, simulated_charts
from limiterbench.prediction.points import Band
from limiterbench.report.figure import whole
from limiterbench.report.html import Html, join, table, tag, text
from limiterbench.report.numbers import folded
from limiterbench.run_folder import FIGURES
from limiterbench.side_by_side import in_order
from limiterbench.tidy import Line, Value

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


def section(predictions: Sequence[Prediction], page: Path) -> Html:
    """`page` is the file that will hold it."""
    if not predictions:
        return Html("")
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
