"""examples/*.py run and learn, with the frameworks that are installed."""

import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from drawn_pictures import draw_folder

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """train/ and val/ of 60 and 12 drawn pictures."""
    root = tmp_path_factory.mktemp("data")
    draw_folder(root / "train", 20)
    draw_folder(root / "val", 4)
    return root


def ran(script, *arguments):
    finished = subprocess.run(
        [sys.executable, str(EXAMPLES / script), *map(str, arguments)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=240, stdin=subprocess.DEVNULL,
        env={**os.environ, "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"})
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-3000:]
    return finished.stdout


SMALL = ("--epochs", 2, "--batch-size", 15, "--size", 32)


@pytest.mark.parametrize("loader, recipe", [
    ("headrace", "augmix"), ("headrace", "cutmix"), ("headrace", "randaugment"), ("torchvision", "augmix"),
    ("torchvision", "mixup")])
def test_train_resnet_trains_with_either_loader(data, loader, recipe):
    pytest.importorskip("torchvision")
    result = json.loads(ran("train_resnet.py", data, "--json", "--loader", loader, "--recipe", recipe, *SMALL))
    assert 0 <= result["accuracy"] <= 1 and len(result["seconds"]) == 2 and result["cpu_seconds"] > 0


def test_train_resnet_makes_its_table_and_goes_on_with_it(data, tmp_path):
    pytest.importorskip("torchvision")
    arguments = (data, "--table", "--seeds", 1, "--recipes", "mixup", "--results", tmp_path / "runs", *SMALL)
    table = ran("train_resnet.py", *arguments)
    cell = r"[\d.]+ ± [\d.]+ %"
    assert re.search(rf"\| mixup \| {cell} \| {cell} \| [\d.]+ \| [\d.]+ \| [\d.]+ \| [\d.]+ \|", table), table
    assert len((tmp_path / "runs").read_text().splitlines()) == 2
    assert ran("train_resnet.py", *arguments) == table
    assert re.search(r"\| mixup \| .* \| [\d.]+ \|$", ran("train_resnet.py", *arguments, "--epochs", 1,
                                                         "--results", tmp_path / "one epoch").strip())
    assert len((tmp_path / "runs").read_text().splitlines()) == 2


def losses(told, pattern):
    return [float(value) for value in re.findall(pattern, told)]


def test_jax_train_learns(data):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("needs jax")
    told = losses(ran("jax_train.py", data / "train", "--epochs", 6, "--batch-size", 15), r"loss ([\d.]+)")
    assert len(told) == 6 and told[-1] < told[0]


@pytest.mark.parametrize("way", [[], ["--loop"]])
def test_tensorflow_keras_learns(data, way):
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs tensorflow")
    told = losses(ran("tensorflow_keras.py", data / "train", "--epochs", 6, "--batch-size", 15, *way),
                  r"loss:? ([\d.]+)")
    assert len(told) == 6 and told[-1] < told[0]
