"""Which orders between rows hang on one figure of the host file."""

from __future__ import annotations

from typing import Any, Callable, Collection, NamedTuple, Sequence

from limiterbench.predict import tasks
from limiterbench.predict.hosts import Host
from limiterbench.predict.points import Assumption, Point, Value, orders, p99, throughput
from limiterbench.predict.simulator import Simulator

# A figure that changes nothing when it is so far off is tried no closer.
_FAR = (0.5, 1.5)
_NEAR = (0.8, 1.2)
# Without reloads, and with as many as there can be.
SCENARIOS = ("readonly", "reload_storm")
VALUES: dict[str, Value] = {"throughput": throughput, "p99": p99}

Pair = tuple[str, str]
Orders = dict[str, dict[Pair, int]]


class Setting(NamedTuple):
    """What is simulated again and again, on hosts that differ in one figure."""

    rows: Sequence[str]
    blocking: Collection[str]
    scenario: str
    threads: int

    def orders(self, host: Host, simulator: Simulator) -> Orders:
        assumed = tasks.assumptions(host)
        work = tasks.tasks_of(self.rows, [self.scenario], [self.threads], assumed, self.blocking)
        sheet: dict[str, dict[Assumption, Point]] = {row: {} for row in self.rows}
        for task, result in zip(work, tasks.simulate_all(simulator, host, work)):
            # By its place, not by its alpha, which may be the figure that is off.
            key = Assumption(task.assumed.policy, float(task.index))
            if result.point is not None:
                sheet[task.cell.limiter][key] = result.point
        return {name: orders(sheet, value) for name, value in VALUES.items()}


class Change(NamedTuple):
    figure: str
    factor: float
    value: str
    pair: Pair
    before: int
    after: int

    @property
    def reverses(self) -> bool:
        """Not merely undecided: the other row is now ahead."""
        return self.before * self.after < 0


class Sensitivity(NamedTuple):
    host: Host
    setting: Setting
    pairs: int
    decided: dict[str, int]
    tried: list[tuple[str, float]]
    changes: list[Change]


def _scaled(values: dict[str, float], name: str, factor: float) -> dict[str, float]:
    """One distance's time; what lies nearer is never above it, what lies farther never below."""
    order = list(values)
    at = order.index(name)
    new = values[name] * factor
    return {
        key: new if i == at else min(old, new) if i < at else max(old, new)
        for i, (key, old) in enumerate(values.items())
    }


def _times(value: Any, factor: float) -> Any:
    """A number, or all numbers of a list or an object."""
    if isinstance(value, list):
        return [_times(entry, factor) for entry in value]
    if isinstance(value, dict):
        return {key: _times(entry, factor) for key, entry in value.items()}
    return value * factor


def figures(host: Host) -> dict[str, Callable[[float], Host]]:
    """What can be off, and the host with it off by a factor."""
    values = host.values

    def scale(name: str) -> Callable[[float], Host]:
        return lambda factor: host.with_values(**{name: _times(values[name], factor)})

    def scale_transfer(name: str) -> Callable[[float], Host]:
        return lambda factor: host.with_values(
            transfer_ns=_scaled(values["transfer_ns"], name, factor)
        )

    # What a host file may leave out, as the simulator then takes it: not tied to the other figure.
    values = {
        "store_ns": values["load_ns"],
        "fence_ns": values["rmw_ns"],
        "pause_ns": values["rmw_ns"],
        **values,
    }
    found = {
        name: scale(name)
        for name in ("rmw_ns", "load_ns", "store_ns", "fence_ns", "pause_ns", "alpha")
    }
    for name in values.get("transfer_ns", {}):
        found[f"transfer_ns.{name}"] = scale_transfer(name)
    for name in ("instructions_ns", "futex_wake_ns", "futex_call_ns", "process_fence_ns"):
        if name in values:
            found[name] = scale(name)
    return found


def _changes(figure: str, factor: float, before: Orders, after: Orders) -> list[Change]:
    return [
        Change(figure, factor, value, pair, was, after[value][pair])
        for value, pairs in before.items()
        for pair, was in pairs.items()
        if was != after[value][pair]
    ]


def try_figures(host: Host, setting: Setting, simulator: Simulator) -> Sensitivity:
    base = setting.orders(host, simulator)
    tried: list[tuple[str, float]] = []
    changes: list[Change] = []
    for figure, off_by in figures(host).items():
        for factors in (_FAR, _NEAR):
            found: list[Change] = []
            for factor in factors:
                tried.append((figure, factor))
                after = setting.orders(off_by(factor), simulator)
                found += _changes(figure, factor, base, after)
            changes += found
            if not found:
                break
    decided = {name: sum(order != 0 for order in pairs.values()) for name, pairs in base.items()}
    return Sensitivity(host, setting, len(base["p99"]), decided, tried, changes)


def as_json(sensitivity: Sensitivity) -> dict[str, object]:
    return {
        "host": sensitivity.host.key,
        "scenario": sensitivity.setting.scenario,
        "threads": sensitivity.setting.threads,
        "pairs": sensitivity.pairs,
        "decided": sensitivity.decided,
        "tried": [{"figure": figure, "factor": factor} for figure, factor in sensitivity.tried],
        "changes": [
            {**change._asdict(), "reverses": change.reverses} for change in sensitivity.changes
        ],
    }
