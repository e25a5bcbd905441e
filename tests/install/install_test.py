#!/usr/bin/env python3
"""Builds users of headrace against an installed tree: with pkg-config and with find_package."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ["HEADRACE_BUILD_DIR"])
CMAKE = os.environ.get("CMAKE_COMMAND", "cmake")
LIBDIR = os.environ.get("HEADRACE_LIBDIR", "lib")
CLASSES, IMAGES = 4, 40


def run(*command, cwd=None, env=None):
    """Runs a command that must succeed; gives its output."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"{command} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="headrace-install-")
        cls.folder = pathlib.Path(cls.temporary.name)
        first = cls.folder / "put here"
        run(CMAKE, "--install", BUILD, "--prefix", first)
        cls.prefix = cls.folder / "moved"
        shutil.move(first, cls.prefix)
        cls.libdir = cls.prefix / LIBDIR
        cls.tool = cls.prefix / "bin/headrace"

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def data(self):
        """A folder with a small data set and a configuration for it."""
        folder = self.folder / "work"
        if not folder.exists():
            folder.mkdir()
            run(self.tool, "synth", folder / "demo", "--images", IMAGES, "--classes", CLASSES)
            shutil.copy(ROOT / "examples/c/train.toml", folder)
        return folder

    def check_counts(self, program):
        out = run(program, "train.toml", cwd=self.data())
        rows = [line.split("\t") for line in out.splitlines()]
        self.assertEqual(len(rows), CLASSES)
        names = sorted(path.name for path in (self.data() / "demo/images").iterdir())
        self.assertEqual([name for name, _ in rows], names)
        for name, count in rows:
            files = len(list((self.data() / "demo/images" / name).iterdir()))
            self.assertEqual(int(count), 2 * files, name)

    def test_installs_what_it_should_and_nothing_else(self):
        found = {
            path.relative_to(self.prefix).as_posix()
            for path in self.prefix.rglob("*")
            if not path.is_dir()
        }
        version = re.search(r"VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text().split("project(headrace")[1]).group(1)
        package = f"{LIBDIR}/cmake/headrace"
        found = {re.sub(r"headraceTargets-\w+\.cmake", "headraceTargets-X.cmake", f) for f in found}
        self.assertEqual(
            found,
            {
                "bin/headrace",
                "include/headrace.h",
                f"{LIBDIR}/libheadrace.so",
                f"{LIBDIR}/libheadrace.so.0",
                f"{LIBDIR}/libheadrace.so.{version}",
                f"{LIBDIR}/pkgconfig/headrace.pc",
                f"{package}/headraceConfig.cmake",
                f"{package}/headraceConfigVersion.cmake",
                f"{package}/headraceTargets.cmake",
                f"{package}/headraceTargets-X.cmake",
            },
        )

    def test_the_library_exports_the_map_and_nothing_else(self):
        out = run("nm", "-D", "--defined-only", self.libdir / "libheadrace.so")
        symbols = {line.split()[-1] for line in out.splitlines() if " A " not in line}
        text = re.sub(r"/\*.*?\*/", "", (ROOT / "bindings/c/headrace.map").read_text(), flags=re.S)
        wanted = re.findall(r"\bhr_\w+", text)
        self.assertEqual(symbols, {f"{name}@@HEADRACE_0" for name in wanted})
        self.assertIn("libheadrace.so.0", run("readelf", "-d", self.libdir / "libheadrace.so"))

    def test_the_tool_runs_from_where_it_was_moved_to(self):
        self.assertRegex(run(self.tool, "--version"), r"\d+\.\d+\.\d+")

    def test_the_c_example_builds_with_pkg_config_and_counts_two_epochs(self):
        source = self.folder / "example"
        shutil.copytree(ROOT / "examples/c", source)
        run("make", "clean", "count_classes", cwd=source,
            env={"PKG_CONFIG_PATH": str(self.libdir / "pkgconfig")})
        self.check_counts(source / "count_classes")

    def test_the_c_example_with_a_model_trains_against_its_attack(self):
        source = self.folder / "ace example"
        shutil.copytree(ROOT / "examples/c", source)
        run("make", "clean", "ace_train", cwd=source,
            env={"PKG_CONFIG_PATH": str(self.libdir / "pkgconfig")})
        shutil.copy(ROOT / "examples/c/ace_train.toml", self.data())
        out = run(source / "ace_train", "ace_train.toml", "20", cwd=self.data())
        rows = re.findall(r"^trained (.*): clean loss ([\d.]+) .*attack loss ([\d.]+)", out, re.M)
        self.assertEqual([name for name, _, _ in rows], ["plainly", "with ACE"], out)
        for _, clean, attacked in rows:
            self.assertGreater(float(attacked), float(clean), out)
        self.assertLess(float(rows[1][2]), float(rows[0][2]), out)

    def test_the_example_of_a_search_builds_with_pkg_config_and_scores_a_policy(self):
        source = self.folder / "search example"
        shutil.copytree(ROOT / "examples/search", source, ignore=shutil.ignore_patterns("data", "out"))
        run("make", "clean", "evaluate", cwd=source,
            env={"PKG_CONFIG_PATH": str(self.libdir / "pkgconfig")})
        for part in ("train", "test"):
            run(self.tool, "synth", source / "synth/data" / part, "--images", IMAGES, "--classes", CLASSES,
                "--size", "96x72")
        score = run(source / "evaluate", "synth/train.toml", "synth/test.toml", "--epochs", "2",
                    "-s", f"augment.1.policy={source}/policies/rand_augment.toml", cwd=source)
        self.assertRegex(score, r"^[01]\.\d{4}\n$")

    def test_pkg_config_knows_the_version(self):
        env = {"PKG_CONFIG_PATH": str(self.libdir / "pkgconfig")}
        version = run("pkg-config", "--modversion", "headrace", env=env).strip()
        self.assertIn(f"libheadrace.so.{version}", os.listdir(self.libdir))

    def test_cmake_users_find_the_package(self):
        build = self.folder / "cmake-build"
        run(CMAKE, "-S", HERE / "cmake_consumer", "-B", build,
            f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DEXAMPLES_DIR={ROOT / 'examples/c'}")
        run(CMAKE, "--build", build)
        self.check_counts(build / "consumer_c")
        self.assertIn("HR_NOT_FOUND", run(build / "consumer_cpp"))


if __name__ == "__main__":
    unittest.main()
