"""`doctor`: what on this host spoils numbers. It needs nothing but Python."""

from __future__ import annotations

import sys
from argparse import Namespace

from limiterbench.cli.parsing import Parser, host_root

_ABOUT = """\
Says what on this host spoils numbers, the worst first, each with what to do
about it.

FAIL: numbers mean nothing. WARN: they are noisier, or of fewer kinds. UNKNOWN:
this host does not say. The exit status is 0, or 1 with --strict and a FAIL."""


def parser() -> Parser:
    flags = Parser("doctor", _ABOUT)
    flags.add_argument("--json", action="store_true", help="print it for programs")
    flags.add_argument("--strict", action="store_true", help="exit status 1 if anything fails")
    return flags


def main(options: Namespace) -> int:
    from limiterbench.doctor import show
    from limiterbench.doctor.checks import examine
    from limiterbench.doctor.host import look
    from limiterbench.records.finding import FAIL

    findings = examine(look(host_root()))
    if options.json:
        print(show.as_json(findings))
    else:
        print(show.table(findings, show.wants_colour(sys.stdout)))
    return int(options.strict and any(finding.status == FAIL for finding in findings))
