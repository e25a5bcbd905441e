"""Reading of a pack only what crops need: fewer bytes, the same pixels, the same verdicts."""

import json
import shutil
import struct

import pytest

from slow_programs import SHARE

CODECS = ("jpeg", "coef")
CONFIG = """
[dataset]
source = "{source}"
path = "{path}"

[loader]
batch_size = 8
seed = 5
on_corrupt = "mark"
corrupt_budget = 1.0

[output]
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
pin = "none"

[decode]
checkpoints = "off"
"""
CROPS = {
    "random_resized_crop": 'op = "random_resized_crop"\nsize = 96\n',
    "behind flips": 'op = "random_vertical_flip"\n[[augment]]\nop = "random_resized_crop"\n'
                    "size = 96\nscale = [0.05, 0.3]\n",
    "random_crop": 'op = "random_crop"\nsize = 150\n',
    "several views": 'op = "random_resized_crop"\nsize = 96\n[[augment]]\nop = "aug_mix"\nviews = 3\n',
}
DIRECT = "loader.direct_io=on"


@pytest.fixture(scope="module")
def large(good, tmp_path_factory):
    """Pictures of which a part pays."""
    folder = tmp_path_factory.mktemp("large")
    good("synth", folder, "--images", 24 if SHARE == 1 else 12, "--classes", 3, "--size", "1100x900", "--seed", 9)
    return folder / "images"


@pytest.fixture(scope="module")
def packs(run, large, tmp_path_factory):
    made = {}
    for codec in CODECS:
        folder = tmp_path_factory.mktemp("packs") / codec
        assert run("pack", large, "-o", folder, "--codec", codec, "--shard-size", "1MB").code == 0
        made[codec] = folder
    return made


@pytest.fixture
def configure(tmp_path):
    def write(path, crop="random_resized_crop", source="tar"):
        file = tmp_path / f"{path.name}.toml"
        file.write_text(CONFIG.format(source=source, path=path) + "[[augment]]\n" + CROPS[crop])
        return file

    return write


def set_of(*pairs):
    return [word for pair in pairs for word in ("-s", pair)]


# So many that what is read ahead of the last one makes no difference.
EPOCHS = 10


def bench(good, config, *settings, epochs=EPOCHS):
    result = good("bench", config, "--epochs", epochs, "--json", "-", *set_of(*settings))
    return json.loads(result.out)


def has_direct(stats):
    return stats["reader"].find("O_DIRECT: loader.direct_io") >= 0


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("codec", CODECS)
def test_changes_no_digest(good, large, packs, configure, codec, crop):
    wanted = good("digest", configure(large, crop, "folder"), "--epochs", 2).out
    config = configure(packs[codec], crop)
    for settings in (
        ["loader.direct_io=off"],
        [DIRECT, "loader.reader=pread"],
        [DIRECT, "loader.reader=auto", "loader.workers=3"],
        [DIRECT, "loader.cache=memory"],
    ):
        assert good("digest", config, "--epochs", 2, *set_of(*settings)).out == wanted, settings
    exact = "decode.jpeg=exact"
    wanted = good("digest", configure(large, crop, "folder"), "--epochs", 2, *set_of(exact)).out
    assert good("digest", config, "--epochs", 2, *set_of(exact, DIRECT)).out == wanted


@pytest.mark.parametrize("codec", CODECS)
def test_reads_fewer_bytes(good, packs, configure, codec):
    config = configure(packs[codec])
    whole = bench(good, config, "loader.direct_io=off")
    assert whole["partial_reads"] == 0
    parts = bench(good, config, DIRECT)
    if not has_direct(parts):
        pytest.skip("no O_DIRECT: " + parts["reader"])
    assert parts["partial_reads"] > EPOCHS * (6 if SHARE == 1 else 3)
    assert parts["partial_fallbacks"] == 0
    assert parts["bytes_read"] < 0.9 * whole["bytes_read"]
    # Ops that need the whole picture.
    ops = "augment=[{op='brightness',factor=0.2},{op='resize',size=[96,96]}]"
    whole = bench(good, config, DIRECT, ops, epochs=2)
    assert whole["partial_reads"] == 0


def records(index):
    """(offset, bytes) of the records of a shard's index."""
    data = index.read_bytes()
    count, table = struct.unpack_from("<Q", data, 64)[0], struct.unpack_from("<Q", data, 80)[0]
    return [struct.unpack_from("<QQ", data, table + 64 * i) for i in range(count)]


@pytest.mark.parametrize("codec", CODECS)
def test_damage_counts_as_when_records_are_read_whole(good, run, packs, configure, tmp_path, codec):
    damaged = tmp_path / "damaged"
    shutil.copytree(packs[codec], damaged)
    number = 0
    for index in sorted(damaged.glob("*.hri")):
        shard = index.with_suffix("")
        content = bytearray(shard.read_bytes())
        for offset, size in records(index):
            # A byte each, from the header to the end, in one record or another.
            number += 1
            content[offset + size * (number % 13) // 13 + number % 5] ^= 0x55
        shard.write_bytes(content)
    config = configure(damaged)
    outputs = []
    for settings in (["loader.direct_io=off"], [DIRECT], [DIRECT, "loader.reader=pread"]):
        result = run("digest", config, "--epochs", 4, *set_of(*settings))
        assert result.code == 0, result
        outputs.append(result.out)
    assert outputs[0] == outputs[1] == outputs[2]
    stats = bench(good_or_warned(run), config, DIRECT, epochs=2)
    assert 0 < stats["corrupt_samples"]
    if has_direct(stats):
        assert 0 < stats["partial_fallbacks"]
    clean = bench(good, configure(packs[codec]), DIRECT, epochs=2)
    assert clean["corrupt_samples"] == 0


def good_or_warned(run):
    def call(*arguments):
        result = run(*arguments)
        assert result.code == 0, result
        return result

    return call


@pytest.mark.parametrize("codec", CODECS)
def test_an_index_without_rows_is_read_as_ever(good, packs, configure, tmp_path, codec):
    config = configure(packs[codec])
    wanted = good("digest", config).out
    folder = tmp_path / codec
    shutil.copytree(packs[codec], folder)
    for index in folder.glob("*.hri"):
        index.unlink()
    good("index", *sorted(folder.glob("*.tar")))
    config = configure(folder)
    assert good("digest", config, *set_of(DIRECT)).out == wanted
    assert bench(good, config, DIRECT, epochs=2)["partial_reads"] == 0


def test_damaged_regions_cost_parts_alone_and_are_mended(good, run, large, packs, configure, tmp_path):
    wanted = good("digest", configure(packs["jpeg"])).out
    folder = tmp_path / "damaged"
    shutil.copytree(packs["jpeg"], folder)
    index = sorted(folder.glob("*.hri"))[1]
    sound = index.read_bytes()
    damaged = sound[:-1] + bytes([sound[-1] ^ 1])  # regions are the last part
    index.write_bytes(damaged)
    result = run("digest", configure(folder), *set_of(DIRECT))
    assert result.code == 0 and result.out == wanted, result
    assert f"{index.name} has damaged region data: records are read whole" in result.err
    result = run("scan", folder, "--verify")
    assert result.code == 1 and "damaged region data" in result.out + result.err, result
    # Kept, unless it is asked for; then it is made without.
    tar = index.with_suffix("")
    assert run("index", tar).code == 0 and index.read_bytes() == damaged
    assert run("index", "--force", tar).code == 0 and index.read_bytes() != damaged
    assert good("digest", configure(folder), *set_of(DIRECT)).out == wanted
    index.write_bytes(damaged)
    result = run("pack", large, "-o", folder, "--codec", "jpeg", "--shard-size", "1MB")
    assert result.code == 0 and "has damaged region data; the shard is made again" in result.err
    assert index.read_bytes() == sound
