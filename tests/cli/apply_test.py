"""headrace apply: equal to Pillow, reproducible, and clear about what went wrong."""

import json
import re

import pytest

IMAGE = pytest.importorskip("PIL.Image", reason="Pillow is the reference here")
OPS = pytest.importorskip("PIL.ImageOps")
FILTERS = {"bilinear": IMAGE.BILINEAR, "bicubic": IMAGE.BICUBIC}


def opened(path):
    with IMAGE.open(path) as picture:
        return OPS.exif_transpose(picture).convert("RGB")


def assert_equal(path, wanted):
    got = opened(path)
    assert got.size == wanted.size
    assert got.tobytes() == wanted.tobytes()


@pytest.fixture(scope="module")
def pictures(photographs):
    """Every twentieth: all classes, grey ones among them."""
    return photographs[::20]


def apply(good, picture, out, *ops, arguments=()):
    good("apply", picture, "-o", out, *sum((["--op", op] for op in ops), []), *arguments)


def test_no_op_is_a_plain_decode(good, pictures, tmp_path):
    for picture in pictures:
        apply(good, picture, tmp_path / "out.png")
        assert_equal(tmp_path / "out.png", opened(picture))


def test_orientation_comes_first(good, data, tmp_path):
    folder = data / "formats" / "orientation"
    found = sorted(folder.glob("*.jpg"))
    if not found:
        pytest.skip("no pictures with orientation")
    for picture in found:
        apply(good, picture, tmp_path / "out.png")
        assert_equal(tmp_path / "out.png", opened(picture))


@pytest.mark.parametrize("filter_name", FILTERS)
@pytest.mark.parametrize("height,width", [(224, 224), (97, 301), (700, 650)])
def test_resize_is_pillows(good, pictures, tmp_path, filter_name, height, width):
    op = f'op = "resize", size = [{height}, {width}], interpolation = "{filter_name}"'
    for picture in pictures[:4]:
        apply(good, picture, tmp_path / "out.png", op)
        wanted = opened(picture).resize((width, height), FILTERS[filter_name])
        assert_equal(tmp_path / "out.png", wanted)


def test_resize_of_the_short_side(good, pictures, tmp_path):
    for picture in pictures:
        source = opened(picture)
        short, long = sorted(source.size)
        other = int(200 * long / short)
        size = (200, other) if source.width <= source.height else (other, 200)
        apply(good, picture, tmp_path / "out.png", 'op = "resize", size = 200')
        assert_equal(tmp_path / "out.png", source.resize(size, IMAGE.BILINEAR))


def test_resize_then_center_crop(good, pictures, tmp_path):
    for picture in pictures:
        source = opened(picture)
        short, long = sorted(source.size)
        other = int(256 * long / short)
        size = (256, other) if source.width <= source.height else (other, 256)
        resized = source.resize(size, IMAGE.BILINEAR)
        left = round((resized.width - 224) / 2)
        top = round((resized.height - 224) / 2)
        wanted = resized.crop((left, top, left + 224, top + 224))
        apply(good, picture, tmp_path / "out.png", 'op = "resize", size = 256',
              'op = "center_crop", size = 224')
        assert_equal(tmp_path / "out.png", wanted)


def test_flip_is_a_mirror(good, pictures, tmp_path):
    for picture in pictures:
        apply(good, picture, tmp_path / "out.png", 'op = "random_horizontal_flip", p = 1.0')
        assert_equal(tmp_path / "out.png", OPS.mirror(opened(picture)))


def explained(good, picture, out, ops, arguments):
    result = good("apply", picture, "-o", out, "--explain", *arguments,
                  *sum((["--op", op] for op in ops), []))
    blocks = [block for block in result.out.split("[[augment]]") if block.strip()]
    return [", ".join(line for line in block.splitlines() if line.strip()) for block in blocks]


RANDOM_OPS = ['op = "random_resized_crop", size = 160', 'op = "random_horizontal_flip"']


def test_a_random_crop_is_pillows_crop_and_resize(good, pictures, tmp_path):
    flips = set()
    for sample, picture in enumerate(pictures):
        drawn = explained(good, picture, tmp_path / "out.png", RANDOM_OPS,
                          ["--seed", "11", "--epoch", "2", "--sample", sample])
        top, left, height, width = map(int, re.search(r"at = \[(.*?)\]", drawn[0])[1].split(","))
        wanted = opened(picture).crop((left, top, left + width, top + height))
        wanted = wanted.resize((160, 160), IMAGE.BILINEAR)
        flipped = "p = 1.0" in drawn[-1] and "random_horizontal_flip" in drawn[-1]
        flips.add(flipped)
        assert_equal(tmp_path / "out.png", OPS.mirror(wanted) if flipped else wanted)
    assert flips == {True, False}  # both were met


def test_explain_reproduces(good, pictures, tmp_path):
    for picture in pictures[:5]:
        drawn = explained(good, picture, tmp_path / "first.png", RANDOM_OPS, ["--seed", "4"])
        apply(good, picture, tmp_path / "again.png", *drawn, arguments=["--seed", "99"])
        assert_equal(tmp_path / "again.png", opened(tmp_path / "first.png"))


def test_draws_follow_seed_epoch_and_sample(good, pictures, tmp_path):
    def drawn(*arguments):
        return explained(good, pictures[0], tmp_path / "out.png", RANDOM_OPS[:1], arguments)

    reference = drawn("--seed", "1")
    assert drawn("--seed", "1", "--epoch", "0", "--sample", "0") == reference
    assert drawn("--seed", "2") != reference
    assert drawn("--seed", "1", "--epoch", "1") != reference
    assert drawn("--seed", "1", "--sample", "1") != reference


def test_the_loader_draws_the_same(good, config, demo, tmp_path):
    """A sample of a batch is what apply makes of its file with the same keys."""
    numpy = pytest.importorskip("numpy")
    change = ["-s", "output.dtype=u8", "-s", "output.layout=nhwc", "-s", "decode.jpeg=exact"]
    lines = config.read_text().splitlines(keepends=True)
    plain = demo / "apply.toml"
    plain.write_text("".join(line for line in lines if not line.startswith(("mean", "std"))))
    good("dump", plain, "-o", tmp_path, "--batches", "1", *change)
    images = numpy.load(tmp_path / "000000.images.npy")
    ids = numpy.load(tmp_path / "000000.ids.npy")
    paths = sorted((demo / "images").rglob("*.jpg"), key=lambda path: str(path).encode())
    for image, sample in zip(images, ids):
        apply(good, paths[sample], tmp_path / "one.png",
              'op = "random_resized_crop", size = 64', 'op = "random_horizontal_flip"',
              arguments=["--seed", "5", "--sample", str(sample)])
        assert (numpy.asarray(opened(tmp_path / "one.png")) == image).all()


def test_jpeg_output_and_its_quality(good, pictures, tmp_path):
    apply(good, pictures[0], tmp_path / "low.jpg", arguments=["--quality", "20"])
    apply(good, pictures[0], tmp_path / "high.jpeg", arguments=["--quality", "95"])
    assert opened(tmp_path / "low.jpg").size == opened(pictures[0]).size
    assert (tmp_path / "low.jpg").stat().st_size < (tmp_path / "high.jpeg").stat().st_size


def test_json_holds_the_explanation(good, pictures, tmp_path):
    out = tmp_path / "out.png"
    said = json.loads(
        good("apply", pictures[0], "-o", out, "--op", RANDOM_OPS[0], "--explain", "--json", "-").out
    )
    assert (said["width"], said["height"]) == (160, 160)
    assert "random_resized_crop" in said["explain"]


def test_overrides_reach_decode_and_limits(run, good, data, pictures, tmp_path):
    out = tmp_path / "out.png"
    result = run("apply", pictures[0], "-o", out, "-s", "limits.max_pixels=1000")
    assert result.code == 1
    assert "max_pixels" in result.err and result.err.count("\n") == 1
    assert not out.exists()
    turned = data / "formats" / "orientation" / "orientation-6.jpg"
    if turned.exists():
        good("apply", turned, "-o", out, "-s", "decode.exif=false")
        with IMAGE.open(turned) as picture:
            assert_equal(out, picture.convert("RGB"))


def test_bad_pictures_fail_with_one_line(run, data, tmp_path):
    manifest = data / "corrupt" / "manifest.tsv"
    if not manifest.exists():
        pytest.skip("no broken pictures")
    rows = [line.split("\t") for line in manifest.read_text().splitlines()[1:]]
    checked = 0
    for row in rows:
        name, expected = row[0], row[2]
        if expected not in ("error", "limit", "unsupported", "ok"):
            continue
        out = tmp_path / "out.png"
        result = run("apply", data / "corrupt" / name, "-o", out)
        if expected == "ok":
            assert result.code == 0, (name, result)
            out.unlink()
        else:
            assert result.code == 1, (name, result)
            assert name in result.err and result.err.count("\n") == 1, (name, result)
            assert list(tmp_path.iterdir()) == [], name
        checked += 1
    assert checked > 40


def test_wrong_lines(run, pictures, tmp_path):
    for arguments in (
        [],
        ["-o", "x.bmp"],
        ["-o", "x.png", "--op", 'op = "rezise", size = 3'],
        ["-o", "x.png", "--op", "nonsense"],
        ["-o", "x.png", "--op", 'op = "resize", size = 0'],
        ["-o", "x.png", "--op", 'op = "resize", size = 8, antialias = false'],  # not in this version
        ["-o", "x.png", "-s", "limits.max_pixel=3"],
        ["-o", "x.png", "--seed", "-1"],
        ["-o", "x.png", "--quality", "101"],
    ):
        result = run("apply", pictures[0], *arguments, cwd=tmp_path)
        assert result.code == 2, (arguments, result)
        assert result.out == "" and result.err.count("\n") == 1, (arguments, result)
    assert list(tmp_path.iterdir()) == []


def test_missing_input(run, tmp_path):
    result = run("apply", tmp_path / "none.jpg", "-o", tmp_path / "x.png")
    assert result.code == 1
    assert "none.jpg" in result.err
    assert run("apply", tmp_path, "-o", tmp_path / "x.png").code == 1
