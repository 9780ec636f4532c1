"""The model against published curves, every profile, and the same bytes from the same seed.

Usage: check_prediction.py SIMULATOR [unittest arguments]
"""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from limiterbench.predict import hosts, validate  # noqa: E402
from limiterbench.predict.points import Assumption  # noqa: E402
from limiterbench.predict.simulator import Simulator  # noqa: E402
from limiterbench.records.cells import Cell  # noqa: E402

SIMULATOR = ""
# Mean absolute errors of the oldest-first policy, from 8 threads up. rwlock_read is fitted on
# nothing.
BOUNDS = {"contended_increment": 0.15, "rwlock_read": 0.20}


class Published(unittest.TestCase):
    def test_the_model_is_as_near_as_it_is_said_to_be(self) -> None:
        for curve in validate.curves(ROOT):
            with self.subTest(curve=curve.key):
                comparison = validate.compare_curve(ROOT, curve, Simulator(Path(SIMULATOR)))
                self.assertLessEqual(comparison.error("fifo"), BOUNDS[curve.reference])


class Profiles(unittest.TestCase):
    def test_each_can_be_simulated(self) -> None:
        for name, path in hosts.profiles(ROOT).items():
            host = hosts.read(path)
            with self.subTest(host=name):
                simulator = Simulator(Path(SIMULATOR))
                points = simulator.reference(host, "contended_increment", [1, 2], host.alphas[0])
                alone, shared = points[0].aggregate_ns, points[1].aggregate_ns
                self.assertAlmostEqual(alone, host.values["rmw_ns"], delta=0.01)
                self.assertGreater(shared, alone)


class Big(unittest.TestCase):
    def test_512_cpus_can_be_simulated(self) -> None:
        host = hosts.read(hosts.profiles(ROOT)["epyc_7r13x2"])
        big = host.with_values(topology="pack:8 [numa] l3:4 core:8 pu:2")
        found = Simulator(Path(SIMULATOR)).simulate(
            big, Cell("hazard", "steady", "compact", 512), Assumption("fifo", 0.4), 0, 1, 1e5
        )
        self.assertIsNone(found.failure)
        self.assertIsNotNone(found.point)


class Same(unittest.TestCase):
    def test_a_seed_gives_the_same_bytes(self) -> None:
        host = hosts.read(hosts.profiles(ROOT)["epyc_7r13x2"])
        cell = Cell("hazard", "steady", "compact", 16)
        simulator = Simulator(Path(SIMULATOR))
        lines = {
            seed: [
                simulator.simulate(host, cell, Assumption("random", 0.4), 0, seed, 5e4).line
                for _ in range(2)
            ]
            for seed in (1, 2)
        }
        self.assertEqual(*lines[1])
        self.assertEqual(*lines[2])
        self.assertNotEqual(lines[1][0], lines[2][0])


if __name__ == "__main__":
    SIMULATOR = sys.argv.pop(1)
    unittest.main()
