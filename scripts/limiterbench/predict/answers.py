"""What a prediction is asked: does one counter scale, and how much longer does the lock's tail get?

In bands, and only where the simulations say something.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Callable, NamedTuple

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.predict import folder as folders
from limiterbench.predict.charts import Scene
from limiterbench.predict.points import (
    MARGIN,
    TABLE,
    Band,
    Rows,
    Value,
    band,
    fairness,
    p99,
    rank,
    ratio,
    throughput,
)
from limiterbench.records import run_folder
from limiterbench.records.fields import BadField, Fields
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import UNEQUAL

# The row that one shared counter is all there is to, and the one that the question is asked of.
COUNTER = "hazard"
LOCKED = "rwmutex"
UNLIMITED = "unlimited"
HEADLINE = "steady"
# By how much a locked configuration's p99 was said to be longer, at 64 threads.
CLAIMED = 40


HEADS = ("design", "decisions/s", "p99", f"p99 of `{LOCKED}` ÷ its p99")
_UNKNOWN = "–"
NOT_DECIDED = "not decided by this model"


class Prediction(NamedTuple):
    """One host's stored prediction."""

    folder: Path
    manifest: Manifest
    scenes: dict[str, Scene]

    @property
    def name(self) -> str:
        return str((self.manifest.simulated or {}).get("host", {}).get("name"))

    @property
    def headline(self) -> Scene:
        """What the answers are about."""
        return self.scenes.get(HEADLINE) or self.scenes[min(self.scenes)]


class Answer(NamedTuple):
    """Names of rows stand in backticks."""

    about: str
    scales: str
    tails: str
    claim: str
    """Empty where the locked row is missing."""
    rows: list[list[str]]
    """As in HEADS, in the order of the places that their p99 can have, the lowest first."""
    unequal: dict[str, float]
    """Of the rows that some simulation served its threads unequally in, the least index."""


def read_prediction(folder: Path) -> Prediction:
    """Raises InputError if the folder is none."""
    if folder.is_dir() and not run_folder.is_run(folder):
        raise InputError(f"{display(folder)}: not a prediction: it has no {run_folder.RUN_JSON}")
    manifest = run_folder.open_run(folder)
    if manifest.simulated is None:
        raise InputError(f"{display(folder)}: not a prediction: it was measured")
    try:
        Fields(manifest.simulated, "simulated").object("host").text("name")
    except BadField as error:
        raise InputError(f"{display(folder / run_folder.RUN_JSON)}: {error}") from None
    points = folders.read_points(folder)
    if not points:
        raise InputError(f"{display(folder / TABLE)}: no simulation that can be shown")
    return Prediction(folder, manifest, folders.scenes_of(manifest, points))


def span(value: Band, label: Callable[[float], str]) -> str:
    if math.isinf(value.high):
        return "not known"
    low, high = label(value.low), label(value.high)
    return low if low == high else f"{low} to {high}"


def _times(value: float) -> str:
    if value < 0.01:
        return "under 0.01"
    return f"{value:,.0f}" if value >= 20 else f"{value:.2g}"


def answer_of(prediction: Prediction) -> Answer:
    scene = prediction.headline
    rows = scene.rows
    at = units.count(scene.threads, "thread")
    return Answer(
        f"{prediction.name}, SIMULATED, {scene.scenario}, {at}",
        f"Does one atomic counter scale linearly? {_scales(scene)}",
        _tails(rows),
        _claim(rows),
        _lines(rows),
        _unequal(rows),
    )


def _unequal(rows: Rows) -> dict[str, float]:
    """Their p99 comes from starvation: those who wait hardly decide anything."""
    least = {row: band(points, fairness).low for row, points in rows.items()}
    return {f"`{row}`": low for row, low in sorted(least.items()) if low < UNEQUAL}


def _scaling_of(scene: Scene, row: str) -> Band | None:
    """By how much `scene.threads` threads do more than one."""
    points = scene.sheet.get(row, {})
    if scene.threads == 1 or not {1, scene.threads} <= set(points):
        return None
    return ratio(points[scene.threads], points[1], throughput)


def _scales(scene: Scene) -> str:
    scaling = _scaling_of(scene, COUNTER)
    if scaling is None:
        return f"Not known: it takes `{COUNTER}` with 1 thread and with several."
    verdict = "It may" if scaling.low > scene.threads / 2 else "No"
    return (
        f"{verdict}: `{COUNTER}` does {span(scaling, _times)} "
        f"times what one thread does, not {scene.threads}."
    )


def _tails(rows: Rows) -> str:
    if LOCKED not in rows:
        return f"`{LOCKED}` was not simulated: there is no ratio to its p99."
    return (
        f"How much longer is the p99 of `{LOCKED}`? The last column divides it by the design's "
        "own. Both are of a closed loop, where a lock that starves most threads can have a low p99."
    )


def _claim(rows: Rows) -> str:
    """Where the claimed ratio lies in each row's band."""
    if LOCKED not in rows:
        return ""
    others = {row: at for row, at in rows.items() if row not in (LOCKED, UNLIMITED)}
    bands = {row: ratio(rows[LOCKED], at, p99) for row, at in others.items()}
    sure = [f"`{row}`" for row, found in bands.items() if found.low >= CLAIMED]
    never = [f"`{row}`" for row, found in bands.items() if found.high < CLAIMED]
    left = len(bands) - len(sure) - len(never)
    return (
        f"A factor of {CLAIMED} or more, as has been claimed for such a lock: in every simulation "
        f"for {', '.join(sure) or 'no design'}, in no simulation for "
        f"{', '.join(never) or 'no design'}, not decided by this model for {left} of {len(bands)}."
    )


def _lines(rows: Rows) -> list[list[str]]:
    return [
        [
            f"`{entry.row}`",
            span(band(rows[entry.row], throughput), units.rate),
            span(entry.value, units.time),
            span(ratio(rows[LOCKED], rows[entry.row], p99), _times) if LOCKED in rows else _UNKNOWN,
        ]
        for entry in rank(rows, p99, lower_is_better=True).placed
    ]


def _band(value: Band, label: Callable[[float], str]) -> str:
    return f"{label(value.low):>8} … {label(value.high):<8}"


def _table(
    rows: Rows, title: str, value: Value, label: Callable[[float], str], lower: bool
) -> list[str]:
    ranking = rank(rows, value, lower)
    pairs = len(rows) * (len(rows) - 1) // 2
    lines = [f"{title:<40}place"]
    lines += [
        f"  {entry.row:<16} {_band(entry.value, label)}  {entry.places('-'):>5}"
        for entry in ranking.placed
    ]
    undecided = len(ranking.undecided)
    lines.append(f"  {undecided} of {pairs} pairs: {NOT_DECIDED}")
    return lines


def _ranking(host: str, scene: Scene) -> str:
    rows = scene.rows
    at = units.count(scene.threads, "thread")
    lines = [f"SIMULATED: {host}, {scene.scenario}, {at}"]
    lines += _table(rows, "decisions a second", throughput, units.rate, lower=False)
    lines += _table(rows, "p99 of one decision", p99, units.time, lower=True)
    return "\n".join(lines)


_ABOUT_PLACES = (
    "A row is placed before another only where every policy and every alpha agree\n"
    f"on it, by more than a factor of {MARGIN:g}."
)


def rankings_of(prediction: Prediction) -> str:
    """In the terminal, in at most 80 columns: every scenario's, by throughput and by p99."""
    scenes = prediction.scenes.values()
    return "\n\n".join([*(_ranking(prediction.name, scene) for scene in scenes), _ABOUT_PLACES])
