"""docs/add-a-chart.md, followed literally in a copy of the scripts."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT
from test_docs import blocks

PAGE = ROOT / "docs" / "add-a-chart.md"
DRAW = """
import sys
from pathlib import Path

from limiterbench.charts.catalogue import KINDS, charts_of
from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.series import group_records

kind, run, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
assert kind in KINDS
manifest = open_run(run)
groups = group_records(read_records(run / CELLS, manifest.plan.cells))
(chart,) = [
    chart
    for chart in charts_of(run, manifest, groups)
    if (chart.kind, chart.scenario, chart.placement) == (kind, "steady", "compact")
]
chart.draw().save(out, chart.name)
"""


def test_the_chart_is_drawn(tmp_path: Path) -> None:
    package = tmp_path / "limiterbench"
    shutil.copytree(ROOT / "scripts" / "limiterbench", package)
    (place,) = re.findall(r"`scripts/limiterbench/(charts/\w+\.py)`\.", PAGE.read_text("utf-8"))
    module, include, entry = blocks(PAGE, "python")
    (package / place).write_text(module, encoding="utf-8")
    catalogue = package / "charts" / "catalogue.py"
    text = catalogue.read_text(encoding="utf-8")
    for after, more in (
        ("from __future__ import annotations\n\n", include),
        ("_OF_A_GROUP: dict[str, Make] = {\n", entry),
    ):
        assert text.count(after) == 1
        text = text.replace(after, after + more)
    catalogue.write_text(text, encoding="utf-8")

    kind = Path(place).stem
    reference = str(ROOT / "results" / "reference")
    answer = subprocess.run(
        [sys.executable, "-c", DRAW, kind, reference, str(tmp_path)],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    chart = tmp_path / f"{kind}_steady"
    assert chart.with_suffix(".svg").stat().st_size > 0
    lines = list(csv.DictReader(chart.with_suffix(".csv").read_text("utf-8").splitlines()))
    assert {"hazard", "rwmutex"} <= {line["limiter"] for line in lines}
