"""What the tests of the Python package share: data sets drawn by the package's own tool, and processes.

They test the package that `import headrace` finds: scripts/python-test installs a wheel for them; for
work on the code PYTHONPATH=build/release/python does.
"""

import pathlib
import signal
import sys
import textwrap

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from session_fixtures import caches, data, run_to_end  # noqa: E402,F401

headrace = pytest.importorskip("headrace", reason="the Python package is not built")

SIZE = 48
AUGMENT = [
    {"op": "random_resized_crop", "size": SIZE},
    {"op": "random_horizontal_flip"},
]


@pytest.fixture(scope="session", autouse=True)
def ctrl_c():
    """As on a terminal: a shell has what it starts in the background ignore Ctrl-C, and so does what that starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tool():
    """tool("digest", config) -> Result of the command line tool in the package."""
    program = pathlib.Path(headrace.__file__).parent / "bin" / "headrace"

    def call(*arguments):
        return run_to_end(program, *arguments)

    return call


@pytest.fixture(scope="session")
def python():
    """python("code", argument, ...) -> Result of another interpreter that runs it."""

    def call(code, *arguments, timeout=60):
        return run_to_end(sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code), *arguments, timeout=timeout)

    return call


@pytest.fixture(scope="session")
def demo(tool, tmp_path_factory):
    """Drawn scenes: 30 pictures in 5 classes, with instances.json."""
    folder = tmp_path_factory.mktemp("demo")
    made = tool("synth", folder, "--images", 30, "--classes", 5, "--size", "96x72", "--seed", 3)
    assert made.code == 0, made
    return folder


@pytest.fixture(scope="session")
def images(demo):
    """The folder of class folders."""
    return demo / "images"


@pytest.fixture(scope="session")
def tiny(tool, tmp_path_factory):
    """As little as a loader can read: 4 pictures of 64 x 64."""
    folder = tmp_path_factory.mktemp("tiny")
    assert tool("synth", folder, "--images", 4, "--classes", 2, "--size", "64x64").code == 0
    return folder / "images"


@pytest.fixture
def load(images):
    """load(batch_size=4, ...) -> an open Loader on the demo set, closed after the test."""
    opened = []

    def open_loader(**options):
        options = {"dataset": images, "batch_size": 8, "seed": 5, "pin": "none", "augment": AUGMENT, **options}
        loader = headrace.Loader(**options)
        opened.append(loader)
        return loader

    yield open_loader
    for loader in opened:
        loader.close()
