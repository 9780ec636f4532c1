"""`report`: reads the runs, writes the page or prints the text."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional, Sequence

from limiterbench.errors import InputError
from limiterbench.files import display, replace_text
from limiterbench.prediction.answers import Prediction, read_prediction
from limiterbench.prediction.show import rankings_of
from limiterbench.report.page import render
from limiterbench.report.stored import StoredRun, read_run
from limiterbench.report.text import print_predictions, print_text
from limiterbench.run_folder import open_run

PAGE = "report.html"
# Beside the first run's own report, which stays.
PAGE_OF_SEVERAL = "comparison.html"


def read_runs(folders: Sequence[Path]) -> List[StoredRun]:
    """Named so that they can be told apart. Raises InputError."""
    resolved = _each_once(folders)
    names = [folder.name for folder in resolved]
    alike = {name for name in names if names.count(name) > 1}
    return [
        read_run(folder, display(folder) if name in alike else name)
        for folder, name in zip(folders, names)
    ]


def read_predictions(folders: Sequence[Path]) -> List[Prediction]:
    return [read_prediction(folder) for folder in _each_once(folders)]


def _each_once(folders: Sequence[Path]) -> List[Path]:
    resolved = [folder.resolve() for folder in folders]
    for number, folder in enumerate(resolved):
        if folder in resolved[:number]:
            raise InputError(f"{display(folder)}: given twice")
    return resolved


def print_report(folders: Sequence[Path], predicted: Sequence[Path] = ()) -> None:
    """Predictions are ranked by what they leave open, runs by what was measured."""
    predictions = read_predictions(predicted)
    simulated = [folder for folder in folders if open_run(folder).simulated is not None]
    for folder in simulated:
        print(rankings_of(folder, open_run(folder)))
    print_text(read_runs([folder for folder in folders if folder not in simulated]))
    print_predictions(predictions)


def write_page(
    folders: Sequence[Path], out: Optional[Path] = None, predicted: Sequence[Path] = ()
) -> Path:
    """Where it was written: `out`, else in the first folder."""
    page = out or folders[0] / (PAGE if len(folders) == 1 else PAGE_OF_SEVERAL)
    runs, predictions = read_runs(folders), read_predictions(predicted)
    if not page.parent.is_dir():
        raise InputError(f"{display(page)}: there is no folder {display(page.parent)}")
    if page.is_dir():
        raise InputError(f"{display(page)}: is a folder, not a file")
    replace_text(page, render(runs, page, predictions))
    return page
