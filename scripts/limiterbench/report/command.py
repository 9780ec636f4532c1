"""`report`: reads the runs, writes the page or prints the text."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Sequence

from limiterbench.common.errors import InputError
from limiterbench.common.files import display, replace_text
from limiterbench.common.text_table import markdown
from limiterbench.report.answer import answer
from limiterbench.report.method import failures
from limiterbench.report.page import Appendix, notices, render, render_brief
from limiterbench.report.stored import StoredRun, read_run
from limiterbench.report.table import print_groups, titled

PAGE = "report.html"
# Beside the first run's own report, which stays.
PAGE_OF_SEVERAL = "comparison.html"
BRIEF_PAGE = "brief.html"


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
    folders: Sequence[Path],
    out: Path | None = None,
    appendix: Appendix | None = None,
    brief: bool = False,
) -> Path:
    """Where it was written: `out`, else in the first folder."""
    name = PAGE if len(folders) == 1 else PAGE_OF_SEVERAL
    page = out or folders[0] / (BRIEF_PAGE if brief else name)
    runs = read_runs(folders)
    if not page.parent.is_dir():
        raise InputError(f"{display(page)}: there is no folder {display(page.parent)}")
    if page.is_dir():
        raise InputError(f"{display(page)}: is a folder, not a file")
    text = render_brief(runs, page) if brief else render(runs, page, appendix)
    replace_text(page, text)
    return page


WIDTH = 80
_FAILURES_SHOWN = 10


def print_text(runs: Sequence[StoredRun]) -> None:
    for number, run in enumerate(runs):
        if number:
            print()
        if len(runs) > 1:
            print(f"{run.name}\n{'=' * min(len(run.name), WIDTH)}")
        for line in _answer(run):
            print(line)
        print_groups(run.manifest, run.groups)
        _print_failures(run)


def print_markdown(folders: Sequence[Path]) -> None:
    """For a pull request: the answer, one table, the caveats."""
    for run in read_runs(folders):
        print(f"### {run.name}\n")
        print("\n\n".join(answer(run)))
        for title, table in list(titled(run.manifest, run.groups))[:1]:
            heads, *rows = table.rows
            named = [[f"`{row[0]}`", *row[1:]] for row in rows]
            print("\n".join(["", f"**{title}**", "", *markdown(heads, named)]))
        if caveats := notices(run):
            print("\n".join(["", *(f"- {caveat}" for caveat in caveats)]))


def _answer(run: StoredRun) -> list[str]:
    claims = [claim.replace("`", "") for claim in answer(run)]
    beware = [f"Beware: {missing}" for missing in run.missing]
    return [line for text in [*claims, *beware] for line in item(text)]


def item(text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False
    )


def _print_failures(run: StoredRun) -> None:
    failed = failures(run)
    if failed:
        print(f"\nfailed: {len(failed)}")
    for name, why in failed[:_FAILURES_SHOWN]:
        for line in item(f"{name}: {why}"):
            print(line)
    if len(failed) > _FAILURES_SHOWN:
        print(f"and {len(failed) - _FAILURES_SHOWN} more, in the records")
