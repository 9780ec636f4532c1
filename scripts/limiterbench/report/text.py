"""The report in the terminal: the answer, what is missing, then the tables. Fits 80 columns."""

from __future__ import annotations

import textwrap
from typing import Sequence

from limiterbench.report.answer import answer
from limiterbench.report.method import failures
from limiterbench.report.stored import StoredRun
from limiterbench.report.table import print_groups

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


def _answer(run: StoredRun) -> list[str]:
    claims = [claim.text for claim in answer(run)]
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
