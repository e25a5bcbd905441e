"""output.channels = 1 against Pillow's convert("L")."""

import shutil

import pytest

from npy import Array
from slow_programs import SHARE

numpy = pytest.importorskip("numpy")
IMAGE = pytest.importorskip("PIL.Image")

CONFIG = """
[dataset]
path = "{path}"

[loader]
batch_size = 32
shuffle = "none"
tail = "exact"
on_corrupt = "error"

[output]
dtype = "u8"
pin = "none"

[decode]
jpeg = "exact"

[[augment]]
op = "resize"
size = [90, 70]
"""

DTYPES = {"|u1": numpy.uint8, "<f4": numpy.float32, "<f2": numpy.float16, "<u2": numpy.uint16}


@pytest.fixture
def images(good, tmp_path):
    """images(config, overrides...) -> the images of all batches as NumPy has them."""

    def call(config, *overrides):
        out = tmp_path / "dump"
        good("dump", config, "-o", out, *[part for key in overrides for part in ("-s", key)])
        arrays = []
        for file in sorted(out.glob("*.images.npy")):
            array = Array(file)
            arrays.append(
                numpy.frombuffer(array.data, DTYPES[array.descr]).reshape(array.shape).copy())
        for file in out.iterdir():
            file.unlink()
        return numpy.concatenate(arrays)

    return call


@pytest.fixture(scope="module")
def pictures(photographs, tmp_path_factory):
    """Paths in one folder of class folders: all photographs, or some where each takes long."""
    if SHARE == 1:
        return photographs
    folder = tmp_path_factory.mktemp("some")
    some = [folder / path.parent.name / path.name for path in photographs[::5]]
    for source, path in zip(photographs[::5], some):
        path.parent.mkdir(exist_ok=True)
        shutil.copy(source, path)
    return some


@pytest.fixture
def config(pictures, write_config):
    return write_config(pictures[0].parents[1], CONFIG)


def luma(rgb):
    """Pillow's own: of [N, 3, H, W] u8."""
    return numpy.stack([
        numpy.asarray(IMAGE.fromarray(numpy.moveaxis(picture, 0, 2)).convert("L"))
        for picture in rgb
    ])[:, None]


def test_exact_pixels_are_pillows(images, config, pictures):
    got = images(config, "output.channels=1")
    assert got.shape == (len(pictures), 1, 90, 70)
    for index, path in enumerate(pictures[:40]):
        picture = IMAGE.open(path).convert("RGB").resize((70, 90), IMAGE.BILINEAR).convert("L")
        assert (got[index, 0] == numpy.asarray(picture)).all(), path


@pytest.mark.parametrize("mode", ["fast", "exact"])
@pytest.mark.parametrize("flip", [False, True])
def test_they_are_the_gray_of_what_three_channels_show(images, config, mode, flip):
    """Also where a picture is wider than what is converted at once, and in gray files."""
    ops = '{ op = "resize", size = [7, 1500] }'
    if flip:
        ops += ', { op = "random_horizontal_flip", p = 1.0 }'
    keys = (f"augment=[{ops}]", f"decode.jpeg={mode}")
    assert (images(config, *keys, "output.channels=1") == luma(images(config, *keys))).all()


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16"])
def test_every_dtype_scales_the_one_channel(images, config, dtype):
    gray = images(config, "output.channels=1")
    wanted = ((gray / 255.0 - 0.45) / 0.22).astype(numpy.float32)
    keys = ("output.channels=1", f"output.dtype={dtype}", "output.mean=[0.45]", "output.std=[0.22]")
    got = images(config, *keys)
    if dtype == "bf16":
        got = (got.astype(numpy.uint32) << 16).view(numpy.float32)
        assert numpy.abs(got - wanted).max() <= 2.0**-8 * 3
    else:
        assert (got == wanted.astype(got.dtype)).all()
    planar = images(config, *keys)
    last = images(config, *keys, "output.layout=nhwc")
    assert last.shape == (*planar.shape[:1], *planar.shape[2:], 1)
    assert (last.reshape(planar.shape) == planar).all()


def test_views_are_each_the_gray_of_theirs(images, config):
    keys = ("loader.tail=drop", 'augment=[{ op = "resize", size = [32, 32] }, '
            '{ op = "aug_mix", views = 3 }]')
    views = images(config, *keys, "output.channels=1")
    assert views.shape[1:] == (32, 1, 32, 32) and len(views) % 3 == 0
    colours = images(config, *keys)
    assert (views.reshape(-1, 1, 32, 32) == luma(colours.reshape(-1, 3, 32, 32))).all()


def test_mixes_take_it(good, config):
    keys = ["-s", "output.channels=1", "-s", "loader.shuffle=full"]
    plain = good("digest", config, *keys).out
    for mix in ("mixup", "cutmix", "rmix"):
        mixed = good("digest", config, *keys, "-s", f"mix.0.op={mix}").out
        assert mixed != plain
        assert good("digest", config, *keys, "-s", f"mix.0.op={mix}", "-s",
                    "loader.workers=3").out == mixed


def test_preview_shows_it(good, config, tmp_path):
    good("preview", config, "-o", tmp_path / "sheet.png", "-s", "output.channels=1", "--count", 4)
    sheet = numpy.asarray(IMAGE.open(tmp_path / "sheet.png").convert("RGB"))
    assert sheet.size > 1000


def test_mean_takes_one_number(run, config):
    result = run("digest", config, "-s", "output.channels=1", "-s", "output.dtype=f32", "-s",
                 "output.mean=[0, 0, 0]")
    assert result.code == 2 and "[output] mean" in result.err, result
