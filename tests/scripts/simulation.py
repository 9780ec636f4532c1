"""What the tests of predictions share: a small project with a host file, over stand-in programs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Dict, Optional

from conftest import ROOT, CommandLine

from limiterbench.charts.legends import OWN
from limiterbench.predict import points
from limiterbench.predict.points import Assumption, Point
from limiterbench.predict.tasks import SCENARIOS
from limiterbench.records.cells import Cell

FAKE = Path(__file__).resolve().with_name("fake_limiterbench_sim")

HOST: Dict[str, object] = {
    "schema": 1,
    "name": "an imaginary host",
    "topology": "pack:2 core:8 pu:1",
    "rmw_ns": 5,
    "load_ns": 1,
    "alpha": [0.2, 0.4],
    "transfer_ns": {"socket": 50, "remote": 150},
    "futex_wake_ns": 5000,
    "source": "invented",
}


def write_host(path: Path, **changed: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {key: value for key, value in {**HOST, **changed}.items() if value is not None}
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def set_up(cli: CommandLine) -> CommandLine:
    shutil.copytree(ROOT / "benchmarks" / "hosts", cli.folder / "benchmarks" / "hosts")
    write_host(cli.folder / "benchmarks" / "hosts" / "imaginary.json")
    cli.env.update(LIMITERBENCH_SIMULATOR=str(FAKE))
    return cli


SMALL = ("--impl", "hazard", "--impl", "rwmutex", "--scenario", "steady", "--threads", "1,16")


def add_contention(run: Path, values: Optional[object] = None) -> Path:
    """As `limiterbench --contention_map=json` prints it."""
    invented = {
        "pairs": 1,
        "transfers": [{"a": 0, "b": 1, "one_way_ns": 60.0, "skew_ns": 1.0}],
        "sharings": [
            {"placement": "compact", "threads": 1, "aggregate_ns": 5.0},
            {"placement": "compact", "threads": 2, "aggregate_ns": 21.0},
        ],
    }
    path = run / "contention.json"
    path.write_text(json.dumps(invented if values is None else values), encoding="utf-8")
    return path


def fill(folder: Path, name: str) -> None:
    """Gives a small prediction this host and the table of a whole one: every hand-written row, the
    thread counts of a big host, every scenario and assumption."""
    manifest = folder / "run.json"
    run = json.loads(manifest.read_text(encoding="utf-8"))
    run["simulated"]["host"]["name"] = name
    manifest.write_text(json.dumps(run), encoding="utf-8")
    counts = (1, 2, 4, 8, 16, 28, 32, 56, 64, 112, 128, 224, 256, 448)
    made = [
        _invented(Cell(row, scenario, "compact", threads), Assumption(policy, alpha), index)
        for index, row in enumerate(OWN)
        for scenario in SCENARIOS
        for threads in counts
        for policy in ("fifo", "node", "random")
        for alpha in (0.2, 0.4)
    ]
    points.write(folder / points.TABLE, points.COLUMNS, made)


def _invented(cell: Cell, assumed: Assumption, index: int) -> Point:
    slow = (1 + assumed.alpha) * len(assumed.policy) * (index + 1) * (3 + len(cell.scenario) % 5)
    rate = 1e9 / slow * (1 + cell.threads % 7 / 10)
    return Point(cell, assumed, rate)
