#!/usr/bin/env python3
"""headrace's ops beside other libraries: one command, one table. Never part of the tests.

    bench/peers/ops_peers.py --cache DIR [--size WxH]... [--op NAME] [--rounds N] [--photo FILE]
                             [--peers a,b,...] [--bench build/bench/bench_ops] [--json FILE]

DIR gets one virtual environment a library, made at the first run by plain pip from the package
index that it is set up for; torchvision's, with what it brings along, takes several GB. Every
program stays open and runs on one and the same CPU, single thread; for each op they take turns of a
few milliseconds, round after round. Figures are medians over the rounds of CPU time a picture.

"same bytes" are Pillow, Pillow-SIMD and torchvision on PIL images, whose results headrace's equal to
the bit (figures in brackets: not for this op). Where parameters are fixed that is checked, and said
where it is not so. The others do less exact work and stand for comparison. A ratio is the fastest
same-bytes library over headrace: above 1 headrace is faster.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# name: heading, environment, packages, whether its results are the reference's bytes
PEERS = {
    "pillow": ("Pillow", "pillow", ["pillow", "numpy"], True),
    "pillow-simd": ("Pillow-SIMD", "pillow-simd", ["pillow-simd", "numpy"], True),
    "torchvision-pil": ("torchvision, PIL", "torchvision", ["torchvision", "numpy"], True),
    "torchvision-tensor": ("torchvision v2, tensors", "torchvision", ["torchvision", "numpy"], False),
    "opencv": ("OpenCV", "opencv", ["opencv-python-headless", "numpy"], False),
    "kornia-rs": ("kornia-rs", "kornia-rs", ["kornia-rs", "numpy"], False),
}
TURN_NS = 4e6
# Each picture is another draw there, of very different cost: a turn has to hold many.
RANDOM = {"color_jitter", "auto_augment", "rand_augment", "trivial_augment_wide", "aug_mix",
          "rand_augment+color_jitter", "random_erasing", "random_perspective"}
RANDOM_TURN_NS = 60e6


def say(text):
    print(f"ops_peers: {text}", file=sys.stderr, flush=True)


def cpu_facts():
    name, flags = "unknown", set()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() in ("flags", "Features"):
                flags = set(value.split())
    return name, flags


def environment_of(cache, name, packages, flags):
    """The interpreter of the library's own environment, made if it is not there; None: cannot."""
    folder = cache / name
    python, stamp = folder / "bin" / "python", folder / "installed"
    wanted = " ".join(packages)
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    say(f"{name}: making its environment")
    options, env = [], dict(os.environ)
    if name == "pillow-simd":  # a source package; its own page says to build it so
        options = ["--no-binary", "pillow-simd", "--no-cache-dir"]
        if "avx2" in flags:
            env["CC"] = "cc -mavx2"
    for command in ([sys.executable, "-m", "venv", "--clear", folder],
                    [python, "-m", "pip", "install", "-q", *options, *packages]):
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            say(f"{name} cannot be installed and is left out: {last}")
            return None
    stamp.write_text(wanted)
    return python


class Program:
    """A process that answers "CASE COUNT" with nanoseconds a picture."""

    def __init__(self, name, command, env=None):
        self.name = name
        self.counts = {}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=env, bufsize=1)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"ops_peers: {self.name} ended without an answer")
        return line.strip()

    def ask(self, case, count):
        self.process.stdin.write(f"{case} {count}\n")
        self.process.stdin.flush()
        answer = self.line()
        return None if answer == "none" else float(answer)

    def warm(self, case):
        """False: it has no such case. Else the number of pictures a turn is known afterwards."""
        ns, count = self.ask(case, 1), 1
        if ns is None:
            return False
        turn = RANDOM_TURN_NS if case in RANDOM else TURN_NS
        while ns * count < turn / 4 and count < 1 << 16:
            count *= 4
            ns = self.ask(case, count)
        self.counts[case] = max(1, round(turn / max(ns, 1)))
        return True

    def turn(self, case):
        return self.ask(case, self.counts[case])

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def single_threaded():
    env = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
        env[name] = "1"
    env["CUDA_VISIBLE_DEVICES"] = ""
    return env


def case_names(bench, size):
    """The cases that this build has, in order."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([bench, "--size", size, "--rounds", "1", "--repeat", "1", "--json", file.name],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found = json.load(open(file.name, encoding="utf-8"))
    ending = "_us"
    return [key.split("/", 1)[1][: -len(ending)] for key in found if key.endswith(ending)]


def measure(options, pythons, size):
    """{case: {program: microseconds}}, and what each library said of itself."""
    photo = ["--photo", options.photo] if options.photo else []
    names = [name for name in case_names(options.bench, size)
             if not options.op or name == options.op or name.split("/")[0] == options.op]
    said = {}
    with tempfile.TemporaryDirectory() as folder:
        pixels = os.path.join(folder, "pixels")
        subprocess.run([options.bench, "--size", size, "--write-pixels", pixels, *photo], check=True)
        programs = [Program("headrace", [options.bench, "--serve", "1", "--size", size, *photo])]
        for name, python in pythons.items():
            width, height = size.split("x")
            command = [python, HERE / "peer_ops.py", name, width, height, pixels]
            programs.append(Program(name, command, single_threaded()))
            said[name] = json.loads(programs[-1].line())
            for case, why in said[name]["failed"].items():
                say(f"{name} failed at {case}: {why}")
        micros = {}
        for case in names:
            there = [program for program in programs if program.warm(case)]
            check_bytes(case, there, said)
            turns = {program.name: [] for program in there}
            for _ in range(options.rounds):
                for program in there:
                    turns[program.name].append(program.turn(case) / 1e3)
            micros[case] = {name: statistics.median(values) for name, values in turns.items()}
            say(f"{size} {case}: " + ", ".join(f"{n} {v:.1f}" for n, v in micros[case].items()))
        for program in programs:
            program.close()
    return micros, said


def check_bytes(case, programs, said):
    """Says which of the same-bytes libraries made other pixels of a case with fixed parameters."""
    wanted = programs[0].ask(case, 0)
    for program in programs[1:]:
        if wanted is not None and same_bytes(program.name, case, said):
            found = program.ask(case, 0)
            said[program.name].setdefault("checked", []).append(case)
            if found != wanted:
                say(f"{program.name} makes other bytes of {case}")
                said[program.name]["other_bytes"].append(case)


def same_bytes(peer, case, said):
    return PEERS[peer][3] and case not in said[peer]["other_bytes"]


def number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def ratio_of(case, row, said):
    rivals = [row[peer] for peer in said if peer in row and same_bytes(peer, case, said)]
    return min(rivals) / row["headrace"] if rivals else None


def table(size, micros, said):
    heads = ["op", "headrace", *(PEERS[peer][0] for peer in said), "ratio", "of memcpy"]
    lines = [f"### {size}", "", "| " + " | ".join(heads) + " |",
             "|---|" + "---|" * (len(heads) - 1)]
    for case, row in micros.items():
        cells = [f"`{case}`", f"**{number(row['headrace'])}**"]
        for peer in said:
            text = number(row[peer]) if peer in row else ""
            other = PEERS[peer][3] and case in said[peer]["other_bytes"]
            cells.append(f"({text})" if text and other else text)
        ratio = ratio_of(case, row, said)
        cells.append("" if ratio is None or case == "memcpy" else f"{ratio:.1f}")
        cells.append(f"{row['headrace'] / micros['memcpy']['headrace']:.1f}" if "memcpy" in micros
                     else "")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def summary(micros, said):
    ratios = {case: ratio_of(case, row, said) for case, row in micros.items()
              if case not in ("memcpy", "convert_f32")}
    ratios = {case: ratio for case, ratio in ratios.items() if ratio is not None}
    if not ratios:
        return []
    slowest = min(ratios, key=ratios.get)
    below = sorted(case for case, ratio in ratios.items() if ratio < 3)
    return ["", f"{len(ratios)} cases with a same-bytes peer: median ratio "
            f"{statistics.median(ratios.values()):.1f}, lowest {ratios[slowest]:.2f} "
            f"(`{slowest}`); below 3: " + (", ".join(f"`{case}`" for case in below) or "none") + "."]


def parsed():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", required=True, type=pathlib.Path, help="folder of environments")
    parser.add_argument("--bench", type=pathlib.Path, help="the built bench_ops")
    parser.add_argument("--size", action="append", help="WxH; may be repeated")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--op", help="this op only, with its variants")
    parser.add_argument("--peers", default=",".join(PEERS), help="which, with commas between")
    parser.add_argument("--photo", help="a picture file; a drawn picture without")
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="to run on")
    parser.add_argument("--json", help="every number, to this file")
    options = parser.parse_args()
    for peer in options.peers.split(","):
        if peer not in PEERS:
            parser.error(f"--peers: {peer} is none of {', '.join(PEERS)}")
    if options.bench is None:
        places = [ROOT / "build" / "bench" / "bench_ops", ROOT / "build/release/bench/bench_ops"]
        options.bench = next((place for place in places if place.exists()), None)
        if options.bench is None:
            parser.error("bench_ops is not built; --bench says where it is")
    return options


def main():
    options = parsed()
    name, flags = cpu_facts()
    options.cache.mkdir(parents=True, exist_ok=True)
    pythons = {}
    for peer in options.peers.split(","):
        _, folder, packages, _ = PEERS[peer]
        python = environment_of(options.cache.resolve(), folder, packages, flags)
        if python is not None:
            pythons[peer] = python
    os.sched_setaffinity(0, {options.cpu})
    report, said = {"cpu": name, "sizes": {}}, {}
    lines = []
    for size in options.size or ["224x224", "500x375"]:
        micros, said = measure(options, pythons, size)
        report["sizes"][size] = micros
        lines += ["", *table(size, micros, said), *summary(micros, said)]
    report["same_bytes"] = {peer: sorted(set(entry.get("checked", [])) - set(entry["other_bytes"]))
                            for peer, entry in said.items() if PEERS[peer][3]}
    report["versions"] = {peer: entry["versions"] for peer, entry in said.items()}
    facts = [f"Microseconds a picture, one thread, {name}; medians of {options.rounds} rounds. "
             + "; ".join(f"{PEERS[peer][0]}: {entry['versions']}" for peer, entry in said.items())
             + ". In brackets: other bytes."]
    print("\n".join(facts + lines))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
