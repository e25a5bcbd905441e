"""headrace scan PACK --verify: every byte of a pack, and every pixel of its source."""

import ctypes
import json
import os
import shutil
import struct

import pytest


@pytest.fixture(scope="module")
def verify(run):
    def call(*arguments):
        result = run("scan", *arguments, "--verify")
        if "not in this version" in result.err:
            pytest.skip("no scan in this version")
        return result

    return call


@pytest.fixture(scope="module", params=["jpeg", "coef"])
def pack(run, demo, tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("packs") / request.param
    arguments = ["--codec", request.param, "--shard-size", "20KB"]
    assert run("pack", demo / "images", "-o", folder, *arguments).code == 0
    return folder


@pytest.fixture
def broken(pack, tmp_path):
    return shutil.copytree(pack, tmp_path / "pack")


def test_a_sound_pack_is_good(verify, pack, demo, config):
    result = verify(pack)
    assert result.code == 0, result
    assert "30 samples" in result.out and result.out.endswith(": 0 bad\n")
    for source in (demo / "images", config):
        result = verify(pack, "--source", source, "--json", "-")
        assert result.code == 0, result
        report = json.loads(result.out)
        assert report["samples"] == report["compared"] == 30
        assert report["bad"] == 0 and report["bad_samples"] == []


def test_a_broken_record_is_listed_with_its_place(verify, broken):
    shard = broken / "000001.tar"
    content = bytearray(shard.read_bytes())
    content[1000] ^= 4
    shard.write_bytes(content)
    result = verify(broken)
    assert result.code == 1, result
    line = result.out.splitlines()[0]
    assert str(shard) in line and "offset 512" in line and "checksum" in line
    report = json.loads(verify(broken, "--json", "-").out)
    (bad,) = report["bad_samples"]
    assert bad["file"] == str(shard) and bad["offset"] == 512 and bad["code"] == "HR_CORRUPT"
    assert bad["path"].endswith(".jpg") and bad["id"] > 0


def test_a_broken_record_counts_once_beside_its_source(verify, broken, demo):
    shard = broken / "000001.tar"
    content = bytearray(shard.read_bytes())
    content[1000] ^= 4
    shard.write_bytes(content)
    cut = broken / "000002.tar"
    cut.write_bytes(cut.read_bytes()[:700])
    alone = json.loads(verify(broken, "--json", "-").out)
    assert alone["bad"] > 2
    report = json.loads(verify(broken, "--source", demo / "images", "--json", "-").out)
    assert (report["bad"], report["bad_samples"]) == (alone["bad"], alone["bad_samples"])
    samples = {bad["id"] for bad in report["bad_samples"] if bad["id"] >= 0}
    assert report["compared"] == 30 - len(samples)


def test_a_shard_that_is_cut_short_is_bad(verify, broken):
    shard = broken / "000002.tar"
    shard.write_bytes(shard.read_bytes()[:-2000])
    result = verify(broken)
    assert result.code == 1, result
    assert str(shard) in result.out


def test_a_broken_index_is_an_error_with_its_name(verify, broken):
    index = broken / "000001.tar.hri"
    content = bytearray(index.read_bytes())
    content[40] ^= 1
    index.write_bytes(content)
    result = verify(broken)
    assert result.code == 1, result
    assert str(index) in result.err + result.out


REGIONS_AT, HEADER_HASH_AT = 176, 208  # in an index (docs/pack-format.md)


def xxh3(content):
    try:
        library = ctypes.CDLL("libxxhash.so.0")
    except OSError:
        pytest.skip("no libxxhash.so.0 to compute the hash with")
    library.XXH3_64bits.restype = ctypes.c_uint64
    library.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    return library.XXH3_64bits(bytes(content), len(content))


def part(content, at):
    """(offset, bytes) of a part of an index, by where its header has it."""
    return struct.unpack_from("<QQ", content, at)


def with_hashes(index, content):
    """Writes an index with the checksums of its regions and its header."""
    offset, size = part(content, REGIONS_AT)
    struct.pack_into("<Q", content, REGIONS_AT + 16, xxh3(content[offset : offset + size]))
    struct.pack_into("<Q", content, HEADER_HASH_AT, xxh3(content[:HEADER_HASH_AT]))
    index.write_bytes(content)


def test_regions_of_other_records_are_found(verify, broken):
    index = broken / "000001.tar.hri"
    content = bytearray(index.read_bytes())
    offset, size = part(content, REGIONS_AT)
    assert size % 32 == 0 and size >= 64 and any(content[offset : offset + 2])
    with_hashes(index, content)
    assert verify(broken).code == 0  # the same bytes: the checksums are right
    content[offset + 10] ^= 1  # where the second band begins
    with_hashes(index, content)
    result = verify(broken)
    assert result.code == 1, result
    (line,) = [line for line in result.out.splitlines() if "region data" in line]
    assert str(broken / "000001.tar") in line and "do not fit" in line


def test_another_source_is_found(verify, run, pack, tmp_path):
    other = tmp_path / "other"
    run("synth", other, "--images", 30, "--classes", 5, "--size", "160x120", "--seed", 4)
    result = verify(pack, "--source", other / "images")
    assert result.code == 1, result
    assert "pixels" in result.out or "size" in result.out
    run("synth", other, "--images", 29, "--classes", 5, "--size", "160x120", "--seed", 3)
    result = verify(pack, "--source", other / "images")
    assert result.code != 0 and "29" in result.err, result


def test_a_lossy_pack_is_not_compared(verify, run, demo, tmp_path):
    out = tmp_path / "pack"
    assert run("pack", demo / "images", "-o", out, "--quality", 50).code == 0
    assert verify(out).code == 0
    result = verify(out, "--source", demo / "images")
    assert result.code != 0 and "lossy" in result.err, result


def test_no_pack_is_an_error(verify, demo):
    result = verify(demo / "images")
    assert result.code != 0 and "no shards" in result.err, result


def test_a_configuration_names_its_pack(verify, pack, demo, config, tmp_path):
    file = tmp_path / "pack.toml"
    file.write_text(f'[dataset]\nsource = "tar"\npath = "{os.path.relpath(pack, tmp_path)}"\n')
    result = verify(file)
    assert result.code == 0 and "30 samples" in result.out, result
    assert verify(file, "--source", demo / "images").code == 0
    for other in (pack / "000000.tar", config):
        result = verify(other)
        assert result.code == 2 and "the folder of a pack" in result.err, result
