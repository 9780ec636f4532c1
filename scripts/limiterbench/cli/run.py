"""`run`: measures every design on this host, and draws what that found."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from limiterbench.cli.parsing import (
    Parser,
    built,
    host_root,
    positive_int,
    positive_seconds,
    prepare,
    root,
    whole_number,
)
from limiterbench.common.errors import InputError
from limiterbench.records.run_folder import open_run, refuse_unless_new
from limiterbench.run.request import Request


def parser() -> Parser:
    flags = Parser("run", "Measure and draw.")
    size = flags.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few minutes (the default)")
    size.add_argument("--full", action="store_true", help="7 repetitions of 0.8 s phases")
    size.add_argument(
        "--budget", metavar="TIME", help="what answers most in so much time: 30m, 1h, 8h"
    )
    flags.add_names("impl", "design")
    flags.add_names("scenario", "scenario")
    flags.add_names("placement", "placement")
    flags.add_argument("--threads", metavar="LIST", help="only these thread counts: 1,2,4")
    flags.add_argument(
        "--rates",
        metavar="LIST",
        help="in open_loop, only these decisions a second of all threads: 1e6,2e6",
    )
    flags.add_argument(
        "--repetitions", metavar="N", type=positive_int, help="how often each cell is measured"
    )
    flags.add_argument(
        "--seconds", metavar="S", type=positive_seconds, help="how long each phase takes"
    )
    flags.add_argument(
        "--layouts",
        metavar="N",
        type=positive_int,
        help="link N programs with their functions in other places, and deal the repetitions over "
        "them (3, if there are so many repetitions: linking two more takes seconds)",
    )
    flags.add_argument("--out", metavar="DIR", type=Path, help="the run's folder, a new one")
    flags.add_argument("--resume", metavar="DIR", type=Path, help="go on with a stopped run")
    flags.add_argument(
        "--dry-run",
        action="store_true",
        help="print the plan and how long it takes: builds, times a few short repetitions and "
        "stores nothing",
    )
    flags.add_argument(
        "--strict",
        action="store_true",
        help="measure nothing where the doctor finds a FAIL or the clock cannot be trusted",
    )
    flags.add_argument("--topology", metavar="SPEC", help="plan for another host (--dry-run)")
    flags.add_argument(
        "--oversubscribe", action="store_true", help="more threads than CPUs, as --full does"
    )
    flags.add_argument("--home", metavar="PLACE", help="shared memory: local, remote, interleave")
    flags.add_argument(
        "--writer",
        metavar="PLACE",
        help="where the thread that reloads runs: auto, own_core, shared or a CPU's number",
    )
    flags.add_argument(
        "--seed", metavar="N", type=whole_number, help="decides the order of the cells"
    )
    flags.add_argument(
        "--noise-repeats",
        metavar="N",
        type=whole_number,
        default=1,
        help="measure a disturbed repetition again, up to N times (1); at most a fifth of each "
        "scenario's repetitions, in a quick run a twentieth, and at least one",
    )
    flags.add_argument(
        "--time-limit", metavar="S", type=positive_seconds, help="how long one repetition may take"
    )
    return flags


# What a run that is resumed may still be told.
_OF_ANY_RUN = ("resume", "dry_run", "strict", "time_limit")


def _layouts(request: Request) -> int:
    """How many to build. Raises InputError if the request cannot be."""
    if request.topology is not None and not request.dry_run:
        raise InputError("--topology only goes with --dry-run: another host cannot be measured")
    if request.resume is None:
        if request.out is not None:
            refuse_unless_new(request.out)
        return request.layouts_to_build
    stored = open_run(request.resume)
    for name, value in vars(request).items():
        if name not in _OF_ANY_RUN and value != getattr(Request(), name):
            flag = name.replace("_", "-")
            raise InputError(f"--{flag} cannot change a run that is resumed")
    return stored.plan.layouts


def main(options: Namespace) -> int:
    request = Request.of(options)
    layouts = _layouts(request)
    prepare(options, "run", f"-DLIMITERBENCH_LAYOUTS={layouts}", "limiterbench_layouts")
    from limiterbench.run.command import run
    from limiterbench.run.program import Program

    program = Program(built("LIMITERBENCH_PROGRAM", "limiterbench"))
    return run(request, program, root(), host_root())
