"""The ranking in the terminal, in at most 80 columns."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List

from limiterbench.common import units
from limiterbench.predict.charts import Scene
from limiterbench.predict.folder import read_points, scenes_of
from limiterbench.predict.points import Band, Value, p99, throughput
from limiterbench.predict.ranking import MARGIN, Rows, rank
from limiterbench.records.manifest import Manifest

NOT_DECIDED = "not decided by this model"


def _band(value: Band, label: Callable[[float], str]) -> str:
    return f"{label(value.low):>8} … {label(value.high):<8}"


def rows_at(scene: Scene) -> Rows:
    return {row: at[scene.threads] for row, at in scene.sheet.items() if scene.threads in at}


def _table(
    rows: Rows, title: str, value: Value, label: Callable[[float], str], lower: bool
) -> List[str]:
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
    rows = rows_at(scene)
    at = units.count(scene.threads, "thread")
    lines = [f"SIMULATED: {host}, {scene.scenario}, {at}"]
    lines += _table(rows, "decisions a second", throughput, units.rate, lower=False)
    lines += _table(rows, "p99 of one decision", p99, units.time, lower=True)
    return "\n".join(lines)


_ABOUT_PLACES = (
    "A row is placed before another only where every policy and every alpha agree\n"
    f"on it, by more than a factor of {MARGIN:g}."
)


def rankings_of(folder: Path, manifest: Manifest) -> str:
    """Of every scenario of a stored prediction."""
    name = str((manifest.simulated or {}).get("host", {}).get("name"))
    scenes = scenes_of(manifest, read_points(folder)).values()
    return "\n\n".join([*(_ranking(name, scene) for scene in scenes), _ABOUT_PLACES])
