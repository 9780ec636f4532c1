"""The commands behind scripts/: flags, exit statuses, one-line errors."""

from __future__ import annotations

import argparse
import io
import math
import os
import sys
import traceback
from pathlib import Path
from typing import Callable, Dict, List, NoReturn, Optional, Sequence

from limiterbench.common import environment
from limiterbench.common.errors import HostError, InputError, nearest

_BAD_INPUT = 2
_INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(message)

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        options, unknown = self.parse_known_args(arguments)
        for word in unknown:
            if not word.startswith("-"):
                raise InputError(f"'{word}' is not expected here; {self.prog} --help")
            flags = sorted(name for name in self._option_string_actions if name.startswith("--"))
            flag = word.split("=", 1)[0]
            raise InputError(
                f"unknown flag '{flag}'{nearest(flag, flags)}\nvalid flags: {', '.join(flags)}"
            )
        return options


def _only_checking() -> bool:
    """Whether the shell is asking about the flags, before it installs or builds anything.

    No module that needs rich or matplotlib is imported before this question.
    """
    return "LIMITERBENCH_CHECK_ARGUMENTS" in os.environ


def _positive_int(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _whole_number(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def _positive_seconds(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or value <= 0:
        raise ValueError
    return value


def _percent(text: str) -> float:
    return _positive_seconds(text)


# argparse names the type in its message by __name__.
_positive_int.__name__ = "whole number from 1"
_whole_number.__name__ = "whole number from 0"
_percent.__name__ = "number of percent above 0"
_positive_seconds.__name__ = "number of seconds above 0"


def _root() -> Path:
    return Path(os.environ.get("LIMITERBENCH_ROOT", Path(__file__).resolve().parents[2]))


def _host_root() -> Path:
    """Where the doctor finds /proc and /sys."""
    return Path(os.environ.get("LIMITERBENCH_HOST_ROOT", "/"))


def _add_no_install(parser: argparse.ArgumentParser) -> None:
    """The shell obeys it and takes it away; here it is for --help."""
    parser.add_argument("--no-install", action="store_true", help="install no packages")


def _run_parser() -> _Parser:
    parser = _Parser(prog="./scripts/run", allow_abbrev=False, description="Measure and draw.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few minutes (the default)")
    size.add_argument("--full", action="store_true", help="7 repetitions of 1 s phases")
    for flag, what in (("impl", "limiter"), ("scenario", "scenario"), ("placement", "placement")):
        parser.add_argument(
            f"--{flag}",
            metavar="NAME",
            action="append",
            default=[],
            help=f"only this {what}; may be given again",
        )
    parser.add_argument("--threads", metavar="LIST", help="only these thread counts: 1,2,4")
    parser.add_argument("--repetitions", metavar="N", type=_positive_int)
    parser.add_argument("--seconds", metavar="S", type=_positive_seconds, help="of each phase")
    parser.add_argument(
        "--layouts",
        metavar="N",
        type=_positive_int,
        help="link N programs with their functions in other places, and deal the repetitions over "
        "them (3, if there are so many repetitions: linking two more takes seconds)",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="the run's folder, a new one")
    parser.add_argument("--resume", metavar="DIR", type=Path, help="go on with a stopped run")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the plan and how long it takes: builds, times a few short repetitions and "
        "stores nothing",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="measure nothing where the doctor finds a FAIL or the clock cannot be trusted",
    )
    parser.add_argument("--topology", metavar="SPEC", help="plan for another host (--dry-run)")
    parser.add_argument(
        "--oversubscribe", action="store_true", help="more threads than CPUs, as --full does"
    )
    parser.add_argument("--home", metavar="PLACE", help="shared memory: local, remote, interleave")
    parser.add_argument(
        "--writer", metavar="PLACE", help="who reloads runs on: auto, own_core, shared or a CPU"
    )
    parser.add_argument("--seed", metavar="N", type=_whole_number, help="of the cells' order")
    parser.add_argument(
        "--noise-repeats",
        metavar="N",
        type=_whole_number,
        default=1,
        help="measure a disturbed repetition again, up to N times (1); of each scenario's "
        "repetitions at most a fifth, in a quick run a twentieth, and at least one",
    )
    parser.add_argument("--time-limit", metavar="S", type=_positive_seconds, help="of a cell")
    _add_no_install(parser)
    return parser


_OF_A_NEW_RUN = (
    "quick",
    "full",
    "impl",
    "scenario",
    "placement",
    "threads",
    "repetitions",
    "seconds",
    "out",
    "topology",
    "oversubscribe",
    "seed",
    "noise_repeats",
    "home",
    "writer",
    "layouts",
)


def _layouts_to_build(arguments: Sequence[str]) -> int:
    """For scripts/run, with its arguments, which have been checked."""
    from limiterbench.run import layouts
    from limiterbench.records.run_folder import open_run

    options = _run_parser().parse(arguments)
    if options.resume is not None:
        print(open_run(options.resume).plan.layouts)
    else:
        print(layouts.wanted(options.layouts, options.repetitions, options.full))
    return 0


def _run(arguments: Sequence[str]) -> int:
    from limiterbench.run import layouts
    from limiterbench.records.run_folder import open_run, refuse_unless_new

    parser = _run_parser()
    options = parser.parse(arguments)
    if options.resume is not None:
        open_run(options.resume)
        for name in _OF_A_NEW_RUN:
            if getattr(options, name) != parser.get_default(name):
                flag = name.replace("_", "-")
                raise InputError(f"--{flag} cannot change a run that is resumed")
    if options.topology is not None and not options.dry_run:
        raise InputError("--topology only goes with --dry-run: another host cannot be measured")
    layouts.wanted(options.layouts, options.repetitions, options.full)
    if options.out is not None:
        refuse_unless_new(options.out)
    if _only_checking():
        return 0
    from limiterbench.run.program import Program
    from limiterbench.run.command import run

    root = _root()
    built = root / "build" / "release" / "limiterbench"
    program = Program(Path(os.environ.get("LIMITERBENCH_PROGRAM", built)))
    return run(options, program, root, _host_root())


def _plot(arguments: Sequence[str]) -> int:
    parser = _Parser(prog="./scripts/plot", allow_abbrev=False, description="Redraw a run.")
    parser.add_argument("dir", metavar="DIR", type=Path, help="a run's folder")
    _add_no_install(parser)
    folder = parser.parse(arguments).dir
    if _only_checking():
        return 0
    from limiterbench.charts.catalogue import unreadable
    from limiterbench.common.files import display
    from limiterbench.charts.plot import draw
    from limiterbench.predict import folder as predictions
    from limiterbench.records.run_folder import open_run

    is_measured = open_run(folder).simulated is None
    for path in draw(folder) if is_measured else predictions.draw(folder):
        print(display(path))
    for problem in unreadable(folder):
        print(problem, file=sys.stderr)
    return 0


_FORMATS = ("csv", "json", "parquet")


def _report(arguments: Sequence[str]) -> int:
    parser = _Parser(
        prog="./scripts/report",
        allow_abbrev=False,
        description="Write what a run found into one page, DIR/report.html. Several runs are shown "
        "side by side, in comparison.html of the first DIR.",
    )
    parser.add_argument("dirs", metavar="DIR", type=Path, nargs="+", help="a run's folder")
    parser.add_argument(
        "--prediction",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="a folder of ./scripts/predict, shown apart at the end; may be given again",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--text", action="store_true", help="print it in the terminal instead")
    how.add_argument("--out", metavar="FILE", type=Path, help="write the page there")
    how.add_argument(
        "--format",
        metavar="NAME",
        help="write the summary of each DIR beside its records instead: csv, json or parquet",
    )
    _add_no_install(parser)
    options = parser.parse(arguments)
    if options.format is not None and options.format not in _FORMATS:
        raise InputError(
            f"unknown format '{options.format}'{nearest(options.format, _FORMATS)}\n"
            f"valid formats: {', '.join(_FORMATS)}"
        )
    if options.format is not None and options.prediction:
        raise InputError(
            "--prediction does not go with --format: a summary is of what was measured"
        )
    if _only_checking():
        return 0
    from limiterbench.common.files import display
    from limiterbench.predict import appendix
    from limiterbench.report.command import print_report, write_page

    if options.format is not None:
        from limiterbench.stats.summary import export

        for folder in options.dirs:
            print(display(export(folder, options.format)))
    elif options.text:
        measured = appendix.print_rankings(options.dirs)
        predictions = appendix.read(options.prediction)
        print_report(measured)
        appendix.print_answers(predictions)
    else:
        added = appendix.of(appendix.read(options.prediction))
        print(display(write_page(options.dirs, options.out, added)))
    return 0


_ABOUT_DOCTOR = """\
Says what on this host spoils numbers, the worst first, each with what to do
about it.

FAIL: numbers mean nothing. WARN: they are noisier, or of fewer kinds. UNKNOWN:
this host does not say. The exit status is 0, or 1 with --strict and a FAIL."""


def _doctor(arguments: Sequence[str]) -> int:
    parser = _Parser(
        prog="./scripts/doctor",
        allow_abbrev=False,
        description=_ABOUT_DOCTOR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--strict", action="store_true", help="exit status 1 if anything fails")
    options = parser.parse(arguments)
    if _only_checking():
        return 0
    from limiterbench.doctor import show
    from limiterbench.doctor.checks import examine
    from limiterbench.records.finding import FAIL
    from limiterbench.doctor.host import look

    findings = examine(look(_host_root()))
    if options.json:
        print(show.as_json(findings))
    else:
        print(show.table(findings, show.wants_colour(sys.stdout)))
    return int(options.strict and any(finding.status == FAIL for finding in findings))


def _compare(arguments: Sequence[str]) -> int:
    parser = _Parser(
        prog="./scripts/compare",
        allow_abbrev=False,
        description="Say which cells of NEW are faster or slower than in BASE, as far as the "
        "repetitions tell. Exit status 1 if --fail-on-slower finds a cell.",
    )
    parser.add_argument("base", metavar="BASE", type=Path, help="a run's folder")
    parser.add_argument("new", metavar="NEW", type=Path, help="another's")
    parser.add_argument("--all", action="store_true", help="list every cell, not only the changed")
    parser.add_argument("--json", action="store_true", help="everything, for other programs")
    parser.add_argument(
        "--margin",
        metavar="PERCENT",
        type=_percent,
        default=5.0,
        help="a change that counts as none (5)",
    )
    parser.add_argument(
        "--fail-on-slower",
        metavar="PERCENT",
        type=_percent,
        help="fail if a cell called SLOWER takes so much longer: a decision, or its p99",
    )
    parser.add_argument("--across-hosts", action="store_true", help="let the hosts differ")
    parser.add_argument("--across-builds", action="store_true", help="let the builds differ")
    _add_no_install(parser)
    options = parser.parse(arguments)
    if _only_checking():
        return 0
    from limiterbench.stats.comparison import check_comparable, compare_runs, read_run

    base, new = read_run(options.base), read_run(options.new)
    differences = check_comparable(base, new, options.across_hosts, options.across_builds)
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


_ABOUT_PREDICTION = """\
Simulates every hand-written row on a host that is only known by its figures,
and draws what that predicts: as bands, since the model leaves open what a real
machine decides.

A host is a profile of benchmarks/hosts/ or a host file; docs/prediction.md
describes both, and how far off the model is."""


def _predict_parser() -> _Parser:
    parser = _Parser(
        prog="./scripts/predict",
        allow_abbrev=False,
        description=_ABOUT_PREDICTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", metavar="NAME|FILE", help="a profile's name, or a host file")
    parser.add_argument(
        "--calibrate",
        metavar="RUN",
        type=Path,
        help="take the rows' instructions from this run; without --host, also its host",
    )
    parser.add_argument("--threads", metavar="LIST", help="only these thread counts: 1,8,64")
    for flag, what in (("impl", "limiter"), ("scenario", "scenario")):
        parser.add_argument(
            f"--{flag}",
            metavar="NAME",
            action="append",
            default=[],
            help=f"only this {what}; may be given again",
        )
    parser.add_argument("--out", metavar="DIR", type=Path, help="the folder, a new one")
    parser.add_argument(
        "--dry-run", action="store_true", help="print the plan and how long it takes"
    )
    parser.add_argument(
        "--validate", metavar="RUN", type=Path, help="hold the model against what was measured"
    )
    _add_no_install(parser)
    return parser


def _predict(arguments: Sequence[str]) -> int:
    parser = _predict_parser()
    options = parser.parse(arguments)
    from limiterbench.predict import hosts
    from limiterbench.records.run_folder import open_run, refuse_unless_new

    root = _root()
    if options.validate is not None:
        for name in ("host", "calibrate", "threads", "impl", "scenario", "out", "dry_run"):
            if getattr(options, name) != parser.get_default(name):
                raise InputError(f"--{name.replace('_', '-')} does not go with --validate")
    elif options.host is None and options.calibrate is None:
        raise InputError(
            "--host NAME|FILE or --calibrate RUN is needed; benchmarks/hosts/ has the hosts"
        )
    if options.host is not None:
        hosts.find(root, options.host)
    for run in (options.calibrate, options.validate):
        if run is not None:
            open_run(run)
    if options.out is not None:
        refuse_unless_new(options.out, can_resume=False)
    if _only_checking():
        return 0
    from limiterbench.predict.command import predict
    from limiterbench.predict.simulator import Simulator
    from limiterbench.predict.validate import validate
    from limiterbench.run.program import Program

    built = root / "build" / "release"
    program = Program(Path(os.environ.get("LIMITERBENCH_PROGRAM", built / "limiterbench")))
    simulator = Simulator(
        Path(os.environ.get("LIMITERBENCH_SIMULATOR", built / "limiterbench_sim"))
    )
    if options.validate is not None:
        return validate(options.validate, program, simulator, root)
    return predict(options, program, simulator, root)


def _readme(arguments: Sequence[str]) -> int:
    parser = _Parser(
        prog="./scripts/readme", allow_abbrev=False, description="Write a run into README.md."
    )
    parser.add_argument("dir", metavar="DIR", type=Path, help="a run's folder")
    _add_no_install(parser)
    folder = parser.parse(arguments).dir
    if _only_checking():
        return 0
    from limiterbench.common.files import display
    from limiterbench.maintain import readme
    from limiterbench.predict import documents

    root = _root()
    for path in [*readme.update(root, folder), *documents.update(root)]:
        print(display(path))
    return 0


_ABOUT_WEAKENING = """\
Takes every memory order and fence of impls/ down, one step at a time, in a copy
of the headers, and runs the model tests that cover the header: each step is
caught by one of them, or reasoned, by a comment "Not shown as relaxed: …" above
the order, or survives, and then the exit status is 1.

Left out: impls/peers/, since Relacy cannot run other people's libraries;
assembler, which has no orders to take down; sync.hpp, which defines the orders."""


def _weaken_orders(arguments: Sequence[str]) -> int:
    parser = _Parser(
        prog="./scripts/weaken_orders",
        allow_abbrev=False,
        description=_ABOUT_WEAKENING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--file",
        metavar="HEADER",
        action="append",
        default=[],
        help="only this one, as in primitives/hazard_pointer.hpp; may be given again",
    )
    parser.add_argument("--list", action="store_true", help="print the steps, try none")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the table of all headers")
    _add_no_install(parser)
    options = parser.parse(arguments)
    if options.out is not None and (options.file or options.list):
        raise InputError("--out is for the table of all headers")
    if _only_checking():
        return 0
    from limiterbench.maintain.weaken import choose, list_steps, weaken

    headers = choose(_root() / "impls", options.file)
    if options.list:
        list_steps(headers)
        return 0
    return weaken(_root(), headers, options.out)


_COMMANDS: Dict[str, Callable[[Sequence[str]], int]] = {
    "run": _run,
    "plot": _plot,
    "report": _report,
    "doctor": _doctor,
    "compare": _compare,
    "predict": _predict,
    "readme": _readme,
    "weaken_orders": _weaken_orders,
}


# What the shell asks; nobody types it.
_QUESTIONS = {"layouts_to_build": _layouts_to_build}


def _dispatch(arguments: List[str]) -> int:
    name: Optional[str] = arguments[0] if arguments else None
    if name in _QUESTIONS:
        return _QUESTIONS[name](arguments[1:])
    if name not in _COMMANDS:
        said = f"unknown command '{name}'{nearest(name, _COMMANDS)}" if name else "no command"
        raise InputError(f"{said}\nvalid commands: {', '.join(_COMMANDS)}")
    return _COMMANDS[name](arguments[1:])


def _only_if_open() -> None:
    """A closed descriptor would be the next file's that is opened, and take what is printed."""
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))


def _of_the_system(error: OSError) -> str:
    """What no command expected: never a stack trace, but where it was."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = error.filename or f"{Path(last.filename).name}:{last.lineno}: {last.line}"
    return f"{where}: {error.strerror or error}"


def _say_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: List[str]) -> int:
    _only_if_open()
    environment.shield_charts()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without µ gets a question mark, not a stack trace.
            stream.reconfigure(errors="replace")
    try:
        status = _dispatch(arguments)
        sys.stdout.flush()
        return status
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return _BAD_INPUT
    except HostError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left: `… | head`. Nothing more can be said to it.
        _say_no_more()
        return 1
    except OSError as error:
        print(f"error: {_of_the_system(error)}", file=sys.stderr)
        _say_no_more()
        return 1
