"""What the user asked of a run: the flags of `./scripts/run`, under their own names."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Iterator

from limiterbench.common import units
from limiterbench.common.errors import InputError

QUICK_REPETITIONS = (3, 2)
FULL_REPETITIONS = 7
# Linking two more layouts takes seconds.
_USUAL_LAYOUTS = 3
_PROGRAM_SAYS = {"impl": "limiter"}


@dataclass(frozen=True)
class Request:
    """Empty or None: the run chooses."""

    quick: bool = False
    full: bool = False
    budget: str | None = None
    impl: tuple[str, ...] = ()
    scenario: tuple[str, ...] = ()
    placement: tuple[str, ...] = ()
    threads: str | None = None
    rates: str | None = None
    repetitions: int | None = None
    seconds: float | None = None
    layouts: int | None = None
    out: Path | None = None
    resume: Path | None = None
    dry_run: bool = False
    strict: bool = False
    topology: str | None = None
    oversubscribe: bool = False
    home: str | None = None
    writer: str | None = None
    seed: int | None = None
    noise_repeats: int = 1
    time_limit: float | None = None

    @staticmethod
    def of(options: Namespace) -> Request:
        values = {field.name: getattr(options, field.name) for field in fields(Request)}
        return Request(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})

    @property
    def oversubscribes(self) -> bool:
        """The full plan does, except with thread counts of the user's own."""
        return self.oversubscribe or (self.full and self.threads is None)

    def layouts_of(self, repetitions: int) -> int:
        """How many layouts measure. Each needs a repetition of every cell: InputError."""
        if self.layouts is not None and self.layouts > repetitions:
            raise InputError(
                f"--layouts {self.layouts}: more than {units.count(repetitions, 'repetition')} of "
                "a cell, each of which is measured by one"
            )
        return self.layouts or min(_USUAL_LAYOUTS, repetitions)

    @property
    def layouts_to_build(self) -> int:
        """How many repetitions a quick run has is known only with its plan."""
        most = FULL_REPETITIONS if self.full or self.budget else max(QUICK_REPETITIONS)
        return self.layouts_of(self.repetitions or most)

    def _chosen(self) -> Iterator[tuple[str, str]]:
        """The flags that choose the cells and their conditions, but for --oversubscribe."""
        for flag in ("impl", "scenario", "placement"):
            yield from ((flag, name) for name in getattr(self, flag))
        for flag in ("threads", "rates", "home", "writer", "topology"):
            value = getattr(self, flag)
            if value is not None:
                yield flag, value

    def program_flags(self) -> list[str]:
        """As the program spells them."""
        chosen = [(_PROGRAM_SAYS.get(flag, flag), value) for flag, value in self._chosen()]
        oversubscribe = ["--oversubscribe"] if self.oversubscribes else []
        return [*(f"--{flag}={value}" for flag, value in chosen), *oversubscribe]

    def words(self) -> list[str]:
        """As they were given."""
        oversubscribe = ["--oversubscribe"] if self.oversubscribe else []
        return [w for flag, value in self._chosen() for w in (f"--{flag}", value)] + oversubscribe
