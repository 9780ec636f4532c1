"""`predict`: what the designs would do on a host that is only known by its figures."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from limiterbench.cli.parsing import Parser, built, prepare, root
from limiterbench.common.errors import InputError
from limiterbench.predict import hosts
from limiterbench.records.run_folder import open_run, refuse_unless_new

_ABOUT = """\
Simulates every hand-written design on a host that is only known by its figures,
and draws what that predicts: as bands, since the model leaves open what a real
machine decides. Without a flag it lists the hosts.

A host is a profile of benchmarks/hosts/ or a host file; docs/prediction.md
describes both, and how far off the model is."""


def parser() -> Parser:
    flags = Parser("predict", _ABOUT)
    flags.add_argument("--host", metavar="NAME|FILE", help="a profile's name, or a host file")
    flags.add_argument(
        "--calibrate",
        metavar="RUN",
        type=Path,
        help="take the designs' instructions from this run; without --host, also its host",
    )
    flags.add_argument("--threads", metavar="LIST", help="only these thread counts: 1,8,64")
    flags.add_names("impl", "design")
    flags.add_names("scenario", "scenario")
    flags.add_argument("--out", metavar="DIR", type=Path, help="the folder, a new one")
    flags.add_argument(
        "--dry-run", action="store_true", help="print the plan and how long it takes"
    )
    flags.add_argument(
        "--validate", metavar="RUN", type=Path, help="hold the model against what was measured"
    )
    return flags


def _list_hosts() -> int:
    known = hosts.profiles(root())
    width = max(map(len, known))
    for key, path in known.items():
        print(f"{key:<{width}}  {hosts.read(path).name}")
    print("\n./scripts/predict --host NAME simulates one; --help says what else there is")
    return 0


def _check(options: Namespace) -> None:
    if options.validate is not None:
        for name in ("host", "calibrate", "threads", "impl", "scenario", "out", "dry_run"):
            if getattr(options, name):
                raise InputError(f"--{name.replace('_', '-')} does not go with --validate")
    elif options.host is None and options.calibrate is None:
        raise InputError("--host NAME|FILE or --calibrate RUN is needed")
    if options.host is not None:
        hosts.find(root(), options.host)
    for run in (options.calibrate, options.validate):
        if run is not None:
            open_run(run)
    if options.out is not None:
        refuse_unless_new(options.out, can_resume=False)


def main(options: Namespace) -> int:
    if not any(value for name, value in vars(options).items() if name != "no_install"):
        return _list_hosts()
    _check(options)
    prepare(options, "run", "limiterbench_layouts", "limiterbench_sim")
    from limiterbench.predict.command import predict
    from limiterbench.predict.simulator import Simulator
    from limiterbench.predict.validate import validate
    from limiterbench.run.program import Program

    program = Program(built("LIMITERBENCH_PROGRAM", "limiterbench"))
    simulator = Simulator(built("LIMITERBENCH_SIMULATOR", "limiterbench_sim"))
    if options.validate is not None:
        return validate(options.validate, program, simulator, root())
    return predict(options, program, simulator, root())
