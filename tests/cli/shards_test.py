"""source = "tar": plain WebDataset shards by whoever writes them, with and without an index."""

import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest
from conftest import TRAINING

CONFIG = """
[dataset]
source = "tar"
path = {path}
""" + TRAINING.replace("seed = 5\n", "seed = 5\n{loader}\n")


def pictures(demo):
    """(relative path, class number) of the demo set in byte order, which is the order of its ids."""
    root = demo / "images"
    paths = sorted(p.relative_to(root).as_posix() for p in root.rglob("*.jpg"))
    classes = sorted({p.split("/")[0] for p in paths})
    return [(p, classes.index(p.split("/")[0])) for p in paths]


def members(demo, first, last):
    """Names and bytes of a plain shard's members, in order, as a WebDataset writer has them."""
    for number, (path, label) in list(enumerate(pictures(demo)))[first:last]:
        yield f"{number:06d}.jpg", (demo / "images" / path).read_bytes()
        yield f"{number:06d}.cls", str(label).encode()
        yield f"{number:06d}.json", json.dumps({"source": path, "label": label}).encode()


def write_tar(path, entries, form=tarfile.GNU_FORMAT):
    with tarfile.open(path, "w", format=form) as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = 1700000000.5 if form == tarfile.PAX_FORMAT else 1700000000
            tar.addfile(info, io.BytesIO(content))


def write_config(folder, path="shards/*.tar", loader="", name="tar.toml"):
    file = folder / name
    file.write_text(CONFIG.format(path=json.dumps(path), loader=loader))
    return file


@pytest.fixture(scope="session")
def expected(good, config):
    """The digest of the same pictures in their folder."""
    return good("digest", config, "--epochs", 2).out


@pytest.fixture
def shards(demo, tmp_path):
    """Three plain shards of 10 samples."""
    folder = tmp_path / "shards"
    folder.mkdir()
    for i in range(3):
        write_tar(folder / f"train-{i:06d}.tar", members(demo, 10 * i, 10 * i + 10))
    return folder


@pytest.fixture
def entries_as_files(demo, tmp_path):
    """The members of one shard as files, for tools that pack files; names in order."""
    folder = tmp_path / "files"
    folder.mkdir()
    names = []
    for name, content in members(demo, 0, 30):
        (folder / name).write_bytes(content)
        names.append(name)
    return folder, names


def digest(good, config, *options):
    return good("digest", config, "--epochs", 2, *options).out


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("reader", ["uring", "pread"])
def test_shards_give_the_bytes_of_the_folder(run, good, shards, expected, workers, reader):
    config = write_config(shards.parent, loader=f'workers = {workers}\nreader = "{reader}"\n')
    result = run("digest", config, "--epochs", 2)
    if reader == "uring" and result.code != 0:
        pytest.skip("io_uring is not usable here")
    assert result.out == expected, result
    good("index", *shards.glob("*.tar"))
    assert digest(good, config) == expected


def test_more_shards_than_descriptors(good, shards, expected, binary):
    config = write_config(shards.parent)
    command = f'ulimit -n 40; exec "{binary}" digest "{config}" --epochs 2'
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert result.stdout == expected, result.stderr


def test_checkpoints_change_nothing(good, shards, expected, tmp_path):
    config = write_config(shards.parent)
    kept = ["-s", f'decode.checkpoints="{tmp_path}/checkpoints"']
    assert digest(good, config, "-s", 'decode.checkpoints="off"') == expected
    assert digest(good, config, *kept) == expected
    assert list((tmp_path / "checkpoints").glob("*.hrc1"))
    assert digest(good, config, *kept) == expected


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("prefix", ["", "./", "a/b/", "long" * 60 + "/", "\u00fc" * 20 + "/"])
def test_every_form_that_tarfile_writes(run, good, demo, expected, tmp_path, form, prefix):
    entries = [(prefix + name, content) for name, content in members(demo, 0, 30)]
    try:
        write_tar(tmp_path / "all.tar", entries, form)
    except ValueError:
        assert form == tarfile.USTAR_FORMAT  # which has no place for such names
        return
    assert digest(good, write_config(tmp_path, "all.tar")) == expected


@pytest.mark.parametrize("form", ["v7", "ustar", "gnu", "oldgnu", "posix"])
def test_every_form_that_gnu_tar_writes(good, entries_as_files, expected, tmp_path, form):
    folder, names = entries_as_files
    (folder / "link.jpg").symlink_to("000000.jpg")
    os.link(folder / "000000.jpg", folder / "zz_hard.jpg")
    (folder / "dir.jpg").mkdir()
    os.mkfifo(folder / "pipe.jpg")
    subprocess.run(
        ["tar", f"--format={form}", "-cf", tmp_path / "all.tar", "-C", folder]
        + ["dir.jpg", "link.jpg"] + names + ["zz_hard.jpg"] + ([] if form == "v7" else ["pipe.jpg"]),
        check=True,
    )
    assert digest(good, write_config(tmp_path, "all.tar")) == expected


@pytest.mark.parametrize("form", ["v7tar", "ustar", "gnutar", "pax", "paxr"])
def test_every_form_that_bsdtar_writes(good, entries_as_files, expected, tmp_path, form):
    if shutil.which("bsdtar") is None:
        pytest.skip("bsdtar (libarchive-tools) is not installed")
    folder, names = entries_as_files
    subprocess.run(
        ["bsdtar", f"--format={form}", "-cf", tmp_path / "all.tar", "-C", folder] + names, check=True
    )
    assert digest(good, write_config(tmp_path, "all.tar")) == expected


def test_shards_of_the_webdataset_package(good, demo, expected, tmp_path):
    webdataset = pytest.importorskip("webdataset")
    with webdataset.TarWriter(str(tmp_path / "all.tar")) as writer:
        for number, (path, label) in enumerate(pictures(demo)):
            jpeg = (demo / "images" / path).read_bytes()
            writer.write({"__key__": f"{number:06d}", "jpg": jpeg, "cls": label, "json": {"a": [1]}})
    assert digest(good, write_config(tmp_path, "all.tar")) == expected


def test_patterns_lists_and_folders_name_the_same(good, shards, expected):
    base = shards.parent
    for path in [
        "shards",
        "shards/train-{000000..000002}.tar",
        "shards/train-00000[0-2].tar",
        ["shards/train-000002.tar", "shards/train-00000{0,1}.tar"],
        "shards/train-00000?.tar",
    ]:
        assert digest(good, write_config(base, path)) == expected, path


def test_labels_may_be_names_and_stand_in_json(good, demo, expected, tmp_path):
    names = [path.split("/")[0] for path, _ in pictures(demo)]

    def write(path, label):
        entries = []
        for number, (picture, index) in enumerate(pictures(demo)):
            entries.append((f"{number}.jpg", (demo / "images" / picture).read_bytes()))
            entries.append((f"{number}." + label(number, index)[0], label(number, index)[1]))
        write_tar(path, entries)
        return digest(good, write_config(tmp_path, path.name))

    forms = {
        "cls": lambda n, i: ("cls", f" {names[n]}\n".encode()),
        "label": lambda n, i: ("json", json.dumps({"x": {"label": 9}, "label": i}).encode()),
        "class": lambda n, i: ("json", json.dumps({"class": names[n], "nan": float("nan")}).encode()),
        "both": lambda n, i: ("JSON", json.dumps({"label": i, "class": names[n]}).encode()),
    }
    for name, label in forms.items():
        assert write(tmp_path / f"{name}.tar", label) == expected, name


def test_classes_choose_and_order(run, good, config, demo, shards, tmp_path):
    wanted = ["3", "1"]
    chosen = sorted({path.split("/")[0] for path, _ in pictures(demo)})
    names = json.dumps([chosen[3], chosen[1]])
    from_folder = good("digest", config, "-s", f"dataset.classes={names}").out
    file = write_config(shards.parent)
    assert good("digest", file, "-s", f"dataset.classes={json.dumps(wanted)}").out == from_folder
    refused = run("digest", file, "-s", 'dataset.classes=["cat"]')
    assert refused.code == 2
    assert '[dataset] classes: "cat" is no class' in refused.err


def test_what_is_no_sample_is_passed_over_and_said(run, demo, tmp_path):
    jpeg = (demo / "images" / pictures(demo)[0][0]).read_bytes()
    write_tar(
        tmp_path / "all.tar",
        [
            ("a.cls", b"0"),
            ("b.jpg", jpeg),
            ("._c.jpg", b"not a picture"),
            ("README", b"none"),
            ("d.txt", b"a caption"),
            ("e.left.PNG", jpeg),
            ("e.right.jpg", b"the second one"),
            ("e.cls", b"1"),
            ("f/.hidden.jpg", b"x"),
            ("g.jpg", jpeg),
            ("g.json", b"{ no JSON"),
        ],
    )
    file = write_config(tmp_path, "all.tar", loader='tail = "exact"\non_corrupt = "error"\n')
    result = run("dump", file, "-o", tmp_path / "out")
    assert result.code == 0, result
    assert "2 samples without a picture, the first all.tar/a: passed over" in result.err
    assert "1 texts are not JSON, the first all.tar/g.json" in result.err
    assert "2 of 3 samples have no label" in result.err
    numpy = pytest.importorskip("numpy")
    ids = numpy.load(tmp_path / "out/000000.ids.npy")
    labels = numpy.load(tmp_path / "out/000000.labels.npy")
    assert dict(zip(ids.tolist(), labels.tolist())) == {0: -1, 1: 1, 2: -1}


def test_a_bad_sample_is_named_with_its_place(run, demo, tmp_path):
    write_tar(tmp_path / "all.tar", [("a/b.jpg", b"no picture"), ("a/b.cls", b"0")])
    file = write_config(tmp_path, "all.tar", loader='tail = "exact"\non_corrupt = "error"\n')
    for indexed in (False, True):
        if indexed:
            assert run("index", tmp_path / "all.tar").code == 0
        result = run("digest", file)
        assert result.code == 1
        assert "all.tar/a/b.jpg (at byte 512 of all.tar)" in result.err


def test_bad_archives_say_where(run, shards):
    file = write_config(shards.parent)
    whole = (shards / "train-000001.tar").read_bytes()
    bad = bytearray(whole)
    second = 512 + (int(whole[124:135], 8) + 511) // 512 * 512
    bad[second + 5] ^= 1
    cases = [
        (bytes(bad), f"at byte {second}: the checksum of a header is wrong"),
        (whole[: second - 600], "at byte 0: a member goes on beyond the end of the archive"),
        (whole[: second + 100], f"at byte {second}: the archive ends inside a header"),
        (b"", "at byte 0: an empty file is no archive"),
        (b"x" * 2000, "is not a tar archive"),
        (gzip.compress(whole), "is compressed by gzip, and only plain tar is read"),
    ]
    for content, text in cases:
        (shards / "train-000001.tar").write_bytes(content)
        for command in (["digest", file], ["index", shards / "train-000001.tar"]):
            result = run(*command)
            assert result.code == 1, result
            assert "train-000001.tar: " in result.err and text in result.err, result
            assert result.err.count("\n") == 1, result
        assert not (shards / "train-000001.tar.hri").exists()
    (shards / "train-000001.tar").write_bytes(whole[: second])
    assert "has no end mark" in run("digest", file).err


def test_bad_paths_and_labels_are_told(run, shards, demo):
    def refused(path, *words):
        result = run("digest", write_config(shards.parent, path))
        assert result.code in (1, 2) and result.out == "", result
        assert result.err.count("\n") == 1, result
        for word in words:
            assert word in result.err, result

    refused("none/*.tar", "[dataset] path", "no file matches this pattern")
    refused("shards/train-{000000..000009}.tar", "train-000003.tar", "No such file")
    refused(["shards/*.tar", "shards/train-000001.tar"], "train-000001.tar is named twice")
    refused("shards/{0..99999999}.tar", "more than a million")
    (shards / "empty").mkdir()
    refused("shards/empty", "no *.tar in this folder")
    os.symlink("train-000001.tar", shards / "z.tar")
    refused("shards", "z.tar is named twice, also as")
    (shards / "z.tar").unlink()
    jpeg = (demo / "images" / pictures(demo)[0][0]).read_bytes()
    for text, words in [
        (b"-2", ("a.cls", "not within -1 to 1048575; found -2")),
        (b"99999999999999999999", ("a.cls", "1048575; found 99999999999999999999")),
        (b"c\x01t", ("a.cls", "control characters")),
        (b"c" * 5000, ("a.cls", "too large for a label")),
    ]:
        write_tar(shards / "bad.tar", [("a.jpg", jpeg), ("a.cls", text)])
        refused("shards/bad.tar", "bad.tar: ", *words)
    write_tar(
        shards / "bad.tar", [("a.jpg", jpeg), ("a.cls", b"cat"), ("b.jpg", jpeg), ("b.cls", b"1")]
    )
    refused("shards/bad.tar", "a.jpg", "b.jpg", "a number")
    write_tar(shards / "bad.tar", [("a.jpg", jpeg), ("a.cls", b"cat")])
    refused("shards", "numbers without names", "bad.tar")
    write_tar(shards / "bad.tar", [("a", b"x")])
    refused("shards/bad.tar", "no samples")


def test_index_writes_keeps_and_renews(run, good, shards, expected):
    tars = sorted(shards.glob("*.tar"))
    file = write_config(shards.parent)
    first = json.loads(good("index", *tars, "--json", "-").out)
    assert (first["written"], first["kept"], first["failed"], first["samples"]) == (3, 0, 0, 30)
    made = {p.name: p.read_bytes() for p in shards.glob("*.hri")}
    assert sorted(p.name for p in shards.iterdir()) == sorted(
        [t.name for t in tars] + [t.name + ".hri" for t in tars]
    )
    assert "3 kept" in good("index", *tars).out
    assert "3 written" in good("index", "--force", *tars).out
    assert {p.name: p.read_bytes() for p in shards.glob("*.hri")} == made
    assert digest(good, file) == expected

    # Damaged, of a shard that was written again, or of another: said, and read without it.
    index = shards / "train-000001.tar.hri"
    damaged = bytearray(made[index.name])
    damaged[300] ^= 1
    stale = made["train-000002.tar.hri"]
    for content in (bytes(damaged), stale, b"", made[index.name][:-1]):
        index.write_bytes(content)
        result = run("digest", file, "--epochs", 2)
        assert result.out == expected, result
        assert "train-000001.tar.hri " in result.err
        assert "read from the shards instead" in result.err
    assert "1 written, 2 kept" in good("index", *tars).out
    os.utime(shards / "train-000001.tar", (1, 1))
    assert "was made before the shard was last written" in run("digest", file).err
    assert run("index", shards / "none.tar").code == 1


def test_what_an_index_leaves_out_is_told(run, demo, tmp_path):
    jpeg = (demo / "images" / pictures(demo)[0][0]).read_bytes()
    tar = tmp_path / "a.tar"
    entries = [(f"IMG.2020.{i:04d}.jpg", jpeg) for i in range(6)]
    for key, name in (("x", b"cat"), ("y", b"dog")):
        entries += [(f"{key}.jpg", jpeg),
                    (f"{key}.json", b'{"label": 1, "class": "' + name + b'"}')]
    write_tar(tar, entries)
    result = run("index", tar, "--json", "-")
    assert result.code == 0, result
    report = json.loads(result.out)
    assert (report["samples"], report["same_key"], report["name_clashes"]) == (3, 5, 1)
    assert "5 pictures have the key of another" in result.err
    assert "1 samples give another name to the number of a class" in result.err
    assert "--sort" not in result.err
    write_tar(tar, [("a.jpg", jpeg), ("b.jpg", jpeg), ("a.cls", b"1"), ("b.cls", b"0")])
    assert "tar --sort=name" in run("index", "--force", tar).err


def test_data_behind_the_end_of_a_shard_are_told_of(good, run, demo, tmp_path):
    first, second = tmp_path / "0.tar", tmp_path / "1.tar"
    write_tar(first, members(demo, 0, 4))
    write_tar(second, members(demo, 4, 8))
    joined = tmp_path / "joined.tar"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    result = run("index", joined, first, "--json", tmp_path / "report.json")
    assert result.code == 0, result
    assert "1 shards have data behind their end mark" in result.err
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["data_behind_end"] == 1
    assert report["samples"] == 8
    # Those that stay are counted too.
    unlabelled = tmp_path / "unlabelled.tar"
    write_tar(unlabelled, [(name, content) for name, content in members(demo, 0, 3)
                           if name.endswith(".jpg")])
    for written in (1, 0):
        result = run("index", unlabelled, "--json", "-")
        assert result.code == 0, result
        report = json.loads(result.out)
        assert report["written"] == written
        assert report["without_label"] == 3
    (tmp_path / "joined.tar.hri").unlink()
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(path=f'"{joined}"', loader='tail = "exact"'))
    result = run("digest", config)
    assert result.code == 0
    assert "joined.tar has data behind the end mark" in result.err
