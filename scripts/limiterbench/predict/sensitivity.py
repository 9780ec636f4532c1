"""Which orders between designs hang on one figure of the host file."""

from __future__ import annotations

from typing import Any, Callable, Collection, Sequence

from limiterbench.predict import tasks
from limiterbench.predict.hosts import Host
from limiterbench.predict.points import Assumption, Point, orders, throughput
from limiterbench.predict.simulator import Simulator

# A figure that changes nothing when it is so far off is tried no closer.
_FAR = (0.5, 1.5)
_NEAR = (0.8, 1.2)
# Without reloads, and with as many as there can be.
SCENARIOS = ("readonly", "reload_storm")
# As validate.py stores it.
Values = dict[str, Any]


def try_figures(
    host: Host,
    rows: Sequence[str],
    blocking: Collection[str],
    scenario: str,
    threads: int,
    simulator: Simulator,
) -> Values:
    def orders_on(changed: Host) -> dict[tuple[str, str], int]:
        work = tasks.tasks_of(rows, [scenario], [threads], tasks.assumptions(changed), blocking)
        sheet: dict[str, dict[Assumption, Point]] = {row: {} for row in rows}
        for task, result in zip(work, tasks.simulate_all(simulator, changed, work)):
            # By its place, not by its alpha, which may be the figure that is off.
            key = Assumption(task.assumed.policy, float(task.index))
            if result.point is not None:
                sheet[task.cell.limiter][key] = result.point
        return orders(sheet, throughput)

    before = orders_on(host)
    tried: list[Values] = []
    for figure, off_by in figures(host).items():
        for factors in (_FAR, _NEAR):
            found = [
                {
                    "figure": figure,
                    "factor": factor,
                    "changes": _changes(before, orders_on(off_by(factor))),
                }
                for factor in factors
            ]
            tried += found
            if not any(off["changes"] for off in found):
                break
    return {
        "host": host.key,
        "scenario": scenario,
        "threads": threads,
        "pairs": len(before),
        "decided": sum(order != 0 for order in before.values()),
        "tried": tried,
    }


def _changes(before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]) -> list[Values]:
    """`reverses`: not merely undecided, but the other design is now ahead."""
    return [
        {"pair": pair, "reverses": was * after[pair] < 0}
        for pair, was in before.items()
        if was != after[pair]
    ]


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
