"""headrace scan: what it finds, and how it says so."""

import csv
import io
import json
import shutil
import os
import tarfile

import pytest


def scan(run, path, *arguments, code=0):
    result = run("scan", path, "--json", "-", *arguments)
    assert result.code == code, result
    return json.loads(result.out)


@pytest.fixture
def pictures_folder(demo, tmp_path):
    """12 good pictures in two classes."""
    folder = tmp_path / "set"
    for number, path in enumerate(sorted((demo / "images").rglob("*.jpg"))[:12]):
        target = folder / ("cat" if number % 2 else "dog") / f"{number:02}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes() + b"")
    return folder


def test_a_good_set(run, pictures_folder):
    report = scan(run, pictures_folder)
    assert report["samples"] == report["good"] == report["formats"]["jpeg"] == 12
    assert report["broken"] == 0 and report["broken_samples"] == []
    assert report["bytes"] == sum(path.stat().st_size for path in pictures_folder.rglob("*.jpg"))
    assert report["width"]["min"] <= report["width"]["median"] <= report["width"]["max"]
    assert sum(cell["count"] for cell in report["megapixels"]) == 12
    assert report["megapixels"][-1]["below"] is None


def test_broken_files_end_with_1_and_are_listed(run, pictures_folder, tmp_path):
    good = (pictures_folder / "cat" / "01.jpg").read_bytes()
    (pictures_folder / "cat" / "cut.jpg").write_bytes(good[: len(good) // 2])
    (pictures_folder / "dog" / "page\tof\nhtml.jpg").write_bytes(b"<html>")
    (pictures_folder / "dog" / "twin.jpg").write_bytes(good)
    bad = tmp_path / "bad.tsv"
    report = scan(run, pictures_folder, "--quarantine", bad, "--workers", 3, code=1)
    assert report["broken"] == 2
    assert [one["path"] for one in report["broken_samples"]] == [
        "cat/cut.jpg", "dog/page\tof\nhtml.jpg"]
    assert report["broken_samples"][0]["code"] == "HR_TRUNCATED"
    assert {one["path"] for one in report["duplicates"]} == {"cat/01.jpg", "dog/twin.jpg"}
    assert {one["group"] for one in report["duplicates"]} == {0}

    with open(bad, newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["name"] for row in rows] == ["cat/cut.jpg", r"dog/page\tof\nhtml.jpg"]
    assert rows[0]["path"] == str(pictures_folder / "cat" / "cut.jpg")
    assert [row["epoch"] for row in rows] == ["", ""]
    assert rows[1]["code"] == "HR_UNSUPPORTED_FORMAT"

    page = run("scan", pictures_folder)
    assert page.code == 1
    assert "cat/cut.jpg: HR_TRUNCATED: " in page.out
    assert r"page\x09of\x0ahtml.jpg" in page.out
    assert "= dog/twin.jpg" in page.out
    assert page.err == ""


def test_the_list_of_a_run_is_that_of_a_scan(run, pictures_folder, write_config, tmp_path):
    (pictures_folder / "dog" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    lists = {}
    for command in ("scan", "bench"):
        path = tmp_path / f"{command}.tsv"
        arguments = ["--quarantine", path] if command == "scan" else [
            "-s", f"loader.quarantine={path}", "-s", "loader.corrupt_budget=1.0",
            "-s", "loader.batch_size=13", "--epochs", "3"]
        config = write_config("set")
        result = run(command, config, *arguments)
        assert result.code == (1 if command == "scan" else 0), result
        with open(path, newline="") as table:
            lists[command] = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["epoch"] for row in lists["scan"]] == [""]
    assert [row["epoch"] for row in lists["bench"]] == ["0"]
    for rows in lists.values():
        del rows[0]["epoch"]
    assert lists["scan"] == lists["bench"]


def test_a_configuration_and_its_limits(run, pictures_folder, write_config):
    config = write_config("set")
    assert scan(run, config)["good"] == 12
    report = scan(run, config, "-s", "limits.max_side=8", code=1)
    assert report["over_limits"] == report["broken"] == 12
    assert report["broken_samples"][0]["code"] == "HR_LIMIT_PIXELS"


def test_a_flat_folder(run, pictures_folder):
    assert scan(run, pictures_folder / "cat")["good"] == 6


def test_verdicts_of_the_broken_pictures(run, data):
    manifest = data / "corrupt" / "manifest.tsv"
    if not manifest.exists():
        pytest.skip("no broken pictures")
    report = scan(run, data / "corrupt", code=1)
    broken = {one["path"] for one in report["broken_samples"]}
    checked = 0
    for row in [line.split("\t") for line in manifest.read_text().splitlines()[1:]]:
        if row[2] in ("error", "limit", "unsupported", "ok"):
            assert (row[0] in broken) == (row[2] != "ok"), row[0]
            checked += 1
    assert checked > 40


def test_wrong_lines(run, pictures_folder, tmp_path):
    for arguments, code in (
        ([], 2),
        ([pictures_folder, pictures_folder], 2),
        ([pictures_folder, "--verify", "--quarantine", "x"], 2),
        ([pictures_folder, "--source", pictures_folder], 2),  # only with --verify
        ([pictures_folder, "--workers", "0"], 2),
        ([pictures_folder, "-s", "limits.max_sides=1"], 2),
        ([pictures_folder, "--quarantine", tmp_path], 2),
        ([tmp_path / "nothing"], 1),
    ):
        result = run("scan", *arguments)
        assert result.code == code, (arguments, result)
        assert result.out == "" and result.err.count("\n") == 1, result


def tar_of(path, members):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


@pytest.fixture
def tars(pictures_folder, tmp_path):
    """Two shards of six pictures each; the fifth of the second one is cut in half."""
    folder = tmp_path / "tars"
    folder.mkdir()
    pictures = [path.read_bytes() for path in sorted(pictures_folder.rglob("*.jpg"))]
    pictures[10] = pictures[10][: len(pictures[10]) // 2]
    for shard in range(2):
        members = []
        for number in range(6 * shard, 6 * shard + 6):
            members += [(f"{number:04}.jpg", pictures[number]), (f"{number:04}.cls", b"1")]
        tar_of(folder / f"{shard:06}.tar", members)
    return folder, pictures


def test_tars_and_where_a_broken_member_lies(run, tars, tmp_path):
    folder, pictures = tars
    assert scan(run, folder / "000000.tar")["good"] == 6
    bad = tmp_path / "bad.tsv"
    report = scan(run, folder, "--quarantine", bad, code=1)
    assert report["samples"] == 12 and report["broken"] == 1
    (broken,) = report["broken_samples"]
    shard = folder / "000001.tar"
    assert broken["id"] == 10 and broken["code"] == "HR_TRUNCATED"
    assert broken["path"].endswith("000001.tar")
    content = shard.read_bytes()[broken["offset"]: broken["offset"] + broken["bytes"]]
    assert content == pictures[10]
    with open(bad, newline="") as table:
        (row,) = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert os.path.samefile(row["path"], shard)
    assert row["offset"] == str(broken["offset"])


@pytest.mark.parametrize("codec", ["jpeg", "coef"])
def test_packs_are_read_and_verified(run, good, pictures_folder, tmp_path, codec):
    pack = tmp_path / "pack"
    good("pack", pictures_folder, "-o", pack, "--codec", codec)
    report = scan(run, pack)
    assert report["good"] == report["formats"][codec] == 12
    names = {path.relative_to(pictures_folder).as_posix() for path in pictures_folder.rglob("*.jpg")}
    (pictures_folder / "cat" / "01.jpg").read_bytes()
    verdict = run("scan", pack, "--verify", "--source", pictures_folder, "--json", "-")
    assert verdict.code == 0, verdict
    assert json.loads(verdict.out)["compared"] == 12
    shard = pack / "000000.tar"
    damaged = bytearray(shard.read_bytes())
    damaged[len(damaged) // 2] ^= 0x55
    shard.write_bytes(damaged)
    verdict = run("scan", pack, "--verify", "--json", "-")
    assert verdict.code == 1, verdict
    found = json.loads(verdict.out)
    assert found["bad"] >= 1
    assert found["bad_samples"][0]["path"] in names | {""}


def test_pictures_and_tars_in_one_folder_ask_which(run, demo, tmp_path):
    """Neither is taken silently: a stray tar would hide a whole data set."""
    folder = shutil.copytree(demo / "images", tmp_path / "images")
    (folder / "README").write_bytes(b"")
    with tarfile.open(folder / "stray.tar", "w"):
        pass
    for command in (["scan", folder], ["pack", folder, "-o", tmp_path / "pack"]):
        result = run(*command)
        assert result.code == 2 and "stray.tar" in result.err and ".toml" in result.err, result
    (folder / "stray.tar").rename(folder / ".stray.tar")
    assert run("scan", folder).code == 0
