"""The warps of headrace apply: equal to Pillow's, and to torchvision's on Pillow pictures."""

import random

import pytest

IMAGE = pytest.importorskip("PIL.Image", reason="Pillow is the reference here")
NUMPY = pytest.importorskip("numpy")

try:
    import torch
    import torchvision.transforms.functional as torchvision
except ImportError:
    torch = torchvision = None

RESAMPLE = {"nearest": IMAGE.NEAREST, "bilinear": IMAGE.BILINEAR, "bicubic": IMAGE.BICUBIC}
needs_torchvision = pytest.mark.skipif(torchvision is None, reason="needs torchvision")


def opened(path):
    with IMAGE.open(path) as picture:
        return picture.convert("RGB")


def assert_equal(path, wanted, what):
    got = opened(path)
    assert got.size == wanted.size, what
    assert got.tobytes() == wanted.tobytes(), what


def apply(good, picture, out, op, *arguments):
    return good("apply", picture, "-o", out, "--op", op, *arguments)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Noise, a soft picture, one of two values; odd sizes, a square, single lines."""
    numbers = NUMPY.random.default_rng(7)
    noise = numbers.integers(0, 256, (37, 61, 3), dtype=NUMPY.uint8)
    soft = IMAGE.fromarray(numbers.integers(0, 256, (9, 6, 3), dtype=NUMPY.uint8))
    made = [
        IMAGE.fromarray(noise),
        soft.resize((140, 200), IMAGE.BICUBIC),
        soft.resize((96, 96), IMAGE.BICUBIC),
        IMAGE.fromarray((noise > 127).astype(NUMPY.uint8) * 255),
        IMAGE.fromarray(noise[:1]),
        IMAGE.fromarray(noise[:3, :2]),
    ]
    folder = tmp_path_factory.mktemp("pictures")
    for i, picture in enumerate(made):
        picture.save(folder / f"{i}.png")
    return sorted(folder.iterdir())


def style(chance):
    """Interpolation and fill, and their entries."""
    name = chance.choice(list(RESAMPLE))
    fill = tuple(chance.randrange(256) for _ in range(3))
    return name, fill, f'interpolation = "{name}", fill = {list(fill)}'


def test_rotation_is_pillows(good, pictures, tmp_path):
    chance = random.Random(1)
    for turn in range(60):
        picture = chance.choice(pictures)
        angle = chance.choice([chance.uniform(-400, 400), 45, 90, 180, 270, -90, 0, 30])
        name, fill, entries = style(chance)
        expand = chance.random() < 0.5
        center = None if chance.random() < 0.7 else (chance.randrange(50), chance.randrange(50))
        op = f'op = "random_rotation", degrees = [{angle!r}, {angle!r}], {entries}, expand = {str(expand).lower()}'
        if center:
            op += f", center = {list(center)}"
        apply(good, picture, tmp_path / "out.png", op)
        source = opened(picture)
        wanted = source.rotate(angle, RESAMPLE[name], expand, center, fillcolor=fill)
        assert_equal(tmp_path / "out.png", wanted, (picture, op))


@needs_torchvision
def test_affine_is_torchvisions(good, pictures, tmp_path):
    chance = random.Random(2)
    for turn in range(60):
        picture = chance.choice(pictures)
        source = opened(picture)
        angle, scale = chance.uniform(-400, 400), chance.uniform(0.3, 3)
        shear = (chance.uniform(-60, 60), chance.uniform(-60, 60))
        name, fill, entries = style(chance)
        center = None if chance.random() < 0.7 else [chance.randrange(50), chance.randrange(50)]
        op = (
            f'op = "random_affine", degrees = [{angle!r}, {angle!r}], scale = [{scale!r}, {scale!r}], '
            f"shear = [{shear[0]!r}, {shear[0]!r}, {shear[1]!r}, {shear[1]!r}], {entries}"
        )
        if center:
            op += f", center = {center}"
        apply(good, picture, tmp_path / "out.png", op)
        wanted = torchvision.affine(
            source,
            angle,
            [0, 0],
            scale,
            list(shear),
            interpolation=torchvision.InterpolationMode(name),
            fill=list(fill),
            center=center,
        )
        assert_equal(tmp_path / "out.png", wanted, (picture, op))


def test_a_matrix_is_pillows_affine(good, pictures, tmp_path):
    chance = random.Random(3)
    for turn in range(30):
        picture = chance.choice(pictures)
        source = opened(picture)
        matrix = [chance.uniform(-2, 2) for _ in range(6)]
        matrix[2] *= source.width
        matrix[5] *= source.height
        name, fill, entries = style(chance)
        op = f'op = "random_affine", degrees = 0, matrix = {matrix}, {entries}'
        apply(good, picture, tmp_path / "out.png", op)
        wanted = source.transform(
            source.size, IMAGE.AFFINE, matrix, resample=RESAMPLE[name], fillcolor=fill
        )
        assert_equal(tmp_path / "out.png", wanted, (picture, op))


def test_perspective_is_pillows(good, pictures, tmp_path):
    chance = random.Random(4)
    for turn in range(30):
        picture = chance.choice(pictures)
        source = opened(picture)
        coefficients = [
            chance.uniform(0.7, 1.3), chance.uniform(-0.3, 0.3), chance.uniform(-9, 9),
            chance.uniform(-0.3, 0.3), chance.uniform(0.7, 1.3), chance.uniform(-9, 9),
            chance.uniform(-0.5, 0.5) / source.width, chance.uniform(-0.5, 0.5) / source.height,
        ]  # fmt: skip
        name, fill, entries = style(chance)
        op = f'op = "random_perspective", p = 1, coefficients = {coefficients}, {entries}'
        apply(good, picture, tmp_path / "out.png", op)
        wanted = source.transform(
            source.size, IMAGE.PERSPECTIVE, coefficients, resample=RESAMPLE[name], fillcolor=fill
        )
        assert_equal(tmp_path / "out.png", wanted, (picture, op))


def zoomed(pixels, zoom_x, zoom_y, mode, bilinear, fill):
    """By the definition, in f64."""

    def axis(length, zoom):
        v = zoom * (NUMPY.arange(length) + 0.5) + length / 2 * (1 - zoom)
        if mode == "constant":
            return NUMPY.where((v < 0) | (v >= length), -1, v)
        if mode == "wrap":
            v = v - length * NUMPY.floor(v / length)
        if mode == "reflect":
            v = v - 2 * length * NUMPY.floor(v / (2 * length))
            v = NUMPY.where(v >= length, 2 * length - v, v)
        return NUMPY.clip(v, 0, NUMPY.nextafter(length, 0))

    height, width = pixels.shape[:2]
    x, y = axis(width, zoom_x), axis(height, zoom_y)

    def at(rows, columns):
        return pixels[NUMPY.clip(rows, 0, height - 1)][:, NUMPY.clip(columns, 0, width - 1)]

    if bilinear:
        left, top = NUMPY.floor(x - 0.5).astype(int), NUMPY.floor(y - 0.5).astype(int)
        dx, dy = (x - 0.5 - left)[None, :, None], (y - 0.5 - top)[:, None, None]
        upper = at(top, left) + (at(top, left + 1) - at(top, left)) * dx
        lower = at(top + 1, left) + (at(top + 1, left + 1) - at(top + 1, left)) * dx
        out = NUMPY.rint(upper + (lower - upper) * dy)
    else:
        out = at(y.astype(int), x.astype(int)).copy()
    out[(x < 0)[None, :] | (y < 0)[:, None]] = fill
    return IMAGE.fromarray(out.astype(NUMPY.uint8))


def test_zoom_is_its_formula(good, pictures, tmp_path):
    chance = random.Random(5)
    for turn in range(40):
        picture = chance.choice(pictures)
        pixels = NUMPY.asarray(opened(picture)).astype(float)
        height, width = chance.uniform(-0.9, 2), chance.uniform(-0.9, 2)
        mode = chance.choice(["reflect", "constant", "wrap", "nearest"])
        name = chance.choice(["bilinear", "nearest"])
        fill = [chance.randrange(256) for _ in range(3)]
        op = (
            f'op = "random_zoom", height_factor = [{height!r}, {height!r}], '
            f"width_factor = [{width!r}, {width!r}], "
            f'fill_mode = "{mode}", interpolation = "{name}", fill = {fill}'
        )
        apply(good, picture, tmp_path / "out.png", op)
        wanted = zoomed(pixels, 1 + width, 1 + height, mode, name == "bilinear", fill)
        assert_equal(tmp_path / "out.png", wanted, (picture, op))


def test_zoom_out_pads_and_resizes(good, pictures, tmp_path):
    chance = random.Random(6)
    for turn in range(20):
        picture = chance.choice(pictures)
        source = opened(picture)
        ratio = chance.uniform(1, 3)
        size = (int(source.width * ratio), int(source.height * ratio))
        top = chance.randrange(size[1] - source.height + 1)
        left = chance.randrange(size[0] - source.width + 1)
        fill = tuple(chance.randrange(256) for _ in range(3))
        keep = chance.random() < 0.5
        op = (
            f'op = "random_zoom_out", side_range = [{ratio!r}, {ratio!r}], at = [{top}, {left}], '
            f"fill = {list(fill)}, keep_size = {str(keep).lower()}"
        )
        apply(good, picture, tmp_path / "out.png", op)
        wanted = IMAGE.new("RGB", size, fill)
        wanted.paste(source, (left, top))
        if keep:
            wanted = wanted.resize(source.size, IMAGE.BILINEAR)
        assert_equal(tmp_path / "out.png", wanted, (picture, op))


@pytest.mark.parametrize("height,width", [(20, 300), (97, 11), (1, 1)])
def test_nearest_resize_is_pillows(good, pictures, tmp_path, height, width):
    op = f'op = "resize", size = [{height}, {width}], interpolation = "nearest"'
    for picture in pictures:
        apply(good, picture, tmp_path / "out.png", op)
        assert_equal(
            tmp_path / "out.png", opened(picture).resize((width, height), IMAGE.NEAREST), picture
        )


@needs_torchvision
@pytest.mark.parametrize("height,width", [(20, 300), (97, 11), (1, 1)])
def test_legacy_nearest_resize_is_torchs(good, pictures, tmp_path, height, width):
    op = f'op = "resize", size = [{height}, {width}], interpolation = "nearest_legacy"'
    for picture in pictures:
        apply(good, picture, tmp_path / "out.png", op)
        tensor = torch.from_numpy(NUMPY.array(opened(picture))).permute(2, 0, 1)[None]
        out = torch.nn.functional.interpolate(tensor, size=(height, width), mode="nearest")[0]
        wanted = IMAGE.fromarray(out.permute(1, 2, 0).contiguous().numpy())
        assert_equal(tmp_path / "out.png", wanted, picture)


DRAWN = [
    'op = "random_rotation", degrees = 40, interpolation = "bilinear"',
    'op = "random_affine", degrees = 40, translate = [0.2, 0.1], scale = [0.5, 2], shear = 9',
    'op = "random_perspective", p = 1',
    'op = "random_zoom", height_factor = 0.5',
    'op = "random_zoom_out", fill = 77',
    'op = "random_resized_crop", size = 40, interpolation = "random"',
]


@pytest.mark.parametrize("op", DRAWN)
def test_what_explain_prints_gives_the_same_bytes(good, pictures, tmp_path, op):
    for seed in range(3):
        printed = apply(
            good, pictures[0], tmp_path / "out.png", op, "--seed", str(seed), "--explain"
        ).out
        apply(good, pictures[0], tmp_path / "again.png", printed, "--seed", "99")
        assert_equal(tmp_path / "again.png", opened(tmp_path / "out.png"), printed)
