"""A prediction's folder: a run's, with the table that its charts are drawn from."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, Sequence

from limiterbench.charts.catalogue import PLAIN_PLACEMENT, Chart
from limiterbench.charts.legends import legends_of
from limiterbench.charts.plot import draw_charts
from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.files import display, replace_text
from limiterbench.common.versions import versions
from limiterbench.predict import loads, points as tables
from limiterbench.predict import charts as charting
from limiterbench.predict.charts import Scene
from limiterbench.predict.hosts import Host
from limiterbench.predict.loads import Load
from limiterbench.predict.points import Assumption, Point
from limiterbench.predict.simulator import Simulated, Simulator
from limiterbench.predict.tasks import OPEN_LOOP, SEED, Task, threads_shown
from limiterbench.records import manifest as manifests
from limiterbench.records import run_folder
from limiterbench.records.manifest import Manifest, RunPlan, Topology
from limiterbench.run.plan import Plan
from limiterbench.run.program import Program

_TIMER = {"source": "simulated", "reason": "the model's own clock, which costs nothing"}


class Made(NamedTuple):
    host: Host
    plan: Plan
    tasks: Sequence[Task]
    assumed: Sequence[Assumption]
    command: str
    started_utc: str


def manifest_of(
    made: Made, results: Sequence[Simulated], simulator: Simulator, root: Path
) -> Manifest:
    cells = list(dict.fromkeys(task.cell for task in made.tasks))
    rows = {cell.limiter for cell in cells}
    return Manifest(
        started_utc=made.started_utc,
        host={"hostname": f"model of {made.host.name}"},
        timer=dict(_TIMER),
        topology=Topology(made.plan.summary, made.plan.cpus, made.plan.boundaries),
        rows=[row.values for row in made.plan.rows if row.name in rows],
        plan=RunPlan(
            mode="simulated",
            seed=SEED,
            cells=cells,
            repetitions=len(made.assumed),
            seconds=max(task.simulated_ns for task in made.tasks) / 1e9,
            time_limit=0,
            oversubscribe=False,
        ),
        command=made.command,
        versions={**versions(root), "program": {}},
        program_sha256=simulator.digest(),
        status=manifests.FAILED if any(r.failure for r in results) else manifests.COMPLETE,
        simulated={
            "host": dict(made.host.values),
            "assumed": [assumption._asdict() for assumption in made.assumed],
            "seed": SEED,
            "failed": [result.failure for result in results if result.failure],
        },
    )


def store(
    folder: Path, manifest: Manifest, results: Sequence[Simulated], program: Program, spec: str
) -> None:
    def fill(topology: Path) -> None:
        program.ask(f"--topology={spec}", f"--topology_xml={topology}")

    run_folder.create(folder, replace(manifest, status=manifests.INTERRUPTED), fill)
    lines = sorted(result.line for result in results)
    replace_text(folder / run_folder.CELLS, "".join(f"{line}\n" for line in lines))
    points = [result.point for result in results if result.point is not None]
    tables.write(folder / tables.TABLE, tables.COLUMNS, points)
    found = [load for result in results for load in result.loads]
    tables.write(folder / loads.TABLE, loads.COLUMNS, found)
    manifests.write(folder / run_folder.RUN_JSON, manifest)


def read_points(folder: Path) -> list[Point]:
    path = folder / tables.TABLE
    if not path.is_file():
        raise InputError(f"{display(folder)}: simulated, but it has no {tables.TABLE}")
    return tables.read(path, tables.COLUMNS, Point)


def scenes_of(manifest: Manifest, points: Sequence[Point]) -> dict[str, Scene]:
    """By the name that a chart's file ends with."""
    scenes: dict[str, Scene] = {}
    for (scenario, placement), sheet in tables.by_scenario(points).items():
        counts = sorted({n for at in sheet.values() for n in at})
        name = scenario if placement == PLAIN_PLACEMENT else f"{scenario}_{placement}"
        scenes[name] = Scene(
            scenario,
            placement,
            sheet,
            threads_shown(counts),
            manifest.topology.boundaries.get(placement, []),
            _caption(manifest, scenario, points),
        )
    return scenes


def simulated_charts(
    manifest: Manifest, points: Sequence[Point], found: Sequence[Load]
) -> list[Chart]:
    """What was simulated has charts of its own, which nobody takes for measured ones."""
    scenes = scenes_of(manifest, points)
    legends = legends_of({row for scene in scenes.values() for row in scene.sheet})

    charts = [
        Chart("scaling", scene.scenario, scene.placement, partial(charting.scaling, scene, legends))
        for scene in scenes.values()
        if scene.scenario != OPEN_LOOP
    ]
    if found and OPEN_LOOP in scenes:
        scene = scenes[OPEN_LOOP]
        drawn = partial(charting.load, found, scene, legends)
        charts.append(Chart("load", OPEN_LOOP, scene.placement, drawn))
    return charts


def draw(folder: Path) -> list[Path]:
    """The paths of the charts of a stored prediction. Raises InputError."""
    manifest = run_folder.open_run(folder)
    charts = simulated_charts(manifest, read_points(folder), loads.read_loads(folder))
    return draw_charts(folder, charts)


def _caption(manifest: Manifest, scenario: str, points: Sequence[Point]) -> list[str]:
    simulated = manifest.simulated or {}
    host = simulated.get("host", {})
    policies = sorted({point.assumed.policy for point in points})
    alphas = sorted({point.assumed.alpha for point in points})
    commit = manifest.versions.get("commit", "unknown")
    lines = [
        f"SIMULATED, not measured: scenario {scenario} on a model of {host.get('name')}; "
        f"{manifest.topology.summary}. A band reaches from the lowest to the highest of "
        f"{len(policies) * len(alphas)} simulations: arbitration {', '.join(policies)}; "
        f"alpha {', '.join(f'{alpha:g}' for alpha in alphas)}. Nothing within it is likelier.",
        f"Simulated by commit {commit}, seed {simulated.get('seed')}. docs/prediction.md says what "
        "the model leaves out and by how much it was wrong where that could be measured.",
    ]
    failed = simulated.get("failed") or []
    if failed:
        lines.append(f"Beware: {units.count(len(failed), 'failed simulation')} left out.")
    return lines
