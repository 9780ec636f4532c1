"""`weaken_orders`: whether the model tests notice a weaker memory order."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from limiterbench.cli.parsing import Parser, prepare, root
from limiterbench.common.errors import InputError

_ABOUT = """\
Takes every memory order and fence of impls/ down, one step at a time, in a copy
of the headers, and runs the model tests that cover the header: each step is
caught by one of them, or reasoned, by a comment "Not shown as relaxed: …" above
the order, or survives, and then the exit status is 1.

Left out: impls/peers/, since Relacy cannot run other people's libraries;
assembler, which has no orders to take down; sync.hpp, which defines the orders."""


def parser() -> Parser:
    flags = Parser("weaken_orders", _ABOUT)
    flags.add_argument(
        "--file",
        metavar="HEADER",
        action="append",
        default=[],
        help="only this one, as in primitives/hazard_pointer.hpp; may be given again",
    )
    flags.add_argument("--list", action="store_true", help="print the steps, try none")
    flags.add_argument("--out", metavar="FILE", type=Path, help="write the table of all headers")
    return flags


def main(options: Namespace) -> int:
    if options.out is not None and (options.file or options.list):
        raise InputError("--out is for the table of all headers")
    prepare(options, "test")
    from limiterbench.maintain.weaken import choose, list_steps, weaken

    headers = choose(root() / "impls", options.file)
    if options.list:
        list_steps(headers)
        return 0
    return weaken(root(), headers, options.out)
