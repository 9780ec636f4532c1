"""The documents' generated blocks: the README's chart, table and rows from one stored run, and what
each memory order costs from the stored primitives."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Dict, List, Sequence

from limiterbench.charts.caption import caption
from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.files import replace_text
from limiterbench.records import primitives
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import Measured, read_records
from limiterbench.records.run_folder import CELLS, FIGURES, open_run
from limiterbench.stats.series import Group, clock_step_of, group_records, is_floor, ops, reading
from limiterbench.stats.statistics import summarize

_SCENARIO = "steady"
_PLACEMENT = "compact"


def _block(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- /generated: {name} -->)", re.DOTALL)


def _link(root: Path, path: Path) -> str:
    return os.path.relpath(path.resolve(), root.resolve())


def _chart(root: Path, folder: Path, manifest: Manifest, group: Group) -> str:
    figures = folder / FIGURES
    scaling = _link(root, figures / f"scaling_{_SCENARIO}.svg")
    p99 = _link(root, figures / f"p99_{_SCENARIO}.svg")
    about = " ".join(caption(manifest, group, "the charts and the table below"))
    return f"![Throughput against threads]({scaling})\n![p99 against threads]({p99})\n\n{about}\n"


def _rate(points: Dict[int, List[Measured]], threads: int) -> str:
    return units.rate(summarize([ops(m) for m in points[threads]]).median)


def _table_line(
    row: str, points: Dict[int, List[Measured]], threads: Sequence[int], step: float
) -> str:
    most = points[threads[-1]]
    over = "-" if is_floor(points) else f"{max(m.admission_error for m in most):,}"
    cells = [
        f"`{row}`",
        *(_rate(points, count) for count in threads),
        *(reading(most, p, step) for p in (0.5, 0.99, 0.999)),
        over,
    ]
    return f"| {' | '.join(cells)} |"


def _table(group: Group, cpus: int) -> str:
    threads = [count for count in group.threads if count <= cpus]
    heads = [f"decisions/s, {units.count(count, 'thread')}" for count in threads]
    columns = ["limiter", *heads, "p50", "p99", "p99.9", "over the limit"]
    lines = [f"| {' | '.join(columns)} |", "|---" + "|---:" * (len(columns) - 1) + "|"]
    whole = {row: points for row, points in group.limiters.items() if set(threads) <= set(points)}
    ranked = sorted(whole, key=lambda row: -summarize([ops(m) for m in whole[row][threads[-1]]])[1])
    step = clock_step_of(group)
    lines += [_table_line(row, whole[row], threads, step) for row in ranked]
    note = f"Latency at {units.count(threads[-1], 'thread')}, the timer's cost included."
    note += " ≤: not told from what an empty decision reads."
    return "\n".join(lines) + f"\n\n{note}\n"


def _rows(manifest: Manifest) -> str:
    lines = ["| row | what it is | exactness | progress |", "|---|---|---|---|"]
    for row in manifest.rows:
        exactness = str(row["exactness"])
        if exactness == "approximate":
            exactness = f"over by at most {row['bound']}"
        lines.append(f"| `{row['name']}` | {row['summary']} | {exactness} | {row['progress']} |")
    return "\n".join(lines) + "\n"


def render(text: str, root: Path, folder: Path) -> str:
    """`text` with its generated blocks made from the run in `folder`."""
    manifest = open_run(folder)
    groups = group_records(read_records(folder / CELLS, manifest.plan.cells))
    found = [g for g in groups if (g.scenario, g.placement) == (_SCENARIO, _PLACEMENT)]
    if not found or not found[0].limiters:
        raise InputError(f"{folder / CELLS}: nothing measured of {_SCENARIO}, {_PLACEMENT}")
    blocks = {
        "chart": _chart(root, folder, manifest, found[0]),
        "table": _table(found[0], manifest.topology.cpus),
        "rows": _rows(manifest),
    }
    return _fill(text, "README.md", blocks)


def _fill(text: str, document: str, blocks: Dict[str, str]) -> str:
    for name, content in blocks.items():
        text, count = _block(name).subn(lambda m: m[1] + content + m[2], text)
        if count != 1:
            raise InputError(f"{document}: {count} blocks '<!-- generated: {name} -->', not one")
    return text


def render_orders(text: str, path: Path) -> str:
    """docs/memory-ordering.md with its table made from the primitives measured in `path`."""
    table = primitives.table(primitives.read_costs(path), primitives.ORDERS, path)
    orders = f"{table}\nMeasured on {primitives.about(path)}\n"
    return _fill(text, "docs/memory-ordering.md", {"orders": orders})


def update(root: Path, folder: Path) -> List[Path]:
    """Writes the documents that have changed; returns them."""
    readme, orders = root / "README.md", root / "docs" / "memory-ordering.md"
    replace_text(readme, render(readme.read_text(encoding="utf-8"), root, folder))
    measured = root / "results" / "primitives" / "primitives.json"
    replace_text(orders, render_orders(orders.read_text(encoding="utf-8"), measured))
    return [readme, orders]
