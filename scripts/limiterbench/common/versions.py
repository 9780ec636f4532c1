"""What measured: versions of everything that a number may depend on."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Mapping

from limiterbench.common import environment

NO_COMMIT = "nogit"


def git(root: Path, *arguments: str) -> str | None:
    """Of the repository that is there, whoever owns it: its code runs already. None if it fails."""
    try:
        answer = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(root), *arguments],
            env=environment.of_programs(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def commit(root: Path) -> str:
    """The checkout's commit, marked if files differ from it; `nogit` outside of one."""
    top = git(root, "rev-parse", "--show-toplevel")
    # A copy unpacked inside some other checkout must not take that one's commit for its own.
    if top is None or Path(top).resolve() != root.resolve():
        return NO_COMMIT
    name = git(root, "rev-parse", "--short=12", "HEAD")
    if not name:
        return NO_COMMIT
    changed = git(root, "status", "--porcelain", "-uno", "--", ".", ":!results")
    return name + ("-dirty" if changed else "")


def versions(root: Path, program: Mapping[str, object] | None = None) -> dict[str, str]:
    """Outside of a checkout, as in a bundle, the commit is the one that the program names."""
    found = commit(root)
    if found == NO_COMMIT and program:
        found = str(program.get("commit", NO_COMMIT))
    return {"commit": found, "python": platform.python_version()}
