"""The colour ops of headrace apply: equal to Pillow's, and to torchvision's on Pillow pictures."""

import random
import re

import pytest

from slow_programs import SHARE

IMAGE = pytest.importorskip("PIL.Image", reason="Pillow is the reference here")
ENHANCE = pytest.importorskip("PIL.ImageEnhance")
OPS = pytest.importorskip("PIL.ImageOps")
NUMPY = pytest.importorskip("numpy")

try:
    import torchvision.transforms.functional as torchvision
except ImportError:
    torchvision = None


def opened(path):
    with IMAGE.open(path) as picture:
        return picture.convert("RGB")


def assert_equal(path, wanted, what):
    got = opened(path)
    assert got.size == wanted.size, what
    assert got.tobytes() == wanted.tobytes(), what


def apply(good, picture, out, *ops, arguments=()):
    return good("apply", picture, "-o", out, *sum((["--op", op] for op in ops), []), *arguments)


def pictures_of(numpy_random):
    """Noise, a soft picture, one with few values, a gray one, one colour; odd sizes."""
    noise = numpy_random.integers(0, 256, (37, 61, 3), dtype=NUMPY.uint8)
    small = IMAGE.fromarray(numpy_random.integers(60, 180, (6, 9, 3), dtype=NUMPY.uint8))
    few = (noise > 127).astype(NUMPY.uint8) * 90 + 40
    gray = NUMPY.repeat(noise[:, :, :1], 3, axis=2)
    flat = NUMPY.full((5, 7, 3), 77, NUMPY.uint8)
    return [
        IMAGE.fromarray(noise),
        small.resize((224, 150), IMAGE.BICUBIC),
        IMAGE.fromarray(few),
        IMAGE.fromarray(gray),
        IMAGE.fromarray(flat),
        IMAGE.fromarray(noise[:1, :1]),
        IMAGE.fromarray(noise[:, :2]),
    ]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    paths = []
    for i, picture in enumerate(pictures_of(NUMPY.random.default_rng(5))):
        paths.append(folder / f"{i}.png")
        picture.save(paths[-1])
    return paths


def hue_of_pillow(picture, shift):
    """torchvision's adjust_hue on a Pillow picture, in Pillow."""
    if shift == 0:
        return picture
    hue, saturation, value = picture.convert("HSV").split()
    steps = int(shift * 255) % 256
    hue = hue.point([(i + steps) % 256 for i in range(256)])
    return IMAGE.merge("HSV", (hue, saturation, value)).convert("RGB")


def solarize_add(picture, add, threshold):
    table = [min(255, max(0, i + add)) if i < threshold else i for i in range(256)]
    return picture.point(table * 3)


def drawn_case(chance):
    """An op with random parameters, and what has to come out."""
    factor = chance.choice([chance.uniform(0, 2), round(chance.uniform(0, 3), 1)])
    shift = chance.uniform(-0.5, 0.5)
    bits = chance.randint(0, 8)
    threshold = chance.choice([chance.uniform(0, 256), float(chance.randint(0, 256))])
    add = chance.randint(-128, 128)
    cutoff = chance.choice([0, chance.uniform(0, 50), float(chance.randint(1, 50))])
    fixed = f"factor = [{factor!r}, {factor!r}]"
    return [
        (f'op = "brightness", {fixed}', lambda p: ENHANCE.Brightness(p).enhance(factor)),
        (f'op = "contrast", {fixed}', lambda p: ENHANCE.Contrast(p).enhance(factor)),
        (f'op = "saturation", {fixed}', lambda p: ENHANCE.Color(p).enhance(factor)),
        (f'op = "sharpness", {fixed}', lambda p: ENHANCE.Sharpness(p).enhance(factor)),
        (f'op = "hue", factor = [{shift!r}, {shift!r}]', lambda p: hue_of_pillow(p, shift)),
        (f'op = "posterize", bits = {bits}',
         lambda p: OPS.posterize(p, bits) if bits else p.point([0] * 768)),
        (f'op = "solarize", threshold = {threshold!r}', lambda p: OPS.solarize(p, threshold)),
        (f'op = "solarize_add", add = {add}, threshold = {threshold!r}',
         lambda p: solarize_add(p, add, threshold)),
        (f'op = "autocontrast", cutoff = {cutoff!r}', lambda p: OPS.autocontrast(p, cutoff)),
        ('op = "equalize"', OPS.equalize),
        ('op = "invert"', OPS.invert),
        ('op = "random_grayscale", p = 1', lambda p: p.convert("L").convert("RGB")),
    ]


@pytest.mark.parametrize("seed", range(max(1, 4 // SHARE)))
def test_each_op_is_pillows(good, pictures, tmp_path, seed):
    chance = random.Random(seed)
    for path in pictures:
        for op, wanted in drawn_case(chance):
            apply(good, path, tmp_path / "out.png", op)
            assert_equal(tmp_path / "out.png", wanted(opened(path)), (path, op))


def test_lists_are_the_ops_in_order(good, pictures, tmp_path):
    """Tables of neighbours are one table here; it must not show."""
    chance = random.Random(9)
    for path in pictures[:3]:
        for _ in range(8):
            chosen = chance.sample(drawn_case(chance), 5)
            apply(good, path, tmp_path / "out.png", *(op for op, _ in chosen))
            wanted = opened(path)
            for _, change in chosen:
                wanted = change(wanted)
            assert_equal(tmp_path / "out.png", wanted, (path, [op for op, _ in chosen]))


JITTER = 'op = "color_jitter", brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.1'


def test_color_jitter_is_its_parts_in_the_drawn_order(good, pictures, tmp_path):
    enhancers = {
        "brightness": ENHANCE.Brightness,
        "contrast": ENHANCE.Contrast,
        "saturation": ENHANCE.Color,
    }
    orders = set()
    for sample in range(40):
        path = pictures[sample % 3]
        said = apply(good, path, tmp_path / "out.png", JITTER,
                     arguments=["--explain", "--seed", "6", "--sample", sample]).out
        parts = re.findall(r'op = "(\w+)"\np = 1.0\nfactor = \[(.*?),', said)
        assert len(parts) == 4, said
        orders.add(tuple(name for name, _ in parts))
        wanted = opened(path)
        for name, factor in parts:
            if name == "hue":
                wanted = hue_of_pillow(wanted, float(factor))
            else:
                wanted = enhancers[name](wanted).enhance(float(factor))
        assert_equal(tmp_path / "out.png", wanted, said)
    assert len(orders) > 12


def test_explain_reproduces(good, pictures, tmp_path):
    ops = [JITTER, 'op = "posterize", bits = [2, 7]', 'op = "sharpness", factor = [0.1, 1.9]',
           'op = "solarize_add", add = [0, 110]', 'op = "hue", factor = 0.5, space = "float"',
           'op = "random_grayscale", p = 0.5']
    for sample in range(10):
        said = apply(good, pictures[1], tmp_path / "first.png", *ops,
                     arguments=["--explain", "--seed", "4", "--sample", sample]).out
        blocks = [", ".join(line for line in block.splitlines() if line.strip())
                  for block in said.split("[[augment]]") if block.strip()]
        apply(good, pictures[1], tmp_path / "again.png", *blocks, arguments=["--seed", "99"])
        assert_equal(tmp_path / "again.png", opened(tmp_path / "first.png"), said)


@pytest.mark.skipif(torchvision is None, reason="no torchvision here")
@pytest.mark.parametrize("seed", range(max(1, 3 // SHARE)))
def test_each_op_is_torchvisions_on_pillow(good, pictures, tmp_path, seed):
    chance = random.Random(100 + seed)
    for path in pictures:
        factor = chance.uniform(0, 2)
        shift = chance.uniform(-0.5, 0.5)
        bits = chance.randint(1, 8)
        threshold = chance.uniform(0, 256)
        fixed = f"factor = [{factor!r}, {factor!r}]"
        cases = [
            (f'op = "brightness", {fixed}', lambda p: torchvision.adjust_brightness(p, factor)),
            (f'op = "contrast", {fixed}', lambda p: torchvision.adjust_contrast(p, factor)),
            (f'op = "saturation", {fixed}', lambda p: torchvision.adjust_saturation(p, factor)),
            (f'op = "sharpness", {fixed}', lambda p: torchvision.adjust_sharpness(p, factor)),
            (f'op = "hue", factor = [{shift!r}, {shift!r}]',
             lambda p: torchvision.adjust_hue(p, shift)),
            (f'op = "posterize", bits = {bits}', lambda p: torchvision.posterize(p, bits)),
            (f'op = "solarize", threshold = {threshold!r}',
             lambda p: torchvision.solarize(p, threshold)),
            ('op = "autocontrast"', torchvision.autocontrast),
            ('op = "equalize"', torchvision.equalize),
            ('op = "invert"', torchvision.invert),
            ('op = "random_grayscale", p = 1', lambda p: torchvision.to_grayscale(p, 3)),
        ]
        for op, wanted in cases:
            apply(good, path, tmp_path / "out.png", op)
            assert_equal(tmp_path / "out.png", wanted(opened(path)), (path, op))


@pytest.mark.skipif(torchvision is None, reason="no torchvision here")
def test_the_float_space_is_within_one_of_tensors(good, pictures, tmp_path):
    import torch

    for path in pictures:
        for shift in (-0.5, -0.13, 0.02, 0.25, 0.5):
            apply(good, path, tmp_path / "out.png",
                  f'op = "hue", factor = [{shift}, {shift}], space = "float"')
            pixels = NUMPY.array(opened(path))
            tensor = torch.from_numpy(pixels).permute(2, 0, 1)
            wanted = torchvision.adjust_hue(tensor, shift).permute(1, 2, 0).numpy()
            got = NUMPY.array(opened(tmp_path / "out.png"))
            assert NUMPY.abs(got.astype(int) - wanted).max() <= 1, (path, shift)
