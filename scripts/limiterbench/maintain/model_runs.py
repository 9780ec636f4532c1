"""Builds the model tests against a copy of impls/ and runs them until the first fault."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

from limiterbench.common.errors import HostError

# As tests/model/CMakeLists.txt has it.
_FLAGS = (
    *("-std=c++20", "-O1", "-DNDEBUG", "-U_FORTIFY_SOURCE", "-pthread"),
    *("-DLIMITERBENCH_SYNC_RELACY", "-DLIMITERBENCH_CLASS_COUNT=2"),
)
_SEARCH = re.compile(r"^(.{48}) (?:tree|random)\b.*? s  (.+)$")
_WRONG = "^^^ wrong"
_TIME_LIMIT_SECONDS = 900.0


class Program(NamedTuple):
    """A model test, tests/model/<name>_test.cpp, and what it is called with."""

    name: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join(("model", self.name, *self.arguments)).replace(" ", ".")


class Models:
    """A folder of its own: the headers under another name, and what was built against them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = Path(tempfile.mkdtemp(prefix="limiterbench-weaken."))
        self._headers = self._folder / "include" / "limiterbench"
        self._built: set[str] = set()
        shutil.copytree(root / "impls", self._headers)
        source = root / "tests" / "model" / "model.cpp"
        # The only header that it knows is sync.hpp, which is never weakened.
        self._compile("-c", str(source), "-o", "model.o")

    def __enter__(self) -> Models:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _compile(self, *arguments: str) -> None:
        compiler = shlex.split(os.environ.get("CXX", "c++"))
        command = [*compiler, *_FLAGS, "-I", str(self._folder / "include"), *arguments]
        done = subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise HostError(f"{shlex.join(command)}:\n{done.stderr[:4000]}")

    def replace(self, name: str, text: str) -> None:
        (self._headers / name).write_text(text, encoding="utf-8")
        self._built.clear()

    def fault(self, program: Program) -> str | None:
        """The first search that comes out other than expected; None if there is none."""
        if program.name not in self._built:
            source = self._root / "tests" / "model" / f"{program.name}_test.cpp"
            self._compile(str(source), "model.o", "-o", program.name)
            self._built.add(program.name)
        return _first_fault([str(self._folder / program.name), *program.arguments])


class _Reader:
    """Reads a model test's output: where it is, and whether a search came out wrong."""

    def __init__(self) -> None:
        self._section = ""
        self.last = "before any search"

    def is_wrong(self, line: str) -> bool:
        search = _SEARCH.match(line)
        if search:
            self.last = f"{self._section}{search[1].strip()}: {search[2].strip().lower()}"
        elif not line.startswith((" ", "[", _WRONG)) and len(line) < 40 and line.strip():
            self._section = line.strip().rstrip(":") + ", "
        return line.startswith(_WRONG)


def _first_fault(command: list[str]) -> str | None:
    """Ends the test at its first fault: what comes later says nothing more."""
    reader = _Reader()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
    ) as test:
        assert test.stdout is not None
        alarm = threading.Timer(_TIME_LIMIT_SECONDS, test.kill)
        alarm.start()
        try:
            if any(reader.is_wrong(line) for line in test.stdout):
                test.kill()
                return reader.last
            status = test.wait()
        finally:
            late = not alarm.is_alive()
            alarm.cancel()
    if status == 0:
        return None
    if status < 0 and not late:
        return f"crash in what follows {reader.last}"
    raise HostError(f"{shlex.join(command)}: status {status}, and no search is wrong")


_HAZARD_ROW = Program("rows", ("hazard",))
_RSEQ_ROW = Program("rows", ("leased_rseq",))
_COUNTERS = (Program("window"), Program("fetch_add"), Program("sharded"), Program("leased"))
_COVERED: dict[str, tuple[Program, ...]] = {
    "composed.hpp": (_HAZARD_ROW,),
    "config/": (Program("sources"),),
    "config/hazard_pointer.hpp": (Program("sources"), _HAZARD_ROW, _RSEQ_ROW),
    "config/shared_pointer.hpp": (Program("sources"), Program("rows", ("snapshot",))),
    "primitives/": (Program("hazard_pointer"), Program("sources"), Program("atomic_value")),
    "primitives/atomic_value.hpp": (Program("atomic_value"), Program("rows", ("snapshot_value",))),
    "primitives/bravo_lock.hpp": (Program("bravo_lock"), Program("rows", ("bravo",))),
    "primitives/go_rwmutex.hpp": (Program("go_rwmutex"), Program("rows", ("go_rwmutex",))),
    "primitives/mcs_lock.hpp": (Program("mcs_lock"), Program("rows", ("mcs",))),
    "primitives/hazard_pointer.hpp": (
        Program("hazard_pointer"),
        Program("sources"),
        Program("atomic_value"),
        _RSEQ_ROW,
    ),
    "quota/": (Program("rows", ("gcra",)),),
    "quota/window.hpp": _COUNTERS,
    "quota/fetch_add.hpp": (Program("fetch_add"), _HAZARD_ROW),
    "quota/sharded.hpp": (Program("sharded"), Program("rows", ("sharded",))),
    "quota/leased.hpp": (Program("leased"), Program("rows", ("leased",)), _RSEQ_ROW),
    "quota/leased_rseq.hpp": (Program("leased"), _RSEQ_ROW),
    "quota/rseq_spend.hpp": (_RSEQ_ROW,),
}


def programs_for(header: str) -> tuple[Program, ...]:
    """The model tests that cover a header, the quickest first; those of its folder if it has none
    of its own."""
    for key in (header, f"{Path(header).parent.as_posix()}/"):
        if key in _COVERED:
            return _COVERED[key]
    raise HostError(f"{header}: no model test is known to cover it; see model_runs.py")
