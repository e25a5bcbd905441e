"""Ctrl-C while headrace looks through data: it ends in the middle of a shard and of an opening, not behind it."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

# A wait that only a program that does not listen makes long: what is interrupted would go on for much longer.
SOON_S = 10
CONFIG = """
[dataset]
source = "manifest"
path = "{path}"
[loader]
batch_size = 1
workers = 1
[[augment]]
op = "center_crop"
size = 8
"""


def header(name, size):
    """A tar header of a regular file."""
    block = bytearray(512)
    block[0 : len(name)] = name.encode()
    block[100:108] = b"0000644\0"
    block[124:136] = b"%011o\0" % size
    block[136:148] = b"%011o\0" % 0
    block[148:156] = b" " * 8
    block[156:157] = b"0"
    block[257:265] = b"ustar\x0000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def huge_shard(path, samples, record_bytes):
    """A pack's shard that is nearly all holes: its records have to be read for their checksums."""
    with open(path, "wb") as file:
        place = 0

        def add(name, content=None, size=0):
            nonlocal place
            size = len(content) if content is not None else size
            os.pwrite(file.fileno(), header(name, size) + (content or b""), place)
            place += 512 + -(-size // 512) * 512

        for number in range(samples):
            facts = {"id": number, "path": f"a/{number}.jpg", "classes": 1, "samples": samples}
            add(f"{number:09}.jpg", size=record_bytes)
            add(f"{number:09}.cls", b"0")
            add(f"{number:09}.json", json.dumps(facts).encode())
        file.truncate(place + 1024)


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "shards" / "0.tar"
    path.parent.mkdir()
    try:
        huge_shard(path, samples=4096, record_bytes=64 << 20)  # 256 GiB, of which 16 MiB are there
    except OSError as error:
        pytest.skip(f"no file of 256 GiB can be made here: {error}")
    return path


def opens(process, path):
    """Waits until it has the file open."""
    while process.poll() is None:
        for entry in os.scandir(f"/proc/{process.pid}/fd"):
            try:
                if os.readlink(entry.path) == str(path):
                    return
            except OSError:
                pass  # closed meanwhile
        time.sleep(0.001)


def interrupt(command, path, number=signal.SIGINT):
    """Sends a signal once `path` is open. Gives (exit status, stdout, stderr, seconds it took)."""
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        opens(process, path)
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err, time.monotonic() - began
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_middle_of_a_shard(binary, shard, number):
    code, out, err, took = interrupt([binary, "index", shard], shard, number)
    assert (code, out) == (130, "")
    assert err == "headrace index: error: interrupted; run again, it goes on with the shards that are left\n"
    assert took < SOON_S
    assert os.listdir(shard.parent) == ["0.tar"]


def shown_until(command, wanted):
    """Waits until `command` has shown `wanted` on a terminal; Ctrl-C ends it then."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=slave, env={**os.environ, "TERM": "xterm"}
    )
    os.close(slave)
    try:
        shown = b""
        deadline = time.monotonic() + 60
        while not re.search(wanted, shown) and time.monotonic() < deadline:
            if select.select([master], [], [], 1)[0]:
                shown += os.read(master, 65536)
        assert re.search(wanted, shown), shown
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    finally:
        os.close(master)
        process.kill()
        process.wait()


def test_an_index_shows_how_far_a_single_shard_is(binary, shard):
    shown_until([binary, "index", shard], rb"[1-9]\d*%  0 shards")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """One whose opening takes as many times longer as is waited for here."""
    folder = tmp_path_factory.mktemp("manifest")
    (folder / "a.jpg").write_bytes(b"x")
    lines = b"a.jpg\t0\n" * 65536
    with open(folder / "list.tsv", "wb") as file:
        for _ in range(600):  # 39 million samples, 300 MB
            file.write(lines)
    (folder / "config.toml").write_text(CONFIG.format(path=folder / "list.tsv"))
    yield folder
    os.remove(folder / "list.tsv")


@pytest.mark.parametrize(
    "command", [["digest"], ["bench"], ["dump", "-o", "{out}"], ["preview", "-o", "{out}.png"], ["scan"], ["pack", "-o", "{out}"]]
)
def test_in_the_middle_of_an_opening(binary, manifest, tmp_path, command):
    command = [part.format(out=tmp_path / "out") for part in command]
    code, out, err, took = interrupt([binary, *command, manifest / "config.toml"], manifest / "list.tsv")
    assert (code, out) == (130, ""), err
    assert re.fullmatch(rf"headrace {command[0]}: error: interrupted.*\n", err), err
    assert took < SOON_S
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


def test_an_opening_is_shown_on_a_terminal(binary, manifest):
    shown_until([binary, "digest", manifest / "config.toml"], rb"opening: \d+%")
