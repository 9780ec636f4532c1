"""What the stored predictions say, as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Sequence

from limiterbench.common import units
from limiterbench.predict.answers import (
    HEADLINE,
    HEADS,
    Answer,
    Prediction,
    answer_of,
    read_prediction,
)
from limiterbench.predict.points import throughput
from limiterbench.predict.ranking import rank
from limiterbench.predict.show import NOT_DECIDED, rows_at
from limiterbench.predict.validate import SENSITIVE_HOST, folder_of
from limiterbench.records import run_folder
from limiterbench.records.records import UNEQUAL

_MARK = "†"


def stored(root: Path) -> List[Prediction]:
    """The one that the figures are tried on first."""
    folder = folder_of(root)
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [read_prediction(path) for path in paths if run_folder.is_run(path)]
    return sorted(found, key=lambda p: (p.folder.name != SENSITIVE_HOST, p.folder.name))


def answer(prediction: Prediction) -> List[str]:
    """The two questions, in bands."""
    found = answer_of(prediction)
    return [
        f"**{found.about}.** {found.scales} {found.tails}",
        "",
        f"| {' | '.join(HEADS)} |",
        "|---" + "|---:" * (len(HEADS) - 1) + "|",
        *(f"| {' | '.join(_marked(cells, found))} |" for cells in found.rows),
        *(["", found.claim] if found.claim else []),
        *_note(found),
    ]


def _marked(cells: Sequence[str], answer: Answer) -> List[str]:
    row, *values = cells
    return [f"{row} {_MARK}" if row in answer.unequal else row, *values]


def _note(answer: Answer) -> List[str]:
    if not answer.unequal:
        return []
    least = ", ".join(f"{row} {low:.2g}" for row, low in answer.unequal.items())
    return [
        "",
        f"{_MARK} In at least one simulation threads are served unequally: Jain's index is below "
        f"{UNEQUAL:g}. At one over the number of threads, one decides and the others wait. The p99 "
        "then says who waits, not what a decision costs, and can be low, because a starved thread "
        f"records few slow samples. The least index: {least}.",
    ]


def ranking(prediction: Prediction) -> List[str]:
    """The places that a design can have, in each scenario."""
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
        f"| design | {' | '.join(names)} |",
        "|---" + "|---:" * len(names) + "|",
        *(f"| `{row}` | {' | '.join(places[n].get(row, '-') for n in names)} |" for row in order),
    ]
    undecided = " | ".join(f"{len(ranked[name].undecided)} of {pairs}" for name in names)
    return [*lines, f"| pairs {NOT_DECIDED} | {undecided} |"]


def chart(prediction: Prediction, base: Path, name: str) -> str:
    path = prediction.folder / run_folder.FIGURES / f"{name}.svg"
    title = f"SIMULATED: {name.replace('_', ' ')}, {prediction.name}"
    return f"![{title}]({path.relative_to(base)})"
