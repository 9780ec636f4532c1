"""Which charts a run has. Nothing else lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from limiterbench.charts.frame import Frame
from limiterbench.charts.load import has_sweep, load
from limiterbench.charts.percentiles import percentiles
from limiterbench.charts.threads import p99, scaling
from limiterbench.legends import Legend, legends_of
from limiterbench.manifest import Manifest
from limiterbench.series import Group

PLAIN_PLACEMENT = "compact"


class Chart(NamedTuple):
    kind: str
    scenario: Optional[str]
    """None if it shows several."""
    placement: Optional[str]
    draw: Callable[[], Frame]

    @property
    def name(self) -> str:
        """Of its files."""
        placement = None if self.placement == PLAIN_PLACEMENT else self.placement
        return "_".join(part for part in (self.kind, self.scenario, placement) if part)


Make = Callable[[Manifest, Group, Dict[str, Legend]], Frame]

# Of one scenario and placement.
_OF_A_GROUP: Dict[str, Make] = {
    "scaling": scaling,
    "p99": p99,
    "percentiles": percentiles,
    "load": load,
}

KINDS = (*_OF_A_GROUP,)


def charts_of(
    folder: Path,
    manifest: Manifest,
    groups: Sequence[Group],
    legends: Optional[Dict[str, Legend]] = None,
) -> List[Chart]:
    """Those that the records can fill, in the order of a page. Nothing is drawn yet.

    `legends`: of all rows of several runs, if they are to look alike.
    """
    groups = [group for group in groups if group.limiters]
    rows = {row for group in groups for row in group.limiters}
    look = legends or legends_of(rows | {cell.limiter for cell in manifest.plan.cells})
    return [chart for group in groups for chart in _of_a_group(manifest, group, look)]


def _of_a_group(manifest: Manifest, group: Group, legends: Dict[str, Legend]) -> List[Chart]:
    def chart(kind: str, make: Make) -> Chart:
        return Chart(kind, group.scenario, group.placement, lambda: make(manifest, group, legends))

    return [
        chart(kind, make)
        for kind, make in _OF_A_GROUP.items()
        if kind != "load" or has_sweep(group)
    ]
