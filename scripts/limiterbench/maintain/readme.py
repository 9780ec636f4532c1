"""The documents' generated blocks: README's charts and table and the designs' facts from one stored
run, what each memory order costs from the stored primitives, a record's fields from the schemas."""

from __future__ import annotations

import csv
import os
import textwrap
from pathlib import Path

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.maintain import schema_page
from limiterbench.records import primitives
from limiterbench.records.manifest import Manifest
from limiterbench.records.run_folder import FIGURES, open_run
from limiterbench.stats.summary import SUMMARY

_PLACEMENT = "compact"
_SCENARIO = "steady"
# Where leases are refilled in every window, and where nearly every request is denied.
_OTHERS = ("edge", "overload")

# A line of summary.csv by design, scenario and threads.
_Cells = dict[tuple[str, str, int], dict[str, str]]


def _read_cells(folder: Path) -> _Cells:
    path = folder / SUMMARY
    try:
        with path.open(encoding="utf-8", newline="") as file:
            cells = {
                (line["limiter"], line["scenario"], int(line["threads"])): line
                for line in csv.DictReader(file)
                if line["placement"] == _PLACEMENT and line["throughput_median_per_second"]
            }
    except OSError as error:
        raise InputError(f"{display(path)}: {error.strerror}") from None
    except (KeyError, ValueError) as error:
        raise InputError(f"{display(path)}: not a run's summary: {error}") from None
    if not any(scenario == _SCENARIO for _, scenario, _ in cells):
        raise InputError(f"{display(path)}: nothing measured of {_SCENARIO}, {_PLACEMENT}")
    return cells


def _chart(root: Path, folder: Path, manifest: Manifest) -> str:
    figures = os.path.relpath((folder / FIGURES).resolve(), root.resolve())
    host = manifest.host
    virtual = ", virtual" if host.get("virtualised") else ""
    about = (
        f"{host.get('cpu_model')}, {units.count(manifest.topology.cpus, 'CPU')}{virtual}; "
        f"{manifest.started_utc[:10]}, build {manifest.built.get('commit', 'unknown')}; scenario "
        f"`{_SCENARIO}`, placement `{_PLACEMENT}`; medians of {manifest.plan.repetitions} "
        f"repetitions, phases of {manifest.plan.seconds:g} s. Each chart's caption lists its "
        "warnings."
    )
    return (
        f"![Throughput against threads]({figures}/scaling_{_SCENARIO}.svg)\n"
        f"![p99 against threads]({figures}/p99_{_SCENARIO}.svg)\n\n{_wrapped(about)}"
    )


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 100, subsequent_indent=indent, break_on_hyphens=False) + "\n"


def _rate(cells: _Cells, design: str, scenario: str, threads: int) -> str:
    cell = cells.get((design, scenario, threads))
    return units.rate(float(cell["throughput_median_per_second"])) if cell else "-"


def _p99(cell: dict[str, str]) -> str:
    value, floor = float(cell["p99_median_ns"]), float(cell["floor_p99_median_ns"])
    return units.reading(value, units.at_floor(value, floor, float(cell["clock_step_ns"] or 0)))


def _table(cells: _Cells, cpus: int) -> str:
    main = {key: cell for key, cell in cells.items() if key[1] == _SCENARIO}
    counts = sorted({threads for _, _, threads in main if threads <= cpus})
    shown = sorted({counts[0], counts[-1]})
    most = shown[-1]
    designs = [design for design, _, threads in main if threads == most]
    designs.sort(key=lambda d: -float(main[d, _SCENARIO, most]["throughput_median_per_second"]))

    def line(design: str) -> list[str]:
        cell = main[design, _SCENARIO, most]
        over = "-" if cell["exactness"] == "none" else cell["admission_error_max_permits"]
        rates = [_rate(cells, design, _SCENARIO, threads) for threads in shown]
        rates += [_rate(cells, design, scenario, most) for scenario in _OTHERS]
        return [f"`{design}`", *rates, _p99(cell), over]

    heads = [units.count(threads, "thread") for threads in shown]
    heads = ["design", *heads, *(f"`{scenario}`" for scenario in _OTHERS), "p99", "over"]
    at = units.count(most, "thread")
    note = (
        f"Decisions a second of all threads: in `{_SCENARIO}` with {' and '.join(heads[1:-4])}, in "
        f"{' and '.join(heads[-4:-2])} with {at}. p99: of one decision in `{_SCENARIO}` with {at}, "
        "the timer's cost included; ≤: faster than the timer can resolve. over: permits admitted "
        f"beyond the limit in `{_SCENARIO}`, in the worst repetition."
    )
    rows = [heads, ["---", *["---:"] * (len(heads) - 1)], *map(line, designs)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows) + "\n" + _wrapped(note)


def _facts(manifest: Manifest) -> str:
    """The designs by what they promise."""
    promises: dict[str, list[str]] = {}
    for row in manifest.rows:
        exactness = str(row["exactness"])
        if exactness == "approximate":
            exactness = f"over by at most {row['bound']}"
        promise = f"- {exactness}, {row.get('progress_text', row['progress'])}:"
        promises.setdefault(promise, []).append(f"`{row['name']}`")
    lines = [f"{promise} {', '.join(designs)}" for promise, designs in promises.items()]
    return "".join(_wrapped(line, "  ") for line in lines)


def blocks(root: Path, folder: Path) -> dict[Path, dict[str, str]]:
    """Of each document, its generated blocks, as the run in `folder` and the stored primitives make
    them."""
    manifest = open_run(folder)
    if manifest.simulated is not None:
        raise InputError(f"{display(folder)}: simulated, not measured")
    measured = root / "results" / "primitives" / "primitives.json"
    table = primitives.table(primitives.read_costs(measured), primitives.ORDERS, measured)
    orders = f"{table}\nMeasured on {primitives.about(measured)}\n"
    chart = _chart(root, folder, manifest)
    documents = root / "docs"
    return {
        root
        / "README.md": {
            "chart": chart,
            "table": _table(_read_cells(folder), manifest.topology.cpus),
        },
        documents / "designs.md": {"facts": _facts(manifest)},
        documents / "memory-ordering.md": {"orders": orders},
        documents / "records.md": schema_page.blocks(documents / "schema"),
    }
