"""The programs and the scripts where the kernel refuses system calls, one list for all.

Usage: check_denied_calls.py DENY_CALLS PROGRAM SIMULATOR PRIMITIVES [unittest arguments]

Left out are the calls without which no program starts or writes a file: mmap, read, openat, futex.
"""

import gzip
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

DENY, PROGRAM, SIMULATOR, PRIMITIVES = "", "", "", ""
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
ERRORS = ("EPERM", "ENOSYS")
# Calls of the measuring program that it can do without.
PREFERENCES = (
    *("access", "clone3:ENOSYS", "faccessat2", "fcntl", "fsync", "getcpu", "getrandom"),
    *("getrusage", "ioctl", "madvise", "membarrier", "move_pages", "perf_event_open"),
    *("prctl", "prlimit64", "readlink", "rseq", "rt_sigaction", "rt_sigprocmask", "sched_yield"),
    *("set_robust_list", "set_tid_address", "sysinfo", "uname", "mlock", "sigaltstack"),
)
# Without them nothing is measured: refused with status 3, and the name.
REFUSED = {
    "clone3:EPERM": "clone3",
    "clock_gettime": "clock_gettime",
    "clock_nanosleep": "clock_nanosleep",
    "sched_getaffinity": "sched_getaffinity",
    "sched_setaffinity": "bind",
}
# Calls of the scripts that they can do without.
SCRIPT_PREFERENCES = (
    *("chmod", "fchmod", "close_range", "copy_file_range", "epoll_create1", "fadvise64", "flock"),
    *("fsync", "gettid", "inotify_init1", "madvise", "memfd_create", "pidfd_open", "prlimit64"),
    *("prctl", "renameat2", "sendfile", "set_robust_list", "signalfd4", "statx", "utimensat"),
    *("sysinfo",),
)
SCRIPT_REFUSED = ("dup2", "mkdir", "pipe2", "poll", "pselect6", "rename", "rt_sigaction", "setsid")
CELL = "hazard/steady/compact/threads:1"
# Others lack some of these calls, and their C libraries make others in their place.
of_this_processor = unittest.skipUnless(
    platform.machine() == "x86_64", "the calls listed are those of x86-64"
)


class Refusal(NamedTuple):
    error: str
    call: str


def refusals(names: Sequence[str]) -> List[Refusal]:
    """Of both errors, unless one is named."""
    found = []
    for name in names:
        call, _, only = name.partition(":")
        found += [Refusal(error, call) for error in ERRORS if only in ("", error)]
    return found


def run(
    refusal: Refusal, *command: str, env: "Dict[str, str] | None" = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [DENY, *refusal, *command],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@of_this_processor
class TheProgram(unittest.TestCase):
    def measured(self, refusal: Refusal) -> Tuple["subprocess.CompletedProcess[str]", List[str]]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "records"
            flags = [f"--cell={CELL}", f"--records={path}"]
            done = run(refusal, PROGRAM, *flags, "--seconds=0.05")
            return done, path.read_text().splitlines() if path.exists() else []

    def test_a_preference_costs_no_repetition(self) -> None:
        for refusal in refusals(PREFERENCES):
            with self.subTest(refusal):
                done, lines = self.measured(refusal)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual([json.loads(line)["status"] for line in lines], ["ok"])

    def test_the_record_says_what_is_absent(self) -> None:
        (line,) = self.measured(Refusal("ENOSYS", "getrusage"))[1]
        # Its own work must not pass for others'.
        self.assertIsNone(json.loads(line)["noise"]["others_ns"])
        (line,) = self.measured(Refusal("EPERM", "prctl"))[1]
        self.assertIn("prctl", json.loads(line)["counters_absent"])
        about = json.loads(run(Refusal("EPERM", "prctl"), PROGRAM, "--environment").stdout)
        self.assertIs(about["environment"]["timer_slack_settable"], False)
        (line,) = self.measured(Refusal("ENOSYS", "perf_event_open"))[1]
        self.assertIn("perf_event_open", json.loads(line)["counters_absent"])

    def test_what_it_needs_is_refused_by_name(self) -> None:
        for needed, name in REFUSED.items():
            for refusal in refusals([needed]):
                with self.subTest(refusal):
                    done, lines = self.measured(refusal)
                    self.assertEqual(done.returncode, 3, done.stderr)
                    self.assertIn(name, done.stderr)
                    self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                    self.assertEqual(lines, [])
                    asked = run(refusal, PROGRAM, "--check_binding")
                    self.assertEqual(asked.returncode, 3, asked.stderr)

    def test_a_reached_limit_on_threads_is_named(self) -> None:
        done = run(Refusal("EAGAIN", "clone3"), PROGRAM, "--check_binding")
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"cannot start a thread: .*ulimit -u: .*pids.max: ")

    def test_what_it_prints_is_not_lost_unseen(self) -> None:
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([PROGRAM, "--list"], stdout=full, stderr=-1, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output", done.stderr)

    def test_closed_output_does_not_go_into_the_records(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            flags = f"--cell={CELL} --seconds=0.01"
            shell = f"{PROGRAM} {flags} --records={folder}/records >&- 2>&-"
            subprocess.run(["bash", "-c", shell], check=True)
            (line,) = Path(folder, "records").read_text().splitlines()
            self.assertEqual(json.loads(line)["status"], "ok")


@of_this_processor
class TheOthers(unittest.TestCase):
    def test_they_run(self) -> None:
        names = [name for name in PREFERENCES if name != "fsync"]
        for error in ERRORS:
            listed = ",".join(call for at, call in refusals(names) if at == error)
            refusal = Refusal(error, listed)
            with self.subTest(error):
                done = run(refusal, SIMULATOR, "--list")
                self.assertEqual(done.returncode, 0, done.stderr)
                one = "--benchmark_filter=fetch_add", "--benchmark_min_time=0.001"
                done = run(refusal, PRIMITIVES, *one)
                self.assertEqual(done.returncode, 0, done.stderr)


@of_this_processor
class TheScripts(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # Charts take longer than all else.
        (self.folder / "matplotlib.py").write_text("raise ImportError('no charts')\n")

    def measured(self, refusal: Refusal) -> "subprocess.CompletedProcess[str]":
        limiter, scenario, placement, _ = CELL.split("/")
        env = {
            "PYTHONPATH": f"{self.folder}:{SCRIPTS}",
            "LIMITERBENCH_ROOT": str(SCRIPTS.parent),
            "LIMITERBENCH_PROGRAM": PROGRAM,
        }
        flags = ["--impl", limiter, "--scenario", scenario, "--placement", placement]
        flags += ["--threads", "1", "--seconds", "0.01", "--repetitions", "1"]
        command = [sys.executable, "-m", "limiterbench", "run", *flags]
        return run(refusal, *command, "--out", str(self.folder / "out/run"), env=env)

    def left(self) -> List[str]:
        out = self.folder / "out"
        return os.listdir(out) if out.exists() else []

    def test_a_preference_costs_nothing(self) -> None:
        """All at once: each stays refused while the others are."""
        for error in ERRORS:
            with self.subTest(error):
                done = self.measured(Refusal(error, ",".join(SCRIPT_PREFERENCES)))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("cannot be locked", done.stderr)
                with gzip.open(self.folder / "out/run/cells.jsonl.gz", "rt") as records:
                    self.assertIn('"status":"ok"', records.read())
                done = self.measured(Refusal(error, "flock"))
                self.assertIn("already holds a run", done.stderr)
                subprocess.run(["rm", "-r", str(self.folder / "out")], check=True)

    def test_what_they_need_is_refused_and_nothing_is_left(self) -> None:
        for call in SCRIPT_REFUSED:
            with self.subTest(call):
                done = self.measured(Refusal("EPERM", call))
                self.assertIn(done.returncode, (1, 2))
                self.assertNotIn("Traceback", done.stderr)
                self.assertIn("Operation not permitted", done.stderr)
                self.assertEqual(self.left(), [])

    def test_what_the_program_needs_is_refused_once(self) -> None:
        for needed, name in REFUSED.items():
            (refusal, *_) = refusals([needed])
            with self.subTest(refusal):
                done = self.measured(refusal)
                self.assertIn(done.returncode, (1, 2))
                # Python cannot sleep without clock_nanosleep either, nor start anything without
                # clone3 where its C library uses that.
                self.assertRegex(done.stderr, f"{re.escape(name)}|time.sleep|cannot start")
                self.assertEqual(done.stderr.count("error:"), 1, done.stderr)
                self.assertEqual(self.left(), [])


if __name__ == "__main__":
    DENY, PROGRAM, SIMULATOR, PRIMITIVES = sys.argv[1:5]
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]])
