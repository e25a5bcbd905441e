"""What the tests of the command line share: running it, and pictures to run it on."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from session_fixtures import caches, data, run_to_end  # noqa: E402,F401

# All but the data set.
TRAINING = """
[loader]
batch_size = 8
seed = 5

[output]
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
pin = "none"

[[augment]]
op = "random_resized_crop"
size = 64

[[augment]]
op = "random_horizontal_flip"
"""
CONFIG = """
[dataset]
path = "{path}"
""" + TRAINING


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("HEADRACE_CLI")
    if not path:
        pytest.skip("HEADRACE_CLI does not name the program")
    return path


@pytest.fixture(scope="session")
def run(binary):
    """run("bench", config, ...) -> Result. Never through a terminal, so without a progress bar."""

    def call(*arguments, env=None, **options):
        return run_to_end(binary, *arguments, env={**os.environ, **(env or {})}, **options)

    return call


@pytest.fixture(scope="session")
def good(run):
    """Like run, for calls that have to succeed quietly."""

    def call(*arguments, **options):
        result = run(*arguments, **options)
        assert result.code == 0, result
        assert result.err == "", result
        return result

    return call


@pytest.fixture(scope="session")
def demo(good, tmp_path_factory):
    """A small set of drawn scenes: 30 pictures in 5 classes."""
    folder = tmp_path_factory.mktemp("demo")
    good("synth", folder, "--images", 30, "--classes", 5, "--size", "160x120", "--seed", 3)
    return folder


@pytest.fixture(scope="session")
def config(demo):
    path = demo / "test.toml"
    path.write_text(CONFIG.format(path="images"))
    return path


@pytest.fixture(scope="session")
def photographs(data):
    folder = data / "imagenet-mini" / "images"
    if not folder.is_dir():
        pytest.skip("the sample pictures have no imagenet-mini")
    return sorted(folder.rglob("*.JPEG"))


@pytest.fixture
def write_config(tmp_path):
    """write_config(path_of_the_data, lines) -> a configuration file in the test's own folder."""

    def write(path, text=None, name="config.toml"):
        file = tmp_path / name
        file.write_text((text or CONFIG).format(path=path))
        return file

    return write
