"""Which releases ./scripts/test --bare takes; what it finds there needs its own hour."""

from __future__ import annotations

import subprocess

import pytest
from conftest import ROOT


@pytest.mark.parametrize("suites", [(), ("sid",), ("",), ("bookworm trixie",), ("trixie", "sid")])
def test_other_releases_are_refused(suites: "tuple[str, ...]") -> None:
    answer = subprocess.run(
        [ROOT / "scripts/test", "--bare", *suites], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert answer.stderr == "test: --bare takes one of Debian's releases: bookworm trixie\n"
