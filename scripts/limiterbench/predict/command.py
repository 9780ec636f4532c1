"""`predict`: what the rows would do on a host that is only known by its figures."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import datetime, timezone
from pathlib import Path
from typing import Collection, Sequence

from limiterbench.common import units
from limiterbench.common.errors import InputError, nearest
from limiterbench.common.files import display
from limiterbench.common.versions import versions
from limiterbench.predict import calibrate, folder, tasks
from limiterbench.predict.answers import print_answer, read_prediction
from limiterbench.predict.hosts import Host, find
from limiterbench.predict.simulator import POLICIES, Simulator
from limiterbench.records import run_folder
from limiterbench.run.cell_process import utc_now
from limiterbench.run.plan import Plan, make_plan
from limiterbench.run.program import Program
from limiterbench.run.request import Request


_FAILURES_NAMED = 10


def _host(options: Namespace, root: Path, simulator: Simulator) -> Host:
    """The named one, or the one that the run was measured on; with the run's instructions."""
    if options.calibrate is None:
        return find(root, options.host)
    run = calibrate.open_run(options.calibrate)
    measured = calibrate.host_of(run, root, simulator)
    host = measured if options.host is None else find(root, options.host)
    return calibrate.with_instructions(host, measured, run, simulator)


def _plan(program: Program, host: Host) -> Plan:
    request = Request(
        scenario=(tasks.SCENARIOS[0],), placement=(tasks.PLACEMENT,), topology=host.topology
    )
    try:
        return make_plan(program, request)
    except InputError as error:
        raise InputError(f"host {host.key}: topology: {error}") from None


def _chosen(
    kind: str, names: Sequence[str], valid: Sequence[str], measured: Collection[str] = ()
) -> list[str]:
    for name in names:
        if name in measured and name not in valid:
            raise InputError(f"{kind} '{name}' has no simulated form")
        if name not in valid:
            raise InputError(f"unknown {kind} '{name}'{nearest(name, valid)}")
    return [name for name in valid if not names or name in names]


def _default_folder(root: Path, host: Host) -> Path:
    utc = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    commit = versions(root)["commit"]
    return root / "results" / f"simulated-{host.key}_{utc}_{commit}"


def _command(options: Namespace) -> str:
    words: list[str] = ["./scripts/predict"]
    for flag in ("host", "calibrate", "threads"):
        value: object | None = getattr(options, flag)
        if value is not None:
            words.append(f"--{flag} {value}")
    for flag in ("impl", "scenario"):
        words += [f"--{flag} {name}" for name in getattr(options, flag)]
    return " ".join(words)


def _describe(host: Host, plan: Plan, made: Sequence[tasks.Task], counts: Sequence[int]) -> str:
    rows = {task.cell.limiter for task in made}
    assumed = {task.assumed for task in made}
    return "\n".join(
        [
            f"host       model of {host.name}",
            f"           {plan.summary}",
            f"rows       {len(rows)}, hand-written",
            f"scenarios  {', '.join(dict.fromkeys(task.cell.scenario for task in made))}",
            f"threads    {', '.join(map(str, counts))}",
            f"under      {len(assumed)} assumptions: {', '.join(POLICIES)}; "
            f"alpha {', '.join(f'{alpha:g}' for alpha in host.alphas)}",
            f"in all     {units.count(len(made), 'simulation')}",
        ]
    )


def predict(options: Namespace, program: Program, simulator: Simulator, root: Path) -> int:
    started = utc_now()
    host = _host(options, root, simulator)
    plan = _plan(program, host)
    boundaries = plan.boundaries.get(tasks.PLACEMENT, [])
    counts = (
        tasks.thread_counts(plan.cpus, boundaries)
        if options.threads is None
        else tasks.parse_threads(options.threads, plan.cpus)
    )
    assumed = tasks.assumptions(host)
    listed = [row.name for row in plan.rows]
    rows = _chosen("limiter", options.impl, simulator.rows(), listed)
    scenarios = _chosen("scenario", options.scenario, tasks.SCENARIOS)
    blocking = tasks.blocking_rows(row.values for row in plan.rows)
    made = tasks.tasks_of(rows, scenarios, counts, assumed, blocking)
    print(_describe(host, plan, made, counts), flush=True)
    out: Path = options.out or _default_folder(root, host)
    if options.dry_run:
        print(f"takes      about {units.clock(tasks.estimate(simulator, host, made))} here")
        return 0
    run_folder.refuse_unless_new(out, can_resume=False)
    results = tasks.simulate_all(simulator, host, made, _Progress(len(made)))
    manifest = folder.manifest_of(
        folder.Made(host, plan, made, assumed, _command(options), started), results, simulator, root
    )
    folder.store(out, manifest, results, program, host.topology)
    failures = [result.failure for result in results if result.failure]
    for failure in failures[:_FAILURES_NAMED]:
        print(f"failed: {failure}", file=sys.stderr)
    if failures:
        print(f"{units.count(len(failures), 'simulation')} failed", file=sys.stderr)
    if len(failures) < len(results):
        folder.draw(out)
        print()
        print_answer(read_prediction(out))
    print(f"\n{display(out)}")
    return 1 if failures else 0


class _Progress:
    """A line now and then."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._said = 0

    def __call__(self, done: int) -> None:
        tenth = done * 10 // self._total
        if tenth > self._said:
            self._said = tenth
            print(f"{done}/{self._total} simulated", flush=True)
