"""Numbers in plain units, as charts and tables print them."""

from __future__ import annotations

from typing import Sequence

_RATES: Sequence[tuple[float, str]] = ((1e9, " G"), (1e6, " M"), (1e3, " k"), (1, ""))
_TIMES: Sequence[tuple[float, str]] = ((1e9, " s"), (1e6, " ms"), (1e3, " µs"), (1, " ns"))


_SIZES: Sequence[tuple[float, str]] = (
    (2.0**30, " GiB"),
    (2.0**20, " MiB"),
    (2.0**10, " KiB"),
    (1, " B"),
)


def _scaled(value: float, units: Sequence[tuple[float, str]], digits: int) -> str:
    if value == 0:
        return "0" + units[-1][1]
    rounded = float(f"{value:.{digits}g}")
    factor, suffix = next((unit for unit in units if rounded >= unit[0]), units[-1])
    number = f"{rounded / factor:.{digits}g}"
    if "e" in number:
        number = f"{rounded / factor:.0f}"
    return number + suffix


def rate(value: float, digits: int = 3) -> str:
    """Decisions a second: 41.2 M."""
    return _scaled(value, _RATES, digits)


def time(nanoseconds: float, digits: int = 3) -> str:
    """A duration: 310 ns, 1.25 µs."""
    return _scaled(nanoseconds, _TIMES, digits)


def size(held: float) -> str:
    """Memory: 96 B, 2.25 KiB."""
    factor, suffix = next((unit for unit in _SIZES if held >= unit[0]), _SIZES[-1])
    number = f"{held / factor:.3g}"
    return (f"{held / factor:.0f}" if "e" in number else number) + suffix


def at_floor(nanoseconds: float, floor: float, step: float) -> bool:
    """Whether the timer cannot resolve a duration: it is at most a `step` of the clock above
    `floor`, what the clock itself costs. Half a step is added, since steps differ in length."""
    return nanoseconds <= floor + 1.5 * step


def reading(nanoseconds: float, is_at_floor: bool) -> str:
    """≤310 ns where the timer cannot resolve it."""
    return ("≤" if is_at_floor else "") + time(nanoseconds)


def times(value: float) -> str:
    """How many times: 12.4x."""
    return f"{float(f'{value:.3g}'):g}x"


def percent(share: float) -> str:
    return "<0.01 %" if 0 < share < 1e-4 else f"{100 * share:.2g} %"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def clock(seconds: float) -> str:
    """A span for people: 45 s, 2 min 5 s, 1 h 20 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
