"""The Python of the documents runs: every block that imports headrace, each in an interpreter of its own.

A file that a block opens (train.toml, evaluation.toml, ...) is the last TOML block before it on its
page; data/train is a drawn set.
"""
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("index", "getting-started-python", "migrating-from-torchvision", "migrating-from-timm", "migrating-from-dali",
         "migrating-from-ffcv", "migrating-from-others", "recipes")
BLOCK = re.compile(r"^```(toml|python)\n(.*?)^```", re.M | re.S)


def blocks():
    for page in PAGES:
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        config = ""
        for found in BLOCK.finditer(text):
            kind, body = found.groups()
            if kind == "toml":
                config = body
            elif re.search(r"^import headrace|^from headrace", body, re.M):
                line = text.count("\n", 0, found.start()) + 2
                yield pytest.param(body, config, id=f"{page}:{line}")


BLOCKS = list(blocks())


def test_there_are_blocks_to_test():
    assert len(BLOCKS) >= 12


@pytest.fixture(scope="module")
def place(tool, tmp_path_factory):
    """A working folder with data/train and data/val."""
    folder = tmp_path_factory.mktemp("documents")
    for name in ("train", "val"):
        done = tool("synth", folder / "demo" / name, "--images", 140, "--size", "96x72")
        assert done.code == 0, done
        (folder / "data").mkdir(exist_ok=True)
        (folder / "demo" / name / "images").rename(folder / "data" / name)
    return folder


@pytest.mark.parametrize("body, config", BLOCKS)
def test_a_block_runs(body, config, place):
    for module in ("torch", "torchvision"):
        if re.search(rf"^(import|from) {module}\b|^import headrace\.torch", body, re.M):
            pytest.importorskip(module)
    for name in set(re.findall(r'"(\w+\.toml)"', body)):
        assert config, f"no TOML block stands before the one that opens {name}"
        (place / name).write_text(config, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", body], cwd=place, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.stdout[-1500:]}\n{done.stderr[-3000:]}"
