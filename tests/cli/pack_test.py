"""headrace pack, unpack: the same samples as shards, and files again."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import time

import pytest
from conftest import TRAINING

PACK = """
[dataset]
source = "tar"
path = "{path}"
""" + TRAINING
MIX = """
[[mix]]
op = "mixup"
alpha = 0.4
"""
CODECS = ("jpeg", "coef")


def shards_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def source(demo, tmp_path_factory):
    """The demo set, and beside its JPEGs everything that a folder may hold."""
    folder = tmp_path_factory.mktemp("source") / "images"
    shutil.copytree(demo / "images", folder)
    first = sorted(folder.iterdir())[0]
    picture = sorted(first.iterdir())[0]
    whole = picture.read_bytes()
    (first / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (first / "empty.jpg").write_bytes(b"")
    (first / "noise.jpg").write_bytes(bytes(range(256)) * 8)
    (folder / "no pictures").mkdir()
    return folder


@pytest.fixture(scope="module")
def with_png(source):
    image = pytest.importorskip("PIL.Image")
    first = sorted(path for path in source.iterdir() if any(path.iterdir()))[0]
    picture = image.open(sorted(first.glob("0*.jpg"))[0])
    picture.save(first / "b\u00e4r \"q\".png")
    picture.save(first / "progressive.jpeg", progressive=True, quality=80)
    picture.convert("L").save(first / "grey.jpg", quality=80)
    return source


@pytest.fixture(scope="module")
def packs(run, with_png, tmp_path_factory):
    made = {}
    for codec in CODECS:
        folder = tmp_path_factory.mktemp("packs") / codec
        result = run("pack", with_png, "-o", folder, "--codec", codec, "--shard-size", "20KB")
        assert result.code == 0, result
        made[codec] = folder
    return made


def test_says_what_it_did(run, with_png, tmp_path):
    out = tmp_path / "pack"
    result = run("pack", with_png, "-o", out, "--json", "-")
    assert result.code == 0, result
    assert "3 files are not sound" in result.err
    report = json.loads(result.out)
    files = [path for path in with_png.rglob("*") if path.is_file()]
    assert report["samples"] == len(files)
    assert report["encoded"] + report["copied"] == len(files)
    assert report["damaged"] == 3
    assert report["copied"] == 4  # and the PNG
    assert report["source_bytes"] == sum(path.stat().st_size for path in files)
    assert report["pack_bytes"] == sum(path.stat().st_size for path in out.iterdir())
    reasons = {bad["path"].split("/")[1]: bad["code"] for bad in report["damaged_files"]}
    assert reasons["empty.jpg"] == "HR_EMPTY_FILE"
    assert reasons["cut.jpg"] == "HR_TRUNCATED"
    assert reasons["noise.jpg"] == "HR_UNSUPPORTED_FORMAT"


def test_names_of_files(packs):
    for folder in packs.values():
        names = [path.name for path in sorted(folder.iterdir())]
        count = len(names) // 2
        assert count > 2
        expected = [f"{k:06}.tar{end}" for k in range(count) for end in ("", ".hri")]
        assert names == expected


@pytest.mark.parametrize("codec", CODECS)
def test_members_by_pythons_tarfile(packs, with_png, codec):
    files = sorted(str(path.relative_to(with_png)) for path in with_png.rglob("*") if path.is_file())
    files.sort(key=os.fsencode)
    classes = sorted((path.name for path in with_png.iterdir()), key=os.fsencode)
    ids = []
    for shard in sorted(packs[codec].glob("*.tar")):
        with tarfile.open(shard) as archive:
            members = {member.name: archive.extractfile(member).read() for member in archive}
        for name in members:
            if not name.endswith(".json"):
                continue
            text = json.loads(members[name])
            path = files[text["id"]]
            assert name == f"{text['id']:012}.json"
            assert text["path"] == path
            assert text["class"] == path.split("/")[0]
            assert text["label"] == classes.index(text["class"])
            assert (text["classes"], text["samples"]) == (len(classes), len(files))
            assert members[name.replace(".json", ".cls")] == str(text["label"]).encode()
            (picture,) = [m for m in members if m.startswith(name[:13]) and m[13:] not in ("json", "cls")]
            stored = members[picture]
            original = (with_png / path).read_bytes()
            if path.endswith(("cut.jpg", "empty.jpg", "noise.jpg", ".png")):
                assert stored == original
            ids.append(text["id"])
    assert ids == list(range(len(files)))


def test_jpegs_of_a_pack_have_the_sources_pixels(packs, with_png):
    image = pytest.importorskip("PIL.Image")
    numpy = pytest.importorskip("numpy")
    compared = 0
    for shard in sorted(packs["jpeg"].glob("*.tar")):
        with tarfile.open(shard) as archive:
            members = {member.name: archive.extractfile(member).read() for member in archive}
        for name, content in members.items():
            if not name.endswith((".jpg", ".png")):
                continue
            path = json.loads(members[name[:13] + "json"])["path"]
            if path.endswith(("cut.jpg", "empty.jpg", "noise.jpg")):
                continue
            mine = numpy.asarray(image.open(io.BytesIO(content)))
            theirs = numpy.asarray(image.open(with_png / path))
            assert numpy.array_equal(mine, theirs), path
            compared += 1
    assert compared > 30


@pytest.mark.parametrize("codec", CODECS)
def test_bytes_do_not_depend_on_workers_or_ranks(run, packs, with_png, tmp_path, codec):
    arguments = ["--codec", codec, "--shard-size", "20KB"]
    reference = shards_of(packs[codec])
    for workers in (1, 5):
        out = tmp_path / f"workers{workers}"
        assert run("pack", with_png, "-o", out, *arguments, "--workers", workers).code == 0
        assert shards_of(out) == reference
    out = tmp_path / "ranks"
    for rank in (2, 0, 1):
        environment = {"OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": "3"}
        result = run("pack", with_png, "-o", out, *arguments, env=environment)
        assert result.code == 0, result
        assert result.out.startswith(f"rank {rank} of 3: ")
    assert shards_of(out) == reference
    out = tmp_path / "options"
    for rank in (1, 0):
        result = run("pack", with_png, "-o", out, *arguments, "--rank", rank, "--world-size", 2,
                     "--json", tmp_path / "report.json")  # fmt: skip
        assert result.code == 0, result
    assert shards_of(out) == reference
    assert json.loads((tmp_path / "report.json").read_text())["rank"] == 0
    assert json.loads((tmp_path / "report.json.1").read_text())["rank"] == 1


def test_ranks_at_once(binary, packs, with_png, tmp_path):
    out = tmp_path / "pack"
    command = [binary, "pack", with_png, "-o", out, "--shard-size", "20KB"]
    running = [
        subprocess.Popen(
            command,
            env={**os.environ, "OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": "4"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for rank in range(4)
    ]
    assert [process.wait(timeout=100) for process in running] == [0] * 4
    assert shards_of(out) == shards_of(packs["jpeg"])


def test_mpirun(binary, packs, with_png, tmp_path):
    mpirun = shutil.which("mpirun")
    if not mpirun:
        pytest.skip("no mpirun here")
    out = tmp_path / "pack"
    done = subprocess.run(
        [mpirun, "--allow-run-as-root", "--oversubscribe", "-n", "3",
         binary, "pack", with_png, "-o", out, "--shard-size", "20KB"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    assert sorted(re.findall(r"rank (\d) of 3: ", done.stdout)) == ["0", "1", "2"]
    assert shards_of(out) == shards_of(packs["jpeg"])


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("jpeg", ["fast", "exact"])
@pytest.mark.parametrize("mix", ["", MIX], ids=["plain", "mixed"])
def test_the_digest_is_the_folders(good, run, packs, with_png, tmp_path, codec, jpeg, mix):
    mine = tmp_path / "pack.toml"
    mine.write_text(PACK.format(path=packs[codec]) + mix)
    theirs = tmp_path / "folder.toml"
    theirs.write_text(PACK.replace('source = "tar"\n', "").format(path=with_png) + mix)
    change = ["-s", f"decode.jpeg={jpeg}", "-s", "loader.corrupt_budget=1.0", "--epochs", 2]
    expected = run("digest", theirs, *change)
    assert expected.code == 0, expected
    assert expected.out.count("\n") == 8
    for workers in (1, 3):
        result = run("digest", mine, *change, "-s", f"loader.workers={workers}")
        assert result.code == 0, result
        assert result.out == expected.out


@pytest.mark.parametrize("codec", CODECS)
def test_photographs(run, photographs, write_config, tmp_path, codec):
    folder = photographs[0].parents[1]
    pack = tmp_path / "pack"
    result = run("pack", folder, "-o", pack, "--codec", codec, "--shard-size", "4MiB", "--json", "-")
    assert result.code == 0, result
    theirs = write_config(folder)
    mine = write_config(pack, PACK, "pack.toml")
    change = ["-s", "loader.batch_size=50", "-s", "augment.0.size=128"]
    expected = run("digest", theirs, *change).out
    assert expected.count("\n") == 4
    assert run("digest", mine, *change).out == expected
    files = tmp_path / "files"
    assert run("unpack", pack, "-o", files).code == 0
    again = write_config(files, name="again.toml")
    assert run("digest", again, *change).out == expected


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", ["corrupt", "formats"])
def test_broken_and_odd_files_too(run, data, write_config, tmp_path, name, codec):
    folder = tmp_path / "images"
    folder.mkdir()
    if any(path.is_dir() for path in (data / name).iterdir()):
        shutil.copytree(data / name, folder, dirs_exist_ok=True)
    else:
        shutil.copytree(data / name, folder / "all")
    pack = tmp_path / "pack"
    assert run("pack", folder, "-o", pack, "--codec", codec, "--shard-size", "1MB").code == 0
    theirs = write_config(folder)
    mine = write_config(pack, PACK, "pack.toml")
    for jpeg in ("fast", "exact"):
        change = ["-s", "loader.corrupt_budget=1.0", "-s", f"decode.jpeg={jpeg}",
                  "-s", "decode.checkpoints=off"]  # fmt: skip
        expected = run("digest", theirs, *change).out
        assert expected.count("\n") >= 8
        assert run("digest", mine, *change).out == expected


@pytest.mark.parametrize("codec", CODECS)
def test_unpack_gives_names_classes_and_pixels_again(run, packs, with_png, tmp_path, codec):
    numpy = pytest.importorskip("numpy")
    image = pytest.importorskip("PIL.Image")
    out = tmp_path / "files"
    result = run("unpack", packs[codec], "-o", out, "--json", "-")
    assert result.code == 0, result
    report = json.loads(result.out)
    assert (report["decoded"] > 30) == (codec == "coef")
    paths = sorted(path.relative_to(with_png) for path in with_png.rglob("*"))
    assert sorted(path.relative_to(out) for path in out.rglob("*")) == paths
    for path in paths:
        if not (out / path).is_file():
            continue
        if str(path).endswith(("cut.jpg", "empty.jpg", "noise.jpg", ".png")):
            assert (out / path).read_bytes() == (with_png / path).read_bytes()
        else:
            mine = numpy.asarray(image.open(out / path))
            assert numpy.array_equal(mine, numpy.asarray(image.open(with_png / path))), path
    # Once more: everything is there.
    again = run("unpack", packs[codec], "-o", out, "--json", "-")
    assert again.code == 0, again
    assert json.loads(again.out)["samples_kept"] == report["samples"]


def test_a_file_that_a_manifest_names_twice_is_unpacked_once(run, demo, tmp_path):
    paths = sorted((demo / "images").rglob("*.jpg"))[:6]
    lines = [f"{path.relative_to(demo)}\t{i % 3}" for i, path in enumerate(paths + paths[:2])]
    (demo / "twice.tsv").write_text("\n".join(lines) + "\n")
    config = tmp_path / "twice.toml"
    config.write_text(f'[dataset]\nsource = "manifest"\npath = "{demo / "twice.tsv"}"\n')
    for codec in CODECS:
        pack, out = tmp_path / codec, tmp_path / f"{codec}-files"
        result = run("pack", config, "-o", pack, "--codec", codec)
        assert result.code == 0, result
        result = run("unpack", pack, "-o", out, "--json", "-")
        assert result.code == 0, result
        report = json.loads(result.out)
        assert report["samples"] == 8
        assert report["samples_kept"] == 2
        found = sorted(path.relative_to(out) for path in out.rglob("*.jpg"))
        assert found == [path.relative_to(demo) for path in paths]


def test_unpack_does_not_overwrite(run, packs, tmp_path):
    out = tmp_path / "files"
    assert run("unpack", packs["jpeg"], "-o", out).code == 0
    picture = sorted(path for path in out.rglob("*.jpg"))[3]
    content = picture.read_bytes()
    picture.write_bytes(b"mine")
    result = run("unpack", packs["jpeg"], "-o", out)
    assert result.code == 1
    assert str(picture) in result.err and "--force" in result.err
    assert picture.read_bytes() == b"mine"
    assert run("unpack", packs["jpeg"], "-o", out, "--force").code == 0
    assert picture.read_bytes() == content


def test_unpack_never_goes_through_a_link(run, packs, with_png, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = tmp_path / "files"
    out.mkdir()
    (out / sorted(with_png.iterdir())[0].name).symlink_to(elsewhere)
    result = run("unpack", packs["jpeg"], "-o", out)
    assert result.code == 1
    assert list(elsewhere.iterdir()) == []


def test_goes_on_with_the_same_settings_only(run, packs, with_png, tmp_path):
    out = tmp_path / "pack"
    shutil.copytree(packs["jpeg"], out)
    reference = shards_of(out)
    (out / "000001.tar.hri").unlink()
    (out / "000002.tar").unlink()
    (out / "000003.tar.tmp-77.0").write_bytes(b"left by a killed job")
    result = run("pack", with_png, "-o", out, "--shard-size", "20KB", "--json", "-")
    assert result.code == 0, result
    report = json.loads(result.out)
    assert report["shards_kept"] == report["shards"] - 2
    assert shards_of(out) == reference

    result = run("pack", with_png, "-o", out, "--shard-size", "20KB", "--codec", "coef")
    assert result.code == 2 or result.code == 1
    assert "codec jpeg" in result.err and "codec coef" in result.err and "--force" in result.err
    assert shards_of(out) == reference
    result = run("pack", with_png, "-o", out, "--shard-size", "40KB", "--force")
    assert result.code == 0, result
    assert len(shards_of(out)) < len(reference)
    result = run("pack", with_png, "-o", out, "--shard-size", "20KB", "--force")
    assert shards_of(out) == reference


@pytest.mark.parametrize("codec", CODECS)
def test_forced_it_makes_damaged_shards_again(run, packs, with_png, tmp_path, codec):
    out = tmp_path / "pack"
    shutil.copytree(packs[codec], out)
    reference = shards_of(out)
    names = sorted(name for name in reference if name.endswith(".tar"))
    assert len(names) > 3
    for name, at in ((names[1], 700), (names[3], len(reference[names[3]]) - 1)):
        content = bytearray(reference[name])
        content[at] ^= 1
        (out / name).write_bytes(content)
    damaged = shards_of(out)
    again = ["pack", with_png, "-o", out, "--codec", codec, "--shard-size", "20KB"]
    # As ever: complete shards are not looked at.
    assert run(*again).code == 0 and shards_of(out) == damaged
    checked = run("scan", out, "--verify")
    assert checked.code == 1 and "--force" in checked.err and str(out) in checked.err, checked
    # One rank checks its own.
    assert run(*again, "--force", "--rank", 0, "--world-size", 2).code == 0
    assert shards_of(out) == damaged
    result = run(*again, "--force", "--json", "-")
    assert result.code == 0, result
    report = json.loads(result.out)
    assert report["shards_kept"] == report["shards"] - 2
    told = [line for line in result.err.splitlines() if "is made again" in line]
    assert len(told) == 2 and names[1] in told[0] and names[3] in told[1], result
    assert "checksum" in told[0]
    assert shards_of(out) == reference
    result = run(*again, "--force")
    assert result.code == 0 and "is made again" not in result.err, result
    assert f"({len(names)} shards were complete)" in result.out
    assert run("scan", out, "--verify").code == 0


def test_a_pack_that_is_cut_says_how_to_make_it_whole(run, packs, with_png, tmp_path):
    file = tmp_path / "pack.toml"
    file.write_text(PACK.format(path="pack"))
    # In its first member, where only the index knows it for a pack's; between the others.
    for kept, force in ((100, ["--force"]), (-3000, [])):
        out = tmp_path / "pack"
        shutil.copytree(packs["jpeg"], out)
        reference = shards_of(out)
        (out / "000001.tar").write_bytes(reference["000001.tar"][:kept])
        result = run("digest", file)
        assert result.code == 1, result
        assert "000001.tar: at byte" in result.err in result.err
        advice = " ".join(["run headrace pack again", *(["with"] + force if force else [])])
        assert advice + ", which makes this shard anew" in result.err, result
        assert "make the shard again" not in result.err
        assert run("pack", with_png, "-o", out, "--shard-size", "20KB", *force).code == 0
        assert shards_of(out) == reference
        shutil.rmtree(out)


def test_unpack_wants_a_folder(run, packs, tmp_path):
    result = run("unpack", packs["jpeg"] / "000000.tar", "-o", tmp_path / "out")
    assert result.code == 1, result
    assert "000000.tar: is no folder; give the folder of a pack" in result.err
    assert not (tmp_path / "out").exists()


def test_one_job_at_a_time(binary, run, with_png, tmp_path):
    fcntl = pytest.importorskip("fcntl")
    out = tmp_path / "pack"
    out.mkdir()
    with open(out / ".headrace-pack.lock", "wb") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        result = run("pack", with_png, "-o", out)
        assert result.code == 1
        assert "another headrace pack or unpack is at work" in result.err
    assert run("pack", with_png, "-o", out).code == 0
    assert not (out / ".headrace-pack.lock").exists()


def test_what_it_refuses(run, with_png, demo, config, tmp_path):
    inside = run("pack", with_png, "-o", with_png / "pack")
    assert inside.code != 0 and "lies in the data set" in inside.err
    assert not (with_png / "pack").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.tar").write_bytes(b"")
    result = run("pack", with_png, "-o", other)
    assert result.code != 0 and "mine.tar" in result.err
    for bad in (
        ["-o", other, "--codec", "gif"],
        ["-o", other, "--quality", "0"],
        ["-o", other, "--quality", "101"],
        ["-o", other, "--max-side", "0"],
        ["-o", other, "--shard-size", "0"],
        ["-o", other, "--shard-size", "lots"],
        ["-o", other, "--rank", "1"],
        ["-o", other, "--rank", "2", "--world-size", "2"],
        [],
    ):
        result = run("pack", config, *bad)
        assert result.code == 2, (bad, result)
    assert run("pack", tmp_path / "nothing.toml", "-o", tmp_path / "x").code != 0
    assert run("unpack", tmp_path, "-o", tmp_path / "x").code == 1
    environment = {"OMPI_COMM_WORLD_RANK": "x", "OMPI_COMM_WORLD_SIZE": "2"}
    result = run("pack", config, "-o", tmp_path / "y", env=environment)
    assert result.code == 2 and "OMPI_COMM_WORLD_RANK" in result.err


def test_a_pack_of_a_pack(run, packs, tmp_path):
    again = tmp_path / "again"
    result = run("pack", packs["jpeg"], "-o", again, "--shard-size", "1MiB", "--json", "-")
    assert result.code == 0, result
    change = ["-s", "loader.corrupt_budget=1.0"]
    digests = []
    for number, folder in enumerate((packs["jpeg"], again)):
        file = tmp_path / f"{number}.toml"
        file.write_text(PACK.format(path=folder))
        digests.append(run("digest", file, *change).out)
    assert digests[0] == digests[1] and digests[0].count("\n") == 4
    over = run("pack", again, "-o", again)
    assert over.code != 0 and "lies in the data set" in over.err
    assert run("pack", again, "-o", again / "beneath").code == 0


def test_interrupted_it_goes_on(binary, run, source, tmp_path):
    # Enough work for a signal to find it at: it is looked for ten times a second.
    folder = tmp_path / "images" / "a"
    folder.mkdir(parents=True)
    pictures = sorted(source.rglob("0*.jpg"))[:8]
    for number in range(1600):
        os.link(pictures[number % len(pictures)], folder / f"{number}.jpg")
    out = tmp_path / "pack"
    command = [binary, "pack", folder.parent, "-o", out, "--shard-size", "100KB", "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    # Once a first shard is there it has begun for sure.
    while process.poll() is None and not (out / "000000.tar.hri").exists():
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert not (out / ".headrace-pack.lock").exists()
    assert run("pack", folder.parent, "-o", out, "--shard-size", "100KB").code == 0
    whole = tmp_path / "whole"
    assert run("pack", folder.parent, "-o", whole, "--shard-size", "100KB").code == 0
    assert shards_of(out) == shards_of(whole)


def test_lossy_says_so(run, photographs, tmp_path):
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "images" / "a"
    folder.mkdir(parents=True)
    for number, path in enumerate(photographs[:4]):
        shutil.copy(path, folder / f"{number}.jpg")
    out = tmp_path / "pack"
    result = run("pack", folder.parent, "-o", out, "--max-side", 100, "--quality", 60)
    assert result.code == 0, result
    assert "(lossy)" in result.out
    with tarfile.open(out / "000000.tar") as archive:
        for member in archive:
            if member.name.endswith(".jpg"):
                assert max(image.open(archive.extractfile(member)).size) == 100


def test_a_large_file_needs_a_larger_limit(run, with_png, tmp_path):
    result = run("pack", with_png, "-o", tmp_path / "pack", "-s", "limits.max_encoded_bytes=1000")
    assert result.code == 1
    assert "limits.max_encoded_bytes" in result.err
    assert re.search(r"\.(jpg|jpeg|png)\b", result.err)
    assert shards_of(tmp_path / "pack") == {}


@pytest.fixture
def coef_pack(run, demo, tmp_path):
    """A folder of twelve JPEGs, and its pack."""
    folder = tmp_path / "few"
    for path in sorted((demo / "images").rglob("*.jpg"))[:12]:
        (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.parent.name)
    pack = tmp_path / "few.pack"
    assert run("pack", folder, "-o", pack, "--codec", "coef").code == 0
    return folder, pack


def test_unpack_goes_on_past_a_damaged_record(run, coef_pack, tmp_path):
    folder, pack = coef_pack
    shard = pack / "000000.tar"
    with tarfile.open(shard) as archive:
        places = {member.name: member.offset_data for member in archive}
    content = bytearray(shard.read_bytes())
    for number in (3, 7):
        content[places[f"{number:012}.hrc"] + 300] ^= 1
    shard.write_bytes(content)
    out = tmp_path / "files"
    result = run("unpack", pack, "-o", out, "--json", "-")
    assert result.code == 1
    assert "2 of 12 samples cannot be unpacked" in result.err
    report = json.loads(result.out)
    assert (report["bad"], report["decoded"]) == (2, 10)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))
    for bad, number in zip(report["bad_samples"], (3, 7)):
        assert bad["id"] == number and bad["path"] == files[number]
        assert bad["file"] == str(shard) and bad["offset"] == places[f"{number:012}.hrc"]
        assert "checksum" in bad["reason"] and bad["path"] in result.err
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*.jpg"))
    assert written == [path for number, path in enumerate(files) if number not in (3, 7)]


def test_limits_of_unpack(run, coef_pack, tmp_path):
    _, pack = coef_pack
    out = tmp_path / "files"
    result = run("unpack", pack, "-o", out, "-s", "limits.max_pixels=1000")
    assert result.code == 1 and "limits.max_pixels" in result.err
    assert result.err.count("limits.max_pixels") == 5 and "and 7 more" in result.err
    assert run("unpack", pack, "-o", out, "-v", "-s", "limits.max_pixels=1000").err.count("sample ") >= 12
    assert run("unpack", pack, "-o", out).code == 0
    assert run("unpack", pack, "-o", out, "-s", "loader.seed=1").code == 2
    assert run("unpack", pack, "-o", out, "-s", "limits.max_pixls=1").code == 2


def test_too_large_to_pack_is_no_damage(run, coef_pack, tmp_path):
    folder, _ = coef_pack
    out = tmp_path / "pack"
    change = ["-s", "limits.jpeg_memory=1KiB"]
    result = run("pack", folder, "-o", out, *change, "--json", "-")
    assert result.code == 0, result
    assert "12 files are too large to pack" in result.err and "not sound" not in result.err
    report = json.loads(result.out)
    assert (report["copied"], report["damaged"], report["damaged_files"]) == (12, 0, [])
    assert len(report["too_large_files"]) == 12
    assert "limits.jpeg_memory" in report["too_large_files"][0]["reason"]
    # It goes on with the same limits only.
    assert run("pack", folder, "-o", out, *change).code == 0
    other = run("pack", folder, "-o", out)
    assert other.code != 0 and "jpeg_memory 1024" in other.err


def test_names_the_first_few_broken_files(run, tmp_path):
    folder = tmp_path / "images" / "a"
    folder.mkdir(parents=True)
    for number in range(9):
        (folder / f"{number}.jpg").write_bytes(b"no picture")
    result = run("pack", folder.parent, "-o", tmp_path / "pack")
    assert result.code == 0 and "9 files are not sound" in result.err
    assert result.err.count("sample ") == 5 and "and 4 more; -v" in result.err
    result = run("pack", folder.parent, "-o", tmp_path / "pack2", "-v")
    assert result.err.count("sample ") == 9


def pack_into(run, source, out, *options):
    return run("pack", source, "-o", out, "--shard-size", "20KB", *options)


def write_member(archive, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize("indexed", [False, True])
def test_shards_of_others_stay(run, packs, with_png, tmp_path, indexed):
    for name in ("000000.tar", "000999.tar"):
        out = tmp_path / name
        out.mkdir()
        with tarfile.open(out / name, "w") as archive:
            write_member(archive, "000000000000.jpg", b"mine")
            write_member(archive, "000000000000.cls", b"3")
            write_member(archive, "000000000000.json", b'{"label": 3}')
        if indexed:
            assert run("index", out / name).code == 0
        before = shards_of(out)
        result = pack_into(run, with_png, out)
        assert result.code != 0 and name in result.err, result
        assert shards_of(out) == before
        result = pack_into(run, with_png, out, "--force")
        if name == "000000.tar":  # which the pack needs
            assert result.code == 0, result
            assert shards_of(out) == shards_of(packs["jpeg"])
        else:
            assert result.code != 0 and name in result.err, result
            assert (out / name).read_bytes() == before[name]


def test_files_that_look_like_temporaries_stay(run, with_png, tmp_path):
    names = ["000000.tar.tmp-notes", "000000.tar.bak.tmp-1.0", "000000.tar.tmp-1.0.old", ".000000.tar.tmp-1.0"]
    for name in names:
        (tmp_path / name).write_bytes(b"mine")
    assert pack_into(run, with_png, tmp_path).code == 0
    for name in names:
        assert (tmp_path / name).read_bytes() == b"mine"


def test_an_index_is_not_believed_for_another_tar_of_its_size(run, packs, with_png, tmp_path):
    out = shutil.copytree(packs["jpeg"], tmp_path / "pack")
    shard = out / "000001.tar"
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        write_member(archive, "mine.jpg", b"mine")
        write_member(archive, "mine.cls", b"0")
    size = shard.stat().st_size
    other = (tmp_path / "other.tar").read_bytes()
    assert len(other) < size
    shard.write_bytes(other.ljust(size, b"\0"))
    file = tmp_path / "pack.toml"
    file.write_text(PACK.format(path=out))
    result = run("digest", file, "-s", "loader.corrupt_budget=1.0")
    assert "another shard of the same size" in result.err, result
    # It is none of pack's, then.
    assert pack_into(run, with_png, out).code != 0
    assert pack_into(run, with_png, out, "--force").code == 0
    assert shards_of(out) == shards_of(packs["jpeg"])


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("lost", ["one", "all"])
def test_indexes_made_anew_are_good_for_everything(run, packs, with_png, tmp_path, codec, lost):
    out = shutil.copytree(packs[codec], tmp_path / "pack")
    shards = sorted(out.glob("*.tar"))
    for shard in shards[1:2] if lost == "one" else shards:
        shard.with_name(shard.name + ".hri").unlink()
    assert run("index", *shards).code == 0
    assert run("scan", out, "--verify").code == 0
    result = run("scan", out, "--verify", "--source", with_png)
    assert result.code == 0 or "not a copy" in result.out, result
    files = tmp_path / "files"
    assert run("unpack", out, "-o", files).code == 0
    for path in with_png.rglob("*"):
        if path.name in ("cut.jpg", "empty.jpg", "noise.jpg") or path.suffix == ".png":
            assert (files / path.relative_to(with_png)).read_bytes() == path.read_bytes()
    # A record that is damaged after that is found.
    content = bytearray(shards[1].read_bytes())
    content[1000] ^= 4
    shards[1].write_bytes(content)
    assert run("scan", out, "--verify").code == 1
    # And pack makes what it cannot know about again.
    assert pack_into(run, with_png, out, "--codec", codec, "--force").code == 0
    if lost == "one":
        assert shards_of(out) == shards_of(packs[codec])


def test_class_names_that_are_no_text(run, good, demo, write_config, tmp_path):
    """Any bytes but / and NUL may name a folder; labels are the same with and without indexes."""
    source = tmp_path / "images"
    names = [b"\xfe", b"b\nc", b"d", b"\xff", b"e"]
    folders = sorted(path for path in (demo / "images").iterdir())
    for folder, name in zip(folders, names):
        shutil.copytree(folder, source / os.fsdecode(name))
    expected = good("digest", write_config(source)).out
    pack = tmp_path / "pack"
    assert pack_into(run, source, pack).code == 0
    mine = write_config(pack, PACK, "pack.toml")
    indexes = sorted(pack.glob("*.hri"))
    assert len(indexes) > 2
    for gone in (indexes[:0], indexes[:1], indexes[-1:], indexes):
        for index in gone:
            index.rename(tmp_path / index.name)
        assert good("digest", mine).out == expected, gone
        for index in gone:
            (tmp_path / index.name).rename(index)


def test_two_packs_in_one_folder_are_refused(run, packs, with_png, tmp_path):
    """As a pack --force of many ranks leaves them that did not end."""
    other = tmp_path / "other"
    assert run("pack", with_png, "-o", other, "--shard-size", "35KB").code == 0
    file = tmp_path / "pack.toml"
    for indexed in (True, False):
        out = shutil.copytree(packs["jpeg"], tmp_path / f"pack{indexed}")
        shutil.copy(other / "000000.tar", out)
        shutil.copy(other / "000000.tar.hri", out)
        for path in [] if indexed else list(out.glob("*.hri"))[1:]:
            path.unlink()
        file.write_text(PACK.format(path=out))
        result = run("digest", file)
        assert result.code == 2 and "more than one pack" in result.err, result


def test_forced_and_killed_it_leaves_one_pack(run, packs, with_png, tmp_path):
    out = shutil.copytree(packs["jpeg"], tmp_path / "pack")
    changed = shutil.copytree(with_png, tmp_path / "images")
    # A file that pack does not take, late in the set: it ends there, as if it were killed.
    os.truncate(sorted(changed.rglob("*.jpg"))[-1], 1 << 33)
    result = run("pack", changed, "-o", out, "--codec", "coef", "--force", "--workers", 1)
    assert result.code != 0, result
    for name, content in shards_of(out).items():
        assert content != (packs["jpeg"] / name).read_bytes(), name
