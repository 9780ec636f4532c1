"""`report`: reads the runs, writes the page or prints the text."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from limiterbench.common.errors import InputError
from limiterbench.common.files import display, replace_text
from limiterbench.report.page import Appendix, render
from limiterbench.report.stored import StoredRun, read_run
from limiterbench.report.text import print_text

PAGE = "report.html"
# Beside the first run's own report, which stays.
PAGE_OF_SEVERAL = "comparison.html"


def read_runs(folders: Sequence[Path]) -> list[StoredRun]:
    """Each under a name of its own. Raises InputError."""
    resolved = each_once(folders)
    names = [folder.name for folder in resolved]
    alike = {name for name in names if names.count(name) > 1}
    return [
        read_run(folder, display(folder) if name in alike else name)
        for folder, name in zip(folders, names)
    ]


def each_once(folders: Sequence[Path]) -> list[Path]:
    """Their absolute paths. Raises InputError if one is given twice."""
    resolved = [folder.resolve() for folder in folders]
    for number, folder in enumerate(resolved):
        if folder in resolved[:number]:
            raise InputError(f"{display(folder)}: given twice")
    return resolved


def print_report(folders: Sequence[Path]) -> None:
    print_text(read_runs(folders))


def write_page(
    folders: Sequence[Path], out: Path | None = None, appendix: Appendix | None = None
) -> Path:
    """Where it was written: `out`, else in the first folder."""
    page = out or folders[0] / (PAGE if len(folders) == 1 else PAGE_OF_SEVERAL)
    runs = read_runs(folders)
    if not page.parent.is_dir():
        raise InputError(f"{display(page)}: there is no folder {display(page.parent)}")
    if page.is_dir():
        raise InputError(f"{display(page)}: is a folder, not a file")
    replace_text(page, render(runs, page, appendix))
    return page
