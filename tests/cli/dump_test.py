"""headrace dump: arrays of the right type, shape and meaning."""

import json

import pytest

from npy import Array

NAMES = ["ids", "images", "labels", "lambda", "partner", "valid"]
DTYPES = {"u8": "|u1", "f16": "<f2", "bf16": "<u2", "f32": "<f4"}


def test_files_of_each_batch(good, config, tmp_path):
    out = tmp_path / "made" / "here"
    good("dump", config, "-o", out, "--epochs", "2")
    found = sorted(path.name for path in out.iterdir())
    wanted = [f"{i:06}.{name}.npy" for i in range(6) for name in NAMES]
    assert found == sorted(wanted + [f"{i:06}.targets.json" for i in range(6)])


def test_an_output_folder_may_exist(good, config, tmp_path):
    good("dump", config, "-o", tmp_path, "--batches", "1")
    first = (tmp_path / "000000.images.npy").read_bytes()
    good("dump", config, "-o", tmp_path, "--batches", "1")
    assert (tmp_path / "000000.images.npy").read_bytes() == first
    assert not [path for path in tmp_path.iterdir() if "tmp" in path.name]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_images(good, config, tmp_path, dtype, layout):
    change = ["-s", f"output.dtype={dtype}", "-s", f"output.layout={layout}"]
    file = config
    if dtype == "u8":
        file = config.parent / "u8.toml"
        lines = config.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not line.startswith(("mean", "std"))))
    good("dump", file, "-o", tmp_path, "--batches", "1", *change)
    images = Array(tmp_path / "000000.images.npy")
    assert images.descr == DTYPES[dtype]
    assert images.shape == ((8, 3, 64, 64) if layout == "nchw" else (8, 64, 64, 3))
    assert len(set(images.data)) > 16


def test_labels_ids_and_the_rest(good, config, demo, tmp_path):
    good("dump", config, "-o", tmp_path)
    root = demo / "images"
    paths = sorted(str(path.relative_to(root)) for path in root.rglob("*.jpg"))
    classes = sorted({path.split("/")[0] for path in paths})
    seen = []
    for number in range(3):
        arrays = {name: Array(tmp_path / f"{number:06}.{name}.npy") for name in NAMES}
        assert arrays["labels"].descr == arrays["ids"].descr == "<i8"
        assert arrays["valid"].descr == "|u1"
        assert arrays["lambda"].descr == "<f4"
        assert arrays["partner"].descr == "<i4"
        for name in NAMES:
            assert arrays[name].shape[0] == 8
        ids = arrays["ids"].values()
        assert arrays["labels"].values() == [classes.index(paths[i].split("/")[0]) for i in ids]
        assert arrays["valid"].values() == [1] * 8
        assert arrays["lambda"].values() == [1.0] * 8
        assert arrays["partner"].values() == list(range(8))
        seen += ids
    assert len(set(seen)) == 24
    assert set(seen) <= set(range(30))


def test_soft_labels_of_a_mixed_batch(good, config, tmp_path):
    mixed = tmp_path / "mixed.toml"
    text = config.read_text().replace('"images"', f'"{config.parent / "images"}"')
    mixed.write_text(text + '\n[[mix]]\nop = "mixup"\nalpha = 1.0\n')
    good("dump", mixed, "-o", tmp_path / "out", "--batches", "1")
    arrays = {name: Array(tmp_path / "out" / f"000000.{name}.npy") for name in NAMES}
    labels = arrays["labels"]
    assert (labels.descr, labels.shape) == ("<f4", (8, 5))
    values = labels.values()
    shares = arrays["lambda"].values()
    partners = arrays["partner"].values()
    assert all(0 <= share <= 1 for share in shares)
    assert sorted(partners) == list(range(8))
    for row in range(8):
        assert abs(sum(values[row * 5 : row * 5 + 5]) - 1) < 1e-6
    targets = json.loads((tmp_path / "out" / "000000.targets.json").read_text())
    assert targets["mix_entry"] == 0


def test_targets_of_a_folder_are_empty(good, config, tmp_path):
    good("dump", config, "-o", tmp_path, "--batches", "2")
    targets = json.loads((tmp_path / "000001.targets.json").read_text())
    assert (targets["epoch"], targets["batch"], targets["count"]) == (0, 1, 8)
    assert targets["offsets"] == [0] * 9
    assert targets["boxes"] == [] and targets["masks"] == []
    assert targets["mix_entry"] == -1


def test_padding_and_the_short_batch(good, config, tmp_path):
    good("dump", config, "-o", tmp_path / "pad", "-s", "loader.tail=pad")
    assert Array(tmp_path / "pad" / "000003.valid.npy").values() == [1] * 6 + [0] * 2
    assert Array(tmp_path / "pad" / "000003.ids.npy").values()[6:] == [-1, -1]
    assert Array(tmp_path / "pad" / "000003.labels.npy").values()[6:] == [-1, -1]
    good("dump", config, "-o", tmp_path / "exact", "-s", "loader.tail=exact")
    assert Array(tmp_path / "exact" / "000003.images.npy").shape == (6, 3, 64, 64)
    assert Array(tmp_path / "exact" / "000002.images.npy").shape == (8, 3, 64, 64)


def test_json_counts(good, config, tmp_path):
    said = json.loads(good("dump", config, "-o", tmp_path, "--json", "-").out)
    assert (said["batches"], said["images"]) == (3, 24)


def test_numpy_reads_the_files(good, config, tmp_path):
    numpy = pytest.importorskip("numpy")
    good("dump", config, "-o", tmp_path, "--batches", "1")
    images = numpy.load(tmp_path / "000000.images.npy")
    assert images.dtype == numpy.float32
    assert images.shape == (8, 3, 64, 64)
    assert numpy.isfinite(images).all()
    # mean and std of the configuration bound what a pixel can become.
    assert images.min() >= -2.2 and images.max() <= 2.7
    assert numpy.load(tmp_path / "000000.valid.npy").tolist() == [1] * 8
