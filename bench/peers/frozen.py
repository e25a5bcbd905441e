"""A loader in processes of its own, that stand still while others are measured.

A loader works ahead. What it made while another one was measured would come for free, and while it
fills its buffers again it would slow the next one down. So every process of a loader is stopped
(SIGSTOP) but for its turns: a turn finds the buffers as the last one left them, and over all turns
nothing is counted twice or missed. The loader itself knows nothing of turns: it takes batch after
batch and adds to a counter in a shared file.
"""
import json
import mmap
import os
import pathlib
import select
import signal
import struct
import subprocess
import time

READY_SECONDS = 300  # an import and a first batch, compilation included
STOP_SECONDS = 5
TICKS = os.sysconf("SC_CLK_TCK")


class PeerFailed(Exception):
    """One line: why."""


def stat_of(pid):
    """(state, session, ticks of CPU with those of children that have ended), or None: it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[3]), sum(map(int, fields[11:15]))


class Frozen:
    """One loader. Owner: the run. Between turns all of its processes are stopped."""

    def __init__(self, name, command, folder: pathlib.Path, cpus, env):
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = folder / f"{name}.log"
        self.counter_path = folder / f"{name}.counter"
        self.counter_path.write_bytes(bytes(8))
        with open(self.counter_path, "r+b") as file:
            self.counter = mmap.mmap(file.fileno(), 8)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*map(str, command), str(self.counter_path)], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, start_new_session=True, env=env,
                preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        self.frozen = False
        self.said = {}

    def images(self):
        return struct.unpack("<q", self.counter[:8])[0]

    def members(self):
        """Every process of its session: workers, and what those started."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                stat = stat_of(entry)
                if stat and stat[1] == self.process.pid:
                    found.append((int(entry), stat))
        return found

    def cpu_seconds(self):
        return sum(stat[2] for _, stat in self.members()) / TICKS

    def fail(self, why):
        text = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = next((line.strip() for line in reversed(text) if line.strip()), "")
        raise PeerFailed(f"{why}{': ' if last else ''}{last}"[:300])

    def start(self, warm_images):
        """Waits for its first batch and a little more; then it stands still."""
        deadline = time.monotonic() + READY_SECONDS
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
            if not ready:
                self.fail(f"no first batch within {READY_SECONDS} s")
            byte = os.read(self.process.stdout.fileno(), 1)
            if not byte:
                self.process.wait()
                self.fail(f"ended with exit status {self.process.returncode}")
            line += byte
        try:
            self.said = json.loads(line)
        except ValueError:
            self.fail(f"said {line[:80]!r}")
        while self.images() < warm_images:
            self.check_alive()
            if time.monotonic() > deadline:
                self.fail(f"only {self.images()} images within {READY_SECONDS} s")
            time.sleep(0.01)
        self.freeze()

    def check_alive(self):
        if self.process.poll() is not None:
            self.fail(f"ended with exit status {self.process.returncode}")

    def signal_all(self, number):
        for pid, _ in self.members():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def freeze(self):
        deadline = time.monotonic() + STOP_SECONDS
        self.signal_all(signal.SIGSTOP)
        while any(stat[0] not in "TtZX" for _, stat in self.members()):
            if time.monotonic() > deadline:
                self.fail("does not stop")
            self.signal_all(signal.SIGSTOP)  # a process that was only just started
        self.frozen = True

    def thaw(self):
        self.signal_all(signal.SIGCONT)
        self.frozen = False

    def turn(self, seconds):
        """Runs so long; {"images", "seconds", "cpu_seconds"}."""
        self.check_alive()
        images, cpu, began = self.images(), self.cpu_seconds(), time.monotonic()
        self.thaw()
        time.sleep(seconds)
        self.freeze()
        wall = time.monotonic() - began
        self.check_alive()
        return {"images": self.images() - images, "seconds": wall,
                "cpu_seconds": self.cpu_seconds() - cpu}

    def close(self):
        """Its processes are killed: several of these libraries hang in their own way out."""
        members = self.members()
        for pid, _ in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process.stdout.close()
        self.counter.close()
        self.counter_path.unlink(missing_ok=True)
