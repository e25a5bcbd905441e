"""What the tests of the command line and those of the Python package share: programs that are run to their end, and
where the sample pictures are. Their conftest.py import the fixtures from here."""

import os
import pathlib
import subprocess

import pytest


class Result:
    """What a program that has ended left: its exit status, and what it wrote."""

    def __init__(self, finished):
        self.code = finished.returncode
        self.out = finished.stdout
        self.err = finished.stderr

    def __repr__(self):
        return f"exit {self.code}\nstdout: {_ends(self.out)}\nstderr: {_ends(self.err)}"


def _ends(text, most=2500):
    """A long text without its middle: sanitizers say what is wrong at the top, Python at the end."""
    return text if len(text) <= 2 * most else f"{text[:most]}\n[...]\n{text[-most:]}"


def run_to_end(program, *arguments, timeout=120, **options):
    """The Result of a program. Its input is empty, and nothing of it is a terminal."""
    return Result(
        subprocess.run(
            [program, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=timeout,
            **options,
        )
    )


@pytest.fixture(scope="session", autouse=True)
def caches(tmp_path_factory):
    """No test writes into the user's caches. By the environment, for processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        yield


@pytest.fixture(scope="session")
def data():
    """The folder of real pictures."""
    folder = pathlib.Path(os.environ.get("HEADRACE_DATA", ""))
    if not os.environ.get("HEADRACE_DATA") or not folder.is_dir():
        pytest.skip("HEADRACE_DATA does not name the folder of sample pictures")
    return folder
