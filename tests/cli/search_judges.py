"""What the tests of headrace search share: judges, and looking at what they left.

The judges are shell scripts: the score is a number made of the policy's bytes and the seed, so that
two runs agree when they try the same policies in the same order."""

import csv
import os
import pathlib
import subprocess
import time

import pytest

LAUNCHERS = ["RANK", "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE",
             "SLURM_PROCID", "SLURM_NTASKS"]  # fmt: skip

# A number from 0 to 1 that depends on the policy, and a little on the seed.
SCORE = """#!/bin/sh
echo "epoch 1: loss 0.5"
set -- $(cksum < "$1") "$2"
awk -v c="$1" -v s="$3" 'BEGIN { printf "%.6f\\n", (c % 100000) / 100000 + (s % 1000) / 1e7 }'
"""
# The same with crashes and hangs, and lines that only look like scores.
BAD = """#!/bin/sh
echo "0.99 is not the score"
echo "trial $3 speaking" >&2
[ $(( $3 % 5 )) = 4 ] && exit 3
if [ $(( $3 % 11 )) = 10 ]; then sleep 1000 & sleep 1000; fi
set -- $(cksum < "$1") "$2"
awk -v c="$1" -v s="$3" 'BEGIN { printf "{\\"score\\": %.6f, \\"metrics\\": {\\"loss\\": [1, 2]}}\\n\\n  \\n",
  (c % 100000) / 100000 + (s % 1000) / 1e7 }'
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Whatever has started the tests is nobody's launcher and has no devices to share."""
    for name in [*LAUNCHERS, "CUDA_VISIBLE_DEVICES"]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(tmp_path):
    """A configuration of which nothing exists but itself."""
    path = tmp_path / "search.toml"
    path.write_text('[dataset]\npath = "no-such-folder"\n')
    return path


@pytest.fixture
def script(tmp_path):
    """script(text, name) -> the path of a program."""

    def write(text, name="evaluate"):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def judge(script):
    return f"{script(SCORE)} {{policy}} {{seed}}"


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def sequence(path):
    """What was tried and what came of it, whatever finished first."""
    kept = ("trial", "kind", "status", "score", "seed", "policy")
    lines = [tuple(row[name] for name in kept) for row in rows(path)]
    assert len(set(lines)) == len(lines), "a trial is in the log twice"
    return sorted(lines)


def processes_with(word):
    """Living or dead processes of which the command line or environment has `word`."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if word.encode() in text and int(folder.name) != os.getpid():
            found.append((folder.name, text[:200]))
    return found


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


HANG = "[ {trial} -lt 5 ] && echo 1 && exit; (sleep 1000 & sleep 1000); : {policy}"


def start(binary, config, tmp_path, command, *more):
    return subprocess.Popen(
        [binary, "search", config, "--evaluate", command, "--trials", "40", "--state", tmp_path / "state.json",
         "--log", tmp_path / "log.tsv", *map(str, more)],
        env={**os.environ, "HEADRACE_TEST_MARK": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
