"""The figure around every chart: fonts, size, title, legend beside it, caption under it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Dict, List, Sequence

import matplotlib  # type: ignore[import]
from matplotlib.backends.backend_agg import FigureCanvasAgg  # type: ignore[import]
from matplotlib.figure import Figure  # type: ignore[import]

# Everything that the user's own matplotlib settings, the clock or chance could change is fixed:
# the same records give the same bytes. Text is drawn as paths: it lies where it was seen to lie,
# whatever fonts the reader has.
_STYLE: Dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "svg.hashsalt": "limiterbench",
    "svg.fonttype": "path",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 6,
}

_WIDTH = 10.6
_HEIGHT = 6.2
_LEGEND_LINE = 0.185
_CAPTION_LINE = 0.155
_CAPTION_COLUMNS = 172
_TOP = 1.0
_AXIS_LABEL = 0.62


def use_style() -> None:
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(_STYLE)


class Frame:
    """A figure with `panels` axes side by side that share the vertical scale."""

    def __init__(
        self, title: str, subtitle: str, caption: Sequence[str], entries: int, panels: int = 1
    ) -> None:
        lines = [line for text in caption for line in textwrap.wrap(text, _CAPTION_COLUMNS) or [""]]
        foot = 0.12 + _CAPTION_LINE * len(lines)
        height = max(_HEIGHT, _TOP + _AXIS_LABEL + foot + _LEGEND_LINE * (entries + 2))
        self.figure = Figure(figsize=(_WIDTH, height))
        FigureCanvasAgg(self.figure)
        left, right, gap = 0.085, 0.735, 0.025
        bottom = (foot + _AXIS_LABEL) / height
        top = 1 - _TOP / height
        width = (right - left - gap * (panels - 1)) / panels
        self.panels: List[Any] = []
        for index in range(panels):
            x = left + index * (width + gap)
            shared = self.panels[0] if self.panels else None
            axes = self.figure.add_axes((x, bottom, width, top - bottom), sharey=shared)
            if shared is not None:
                axes.tick_params(labelleft=False)
            self.panels.append(axes)
        self._legend_top = top
        say = self.figure.text
        say(left, 1 - 0.3 / height, title, fontsize=13, weight="bold", va="center")
        say(left, 1 - 0.54 / height, subtitle, fontsize=9.5, color="#444444", va="center")
        for number, line in enumerate(reversed(lines)):
            y = (0.1 + _CAPTION_LINE * number) / height
            say(0.02, y, line, fontsize=7.6, color="#333333", va="bottom")

    def legend(self, title: str, handles: Sequence[Any], labels: Sequence[str]) -> None:
        self.figure.legend(
            handles,
            labels,
            title=title,
            loc="upper left",
            bbox_to_anchor=(0.745, self._legend_top + 0.02),
            prop={"family": ["DejaVu Sans Mono"], "size": 8.2},
            title_fontsize=8.8,
            alignment="left",
            handlelength=3.4,
            labelspacing=0.5,
            borderaxespad=0.0,
        )

    def save(self, folder: Path, name: str) -> List[Path]:
        paths = [folder / f"{name}.svg", folder / f"{name}.png"]
        self.figure.savefig(paths[0], metadata={"Date": None, "Creator": None})
        self.figure.savefig(paths[1], dpi=125, metadata={"Software": None})
        return paths
