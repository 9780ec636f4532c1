"""The figure around every chart: fonts, size, title, legend beside it, caption under it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, NamedTuple, Sequence

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from limiterbench.common.tidy import Line, as_csv

# Everything that the user's own matplotlib settings, the clock or chance could change is fixed:
# the same records give the same bytes. Text is drawn as paths: it lies where it was seen to lie,
# whatever fonts the reader has.
_STYLE: dict[str, Any] = {
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

# In inches, but for what is a share of the width.
_WIDTH = 10.6
_PANELS_HEIGHT = 4.3
_FURTHER_ROW = 2.4
_ROW_GAP = 0.75
_LEGEND_LINE = 0.185
_CAPTION_LINE = 0.155
_CAPTION_COLUMNS = 172
_TITLES = 0.92
_HEADING = 0.08
_AXIS_LABEL = 0.62
_TITLE_LEFT = 0.085


# A line of the legend: its handle and its text.
Entry = tuple[Any, str]


class Layout(NamedTuple):
    """Where the panels are: shares of the width, but for the height, in inches."""

    left: float = _TITLE_LEFT
    right: float = 0.735
    gap: float = 0.025
    height: float = _PANELS_HEIGHT
    shared: bool = True
    """All panels have one vertical scale."""


def use_style() -> None:
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(_STYLE)


class Frame:
    """A figure with a grid of axes that share the vertical scale, each under its heading.

    `panels` holds them row by row. `above`: inches between a panel and its heading, for what is
    written there. `rows` are the numbers behind the chart: whoever makes the chart sets them.
    """

    def __init__(
        self,
        title: str,
        subtitle: str,
        caption: Sequence[str],
        entries: int,
        headings: Sequence[Sequence[str]] = (("",),),
        above: float = 0.0,
        layout: Layout = Layout(),
    ) -> None:
        lines = [line for text in caption for line in textwrap.wrap(text, _CAPTION_COLUMNS) or [""]]
        foot = 0.12 + _CAPTION_LINE * len(lines) + _AXIS_LABEL
        grid = layout.height + (len(headings) - 1) * _FURTHER_ROW
        grid = max(grid, _LEGEND_LINE * (entries + 2))
        self._layout = layout
        self._top = _TITLES + _HEADING + above
        self._height = self._top + grid + foot
        self.figure = Figure(figsize=(_WIDTH, self._height))
        FigureCanvasAgg(self.figure)
        self.title, self.subtitle, self.caption = title, subtitle, list(caption)
        self.rows: list[Line] = []
        self.panels: list[Any] = []
        self._add_panels(headings, foot, grid, above)
        self._say(title, subtitle, lines)

    def _say(self, title: str, subtitle: str, lines: Sequence[str]) -> None:
        say, height = self.figure.text, self._height
        left = _TITLE_LEFT if self._layout.left >= _TITLE_LEFT else self._layout.left
        self._words = [
            say(left, 1 - 0.3 / height, title, fontsize=13, weight="bold", va="center"),
            say(left, 1 - 0.54 / height, subtitle, fontsize=9.5, color="#444444", va="center"),
        ]
        for number, line in enumerate(reversed(lines)):
            y = (0.1 + _CAPTION_LINE * number) / height
            self._words.append(say(0.02, y, line, fontsize=7.6, color="#333333", va="bottom"))

    def take_words_off(self) -> None:
        """Title and caption: for a page that says them itself."""
        for words in self._words:
            words.remove()
        self._words = []

    def _add_panels(
        self, headings: Sequence[Sequence[str]], foot: float, grid: float, above: float
    ) -> None:
        layout = self._layout
        tall = (grid - _ROW_GAP * (len(headings) - 1)) / len(headings)
        columns = max(map(len, headings))
        width = (layout.right - layout.left - layout.gap * (columns - 1)) / columns
        for number, row in enumerate(headings):
            bottom = foot + (len(headings) - 1 - number) * (tall + _ROW_GAP)
            for index, heading in enumerate(row):
                x = layout.left + index * (width + layout.gap)
                shared = self.panels[0] if self.panels and layout.shared else None
                place = (x, bottom / self._height, width, tall / self._height)
                axes = self.figure.add_axes(place, sharey=shared)
                if index > 0 and layout.shared:
                    axes.tick_params(labelleft=False)
                y = (bottom + tall + _HEADING + above) / self._height
                self.figure.text(x, y, heading, fontsize=9.5, va="bottom")
                self.panels.append(axes)

    def legend(self, title: str, entries: Sequence[Entry]) -> None:
        self.figure.legend(
            [handle for handle, _ in entries],
            [text for _, text in entries],
            title=title,
            loc="upper left",
            bbox_to_anchor=(0.745, 1 - self._top / self._height + 0.02),
            prop={"family": ["DejaVu Sans Mono"], "size": 8.2},
            title_fontsize=8.8,
            alignment="left",
            handlelength=3.4,
            labelspacing=0.5,
            borderaxespad=0.0,
        )

    def save(self, folder: Path, name: str) -> list[Path]:
        paths = [folder / f"{name}.{kind}" for kind in ("svg", "png", "csv")]
        self.figure.savefig(paths[0], metadata={"Date": None, "Creator": None})
        self.figure.savefig(paths[1], dpi=125, metadata={"Software": None})
        paths[2].write_text(as_csv(self.rows), encoding="utf-8")
        return paths
