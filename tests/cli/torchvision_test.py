"""headrace apply beside torchvision and Pillow: random ops, lists of them and pictures.

The program draws, and says with --explain what it drew; the same is then done by the real libraries
(tests/support/reference_ops.py) and has to give the same bytes. HEADRACE_TEST_SEED gives other
lists; a failure prints the seed and the command.
"""

import os
import pathlib
import random
import sys

import pytest

tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
pytest.importorskip("torchvision", reason="torchvision is the reference here")
IMAGE = pytest.importorskip("PIL.Image")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import reference_ops  # noqa: E402
from slow_programs import SHARE  # noqa: E402

SEED = int(os.environ.get("HEADRACE_TEST_SEED", "20220913"))
PARTS = 8
LISTS_A_PART = 30 // SHARE
TIMES_AN_OP = max(2, 10 // SHARE)
WARPS = ("nearest", "bilinear", "bicubic")
FILTERS = ("bilinear", "bicubic", "lanczos", "box", "hamming", "nearest")


class Maker:
    """Random entries as the insides of inline tables."""

    def __init__(self, rng):
        self.rng = rng

    def range_of(self, low, high):
        a, b = sorted(self.rng.uniform(low, high) for _ in range(2))
        return f"[{a}, {b}]"

    def ints(self, low, high):
        a, b = sorted(self.rng.randint(low, high) for _ in range(2))
        return f"[{a}, {b}]"

    def size(self, high=80):
        return f"[{self.rng.randint(1, high)}, {self.rng.randint(1, high)}]"

    def fill(self):
        if self.rng.random() < 0.5:
            return f"fill = {self.rng.randint(0, 255)}"
        return f"fill = {[self.rng.randint(0, 255) for _ in range(3)]}"

    def word(self, name, words):
        return f'{name} = "{self.rng.choice(words)}"'

    def warp(self):
        return self.word("interpolation", WARPS) + ", " + self.fill()

    def random_horizontal_flip(self):
        return "p = 0.5"

    random_vertical_flip = random_horizontal_flip

    def center_crop(self):
        return f"size = {self.size()}"

    def random_crop(self):
        mode = self.word("mode", ("constant", "edge", "reflect", "symmetric"))
        padding = f"padding = {self.rng.randint(0, 30)}, " if self.rng.random() < 0.5 else ""
        return f"size = {self.size(40)}, {padding}pad_if_needed = true, {mode}, {self.fill()}"

    def pad(self):
        sides = [self.rng.randint(0, 12) for _ in range(4)]
        mode = self.word("mode", ("constant", "edge", "reflect", "symmetric"))
        return f"padding = {sides}, {mode}, {self.fill()}"

    def resize(self):
        size = self.size() if self.rng.random() < 0.5 else self.rng.randint(8, 60)
        return f"size = {size}, " + self.word("interpolation", FILTERS)

    def random_resized_crop(self):
        return f"size = {self.size()}, " + self.word("interpolation", FILTERS)

    def random_rotation(self):
        expand = self.rng.choice(("", ", expand = true", ", center = [5, 9.5]"))
        return f"degrees = {self.range_of(-370, 370)}, {self.warp()}{expand}"

    def random_affine(self):
        more = [f"translate = [{self.rng.random()}, {self.rng.random()}]",
                f"scale = {self.range_of(0.3, 2)}", f"shear = {self.range_of(-50, 50)}",
                f"shear = {[self.rng.uniform(-9, 0), 7, -4, self.rng.uniform(0, 20)]}"]
        chosen = self.rng.sample(more[:3], self.rng.randint(0, 2))
        if self.rng.random() < 0.5 and more[2] not in chosen:
            chosen.append(more[3])
        parts = [f"degrees = {self.range_of(-180, 180)}", self.warp(), *chosen]
        return ", ".join(parts)

    def random_perspective(self):
        return f"p = 1.0, distortion_scale = {self.rng.random()}, {self.warp()}"

    def random_zoom(self):
        mode = self.word("fill_mode", ("reflect", "constant", "wrap", "nearest"))
        width = self.rng.choice(("", f"width_factor = {self.range_of(-0.6, 2)}, "))
        filter_word = self.word("interpolation", ("bilinear", "nearest"))
        return f"height_factor = {self.range_of(-0.6, 2)}, {width}{mode}, {filter_word}, {self.fill()}"

    def random_zoom_out(self):
        keep = self.rng.choice(("true", "false"))
        mode = self.word("interpolation", FILTERS)
        return f"side_range = {self.range_of(1, 2)}, keep_size = {keep}, {mode}, {self.fill()}"

    def brightness(self):
        return f"factor = {self.range_of(0, 3)}"

    contrast = saturation = sharpness = brightness

    def hue(self):
        return f"factor = {self.range_of(-0.5, 0.5)}"

    def color_jitter(self):
        return "brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.1"

    def random_grayscale(self):
        return "p = 0.8"

    def posterize(self):
        return f"bits = {self.ints(0, 8)}"

    def solarize(self):
        return f"threshold = {self.range_of(0, 256)}"

    def solarize_add(self):
        return f"add = {self.ints(-128, 128)}, threshold = {self.range_of(0, 256)}"

    def equalize(self):
        return ""

    invert = equalize

    def autocontrast(self):
        return f"cutoff = {self.rng.choice((0, 0, self.rng.uniform(0, 20)))}"

    def random_erasing(self):
        value = self.rng.choice((self.rng.randint(0, 255), [1, 20, 255]))
        return f"p = 0.8, scale = [0.02, 0.6], value = {value}"

    def cutout(self):
        return f"length = {self.rng.randint(1, 60)}, {self.fill()}"

    def gaussian_blur(self):
        sizes = [self.rng.choice((1, 3, 5, 9, 23)) for _ in range(2)]
        return f"kernel_size = {sizes}, sigma = {self.range_of(0.1, 3)}"

    def auto_augment(self):
        return self.word("policy", ("imagenet", "cifar10", "svhn")) + ", " + self.warp()

    def rand_augment(self):
        if self.rng.random() < 0.3:
            return 'config = "rand-m9-n3-mstd1-inc1"'
        num_ops, magnitude = self.rng.randint(1, 3), self.rng.randint(0, 30)
        return f"num_ops = {num_ops}, magnitude = {magnitude}, {self.warp()}"

    def aug_mix(self):
        every, profile = self.rng.choice(("true", "false")), self.rng.choice(("reference", "timm"))
        return f'severity = {self.rng.randint(1, 10)}, all_ops = {every}, profile = "{profile}", ' + \
            self.warp()

    def trivial_augment_wide(self):
        return self.warp()

    def entry(self, op):
        parameters = getattr(self, op)()
        return f'op = "{op}"' + (f", {parameters}" if parameters else "")


OPS = sorted(name for name, value in vars(Maker).items()
             if callable(value) and not name.startswith("_")
             and name not in ("range_of", "ints", "size", "fill", "word", "warp", "entry"))
# torchvision blurs in f32 and sums in another order: where a result lies between two values, either
# may come out. The other ops leave no choice.
TOLERANCE = {"gaussian_blur": 1}


@pytest.fixture(scope="module")
def built(run, tmp_path_factory):
    """The ops that the program has."""
    folder = tmp_path_factory.mktemp("built")
    IMAGE.new("RGB", (64, 64)).save(folder / "in.png")
    found = []
    for op in OPS:
        entry = Maker(random.Random(1)).entry(op)
        result = run("apply", folder / "in.png", "-o", folder / "out.png", "--op", entry)
        if not (result.code == 2 and "not in this version" in result.err):
            assert result.code == 0, (entry, result)
            found.append(op)
    return found


def a_picture(rng, photographs, folder):
    """A photograph or a small piece of one, as a file."""
    path = rng.choice(photographs)
    if rng.random() < 0.2:
        return path
    with IMAGE.open(path) as opened:
        whole = opened.convert("RGB")
    width = min(whole.width, rng.choice((1, 2, 3, 31, 64, rng.randint(1, 150))))
    height = min(whole.height, rng.choice((1, 2, 3, 33, 64, rng.randint(1, 150))))
    left, top = rng.randint(0, whole.width - width), rng.randint(0, whole.height - height)
    piece = folder / "piece.png"
    whole.crop((left, top, left + width, top + height)).save(piece)
    return piece


def entries_of(explained):
    return tomllib.loads(explained).get("augment", [])


def difference(one, other):
    numpy = pytest.importorskip("numpy")
    return numpy.abs(numpy.asarray(one, int) - numpy.asarray(other, int)).max()


def check(run, picture, ops, keys, folder, tolerance=0):
    command = ["apply", picture, "-o", folder / "out.png", "--explain", *keys]
    for op in ops:
        command += ["--op", op]
    result = run(*command)
    told = f"HEADRACE_TEST_SEED={SEED}: " + " ".join(map(str, command)) + "\n" + result.out
    assert result.code == 0, (told, result)
    with IMAGE.open(picture) as opened:
        wanted = reference_ops.applied(opened.convert("RGB"), entries_of(result.out))
    with IMAGE.open(folder / "out.png") as opened:
        assert opened.size == wanted.size, told
        assert difference(opened, wanted) <= tolerance, told


def keys_of(rng):
    return ["--seed", rng.randrange(1 << 32), "--epoch", rng.randrange(99), "--sample",
            rng.randrange(1 << 40)]


@pytest.mark.parametrize("op", OPS)
def test_one_op(run, photographs, built, tmp_path, op):
    if op not in built:
        pytest.skip(f"{op} is not in this version")
    rng = random.Random(f"{SEED}/{op}")
    for _ in range(TIMES_AN_OP):
        # A border that reflects asks for more pixels than the kernel has.
        blurs = op == "gaussian_blur"
        picture = rng.choice(photographs) if blurs else a_picture(rng, photographs, tmp_path)
        entry = Maker(rng).entry(op)
        check(run, picture, [entry], keys_of(rng), tmp_path, TOLERANCE.get(op, 0))


@pytest.mark.parametrize("part", range(PARTS))
def test_lists_of_ops(run, photographs, built, tmp_path, part):
    rng = random.Random(f"{SEED}/list {part}")
    exact = [op for op in built if op not in TOLERANCE]
    for _ in range(LISTS_A_PART):
        picture = a_picture(rng, photographs, tmp_path)
        maker = Maker(rng)
        ops = [maker.entry(rng.choice(exact)) for _ in range(rng.randint(2, 5))]
        check(run, picture, ops, keys_of(rng), tmp_path)
