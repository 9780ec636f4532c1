"""The C++ folders include each other one way only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Set

from conftest import ROOT

# Each folder, and those of benchmarks/ that it may include besides itself.
BELOW: Dict[str, Set[str]] = {
    "host": set(),
    "workload": {"host"},
    "native": {"host", "workload"},
    "simulated": {"host", "workload"},
    "primitives": {"host", "workload", "native"},
}
INCLUDE = re.compile(r'#include "(\w+)/')


def included(path: Path) -> Set[str]:
    return set(INCLUDE.findall(path.read_text(encoding="utf-8"))) & BELOW.keys()


def test_the_harness_includes_nothing_above_it() -> None:
    for folder, below in BELOW.items():
        files = sorted((ROOT / "benchmarks" / folder).glob("*.[ch]pp*"))
        assert files, folder
        for path in files:
            assert included(path) <= below | {folder}, path


def test_the_library_includes_nothing_of_the_harness() -> None:
    for path in (ROOT / "impls").rglob("*.hpp"):
        # impls/ has a folder primitives/ of its own.
        assert included(path) <= {"primitives"}, path
