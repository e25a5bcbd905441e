"""Several processes that share a data set: by the environment of launchers, by launchers themselves,
and stopped and resumed with other numbers of them.

HEADRACE_LONG_TESTS=1 tries all the random runs; HEADRACE_RUNS_FIRST begins with another one."""

import os
import pathlib
import random
import shutil
import subprocess

import pytest

from slow_programs import SHARE

LAUNCHERS = {
    "torchrun": ("RANK", "WORLD_SIZE"),
    "Open MPI": ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    "MPICH": ("PMI_RANK", "PMI_SIZE"),
    "Slurm": ("SLURM_PROCID", "SLURM_NTASKS"),
}
VARIABLES = [name for pair in LAUNCHERS.values() for name in pair]

MIX = """
[[mix]]
op = "cutmix"
alpha = 1.0

[[mix]]
op = "mixup"
alpha = 0.4
mode = "element"
"""

# Small enough that hundreds of processes do not take long.
CONFIG = """
[dataset]
path = "{path}"

[loader]
seed = 5
workers = 1
prefetch_batches = 1
max_host_bytes = "1GiB"

[limits]
max_decoded_bytes = "16MiB"
max_encoded_bytes = "1MiB"
scratch_pixels = 65536

[output]
dtype = "u8"
pin = "none"

[decode]
checkpoints = "off"

[[augment]]
op = "random_resized_crop"
size = 24
"""

LONG = os.environ.get("HEADRACE_LONG_TESTS") == "1"
RUNS = 200 if LONG else max(20 // SHARE, 2)
FIRST = int(os.environ.get("HEADRACE_RUNS_FIRST", "1"))


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Whatever has started the tests is nobody's launcher."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def small(demo):
    path = demo / "ranks.toml"
    path.write_text(CONFIG.format(path="images"))
    return path


@pytest.fixture(scope="module")
def small_mixed(demo, small):
    path = demo / "ranks_mixed.toml"
    path.write_text(small.read_text() + MIX)
    return path


def joined(outputs):
    """The lines of all ranks in the order of their numbers."""
    lines = [line for output in outputs for line in output.splitlines()]
    return sorted(lines, key=lambda line: [int(word) for word in line.split()[:3]])


def launch(binary, launcher, world_size, *arguments):
    """A process a rank, all at once, with what the launcher tells them. Their output."""
    rank_name, size_name = LAUNCHERS[launcher]
    processes = [
        subprocess.Popen(
            [binary, *map(str, arguments)],
            env={**os.environ, rank_name: str(rank), size_name: str(world_size)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(world_size)
    ]
    outputs = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert err == ""
        outputs.append(out)
    return outputs


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_ranks_joined_are_the_run_of_one(binary, good, small_mixed, launcher):
    options = ["--global", "--epochs", "2", "-s", "loader.batch_size=4", "-s", "loader.tail=exact"]
    alone = good("digest", small_mixed, *options).out.splitlines()
    assert len(alone) == 16
    for world_size in (2, 3):
        outputs = launch(binary, launcher, world_size, "digest", small_mixed, *options)
        assert all(outputs)
        assert joined(outputs) == alone


def test_every_rank_has_as_many_batches_with_drop_and_pad(binary, good, small):
    for tail, batches, world_size in (("drop", 2, 3), ("pad", 3, 3), ("drop", 1, 5), ("pad", 2, 5)):
        options = ["--global", "-s", "loader.batch_size=4", "-s", f"loader.tail={tail}"]
        outputs = launch(binary, "torchrun", world_size, "digest", small, *options)
        assert [output.count("\n") for output in outputs] == [batches] * world_size
        alone = good("digest", small, *options).out.splitlines()
        common = min(len(alone), batches * world_size)
        assert joined(outputs)[:common] == alone[:common]


def test_rank_lines_without_global_count_for_themselves(binary, good, small):
    options = ["-s", "loader.batch_size=4"]
    alone = good("digest", small, *options).out.splitlines()
    for rank, output in enumerate(launch(binary, "Slurm", 2, "digest", small, *options)):
        for line in output.splitlines():
            epoch, batch, *rest = line.split()
            number = int(batch) * 2 + rank
            assert [epoch, str(number), *rest] == alone[number].split()


# Random runs: real files, real processes.


SEEDS = (5, 6, 7)


def samples_of(folder):
    """What is in a dump: [(id, bytes of the picture)] where valid is not 0."""
    numpy = pytest.importorskip("numpy")
    pairs = []
    for path in sorted(folder.glob("*.ids.npy")):
        ids = numpy.load(path)
        images = numpy.load(path.with_name(path.name.replace(".ids.", ".images.")))
        valid = numpy.load(path.with_name(path.name.replace(".ids.", ".valid.")))
        pairs += [
            (int(ids[row]), images[row].tobytes()) for row in range(len(ids)) if valid[row]
        ]
    return pairs


@pytest.fixture(scope="module")
def pixels(good, small, tmp_path_factory):
    """What each picture of epoch 0 looks like, by seed and id; the order does not matter."""
    found = {}
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp("alone")
        good("dump", small, "-o", folder, "-s", "loader.tail=exact", "-s", f"loader.seed={seed}")
        found[seed] = dict(samples_of(folder))
        assert sorted(found[seed]) == list(range(30))
    return found


def test_every_sample_comes_once_however_often_ranks_change(binary, small, pixels, tmp_path):
    """I01, I06: launches of any number of ranks, each stopped after some batches, which the next one
    goes on from with other numbers of ranks, batch sizes and workers."""
    pytest.importorskip("numpy")
    for seed in range(FIRST, FIRST + RUNS):
        dice = random.Random(seed)
        loader_seed = dice.choice(SEEDS)
        tail = dice.choice(["drop", "pad", "exact"])
        shuffle = dice.choice(["full", "block", "none"])
        common = ["-s", f"loader.tail={tail}", "-s", f"loader.shuffle={shuffle}",
                  "-s", f"loader.seed={loader_seed}", "-s", "loader.shuffle_window=9"]
        launches = dice.randrange(1, 7)  # the first, and up to five that go on
        seen = {}
        position = 0
        state = None
        for number in range(launches):
            world_size = dice.randrange(1, 4)
            batch_size = dice.randrange(1, 6)
            step = world_size * batch_size
            last = number == launches - 1
            left = max(0, 30 - position)
            steps = left // step if tail == "drop" else -(-left // step)
            if not last:
                steps = dice.randrange(steps + 1)
            if steps == 0:
                continue
            options = [*common, "-s", f"loader.batch_size={batch_size}",
                       "-s", f"loader.workers={dice.randrange(1, 4)}"]
            samples, state = launch_dumps(binary, small, options, world_size, steps, state,
                                          tmp_path / f"{seed}-{number}")
            for name, picture in samples:
                assert name not in seen, f"HEADRACE_RUNS_FIRST={seed}: {name} came twice"
                assert picture == pixels[loader_seed][name], f"HEADRACE_RUNS_FIRST={seed}"
                seen[name] = picture
            position += steps * step
        dropped = left % step if tail == "drop" else 0  # by the last launch
        assert len(seen) == 30 - dropped, f"HEADRACE_RUNS_FIRST={seed}"


def launch_dumps(binary, config, options, world_size, steps, state, folder):
    """One launch: each rank dumps `steps` batches from `state` on. Gives the samples, and the state
    after it: that of the first rank, which has a batch whenever another one has."""
    samples = []
    states = []
    running = []
    folder.mkdir()
    files = [folder / ("run.state" if world_size == 1 else f"run.state.{rank}")
             for rank in range(world_size)]
    if state is not None:
        for mine in files:  # all of them before any rank begins
            mine.write_bytes(state)
    for rank, mine in enumerate(files):
        running.append((rank, mine, subprocess.Popen(
            [binary, "dump", str(config), "-o", str(folder / str(rank)), "--batches", str(steps),
             "--state", str(folder / "run.state"), *options],
            env={**os.environ, "RANK": str(rank), "WORLD_SIZE": str(world_size)},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)))
    for rank, mine, process in running:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        samples += samples_of(folder / str(rank))
        states.append(mine.read_bytes())
    return samples, states[0]


# The launchers themselves, by the scripts of examples/launch.

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "launch"


@pytest.fixture
def example(binary, small_mixed, tmp_path):
    """example("with_mpirun", 4, *options) -> the completed process."""

    def call(script, ranks, *options, **environment):
        programs = tmp_path / "bin"
        programs.mkdir(exist_ok=True)
        link = programs / "headrace"
        if not link.exists():
            link.symlink_to(binary)
        return subprocess.run(
            [EXAMPLES / script, str(ranks), small_mixed, tmp_path / "out",
             "-s", "loader.batch_size=2", *options],
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=240,
        )

    return call


def check_example(finished, ranks, batches, more=""):
    assert finished.returncode == 0, finished.stdout + finished.stderr
    said = f"{ranks} ranks gave {batches} of the 30 batches that one process gives, each the same"
    assert said + more + "\n" in finished.stdout, finished.stdout + finished.stderr


@pytest.fixture
def compare(binary, small_mixed, tmp_path):
    """compare(lines of rank 0, lines of rank 1, ..., *options) by examples/launch/compare."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "headrace").symlink_to(binary)

    def call(outputs, *options):
        for rank, output in enumerate(outputs):
            (tmp_path / f"rank-{rank}.txt").write_text(output)
        return subprocess.run(
            [EXAMPLES / "compare", small_mixed, tmp_path, *options],
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=240)

    return call


def test_batches_of_padding_alone_are_nothing_strange(binary, small_mixed, compare):
    options = ["-s", "loader.batch_size=2", "-s", "loader.tail=pad"]
    outputs = launch(binary, "Slurm", 4, "digest", small_mixed, "--global", "--epochs", "2", *options)
    check_example(compare(outputs, *options), 4, 30, ", and 2 of padding alone")  # 15 an epoch
    lines = outputs[3].splitlines()
    epoch, batch, count, digest = lines[-1].split()
    assert (epoch, batch, count) == ("1", "15", "2")
    for change in (f"{epoch} {batch} {count} {'0' * 32}",  # not padding
                   f"{epoch} 11 {count} {digest}"):  # padding in the place of samples
        result = compare([*outputs[:3], "\n".join([*lines[:-1], change]) + "\n"], *options)
        assert result.returncode == 1
        assert "1 of 32 batches are none of one process's" in result.stderr, result


def test_under_open_mpi(example, tmp_path):
    if shutil.which("mpirun") is None:
        pytest.skip("no mpirun here")
    options = {"MPIRUN_OPTIONS": "--allow-run-as-root --oversubscribe"}
    check_example(example("with_mpirun", 4, "--batches", "2", **options), 4, 8)
    # And on, from the states of the ranks: 15 batches an epoch, of which 4 ranks drop 3.
    check_example(example("with_mpirun", 4, **options), 4, 24)
    assert len(list((tmp_path / "out").glob("run.state.[0-9]*"))) == 4


def test_under_torchrun(example, tmp_path):
    if shutil.which("torchrun") is None:
        pytest.skip("no torchrun here")
    # Debian 12's torchrun fails on its own default of -r and -t under Python 3.11.
    options = {"TORCHRUN_OPTIONS": f"-r 1 -t 1 --log_dir {tmp_path / 'log'}"}
    check_example(example("with_torchrun", 2, "-s", "loader.tail=exact", **options), 2, 30)
    assert (tmp_path / "out" / "rank-1.txt").read_text().count("\n") == 14
