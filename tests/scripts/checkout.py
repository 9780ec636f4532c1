"""A copy of the scripts in a folder with an awkward name, over stand-ins for what they build."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

from conftest import FAKE, ROOT

# Notes what reached it, then is whatever it stands for.
_NOTES = """#!{python} -EI
import json, os, sys
with open("/proc/self/environ", "rb") as file:
    pairs = [p.split("=", 1) for p in file.read().decode(errors="replace").split("\\0") if p]
with open({log!r}, "a", encoding="utf-8") as log:
    print(json.dumps(dict(pairs)), file=log)
{rest}
"""
_CMAKE = 'if sys.argv[1:] == ["--version"]: print("cmake version 3.31.0")'
_PROGRAM = f"os.execv({str(FAKE)!r}, [{str(FAKE)!r}, *sys.argv[1:]])"


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "d'été (à b)" / "limiter bench"
        self.scripts = self.folder / "scripts"
        for name in ("scripts", ".ci"):
            shutil.copytree(ROOT / name, self.folder / name)
        self._bin = folder / "bin"
        self._bin.mkdir(parents=True)
        self._stand_in("cmake", _CMAKE)
        self.env: Dict[str, str] = {
            **os.environ,
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "LIMITERBENCH_PROGRAM": str(self._stand_in("program", _PROGRAM)),
        }

    def _stand_in(self, name: str, rest: str) -> Path:
        path = self._bin / name
        log = str(self._log(name))
        path.write_text(_NOTES.format(python=sys.executable, log=log, rest=rest), encoding="utf-8")
        path.chmod(0o755)
        return path

    def _log(self, name: str) -> Path:
        return self._bin / f"{name}.log"

    def reached(self, name: str) -> Dict[str, str]:
        """All that any start of the stand-in saw."""
        lines = self._log(name).read_text(encoding="utf-8").splitlines()
        return {name: value for line in lines for name, value in json.loads(line).items()}

    def call(
        self,
        command: Sequence[object],
        env: Optional[Mapping[str, str]] = None,
        cwd: Optional[Path] = None,
    ) -> "subprocess.CompletedProcess[str]":
        words: List[str] = [str(word) for word in command]
        return subprocess.run(
            words,
            cwd=cwd or self.folder,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
