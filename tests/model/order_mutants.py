#!/usr/bin/env python3
"""Shows that each memory order and fence of loader/pipeline is needed, and that the model check sees it.

Weakens one order of one header at a time, builds the model check programs on the changed header, and
runs them. Each mutant has to be killed, or stand in SURVIVORS with the reason why it may live. A few
mutants of the logic (LOGIC) come along, because a check that only knows orders is half a check.

usage: order_mutants.py [--cxx g++] [--only PART_OF_NAME] [--jobs 2]
Exit status: 0 all as expected, 1 not, 2 wrong usage or the unchanged code fails.
"""

import argparse
import concurrent.futures
import dataclasses
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests" / "model"
PIPELINE = pathlib.Path("loader") / "pipeline"

# Which programs look at which header, the quickest first.
PROGRAMS = {
    "ring_queue.h": ["ring", "pipeline"],
    "eventcount.h": ["eventcount", "pipeline"],
    "slot_pool.h": ["slot_pool", "pipeline"],
    "count_down.h": ["slot_pool", "pipeline"],
    "stop_flag.h": ["slot_pool", "pipeline"],
}

WEAKER = {
    "acquire": ["relaxed"],
    "release": ["relaxed"],
    "acq_rel": ["acquire", "release"],
    "seq_cst": ["acq_rel", "relaxed"],  # relaxed: no fence at all
}

# Mutant -> why the code stays as it is although no program needs it.
SURVIVORS = {
    "eventcount.h MoveEpoch release#1 -> relaxed": (
        "The full fence before it releases already, but ThreadSanitizer does not know fences and would "
        "report what is handed over."
    ),
    "slot_pool.h TryAcquire acquire#2 -> relaxed": (
        "The order of a successful compare. The value was read, with acquire, from the same message "
        "before; but g++ 12 rejects a failure order that is stronger than the success order."
    ),
}

# (header, what is wrong, text, replacement): changes that are not orders.
LOGIC = [
    ("ring_queue.h", "a popped cell gets the turn of a full one", "Word(head + capacity_, T{})", "Word(head + 1, T{})"),
    ("ring_queue.h", "a push does not see that the ring is full", "if (ahead < 0) return false;  // the pop", "if (ahead < -1) return false;  // the pop"),
    ("ring_queue.h", "a producer does not move a lagging tail on", "MoveOn(tail_, tail);\n        continue;", "continue;"),
    ("ring_queue.h", "a consumer does not move a lagging head on", "MoveOn(head_, head);\n        continue;", "continue;"),
    ("ring_queue.h", "empty trusts a lagging head", "if (ahead <= 0) return ahead < 0;", "return ahead != 0;"),
    ("eventcount.h", "a wait leaves twice", "    Leave();\n    return in_time;", "    Leave();\n    Leave();\n    return in_time;"),
    ("eventcount.h", "notify one does not move the epoch", "    MoveEpoch();\n    Atomics::FutexWakeOne", "    Atomics::FutexWakeOne"),
    ("eventcount.h", "notify all does not move the epoch", "    MoveEpoch();\n    Atomics::FutexWakeAll", "    Atomics::FutexWakeAll"),
    ("eventcount.h", "notify one does not wake", "    Atomics::FutexWakeOne(epoch_);", ""),
    ("eventcount.h", "notify all wakes one", "Atomics::FutexWakeAll(epoch_);", "Atomics::FutexWakeOne(epoch_);"),
    ("slot_pool.h", "the tag stands still", "TagOf(head) + 1)", "TagOf(head))"),
    ("slot_pool.h", "the free count is wrong", "FreeOf(head) + 1,", "FreeOf(head),"),
    ("count_down.h", "the last is asked for in a second step", "return before == 1;", "return Remaining() == 0;"),
    ("stop_flag.h", "all requests are the first", "std::memory_order_release) == 0;", "std::memory_order_release) != 2;"),
]  # fmt: skip


@dataclasses.dataclass
class Mutant:
    header: str
    name: str
    text: str
    line: int


def function_at(text, offset):
    """The name of the member function whose body is at offset: the last line before it that is
    indented as a member and opens a body."""
    heads = re.findall(r"^  (?! )[^\n/]*?(\w+)\([^\n]*\{", text[:offset], re.M)
    return heads[-1] if heads else "?"


def mutants_of(header):
    text = (ROOT / PIPELINE / header).read_text()
    counts = {}
    for found in re.finditer(r"std::memory_order_(acquire|release|acq_rel|seq_cst)\b", text):
        order = found[1]
        place = f"{header} {function_at(text, found.start())} {order}"
        counts[place] = counts.get(place, 0) + 1
        line = text.count("\n", 0, found.start()) + 1
        for weaker in WEAKER[order]:
            changed = text[: found.start(1)] + weaker + text[found.end(1) :]
            yield Mutant(header, f"{place}#{counts[place]} -> {weaker}", changed, line)
    for target, wrong, old, new in LOGIC:
        if target != header:
            continue
        if text.count(old) != 1:
            raise SystemExit(f"{header}: not one place for the mutant: {wrong}")
        line = text.count("\n", 0, text.index(old)) + 1
        yield Mutant(header, f"{header} logic: {wrong}", text.replace(old, new), line)


class Builder:
    def __init__(self, cxx, folder):
        self.folder = folder
        self.flags = [cxx, "-std=c++20", "-O2", "-DNDEBUG", "-U_FORTIFY_SOURCE", "-w"]
        self.objects = []
        for name in ("model_check", "model_main"):
            target = folder / f"{name}.o"
            self.run([*self.flags, f"-I{ROOT}", "-c", MODEL / f"{name}.cc", "-o", target])
            self.objects.append(target)

    @staticmethod
    def run(command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{command}\n{done.stderr}")

    def build(self, program, overlay):
        target = overlay / program
        self.run([*self.flags, f"-I{overlay}", f"-I{ROOT}", MODEL / f"{program}_model.cc",
                  *self.objects, "-o", target])  # fmt: skip
        return target


def kill(builder, mutant, number):
    """Who killed the mutant and how, or None."""
    overlay = builder.folder / f"mutant{number}"
    (overlay / PIPELINE).mkdir(parents=True)
    (overlay / PIPELINE / mutant.header).write_text(mutant.text)
    for program in PROGRAMS[mutant.header]:
        binary = builder.build(program, overlay)
        done = subprocess.run([binary, "--quiet"], capture_output=True, text=True, timeout=900)
        if done.returncode != 0:
            report = done.stdout.strip().splitlines()
            return re.sub(r" {2,}", " ", report[0]) if report else f"{program}: {done.stderr[:100]}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cxx", default="g++")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    start_s = time.monotonic()
    mutants = [m for header in PROGRAMS for m in mutants_of(header) if arguments.only in m.name]
    unexpected = 0
    killed = 0
    with tempfile.TemporaryDirectory() as name:
        builder = Builder(arguments.cxx, pathlib.Path(name))
        for header in PROGRAMS:
            unchanged = Mutant(header, "unchanged", (ROOT / PIPELINE / header).read_text(), 1)
            if (verdict := kill(builder, unchanged, f"-{header}")) is not None:
                print(f"{header} fails as it is: {verdict}")
                return 2
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            verdicts = pool.map(lambda pair: kill(builder, pair[1], pair[0]), enumerate(mutants))
            for mutant, verdict in zip(mutants, verdicts):
                reason = SURVIVORS.get(mutant.name)
                killed += verdict is not None
                if verdict is not None and reason is None:
                    text = f"killed by {verdict}"
                elif verdict is None and reason is not None:
                    text = f"lives: {reason}"
                else:
                    unexpected += 1
                    text = "SURVIVED" if verdict is None else f"KILLED, but listed as alive: {verdict}"
                print(f"{mutant.header}:{mutant.line} {mutant.name}\n    {text}", flush=True)
    if not arguments.only:
        for name in set(SURVIVORS) - {m.name for m in mutants}:
            unexpected += 1
            print(f"SURVIVORS names a mutant that does not exist: {name}")
    print(f"{len(mutants)} mutants, {killed} killed, {unexpected} not as expected, "
          f"{time.monotonic() - start_s:.0f} s")  # fmt: skip
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
