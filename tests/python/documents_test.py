"""The Python of the documents runs: every block that imports headrace, each in an interpreter of its own.

A file that a block opens (train.toml, evaluation.toml, ...) is the last TOML block before it on its
page; data/train is a drawn set. Reference pages (PRELUDES) go on from block to block with names that stand for the
reader's own, which are given here; their blocks that want a GPU, a network or a file of the reader's are left out.
"""
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("index", "getting-started-python", "migrating-from-torchvision", "migrating-from-timm", "migrating-from-dali",
         "migrating-from-ffcv", "migrating-from-others", "recipes")
# What stands for the reader's own on a reference page.
PRELUDES = {
    "python": "",
    "python-ops": "import numpy\nimg = numpy.zeros((300, 280, 3), numpy.uint8)\n",
    "pytorch": "import torch\nnetwork = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 224 * 224, 4))\n",
}
TRAIN = '[dataset]\npath = "data/train"\n[loader]\nbatch_size = 32\n[[augment]]\nop = "random_resized_crop"\nsize = 64\n'
THE_READERS_OWN = re.compile(r"\bmodel\(|\bevaluate\b|request\.")
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


def reference_blocks():
    for page, before in PRELUDES.items():
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            kind, body = found.groups()
            if kind == "toml" or THE_READERS_OWN.search(body):
                continue
            # Not as often, not as many threads and not on a GPU: what is tested is that it runs.
            body = body.replace("range(90)", "range(1)").replace("num_workers=8", "num_workers=2").replace(', device="cuda"', "")
            yield pytest.param(before + body, TRAIN, id=f"{page}:{text.count(chr(10), 0, found.start()) + 2}")
            before += body


BLOCKS = [*blocks(), *reference_blocks()]


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
        if re.search(rf"^(import|from) [\w, ]*\b{module}\b|^(import|from) headrace\.torch", body, re.M):
            pytest.importorskip(module)
    for name in set(re.findall(r'"(\w+\.toml)"', body)):
        assert config, f"no TOML block stands before the one that opens {name}"
        (place / name).write_text(config, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", body], cwd=place, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.stdout[-1500:]}\n{done.stderr[-3000:]}"
