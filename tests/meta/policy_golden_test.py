#!/usr/bin/env python3
"""tests/golden/policy_golden.tsv is what torchvision says, where torchvision is installed."""

import importlib.util
import pathlib
import subprocess
import sys
import unittest

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"


def load_maker():
    spec = importlib.util.spec_from_file_location("make_policy_golden", GOLDEN / "make_policy_golden.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    return maker


def python_with_torchvision():
    for python in (sys.executable, "/usr/bin/python3"):
        found = subprocess.run([python, "-c", "import torchvision"], stderr=subprocess.DEVNULL)
        if found.returncode == 0:
            return python
    return None


class PolicyGoldenTest(unittest.TestCase):
    def test_the_golden_file_is_what_torchvision_says(self):
        maker = load_maker()
        wanted = "".join("\t".join(row) + "\n" for row in maker.rows())
        found = (GOLDEN / "policy_golden.tsv").read_text()
        if maker.cpu_capability() == "AVX2":
            self.assertEqual(found, wanted)
            return
        # The last bit of torch.linspace depends on the CPU.
        mine, its = found.split(), wanted.split()
        self.assertEqual(len(mine), len(its))
        for a, b in zip(mine, its):
            if a != b:
                self.assertAlmostEqual(float(a), float(b), delta=2e-7 * abs(float(b)))


if __name__ == "__main__":
    try:
        import torchvision  # noqa: F401
    except ImportError:
        other = python_with_torchvision()
        if other is None:
            print("SKIPPED: no torchvision")
            sys.exit(77)
        sys.exit(subprocess.run([other, __file__]).returncode)
    unittest.main()
