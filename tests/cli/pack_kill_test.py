"""I34: headrace pack killed, or out of room, at any moment: complete shards or none, and the next run
completes to the same bytes."""

import os
import pathlib
import random
import signal
import subprocess
import time

import pytest

LONG = os.environ.get("HEADRACE_LONG_TESTS") == "1"
KILLS = 200 if LONG else 10
ENOSPC, EIO = 28, 5


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.exists() else {}


def check_complete_or_none(folder, reference):
    """What has an index is complete, and nothing is half there under a shard's name."""
    there = contents(folder)
    for name, content in there.items():
        if name in reference:
            assert content == reference[name], name
        else:
            assert name.startswith(".") or ".tmp-" in name, name
    for name in there:
        if name.endswith(".hri"):
            assert name.removesuffix(".hri") in there, name


@pytest.fixture(scope="module")
def command(binary, demo):
    return [binary, "pack", demo / "images", "--shard-size", "12KB", "--workers", "2", "-o"]


@pytest.fixture(scope="module")
def reference(command, tmp_path_factory):
    out = tmp_path_factory.mktemp("reference") / "pack"
    subprocess.run([*command, out], check=True, stdout=subprocess.DEVNULL)
    made = contents(out)
    assert len(made) >= 10
    return made


@pytest.fixture(scope="module")
def fail_call():
    path = os.environ.get("HEADRACE_FAIL_CALL", "")
    if not pathlib.Path(path).is_file():
        pytest.skip("HEADRACE_FAIL_CALL does not name the library that makes calls fail")
    return path


def finish(command, out, reference):
    done = subprocess.run([*command, out], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    assert contents(out) == reference


def test_killed_at_random_moments(command, reference, tmp_path):
    seed = int(os.environ.get("HEADRACE_SEED", random.randrange(1 << 32)))
    print(f"HEADRACE_SEED={seed}")
    chance = random.Random(seed)
    begin = time.monotonic()
    subprocess.run([*command, tmp_path / "timed"], check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    killed = 0
    for round_ in range(KILLS):
        out = tmp_path / f"pack{round_}"
        # A few kills in a row on the same folder, then the end of the work.
        for _ in range(chance.randrange(1, 4)):
            process = subprocess.Popen([*command, out], stdout=subprocess.DEVNULL)
            try:
                process.wait(timeout=chance.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                killed += 1
            process.wait()
            check_complete_or_none(out, reference)
        finish(command, out, reference)
    assert killed > 0  # how many is the machine's: the first run may have been its slowest


def disturbed(command, out, fail_call, at, errno, log=None):
    environment = {
        **os.environ,
        "LD_PRELOAD": fail_call,
        "FAIL_CALL_AT": str(at),
        "FAIL_CALL_ERRNO": str(errno),
    }
    if log:
        environment["FAIL_CALL_LOG"] = str(log)
    return subprocess.run([*command, out], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("errno", [0, ENOSPC, EIO], ids=["killed", "no_room", "io_error"])
def test_disturbed_at_each_call(command, reference, fail_call, tmp_path, errno):
    log = tmp_path / "calls"
    assert disturbed(command, tmp_path / "counted", fail_call, 0, errno, log).returncode == 0
    calls = int(log.read_text())
    assert calls > 30
    step = 1 if LONG else 3
    failures = 0
    for at in range(1, calls + 1, step):
        out = tmp_path / f"pack{at}"
        done = disturbed(command, out, fail_call, at, errno)
        if errno == 0:
            assert done.returncode == -signal.SIGKILL, (at, done)
        elif done.returncode != 0:
            # Some calls are a last tidying, and their failure changes nothing.
            failures += 1
            assert done.returncode == 1, (at, done)
            assert str(out) in done.stderr, (at, done)
        check_complete_or_none(out, reference)
        if done.returncode == 0:
            assert contents(out).keys() >= reference.keys()
        finish(command, out, reference)
    assert errno == 0 or failures > calls / step / 2


@pytest.mark.parametrize("errno", [0, ENOSPC], ids=["killed", "no_room"])
def test_unpack_disturbed_at_calls(binary, demo, fail_call, tmp_path, errno):
    pack = tmp_path / "pack"
    subprocess.run(
        [binary, "pack", demo / "images", "-o", pack, "--codec", "coef"], check=True, stdout=subprocess.DEVNULL
    )
    command = [binary, "unpack", pack, "--workers", "2", "-o"]
    log = tmp_path / "calls"
    whole = tmp_path / "whole"
    assert disturbed(command, whole, fail_call, 0, errno, log).returncode == 0

    def tree(folder):
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    expected = tree(whole)
    calls = int(log.read_text())
    assert calls > 60
    for at in range(1, calls + 1, 1 if LONG else 7):
        out = tmp_path / f"files{at}"
        done = disturbed(command, out, fail_call, at, errno)
        if errno == 0:
            assert done.returncode == -signal.SIGKILL, (at, done)
        elif done.returncode != 0:
            assert done.returncode == 1 and str(out) in done.stderr, (at, done)
        for path, content in (tree(out) if out.exists() else {}).items():
            assert path.name.startswith(".") or content == expected[path], (at, path)
        again = subprocess.run([*command, out], capture_output=True, text=True, check=False)
        assert again.returncode == 0, (at, again)
        assert tree(out) == expected


def test_a_source_that_goes_or_changes_is_named(binary, demo, tmp_path):
    import shutil

    source = tmp_path / "images"
    shutil.copytree(demo / "images", source)
    victim = sorted(path for path in source.rglob("*.jpg"))[7]
    # The listing is read before anything is packed: a file that cannot be opened stands for one that
    # went since then.
    victim.unlink()
    victim.symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "gone.jpg").write_bytes(b"x")
    done = subprocess.run(
        [binary, "pack", source, "-o", tmp_path / "pack"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done
    assert victim.name in done.stderr
