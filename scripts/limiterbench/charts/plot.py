"""Redraw every chart of a run from its records. The old ones stay until all new ones are there."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Callable, Sequence

from limiterbench.charts.catalogue import KINDS, Chart, charts_of
from limiterbench.charts.frame import use_style
from limiterbench.common.errors import HostError, InputError
from limiterbench.common.files import display, new_folder
from limiterbench.common.side_by_side import in_order
from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, FIGURES, open_run
from limiterbench.stats.series import group_records
from limiterbench.stats.summary import summarise
from limiterbench.stats.summary import write as write_summary


def draw(folder: Path) -> list[Path]:
    """The paths of the charts. Raises InputError before any existing chart is touched."""
    manifest = open_run(folder)
    records = read_records(folder / CELLS, manifest.plan.cells)
    charts = charts_of(folder, manifest, group_records(records))
    return draw_charts(folder, charts, lambda: write_summary(folder, summarise(manifest, records)))


def draw_charts(
    folder: Path, charts: Sequence[Chart], write_table: Callable[[], object] = lambda: None
) -> list[Path]:
    """Replaces the folder's charts by these; `write_table` writes what belongs beside them."""
    if not charts:
        raise InputError(f"{display(folder / CELLS)}: no repetition that can be drawn")
    figures = folder / FIGURES
    try:
        temporary = new_folder(folder, ".figures.")
    except OSError as error:
        raise InputError(f"{display(folder)}: {error.strerror}") from None
    try:
        drawn = _draw_all(charts, temporary)
        write_table()
        return _replace(figures, drawn)
    except OSError as error:
        raise HostError(f"{display(figures)}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _draw_all(charts: Sequence[Chart], folder: Path) -> list[Path]:
    use_style()

    def draw_one(index: int) -> list[Path]:
        chart = charts[index]
        return chart.draw().save(folder, chart.name)

    return [path for paths in in_order(draw_one, range(len(charts))) for path in paths]


def _replace(figures: Path, drawn: Sequence[Path]) -> list[Path]:
    figures.mkdir(exist_ok=True)
    names = {path.name for path in drawn}
    ours = re.compile(rf"({'|'.join(KINDS)})(_.*)?\.(svg|png|csv)")
    for old in figures.iterdir():
        # A chart of a cell that has no record any more would belong to no run.
        if ours.fullmatch(old.name) and old.name not in names:
            old.unlink()
    for path in drawn:
        os.replace(path, figures / path.name)
    return [figures / path.name for path in drawn]
