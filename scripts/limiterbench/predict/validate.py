"""`predict --validate`: how far off the model is, as a stored page's numbers."""

from __future__ import annotations

import json
from pathlib import Path

from limiterbench.common.files import display, replace_text
from limiterbench.common.versions import versions
from limiterbench.predict import hosts, own_host, published, sensitivity
from limiterbench.predict.simulator import Simulator
from limiterbench.predict.tasks import SEED
from limiterbench.run.program import Program

SCHEMA = 1
FILE = "validation.json"
# The rankings of the stored predictions are held against errors of this host's figures.
SENSITIVE_HOST = "epyc_7r13x2"
SENSITIVE_THREADS = 64


def folder_of(root: Path) -> Path:
    return root / "results" / "prediction"


def validate(run: Path, program: Program, simulator: Simulator, root: Path) -> int:
    values: dict[str, object] = {"schema": SCHEMA, "commit": versions(root)["commit"], "seed": SEED}
    print("published curves", flush=True)
    curves = [published.compare(root, curve, simulator) for curve in published.curves(root)]
    values["published"] = [published.as_json(comparison) for comparison in curves]
    print(f"the host of {display(run)}", flush=True)
    own = own_host.compare(run, root, simulator)
    values["own_host"] = own_host.as_json(own)
    for scenario, error in own.median_errors().items():
        print(f"  {scenario}: {error:.0%} off, the median over the designs", flush=True)
    print(f"the figures of {SENSITIVE_HOST}", flush=True)
    host = hosts.find(root, SENSITIVE_HOST)
    rows = list(own.host.values["instructions_ns"])
    taken = {name: own.host.values[name] for name in ("instructions_ns", "denial_ns")}
    host = host.with_values(**taken)
    values["sensitivity"] = [
        sensitivity.as_json(
            sensitivity.try_figures(
                host,
                sensitivity.Setting(rows, own.blocking, scenario, SENSITIVE_THREADS),
                simulator,
            )
        )
        for scenario in sensitivity.SCENARIOS
    ]
    path = folder_of(root) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    print(display(path))
    return 0
