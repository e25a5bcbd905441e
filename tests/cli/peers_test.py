"""bench/peers/run: the comparison with other loaders works for headrace alone, with nothing installed."""
import ast
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"
BUILD = os.environ.get("HEADRACE_BUILD", "")


def module(name):
    sys.path.insert(0, str(PEERS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(PEERS))


@pytest.mark.parametrize("path", sorted(PEERS.rglob("*.py")) + [PEERS / "run"], ids=lambda path: path.name)
def test_every_file_parses(path):
    ast.parse(path.read_text(encoding="utf-8"))


def test_every_row_has_its_loader_and_every_loader_its_row():
    rows = module("rows")
    wanted = {row.loader for row in [*rows.ROWS, rows.DECODE]}
    there = {path.stem for path in (PEERS / "loaders").glob("*.py")
             if "if __name__" in path.read_text(encoding="utf-8")} - {"write_beton"}
    assert there == wanted
    for row in rows.ROWS:
        assert set(row.workloads) <= set(rows.WORKLOADS)


def run(*arguments, **more):
    return subprocess.run([sys.executable, PEERS / "run", *map(str, arguments)], capture_output=True, text=True,
                          timeout=240, check=False, **more)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synth")
    subprocess.run([os.environ["HEADRACE_CLI"], "synth", folder, "--images", "70", "--size", "320x240"], check=True)
    return folder / "images"


@pytest.fixture(scope="module")
def measured(photographs, tmp_path_factory):
    for name in ("bench/bench_reference", "bindings/c/libheadrace.so"):
        if not BUILD or not (pathlib.Path(BUILD) / name).exists():
            pytest.skip(f"{name} is not built")
    if not importlib.util.find_spec("numpy"):
        pytest.skip("no NumPy")
    place = tmp_path_factory.mktemp("peers")
    options = ["-o", place / "out", "--cache", place / "cache", "--images", photographs, "--peers", "headrace",
               "--rounds", 1, "--seconds", 0.3, "--batch", 16, "--build", BUILD, "--no-figure"]
    first = run(*options)
    return options, place / "out", first


def test_headrace_alone_gives_a_row_for_each_form_of_the_data(measured):
    _, out, done = measured
    assert done.returncode == 0, done.stderr
    table = (out / "table.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| headrace, ([^|]+) \| \*\*([\d,]+)\*\* \| \*\*([\d.]+)\*\*", table, re.M)
    assert len(found) == 5 + 4, table + done.stderr
    assert all(int(rate.replace(",", "")) > 0 and float(ratio) > 0 for _, rate, ratio in found)
    assert {text for text, _, _ in found} >= {"pack `coef`, fast", "folder, exact, first epoch"}


def test_started_again_it_goes_on_instead_of_measuring_anew(measured):
    options, out, first = measured
    assert first.returncode == 0, first.stderr
    before = json.loads((out / "rounds.json").read_text(encoding="utf-8"))["samples"]
    again = run(*options)
    assert again.returncode == 0 and "round" not in again.stderr
    assert json.loads((out / "rounds.json").read_text(encoding="utf-8"))["samples"] == before


def test_results_of_other_settings_are_not_mixed(measured):
    options, _, first = measured
    assert first.returncode == 0, first.stderr
    other = run(*options, "--batch", 8)
    assert other.returncode == 1 and "take another folder" in other.stderr


def test_a_loader_that_ends_has_a_row_that_says_why(tmp_path):
    frozen = module("frozen")
    script = tmp_path / "bad.py"
    script.write_text("raise SystemExit('no such decoder here')\n")
    peer = frozen.Frozen("bad", [sys.executable, script], tmp_path, os.sched_getaffinity(0), dict(os.environ))
    with pytest.raises(frozen.PeerFailed, match="no such decoder here"):
        peer.start(1)
    peer.close()


def test_a_process_stands_still_between_its_turns(tmp_path):
    frozen = module("frozen")
    script = tmp_path / "count.py"
    script.write_text(
        "import mmap, struct, sys\n"
        "file = open(sys.argv[1], 'r+b')\n"
        "counter = mmap.mmap(file.fileno(), 8)\n"
        "print('{}', flush=True)\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1\n"
        "    struct.pack_into('<q', counter, 0, n)\n")
    peer = frozen.Frozen("count", [sys.executable, script], tmp_path, os.sched_getaffinity(0), dict(os.environ))
    peer.start(1)
    before = peer.images()
    assert all(stat[0] in "Tt" for _, stat in peer.members())
    sample = peer.turn(0.2)
    assert sample["images"] > 0 and sample["seconds"] >= 0.2
    assert peer.images() == before + sample["images"]
    peer.close()
    assert not peer.members()


def test_an_unknown_peer_is_told(tmp_path):
    done = run("-o", tmp_path, "--peers", "headrase")
    assert done.returncode == 2 and "headrase" in done.stderr and "webdataset" in done.stderr


def test_the_document_has_its_marks():
    report = module("report")
    text = (ROOT / "docs" / "peers.md").read_text(encoding="utf-8")
    out = report.published(text, "| a |", "figures/peers.png")
    assert "| a |" in out and out.index("| a |") < out.index("## How it is fair")
    assert report.published(out, "| a |", "figures/peers.png") == out
