"""Policies of headrace apply: what torchvision does with the same draws, and what their own
explanations say when Pillow carries them out."""

import os
import pathlib
import re

import pytest

from slow_programs import SHARE

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")  # docs/ops.md: whose last bits are meant

tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
IMAGE = pytest.importorskip("PIL.Image", reason="Pillow is the reference here")
NUMPY = pytest.importorskip("numpy")
TF = pytest.importorskip("torchvision.transforms.functional", reason="torchvision is the reference")
from torchvision.transforms import autoaugment  # noqa: E402

from random_stream import RandomStream  # noqa: E402

SEED = 17
SAMPLES = max(4, 30 // SHARE)
NEAREST = TF.InterpolationMode.NEAREST
INTERPOLATIONS = {
    "nearest": IMAGE.NEAREST,
    "bilinear": IMAGE.BILINEAR,
    "bicubic": IMAGE.BICUBIC,
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A soft picture, noise, a square, one that is high, one of few values."""
    chance = NUMPY.random.default_rng(3)
    small = IMAGE.fromarray(chance.integers(30, 220, (5, 8, 3), dtype=NUMPY.uint8))
    noise = chance.integers(0, 256, (41, 67, 3), dtype=NUMPY.uint8)
    made = [
        small.resize((150, 97), IMAGE.BICUBIC),
        IMAGE.fromarray(noise),
        small.resize((96, 96), IMAGE.BICUBIC),
        IMAGE.fromarray(noise).resize((33, 140), IMAGE.BICUBIC),
        IMAGE.fromarray((noise > 150).astype(NUMPY.uint8) * 80 + 31),
    ]
    folder = tmp_path_factory.mktemp("pictures")
    paths = []
    for i, picture in enumerate(made):
        paths.append(folder / f"{i}.png")
        picture.save(paths[-1])
    return paths


def opened(path):
    with IMAGE.open(path) as picture:
        return picture.convert("RGB")


def applied(good, picture, out, op, sample):
    """What came out, and what `apply` says that it did."""
    result = good("apply", picture, "-o", out, "--explain", "--seed", SEED, "--sample", sample,
                  "--op", op)
    return opened(out), result.out


def assert_same(got, wanted, what):
    assert got.size == wanted.size, what
    assert got.tobytes() == wanted.tobytes(), what


# What torchvision's policies do with the draws of docs/ops.md.


def torchvision_op(picture, name, magnitudes, bin_index, signed, minus):
    magnitude = float(magnitudes[bin_index].item()) if magnitudes.ndim > 0 else 0.0
    if signed and minus:
        magnitude *= -1.0
    return autoaugment._apply_op(picture, name, magnitude, interpolation=NEAREST, fill=None)


def auto_augment(stream, picture, policy):
    automatic = autoaugment.AutoAugment(policy)
    space = automatic._augmentation_space(10, (picture.height, picture.width))
    for name, p, bin_index in automatic.policies[stream.below(25)]:
        fires = stream.unit() < p
        minus = stream.below(2) == 1
        if fires:
            magnitudes, signed = space[name]
            picture = torchvision_op(picture, name, as_tensor(magnitudes), bin_index, signed, minus)
    return picture


def rand_augment(stream, picture, count, magnitude):
    space = autoaugment.RandAugment()._augmentation_space(31, (picture.height, picture.width))
    for _ in range(count):
        name = list(space)[stream.below(len(space))]
        minus = stream.below(2) == 1
        magnitudes, signed = space[name]
        picture = torchvision_op(picture, name, as_tensor(magnitudes), magnitude, signed, minus)
    return picture


def trivial_augment(stream, picture):
    space = autoaugment.TrivialAugmentWide()._augmentation_space(31)
    name = list(space)[stream.below(len(space))]
    magnitudes, signed = space[name]
    magnitudes = as_tensor(magnitudes)
    bin_index = stream.below(31) if magnitudes.ndim > 0 else 0
    return torchvision_op(picture, name, magnitudes, bin_index, signed, stream.below(2) == 1)


def as_tensor(magnitudes):
    import torch

    return torch.as_tensor(magnitudes)


TORCHVISION = {
    'op = "auto_augment"':
        lambda s, p: auto_augment(s, p, autoaugment.AutoAugmentPolicy.IMAGENET),
    'op = "auto_augment", policy = "cifar10"':
        lambda s, p: auto_augment(s, p, autoaugment.AutoAugmentPolicy.CIFAR10),
    'op = "auto_augment", policy = "svhn"':
        lambda s, p: auto_augment(s, p, autoaugment.AutoAugmentPolicy.SVHN),
    'op = "rand_augment"': lambda s, p: rand_augment(s, p, 2, 9),
    'op = "rand_augment", num_ops = 4, magnitude = 22': lambda s, p: rand_augment(s, p, 4, 22),
    'op = "trivial_augment_wide"': trivial_augment,
}


@pytest.mark.parametrize("op", TORCHVISION)
def test_torchvision_makes_the_same_of_the_same_draws(good, pictures, tmp_path, op):
    name = re.search(r'op = "(\w+)"', op)[1]
    for sample in range(SAMPLES):
        path = pictures[sample % len(pictures)]
        stream = RandomStream(SEED, 0, sample, name)
        stream.unit()  # for the entry's p
        wanted = TORCHVISION[op](stream, opened(path))
        got, said = applied(good, path, tmp_path / "out.png", op, sample)
        assert_same(got, wanted, (path, sample, said))


# What the explanations say, in Pillow.


def entries(explained):
    return tomllib.loads(explained).get("augment", [])


def colour(value):
    values = tuple(map(int, value)) if isinstance(value, list) else (int(value),)
    return values * 3 if len(values) == 1 else values


def number(value):
    return value[0] if isinstance(value, list) else value


def warped(picture, matrix, interpolation, fill):
    return picture.transform(picture.size, IMAGE.AFFINE, matrix, interpolation, fillcolor=fill)


def solarize_add(picture, add, threshold):
    table = [min(255, max(0, i + add)) if i < threshold else i for i in range(256)]
    return picture.point(table * 3)


def erased(picture, box, value):
    pixels = NUMPY.array(picture)
    top, left, height, width = box
    pixels[top:top + height, left:left + width] = value
    return IMAGE.fromarray(pixels)


def carried_out(picture, entry):
    op = entry["op"]
    if op in ("random_affine", "random_rotation"):
        fill = colour(entry["fill"])
        interpolation = INTERPOLATIONS[entry["interpolation"]]
        if op == "random_rotation":
            return picture.rotate(number(entry["degrees"]), interpolation, fillcolor=fill)
        return warped(picture, entry["matrix"], interpolation, fill)
    if op == "random_erasing":
        return erased(picture, entry["at"], entry["value"])
    if op == "solarize_add":
        return solarize_add(picture, number(entry["add"]), number(entry["threshold"]))
    simple = {
        "brightness": lambda: TF.adjust_brightness(picture, number(entry["factor"])),
        "contrast": lambda: TF.adjust_contrast(picture, number(entry["factor"])),
        "saturation": lambda: TF.adjust_saturation(picture, number(entry["factor"])),
        "sharpness": lambda: TF.adjust_sharpness(picture, number(entry["factor"])),
        "posterize": lambda: TF.posterize(picture, number(entry["bits"])),
        "solarize": lambda: TF.solarize(picture, number(entry["threshold"])),
        "autocontrast": lambda: TF.autocontrast(picture),
        "equalize": lambda: TF.equalize(picture),
        "invert": lambda: TF.invert(picture),
    }
    return simple[op]()


EXPLAINED = [
    'op = "auto_augment"',
    'op = "auto_augment", policy = "svhn", interpolation = "bilinear", fill = [9, 80, 200]',
    'op = "auto_augment", policy = "v0", profile = "tf"',
    'op = "auto_augment", policy = "v0", profile = "timm"',
    'op = "rand_augment", num_ops = 3',
    'op = "rand_augment", num_ops = 3, profile = "tf", magnitude = 11',
    'op = "rand_augment", config = "rand-m9-n3-p0.8-mstd0.5-inc1"',
    'op = "trivial_augment_wide", interpolation = "random"',
]


@pytest.mark.parametrize("op", EXPLAINED)
def test_pillow_makes_the_same_of_the_explanation(good, pictures, tmp_path, op):
    seen = set()
    for sample in range(SAMPLES):
        path = pictures[sample % len(pictures)]
        got, said = applied(good, path, tmp_path / "out.png", op, sample)
        wanted = opened(path)
        for entry in entries(said):
            wanted = carried_out(wanted, entry)
            seen.add(entry["op"])
        assert_same(got, wanted, (path, sample, said))
    assert SHARE > 1 or len(seen) >= 5  # the samples met several ops


# AugMix.


def chain_step(picture, name, amount, interpolation, fill):
    matrices = {
        "shear_x": (1, amount, 0, 0, 1, 0),
        "shear_y": (1, 0, 0, amount, 1, 0),
        "translate_x": (1, 0, -amount, 0, 1, 0),
        "translate_y": (1, 0, 0, 0, 1, -amount),
    }
    if name in matrices:
        return warped(picture, matrices[name], interpolation, fill)
    if name == "rotate":
        return picture.rotate(amount, interpolation, fillcolor=fill)
    enhance = {"brightness": TF.adjust_brightness, "color": TF.adjust_saturation,
               "contrast": TF.adjust_contrast, "sharpness": TF.adjust_sharpness}
    if name in enhance:
        return enhance[name](picture, amount)
    plain = {"autocontrast": TF.autocontrast, "equalize": TF.equalize}
    if name in plain:
        return plain[name](picture)
    return {"posterize": TF.posterize, "solarize": TF.solarize}[name](picture, amount)


def mixed(picture, replay, interpolation, fill):
    f32 = NUMPY.float32
    share, *chains = replay.split("|")
    total = None
    for chain in chains:
        weight, *steps = chain.split(" ")
        end = picture
        for step in steps:
            name, _, amount = step.partition("=")
            value = float(amount or 0)
            end = chain_step(end, name, int(value) if value.is_integer() else value, interpolation,
                             fill)
        part = f32(float(weight)) * NUMPY.asarray(end).astype(f32)
        total = part if total is None else total + part
    m = f32(float(share))
    out = (f32(1) - m) * NUMPY.asarray(picture).astype(f32) + m * total
    assert out.dtype == f32
    return IMAGE.fromarray(NUMPY.rint(NUMPY.clip(out, 0, 255)).astype(NUMPY.uint8))


AUGMIX = [
    'op = "aug_mix"',
    'op = "aug_mix", all_ops = true, severity = 8, mixture_width = 4, fill = [3, 90, 250]',
    'op = "aug_mix", profile = "torchvision", all_ops = true, severity = 10, interpolation = "nearest"',
    'op = "aug_mix", profile = "timm", all_ops = true, chain_depth = 2, interpolation = "bicubic"',
    'op = "aug_mix", alpha = 0.2, chain_depth = 4, mixture_width = 1',
]


@pytest.mark.parametrize("op", AUGMIX)
def test_aug_mix_is_the_sum_of_its_chains(good, pictures, tmp_path, op):
    for sample in range(SAMPLES // 2):
        path = pictures[sample % len(pictures)]
        got, said = applied(good, path, tmp_path / "out.png", op, sample)
        (entry,) = entries(said)
        wanted = mixed(opened(path), entry["replay"], INTERPOLATIONS[entry["interpolation"]],
                       colour(entry["fill"]))
        assert_same(got, wanted, (path, sample, said))


@pytest.mark.parametrize("op", [*TORCHVISION, *EXPLAINED, *AUGMIX])
def test_explanations_are_read_back(good, pictures, tmp_path, op):
    for sample in range(max(3, 8 // SHARE)):
        path = pictures[sample % len(pictures)]
        got, said = applied(good, path, tmp_path / "out.png", op, sample)
        again = tmp_path / "again.png"
        arguments = ["--op", said] if said.strip() else []
        good("apply", path, "-o", again, "--seed", 99, *arguments)
        assert_same(opened(again), got, (path, sample, said))


def test_a_policy_file_is_used(good, pictures, tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text('format = "headrace-policy/1"\n[[sub_policy]]\n'
                    'ops = [{ op = "invert" }, { op = "posterize", magnitude = 9 }]\n')
    got, said = applied(good, pictures[0], tmp_path / "out.png",
                        f'op = "auto_augment", policy = "{file}"', 0)
    assert_same(got, TF.posterize(TF.invert(opened(pictures[0])), 4), said)


def test_errors_of_a_policy_file_name_its_place(run, pictures, tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text('format = "headrace-policy/1"\n[[sub_policy]]\nops = [{ op = "invrt" }]\n')
    result = run("apply", pictures[0], "-o", tmp_path / "out.png",
                 "--op", f'op = "auto_augment", policy = "{file}"')
    assert result.code == 2
    assert "policy.toml:3:15" in result.err and 'did you mean "invert"?' in result.err


def test_the_example_is_a_policy(good, pictures, tmp_path):
    example = pathlib.Path(__file__).resolve().parents[2] / "examples/policies/upright_digits.toml"
    applied(good, pictures[0], tmp_path / "out.png",
            f'op = "auto_augment", policy = "{example}"', 3)
