"""headrace digest: the same bytes whatever the machine does."""

import ctypes
import json
import re

import pytest

from npy import Array

MIX = """
[[mix]]
op = "mixup"
alpha = 0.4

[[mix]]
op = "cutmix"
alpha = 1.0
"""


def digest(good, config, *arguments):
    return good("digest", config, *arguments).out


def test_a_line_a_batch(good, config):
    lines = digest(good, config, "--epochs", "2").splitlines()
    assert len(lines) == 6
    for number, line in enumerate(lines):
        assert re.fullmatch(r"\d+ \d+ 8 [0-9a-f]{32}", line)
        assert line.split()[:2] == [str(number // 3), str(number % 3)]
    hashes = [line.split()[3] for line in lines]
    assert len(set(hashes)) == 6


def test_batches_are_counted_over_epochs(good, config):
    assert digest(good, config, "--epochs", "2", "--batches", "4").count("\n") == 4
    assert digest(good, config, "--batches", "40").count("\n") == 3


def test_json_has_the_same_values(good, config):
    lines = digest(good, config).splitlines()
    batches = json.loads(digest(good, config, "--json", "-"))["batches"]
    said = [f"{b['epoch']} {b['batch']} {b['count']} {b['xxh3_128']}" for b in batches]
    assert said == lines


@pytest.mark.parametrize("mix", ["", MIX], ids=["plain", "mixed"])
def test_workers_reader_and_prefetch_do_not_show(good, demo, config, mix):
    file = demo / ("mixed.toml" if mix else "plain.toml")
    file.write_text(config.read_text() + mix)
    reference = digest(good, file, "--epochs", "2", "-s", "loader.workers=1")
    for workers in (2, 4):
        assert digest(good, file, "--epochs", "2", "-s", f"loader.workers={workers}") == reference
    for reader in ("pread", "auto"):
        assert digest(good, file, "--epochs", "2", "-s", f"loader.reader={reader}") == reference
    for prefetch in (1, 6):
        arguments = ["-s", f"loader.prefetch_batches={prefetch}", "-s", "loader.workers=3"]
        assert digest(good, file, "--epochs", "2", *arguments) == reference


def test_io_uring_gives_the_same_where_it_runs(run, good, config):
    result = run("digest", config, "-s", "loader.reader=uring")
    if result.code != 0:
        pytest.skip("no io_uring here: " + result.err.strip())
    assert result.out == digest(good, config, "-s", "loader.reader=pread")


def test_real_photographs_too(good, photographs, write_config):
    file = write_config(photographs[0].parents[1])
    size = ["-s", "loader.batch_size=50", "-s", "augment.0.size=128"]
    reference = digest(good, file, *size, "-s", "loader.workers=1", "-s", "loader.reader=pread")
    assert reference.count("\n") == 4
    assert digest(good, file, *size, "-s", "loader.workers=4") == reference


def test_what_matters_shows(good, config):
    reference = digest(good, config, "--batches", "1")
    for change in (
        "loader.seed=6",
        "loader.shuffle=none",
        "output.layout=nhwc",
        "output.dtype=f16",
        "output.labels=soft",
        "augment.0.size=65",
        "decode.jpeg=exact",
    ):
        changed = digest(good, config, "--batches", "1", "-s", change)
        if change == "decode.jpeg=exact":
            continue  # may be the same: fast means exact until there is a fast path
        assert changed != reference, change


@pytest.mark.parametrize("labels", ["index", "soft"])
def test_the_hash_is_xxh3_over_images_labels_ids(good, config, tmp_path, labels):
    try:
        library = ctypes.CDLL("libxxhash.so.0")
    except OSError:
        pytest.skip("no libxxhash.so.0 to compute the hash with")

    class Hash128(ctypes.Structure):
        _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]

    library.XXH3_128bits.restype = Hash128
    library.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    change = ["-s", f"output.labels={labels}", "--batches", "2"]
    lines = digest(good, config, *change).splitlines()
    good("dump", config, "-o", tmp_path, *change)
    for number, line in enumerate(lines):
        names = ("images", "labels", "ids")
        content = b"".join(Array(tmp_path / f"{number:06}.{name}.npy").data for name in names)
        value = library.XXH3_128bits(content, len(content))
        assert line.split()[3] == f"{value.high:016x}{value.low:016x}"
