"""The sample of a row's line and marker, as the charts draw it."""

from __future__ import annotations

from typing import List

from matplotlib.markers import MarkerStyle
from matplotlib.path import Path

from limiterbench.charts.legends import Legend
from limiterbench.report.html import Html

_COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
_DASHES = {"-": "", "--": "4 2", "-.": "6 2 1 2", ":": "1 2"}
_SIZE = 8.0


def sample(legend: Legend) -> Html:
    dashes = (
        _DASHES.get(legend.linestyle, "")
        if isinstance(legend.linestyle, str)
        else " ".join(f"{length:g}" for length in legend.linestyle[1])
    )
    return Html(
        f'<svg class="sample" viewBox="0 0 30 12" aria-hidden="true"><path d="M0 6H30" fill="none" '
        f'stroke="{legend.colour}" stroke-width="1.5" stroke-dasharray="{dashes}"/>'
        f'<path d="{_outline(legend.marker)}" fill="{legend.colour}"/></svg>'
    )


def _outline(marker: str) -> str:
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform())
    parts: List[str] = []
    for vertices, code in path.iter_segments():
        if code == Path.CLOSEPOLY:
            parts.append("Z")
            continue
        scaled = [vertices[i] * _SIZE * (-1 if i % 2 else 1) for i in range(len(vertices))]
        moved = [value + (6 if i % 2 else 15) for i, value in enumerate(scaled)]
        parts.append(_COMMANDS[code] + " ".join(f"{value:.1f}" for value in moved))
    return "".join(parts)
