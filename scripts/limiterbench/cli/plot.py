"""`plot`: every chart of a stored run, drawn again from its records."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from limiterbench.cli.parsing import Parser, prepare


def parser() -> Parser:
    flags = Parser("plot", "Draw every chart of a stored run again.")
    flags.add_argument("dir", metavar="DIR", type=Path, help="a run's folder")
    return flags


def main(options: Namespace) -> int:
    prepare(options, "plot")
    from limiterbench.charts.catalogue import unreadable
    from limiterbench.charts.plot import draw
    from limiterbench.common.files import display
    from limiterbench.predict import folder as predictions
    from limiterbench.records.run_folder import open_run

    folder: Path = options.dir
    is_measured = open_run(folder).simulated is None
    for path in draw(folder) if is_measured else predictions.draw(folder):
        print(display(path))
    for problem in unreadable(folder):
        print(problem, file=sys.stderr)
    return 0
