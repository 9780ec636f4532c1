"""What the program prints, measures, refuses, and with which exit status.

Usage: check_program.py PROGRAM DENY_BINDING_LIBRARY DENY_CALLS [unittest arguments]
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List, Optional

PROGRAM = ""
DENY_BINDING = ""
DENY_CALLS = ""
MEMORY_CALLS = "mbind,set_mempolicy,get_mempolicy,move_pages,migrate_pages"
# This host's CPUs, near nodes that no host has.
ABSENT_NODES = {
    "HWLOC_SYNTHETIC": "pack:2 [numa(indexes=1001,1002)] core:512 pu:1",
    "HWLOC_THISSYSTEM": "1",
}
# The other designs stand on libraries, and each library may be missing.
OWN_ROWS = Path(__file__).resolve().parents[2] / "impls" / "rows"
HAND_WRITTEN = {header.stem for header in OWN_ROWS.glob("*.hpp")}
BIG_HOST = "pack:2 l3:8 core:8 pu:2"


def run(
    *arguments: str, env: Optional[Dict[str, str]] = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, *arguments],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def run_denied(error: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Where the kernel refuses to say or to choose where memory lies."""
    return subprocess.run(
        [DENY_CALLS, error, MEMORY_CALLS, PROGRAM, *arguments],
        env={**os.environ, **ABSENT_NODES},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def printed_json(*arguments: str) -> Any:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


STARTS_PROGRAM = """
import os, subprocess, sys
subprocess.run([sys.argv[1], f"--end_with={os.getpid()}", *sys.argv[2:]])
"""


class Ends(unittest.TestCase):
    def test_with_the_process_that_it_is_told(self) -> None:
        cell = ("--limiter=unlimited", "--scenario=steady", "--threads=1", "--seconds=3600")
        command = [sys.executable, "-c", STARTS_PROGRAM, PROGRAM, *cell]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as starter:
            assert starter.stdout is not None
            self.assertTrue(starter.stdout.read(1))
            starter.kill()
            # Nobody else holds the pipe: it is closed once the program has ended.
            output = starter.stdout.fileno()
            self.assertTrue(select.select([output], [], [], 60)[0])
            while select.select([output], [], [], 60)[0]:
                if not os.read(output, 1 << 16):
                    return
            self.fail("the program outlived the process that started it")

    def test_at_once_if_that_process_has_ended(self) -> None:
        gone = subprocess.Popen(["true"])
        gone.wait()
        self.assertEqual(run(f"--end_with={gone.pid}", "--list").returncode, -signal.SIGKILL)


class Prints(unittest.TestCase):
    def test_the_rows(self) -> None:
        rows = printed_json("--list=json")
        names = [row["name"] for row in rows]
        self.assertLessEqual(HAND_WRITTEN, set(names))
        for row in rows:
            for key in ("summary", "source", "exactness", "progress_text", "bound"):
                self.assertTrue(row[key], f"{row['name']}.{key}")
            for key in ("contract", "exactness", "progress", "denial"):
                self.assertRegex(row[key], r"^[a-z]+(_[a-z]+)*$", f"{row['name']}.{key}")
            self.assertEqual(bool(row["library"]), row["name"] not in HAND_WRITTEN)
            self.assertEqual(bool(row["library"]), bool(row["package"]))
            self.assertLessEqual(set(row["requires"]), {"membarrier", "rseq"})
        (rseq,) = [row for row in rows if row["name"] == "leased_rseq"]
        self.assertEqual(rseq["requires"], ["membarrier", "rseq"])
        self.assertEqual(rseq["progress"], "lock_free_within_lease")
        self.assertEqual(rseq["progress_text"], "lock-free within a lease")
        fatal = {row["name"] for row in rows if not row["survives_bad_alloc"]}
        self.assertLessEqual(fatal, {"xenium_hp", "xenium_ebr", "libcds_hp"})

    def test_a_row_that_falls_back_says_so(self) -> None:
        env = {"GLIBC_TUNABLES": "glibc.pthread.rseq=0"}
        rows = json.loads(run("--list=json", env=env).stdout)
        (note,) = [row["note"] for row in rows if row["name"] == "leased_rseq"]
        self.assertTrue(note.startswith("no rseq here"), note)

    def test_the_rows_in_80_columns(self) -> None:
        lines = run("--list").stdout.splitlines()
        self.assertGreaterEqual(len(lines), 6)
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_help_in_100_columns(self) -> None:
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--oversubscribe", done.stdout)
        self.assertIn("--benchmark_filter", done.stdout)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)

    def test_another_host(self) -> None:
        self.assertIn("256 CPUs", run(f"--topology={BIG_HOST}").stdout)
        described = printed_json(f"--topology={BIG_HOST}", "--topology_format=json")
        self.assertEqual(len(described["cpus"]), 256)

    def test_the_plan_of_another_host(self) -> None:
        plan = printed_json(f"--topology={BIG_HOST}", "--plan=json", "--limiter=hazard")
        self.assertEqual(plan["host"]["is_this_host"], False)
        self.assertEqual({cell["limiter"] for cell in plan["cells"]}, {"hazard"})
        self.assertIn(256, {cell["threads"] for cell in plan["cells"]})

    def test_the_environment(self) -> None:
        environment = printed_json("--environment")
        self.assertTrue(environment["environment"]["hostname"])
        self.assertIn(environment["timer"]["source"], ("tsc", "clock_monotonic"))
        self.assertTrue(environment["versions"]["commit"])

    def test_an_exported_topology_can_be_read_again(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/topology.xml"
            self.assertEqual(run(f"--topology_xml={path}").returncode, 0)
            here = printed_json("--topology_format=json")
            there = printed_json(f"--topology={path}", "--topology_format=json")
            self.assertEqual(here["placements"], there["placements"])
            self.assertFalse(there["is_this_host"])

    def test_every_cell_once(self) -> None:
        listed = run("--benchmark_list_tests").stdout.splitlines()
        planned = [cell["cell"] for cell in printed_json("--plan=json")["cells"]]
        self.assertEqual([name.split("/iterations")[0] for name in listed], planned)
        self.assertEqual(len(set(planned)), len(planned))


class Measures(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def records(self) -> List[Dict[str, Any]]:
        text = (self.folder / "cells.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def measure(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return run(f"--records={self.folder}/cells.jsonl", "--seconds=0.02", *arguments)

    def test_each_repetition_is_recorded(self) -> None:
        done = self.measure(
            "--limiter=hazard",
            "--scenario=steady,edge",
            "--threads=1",
            "--benchmark_repetitions=2",
            "--repetition_index=5",
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found = sorted((record["cell"], record["repetition"]) for record in self.records())
        cells = ["hazard/edge/compact/threads:1", "hazard/steady/compact/threads:1"]
        self.assertEqual(found, [(cell, i) for cell in cells for i in (5, 6)])
        for record in self.records():
            self.assertEqual((record["schema"], record["status"]), (1, "ok"), record["failure"])
            counted = sum(count for _, count in record["latency"]["histogram"]["counts"])
            self.assertEqual(counted, sum(record["latency"]["operations"]))
            self.assertGreater(record["timer"]["floor"]["p50_ns"], 0)

    def test_one_cell_by_its_name(self) -> None:
        cell = "sharded/overload/compact/threads:1"
        done = self.measure(f"--cell={cell}", "--limiter=hazard")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([record["cell"] for record in self.records()], [cell])

    def test_google_benchmark_reports(self) -> None:
        report = self.folder / "report.json"
        done = self.measure(
            "--benchmark_filter=^sharded/overload/compact/threads:1/",
            f"--benchmark_out={report}",
            "--benchmark_out_format=json",
            "--benchmark_repetitions=2",
            "--benchmark_enable_random_interleaving=true",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        content = json.loads(report.read_text(encoding="utf-8"))
        self.assertIn("topology", content["context"])
        result = content["benchmarks"][0]
        for key in (
            "ops_per_second",
            "p50_ns",
            "p99_ns",
            "p999_ns",
            "max_ns",
            "fairness",
            "admission_error",
        ):
            self.assertIn(key, result)
        # The time of an iteration is that of one decision.
        self.assertAlmostEqual(result["real_time"] * 1e-9 * result["ops_per_second"], 1, places=6)

    def test_a_row_that_is_slowed_for_a_test_says_so(self) -> None:
        done = self.measure("--test_slow_down=hazard:20", "--limiter=hazard,gcra", "--threads=1")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for record in self.records():
            added = 20 if record["limiter"] == "hazard" else 0
            self.assertEqual(record["parameters"]["added_percent"], added)
            self.assertEqual("slowed by 20 % for a test" in record["note"], added != 0)
            phase = record["throughput"]
            requests = phase["admitted"] + phase["denied"]
            self.assertEqual(sum(phase["operations"]), requests * 100 // (100 + added))

    def test_a_row_that_falls_back_is_labelled(self) -> None:
        os.environ["GLIBC_TUNABLES"] = "glibc.pthread.rseq=0"
        self.addCleanup(os.environ.pop, "GLIBC_TUNABLES")
        done = self.measure("--limiter=leased_rseq", "--scenario=readonly", "--threads=1")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for record in self.records():
            self.assertTrue(record["note"].startswith("no rseq here"), record["note"])

    def test_more_threads_than_cpus_on_request(self) -> None:
        cpus = len(os.sched_getaffinity(0))
        done = self.measure(
            f"--threads={2 * cpus}", "--oversubscribe", "--limiter=rwmutex", "--scenario=readonly"
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        record = self.records()[0]
        self.assertTrue(record["oversubscribed"])
        self.assertEqual(len(record["cpus"]), 2 * cpus)

    def test_every_row_ends_with_four_threads_a_cpu(self) -> None:
        """A row that spins for a thread that has no CPU must not spin for ever."""
        threads = 4 * len(os.sched_getaffinity(0))
        scenarios = "--scenario=steady,reload_storm"
        done = self.measure(
            f"--threads={threads}", "--oversubscribe", "--placement=compact", scenarios
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(self.records()), 2 * len(printed_json("--list=json")))

    def test_conditions_are_kept_and_disturbances_told(self) -> None:
        done = self.measure(
            "--home=interleave", "--writer=shared", "--limiter=hazard", "--scenario=steady,readonly"
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for record in self.records():
            self.assertEqual(record["home"]["policy"], "interleave")
            self.assertIsNone(record["home"]["numa"])
            reloads = record["scenario"] == "steady"
            self.assertEqual(record["writer"], "shared" if reloads else None)
            self.assertEqual(record["writer_shares_cpu"], reloads)
            watched = [cpu["cpu"] for cpu in record["noise"]["cpus"]]
            self.assertEqual(watched, record["cpus"])
            self.assertEqual(record["noise"]["flagged"], record["noise"]["reasons"] != [])
            absent = record["counters"] is None or None in record["counters"].values()
            self.assertEqual(absent, record["counters_absent"] is not None)

    def test_memory_that_cannot_be_bound_costs_the_default_home_a_note(self) -> None:
        for error in ("EPERM", "ENOSYS"):
            flags = ("--limiter=hazard", "--scenario=readonly", "--threads=1", "--seconds=0.02")
            records = self.folder / f"{error}.jsonl"
            done = run_denied(error, *flags, f"--records={records}")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            (record,) = map(json.loads, records.read_text(encoding="utf-8").splitlines())
            self.assertEqual((record["status"], record["home"]["policy"]), ("ok", "local"))
            self.assertEqual(record["home"]["nodes"], [])
            refused = "the kernel chose the node, for it refused set_mempolicy: "
            self.assertTrue(record["home"]["note"].startswith(refused), record["home"])


class Refuses(unittest.TestCase):
    def refused(self, *arguments: str, env: Optional[Dict[str, str]] = None) -> str:
        done = run(*arguments, env=env)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_unknown_names(self) -> None:
        for argument, guess in (
            ("--limiter=hazrd", "hazard"),
            ("--cell=hazrd/steady/compact/threads:1", "hazard"),
            ("--scenario=stedy", "steady"),
            ("--placement=compat", "compact"),
            ("--treads=1", "--threads"),
            ("--benchmark_filte=x", "--benchmark_filter"),
        ):
            answer = self.refused(argument)
            self.assertIn(f"did you mean '{guess}'?", answer)
            self.assertIn("valid: ", answer)

    def test_a_slow_down_that_is_none(self) -> None:
        for value in ("hazard", "hazard:0", "hazard:x", ":20", "hazrd:20"):
            self.refused(f"--test_slow_down={value}")

    def test_thread_counts_that_do_not_fit(self) -> None:
        cpus = len(os.sched_getaffinity(0))
        answer = self.refused(f"--threads={cpus + 1}")
        self.assertIn(f"{cpus} CPU", answer)
        self.assertIn("--oversubscribe", answer)
        self.assertIn(f"{cpus} CPU", self.refused("--threads=0"))

    def test_conditions_that_this_host_has_not(self) -> None:
        answer = self.refused("--writer=4097", "--limiter=hazard", "--threads=1")
        self.assertIn("CPU 4097 is none that may be used; valid: ", answer)
        answer = self.refused("--home=remote", "--topology=pu:4", "--plan=json")
        self.assertIn("one NUMA node", answer)
        self.assertIn("did you mean 'interleave'?", self.refused("--home=interleaved"))

    def test_measuring_on_another_host(self) -> None:
        answer = self.refused(f"--topology={BIG_HOST}", "--benchmark_filter=hazard")
        self.assertIn("not measured", answer)
        answer = self.refused("--limiter=hazard", env={"HWLOC_SYNTHETIC": BIG_HOST})
        self.assertIn("nothing is measured", answer)

    def test_a_topology_that_is_none(self) -> None:
        self.assertIn("neither", self.refused("--topology=no such thing"))

    def test_records_that_cannot_be_written(self) -> None:
        answer = self.refused("--records=/nowhere/cells.jsonl", "--limiter=hazard", "--threads=1")
        self.assertEqual(
            answer, "limiterbench: --records: /nowhere/cells.jsonl: No such file or directory\n"
        )

    def test_a_process_id_that_is_none(self) -> None:
        for value in ("", "0", "-1", "1x", "99999999999"):
            self.refused(f"--end_with={value}")

    def test_a_filter_that_matches_nothing(self) -> None:
        self.assertEqual(run("--benchmark_filter=^nothing$").returncode, 2)

    def test_measuring_unpinned(self) -> None:
        preload = {"LD_PRELOAD": DENY_BINDING, "ASAN_OPTIONS": "verify_asan_link_order=0"}
        for arguments in (("--limiter=hazard", "--threads=1"), ("--check_binding",)):
            done = run(*arguments, env=preload)
            self.assertEqual(done.returncode, 3)
            self.assertIn("cannot bind", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_home_that_cannot_be_had(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            records = Path(folder) / "cells.jsonl"
            for home in ("remote", "interleave"):
                for arguments in ((f"--records={records}", "--threads=1"), ("--check_binding",)):
                    done = run_denied("EPERM", f"--home={home}", *arguments)
                    self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
                    self.assertEqual(
                        done.stderr,
                        f"limiterbench: cannot take memory from its home, {home}: set_mempolicy: "
                        "Operation not permitted (a container or sandbox forbids it)\n",
                    )
            self.assertFalse(records.exists())
        self.assertEqual(run_denied("EPERM", "--check_binding", "--home=local").returncode, 0)

    def test_binding_is_permitted_here(self) -> None:
        done = run("--check_binding")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


if __name__ == "__main__":
    PROGRAM, DENY_BINDING, DENY_CALLS = sys.argv[1:4]
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
