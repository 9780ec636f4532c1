"""Redraw every chart of a run from its records. The old ones stay until all new ones are there."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import List, Sequence

from limiterbench.charts.frame import use_style
from limiterbench.charts.load import has_sweep, load
from limiterbench.charts.percentiles import percentiles
from limiterbench.charts.threads import p99, scaling
from limiterbench.errors import InputError
from limiterbench.files import display
from limiterbench.legends import legends_of
from limiterbench.manifest import Manifest
from limiterbench.records import read_records
from limiterbench.run_folder import CELLS, FIGURES, open_run
from limiterbench.series import Group, group_records

_CHARTS = {"scaling": scaling, "p99": p99, "percentiles": percentiles, "load": load}
_PLAIN_PLACEMENT = "compact"


def _suffix(group: Group) -> str:
    placement = "" if group.placement == _PLAIN_PLACEMENT else f"_{group.placement}"
    return f"{group.scenario}{placement}"


def draw(folder: Path) -> List[Path]:
    """The paths of the charts. Raises InputError before any existing chart is touched."""
    manifest = open_run(folder)
    groups = [
        group
        for group in group_records(read_records(folder / CELLS, manifest.plan.cells))
        if group.limiters
    ]
    if not groups:
        raise InputError(f"{display(folder / CELLS)}: no repetition that can be drawn")
    figures = folder / FIGURES
    try:
        temporary = Path(tempfile.mkdtemp(prefix=".figures.", dir=folder))
    except OSError as error:
        raise InputError(f"{display(folder)}: {error.strerror}") from None
    try:
        drawn = _draw_all(manifest, groups, temporary)
        return _replace(figures, drawn)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _draw_all(manifest: Manifest, groups: Sequence[Group], folder: Path) -> List[Path]:
    use_style()
    names = {row for group in groups for row in group.limiters}
    names |= {cell.limiter for cell in manifest.plan.cells}
    legends = legends_of(names)
    drawn: List[Path] = []
    for group in groups:
        for chart, make in _CHARTS.items():
            if make is load and not has_sweep(group):
                continue
            drawn += make(manifest, group, legends).save(folder, f"{chart}_{_suffix(group)}")
    return drawn


def _replace(figures: Path, drawn: Sequence[Path]) -> List[Path]:
    figures.mkdir(exist_ok=True)
    names = {path.name for path in drawn}
    ours = re.compile(rf"({'|'.join(_CHARTS)})_.*\.(svg|png)")
    for old in figures.iterdir():
        # A chart of a cell that has no record any more would belong to no run.
        if ours.fullmatch(old.name) and old.name not in names:
            old.unlink()
    for path in drawn:
        os.replace(path, figures / path.name)
    return [figures / path.name for path in drawn]
