"""`compare`: which cells of a run are faster or slower than in another."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from limiterbench.cli.parsing import Parser, percent, prepare

_ABOUT = """\
Says which cells of NEW are faster or slower than in BASE, as far as the
repetitions tell. Exit status 1 if --fail-on-slower finds a cell."""


def parser() -> Parser:
    flags = Parser("compare", _ABOUT)
    flags.add_argument("base", metavar="BASE", type=Path, help="a run's folder")
    flags.add_argument("new", metavar="NEW", type=Path, help="another run's folder")
    flags.add_argument("--all", action="store_true", help="list every cell, not only the changed")
    flags.add_argument("--json", action="store_true", help="print everything, for other programs")
    flags.add_argument(
        "--margin",
        metavar="PERCENT",
        type=percent,
        default=5.0,
        help="a change that counts as none (5)",
    )
    flags.add_argument(
        "--fail-on-slower",
        metavar="PERCENT",
        type=percent,
        help="fail if a cell called SLOWER takes so much longer: a decision, or its p99",
    )
    flags.add_argument("--across-hosts", action="store_true", help="let the hosts differ")
    return flags


def main(options: Namespace) -> int:
    prepare(options, "compare")
    from limiterbench.stats.comparison import check_comparable, compare_runs, read_run

    base, new = read_run(options.base), read_run(options.new)
    differences = check_comparable(base, new, options.across_hosts)
    comparison = compare_runs(base, new, options.margin / 100, differences)
    limit = options.fail_on_slower
    failing = [] if limit is None else comparison.slower_than(limit)
    if options.json:
        from limiterbench.report.compare_json import print_json

        print_json(comparison, limit, failing)
    else:
        from limiterbench.report.compare_text import print_text

        print_text(comparison, options.all, limit, failing)
    return 1 if failing else 0
