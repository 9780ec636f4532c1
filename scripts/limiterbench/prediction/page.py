"""What the stored predictions say, as Markdown: in README, in docs/ and beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Sequence

from limiterbench import run_folder, units
from limiterbench.manifest import Manifest
from limiterbench.prediction import folder as folders
from limiterbench.prediction.charts import Scene
from limiterbench.prediction.points import Band, band, p99, ratio, throughput
from limiterbench.prediction.ranking import rank
from limiterbench.prediction.show import NOT_DECIDED, rows_at
from limiterbench.prediction.validate import SENSITIVE_HOST, folder_of

# The row that one shared counter is all there is to, and the one that the question is asked of.
COUNTER = "hazard"
LOCKED = "rwmutex"
HEADLINE = "steady"


class Prediction(NamedTuple):
    """One host's stored prediction."""

    folder: Path
    manifest: Manifest
    scenes: Dict[str, Scene]

    @property
    def name(self) -> str:
        return str((self.manifest.simulated or {}).get("host", {}).get("name"))


def stored(root: Path) -> List[Prediction]:
    """The one that the figures are tried on first."""
    found: List[Prediction] = []
    folder = folder_of(root)
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if run_folder.is_run(path):
            manifest = run_folder.open_run(path)
            points = folders.read_points(path)
            found.append(Prediction(path, manifest, folders.scenes_of(manifest, points)))
    return sorted(found, key=lambda p: (p.folder.name != SENSITIVE_HOST, p.folder.name))


def span(value: Band, label: Callable[[float], str]) -> str:
    low, high = label(value.low), label(value.high)
    return low if low == high else f"{low} to {high}"


def _times(value: float) -> str:
    if value < 0.01:
        return "under 0.01"
    return f"{value:,.0f}" if value >= 20 else f"{value:.2g}"


def _scaling_of(scene: Scene, row: str) -> Band:
    """By how much `scene.threads` threads do more than one."""
    points = scene.sheet[row]
    return ratio(points[scene.threads], points[min(points)], throughput)


def answer(prediction: Prediction) -> List[str]:
    """The two questions, in bands."""
    scene = prediction.scenes[HEADLINE]
    at = units.count(scene.threads, "thread")
    rows = rows_at(scene)
    scaling = _scaling_of(scene, COUNTER)
    linear = scaling.low > scene.threads / 2
    lines = [
        f"**{prediction.name}, SIMULATED, {HEADLINE}, {at}.** Does one atomic counter scale "
        f"linearly? {'It may' if linear else 'No'}: `{COUNTER}` does {span(scaling, _times)} "
        f"times what one thread does, not {scene.threads}. How much longer is the p99 of "
        f"`{LOCKED}` than that of … (of a decision in a closed loop: a thread that is kept waiting "
        "asks for nothing else, so that a lock which starves most threads can have a low p99)",
        "",
        "| row | decisions/s | p99 | p99 of `rwmutex` ÷ p99 of row |",
        "|---|---:|---:|---:|",
    ]
    for entry in rank(rows, p99, lower_is_better=True).placed:
        ratios = ratio(rows[LOCKED], rows[entry.row], p99)
        lines.append(
            f"| `{entry.row}` | {span(band(rows[entry.row], throughput), units.rate)} | "
            f"{span(entry.value, units.time)} | {span(ratios, _times)} |"
        )
    return lines


def ranking(prediction: Prediction) -> List[str]:
    """The places that a row can have, in each scenario."""
    names = list(prediction.scenes)
    threads = prediction.scenes[names[0]].threads
    ranked = {name: rank(rows_at(scene), throughput) for name, scene in prediction.scenes.items()}
    order = [entry.row for entry in ranked[HEADLINE if HEADLINE in ranked else names[0]].placed]
    places: Dict[str, Dict[str, str]] = {
        name: {
            entry.row: f"{entry.first}"
            if entry.first == entry.last
            else f"{entry.first}–{entry.last}"
            for entry in found.placed
        }
        for name, found in ranked.items()
    }
    pairs = len(order) * (len(order) - 1) // 2
    lines = [
        f"Places by throughput with {units.count(threads, 'thread')}:",
        "",
        f"| row | {' | '.join(names)} |",
        "|---" + "|---:" * len(names) + "|",
        *(f"| `{row}` | {' | '.join(places[n].get(row, '-') for n in names)} |" for row in order),
    ]
    undecided = " | ".join(f"{len(ranked[name].undecided)} of {pairs}" for name in names)
    return [*lines, f"| pairs {NOT_DECIDED} | {undecided} |"]


def charts(prediction: Prediction, base: Path, names: Sequence[str]) -> List[str]:
    figures = prediction.folder / run_folder.FIGURES
    return [
        f"![SIMULATED: {name.replace('_', ' ')}, {prediction.name}]"
        f"({(figures / name).relative_to(base)}.svg)"
        for name in names
    ]
