"""headrace scan PACK --verify: every byte of a pack, and every pixel of its source."""

import json
import os
import shutil

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
