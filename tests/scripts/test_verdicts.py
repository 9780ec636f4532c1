"""How often the rule is wrong where nothing changed, and right where something did.

The noise is the stored run's own: what its repetitions differ by, drawn again.
"""

from __future__ import annotations

import math
from pathlib import Path
from statistics import mean
from typing import Callable, Dict, List, Tuple

import numpy as np
import pytest
from conftest import ROOT

from limiterbench.records.cells import Cell
from limiterbench.stats.comparison import read_run
from limiterbench.stats.pooling import draw_together, moderate, variance_of_median
from limiterbench.stats.series import latency, ops
from limiterbench.stats.verdicts import (
    FASTER,
    SAME,
    SLOWER,
    UNCLEAR,
    Sample,
    Shift,
    Verdict,
    adjust,
    judge,
    shift_between,
)

MARGIN = 0.05
NO_SHIFT = Shift(1.0, 0.0, "")
# The standard deviation of the logarithms of repetitions, on a virtual machine of ordinary noise.
USUAL_DEVIATION = {"ops": 0.129, "p99": 0.285}
Effect = Callable[[Cell], float]


class Noise:
    """Pairs of runs of the reference's cells, with noise of its shape, and of a size that does not
    depend on the host that it was measured on."""

    def __init__(self, folder: Path) -> None:
        run = read_run(folder)
        self.centres: Dict[Tuple[Cell, str], float] = {}
        self.residuals: Dict[Tuple[int, str], List[float]] = {}
        for cell, repeated in run.cells.items():
            for metric, value in (("ops", ops), ("p99", latency(0.99))):
                logs = [math.log(value(m)) for m in repeated]
                self.centres[cell, metric] = mean(logs)
                # Deviations from a mean of three are too small by the square root of 2/3.
                left = [math.sqrt(1.5) * (log - mean(logs)) for log in logs]
                self.residuals.setdefault((cell.threads, metric), []).extend(left)
        for metric, usual in USUAL_DEVIATION.items():
            of_metric = [key for key in self.residuals if key[1] == metric]
            found = math.sqrt(mean(log**2 for key in of_metric for log in self.residuals[key]))
            for key in of_metric:
                self.residuals[key] = [log * usual / found for log in self.residuals[key]]
        self.cells = list(run.cells)

    def pair(
        self, seed: int, n: int, effect: Effect, scale: float = 1.0, metric: str = "ops"
    ) -> List[Sample]:
        source = np.random.default_rng(seed)
        samples = []
        for cell in self.cells:
            noise = scale * source.choice(self.residuals[cell.threads, metric], (2, n))
            values = np.exp(self.centres[cell, metric] + noise)
            new = values[1] * effect(cell)
            samples.append(Sample(cell, list(values[0]), list(new), 1.0))
        return samples


@pytest.fixture(scope="module")
def noise() -> Noise:
    return Noise(ROOT / "results" / "reference")


def called(verdicts: List[Verdict], *kinds: str) -> float:
    return mean(verdict.verdict in kinds for verdict in verdicts)


@pytest.mark.parametrize("n", [2, 3, 7, 12, 20])
@pytest.mark.parametrize("metric", ["ops", "p99"])
def test_false_alarms_are_few(noise: Noise, n: int, metric: str) -> None:
    wrong = []
    for seed in range(20):
        samples = noise.pair(seed, n, lambda cell: 1.0, metric=metric)
        wrong.append(called(judge(samples, metric == "ops", MARGIN, NO_SHIFT), FASTER, SLOWER))
    assert mean(wrong) <= 0.005
    assert max(wrong) <= 0.05


@pytest.mark.parametrize("n", [3, 7])
def test_a_host_that_changed_as_a_whole_is_no_change_of_the_rows(noise: Noise, n: int) -> None:
    for seed in range(20):
        moved = 0.85 if seed % 2 else 1.15
        samples = noise.pair(seed, n, lambda cell, by=moved: by, scale=0.25)  # type: ignore[misc]
        with_control = shift_between(samples, ["unlimited"])
        assert with_control.source == "control"
        assert called(judge(samples, True, MARGIN, with_control), FASTER, SLOWER) <= 0.05
        without = shift_between(samples, [])
        assert without.source == "rows"
        assert called(judge(samples, True, MARGIN, without), FASTER, SLOWER) <= 0.05


def test_a_change_of_all_limiters_is_seen_beside_one_that_limits_nothing(noise: Noise) -> None:
    def effect(cell: Cell) -> float:
        return 1.0 if cell.limiter == "unlimited" else 1 / 1.2

    samples = noise.pair(1, 7, effect, scale=0.25)
    verdicts = judge(samples, True, MARGIN, shift_between(samples, ["unlimited"]))
    assert called([v for v in verdicts if v.cell.limiter != "unlimited"], SLOWER) >= 0.95


@pytest.mark.parametrize("n, scale", [(3, 0.12), (7, 0.25), (60, 1.0)])
@pytest.mark.parametrize("metric", ["ops", "p99"])
def test_a_slowed_row_is_found(noise: Noise, n: int, scale: float, metric: str) -> None:
    if metric == "p99":
        n *= 2
    slower = 1 / 1.2 if metric == "ops" else 1.2
    found, wrong = [], []
    for seed in range(10):

        def effect(cell: Cell) -> float:
            return slower if cell.limiter == "snapshot" else 1.0

        samples = noise.pair(seed, n, effect, scale, metric)
        shift = shift_between(samples, ["unlimited"])
        verdicts = judge(samples, metric == "ops", MARGIN, shift)
        found.append(called([v for v in verdicts if v.cell.limiter == "snapshot"], SLOWER))
        wrong.append(called([v for v in verdicts if v.cell.limiter != "snapshot"], FASTER, SLOWER))
    assert mean(found) >= 0.95
    assert mean(wrong) <= 0.005


@pytest.mark.parametrize("effect, least, most", [(1.0, 0.0, 0.005), (1 / 1.2, 0.95, 1.0)])
def test_disturbed_repetitions_hide_nothing_from_a_median(
    effect: float, least: float, most: float
) -> None:
    """One in six lost half of its time to other work."""
    source = np.random.default_rng(1)
    shares = []
    for _ in range(20):
        samples = []
        for row in range(6):
            logs = source.normal(0, 0.06, (3, 2, 20)) - 0.7 * (source.random((3, 2, 20)) < 1 / 6)
            for i, (base, new) in enumerate(np.exp(logs)):
                changed = list(new * effect) if row == 0 else list(new)
                samples.append(Sample(Cell(f"row{row}", f"s{i}", "c", 1), list(base), changed))
        verdicts = judge(samples, True, MARGIN, NO_SHIFT)
        shares.append(called([v for v in verdicts if v.cell.limiter == "row0"], FASTER, SLOWER))
    assert least <= mean(shares) <= most


def test_what_happens_to_one_thread_is_not_said_of_two(noise: Noise) -> None:
    def effect(cell: Cell) -> float:
        return 0.7 if (cell.limiter, cell.threads) == ("hazard", 1) else 1.0

    verdicts = judge(noise.pair(3, 7, effect, scale=0.25), True, MARGIN, NO_SHIFT)
    of_row = {v.cell: v.verdict for v in verdicts if v.cell.limiter == "hazard"}
    assert {of_row[cell] for cell in of_row if cell.threads == 1} == {SLOWER}
    assert SLOWER not in {of_row[cell] for cell in of_row if cell.threads == 2}


def test_what_happens_to_a_row_is_not_said_of_its_one_cell_that_stayed() -> None:
    source = np.random.default_rng(1)
    stayed, slowed = [], []
    for _ in range(200):
        samples = []
        for row in range(6):
            for i, (base, new) in enumerate(np.exp(source.normal(0, 0.06, (6, 2, 7)))):
                changed = list(new / 1.2) if row == 0 and i else list(new)
                samples.append(Sample(Cell(f"row{row}", f"s{i}", "c", 1), list(base), changed))
        verdicts = judge(samples, True, MARGIN, NO_SHIFT)
        stayed.append(called(verdicts[:1], FASTER, SLOWER))
        slowed.append(called(verdicts[1:6], SLOWER))
    # 5 %, and what 200 draws may miss it by.
    assert mean(stayed) <= 0.07
    assert mean(slowed) >= 0.95


def cells(count: int) -> List[Cell]:
    return [Cell("row", f"scenario{i}", "compact", 1) for i in range(count)]


def test_the_same_is_said_only_of_what_is_known_well() -> None:
    quiet = [Sample(cell, [100, 101, 99], [100, 102, 101]) for cell in cells(5)]
    assert called(judge(quiet, True, MARGIN, NO_SHIFT), SAME) == 1
    loud = [Sample(cell, [100, 140, 60], [100, 70, 130]) for cell in cells(5)]
    assert called(judge(loud, True, MARGIN, NO_SHIFT), UNCLEAR) == 1


def test_a_real_change_within_the_margin_is_none() -> None:
    samples = [Sample(cell, [1000, 1001, 999], [1030, 1031, 1029]) for cell in cells(5)]
    assert called(judge(samples, True, MARGIN, NO_SHIFT), SAME) == 1
    assert called(judge(samples, True, 0.01, NO_SHIFT), FASTER) == 1
    assert called(judge(samples, False, 0.01, NO_SHIFT), SLOWER) == 1


def test_one_repetition_tells_nothing_alone_and_something_against_many() -> None:
    alone = judge([Sample(cell, [100], [50]) for cell in cells(5)], True, MARGIN, NO_SHIFT)
    assert [v.verdict for v in alone] == [UNCLEAR] * 5
    assert "no noise is known" in alone[0].reason
    many = [Sample(cell, [100, 101, 99, 100], [50]) for cell in cells(5)]
    assert called(judge(many, True, MARGIN, NO_SHIFT), SLOWER) == 1


def at_floor(base: float, new: float, base_at: bool, new_at: bool) -> Verdict:
    sample = Sample(cells(1)[0], [base] * 3, [new] * 3, 10, base_at, new_at)
    return judge([sample], False, MARGIN, NO_SHIFT)[0]


def test_nothing_is_told_between_two_runs_at_the_timers_floor() -> None:
    verdict = at_floor(40, 30, True, True)
    assert verdict.verdict == SAME and "both at the timer's floor" in verdict.reason


def test_the_timers_floor_is_an_upper_bound_of_the_run_that_is_there() -> None:
    slower = at_floor(40, 4000, True, False)
    assert slower.verdict == SLOWER and slower.estimate == pytest.approx(100)
    assert 0 < slower.low < 100 and slower.high == math.inf
    faster = at_floor(4000, 40, False, True)
    assert faster.verdict == FASTER and faster.low == 0 and 0 < faster.high < 1
    for verdict, run in ((slower, "BASE"), (faster, "NEW")):
        assert verdict.reason == f"{run} is at the timer's floor: by this at least"


@pytest.mark.parametrize(
    "base, new, base_at, new_at",
    [
        (40, 50, True, False),
        (4000, 4001, True, False),
        (4001, 4000, False, True),
        # Each run has a floor of its own: what was below 4000 may have been below 40 too.
        (4000, 40, True, False),
        (40, 4000, False, True),
    ],
)
def test_close_to_the_timers_floor_all_is_unclear(
    base: float, new: float, base_at: bool, new_at: bool
) -> None:
    verdict = at_floor(base, new, base_at, new_at)
    assert verdict.verdict == UNCLEAR and "at the timer's floor" in verdict.reason


def test_a_step_of_the_clock_is_no_change() -> None:
    samples = [Sample(cell, [60, 60, 60], [70, 70, 70], 10) for cell in cells(1)]
    assert judge(samples, False, MARGIN, NO_SHIFT)[0].verdict == UNCLEAR


def test_the_correction() -> None:
    # Benjamini and Hochberg 1995, the example of section 3.2: four are rejected.
    chances = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    chances += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    assert int((adjust(np.array(chances)) <= 0.05).sum()) == 4


def test_the_variance_of_a_median() -> None:
    source = np.random.default_rng(1)
    for n in (1, 3, 7, 15):
        found = np.var(np.median(source.normal(size=(200_000, n)), axis=1))
        assert variance_of_median(n) == pytest.approx(found, rel=0.03)


def test_variances_are_drawn_together_as_far_as_they_agree() -> None:
    source = np.random.default_rng(1)
    alike = source.chisquare(4, 200) / 4
    drawn, freedom = moderate(list(alike), [4] * 200)
    assert np.std(drawn) < 0.2 * np.std(alike) and freedom[0] > 40
    apart = alike * np.exp(source.normal(0, 2, 200))
    drawn, freedom = moderate(list(apart), [4] * 200)
    assert freedom[0] < 6 and np.corrcoef(np.log(drawn), np.log(apart))[0, 1] > 0.9


def test_effects_are_drawn_together_as_far_as_they_agree() -> None:
    effects, variances = np.array([0.1, 0.12, 0.08], float), np.full(3, 0.01)
    pooled = draw_together(effects, variances, 0.001)
    assert np.ptp(pooled.estimate) < 0.001 and pooled.variance[0] == pytest.approx(0.01 / 3, 0.01)
    pooled = draw_together(np.array([10.0, 12.0, 8.0]), variances, 0.001)
    assert np.allclose(pooled.estimate, effects * 100, rtol=0.01)
