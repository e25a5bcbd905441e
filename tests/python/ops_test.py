"""headrace.ops: every op on every kind of image, torchvision's functions, objects for a configuration, the stub."""

import inspect
import pathlib
import pickle

import numpy as np
import pytest

headrace = pytest.importorskip("headrace", reason="the Python package is not built")
from headrace import ops  # noqa: E402

SCHEMA = {entry["op"]: entry for entry in headrace._schema.schema()["ops"]}
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
# For what has no default.
REQUIRED = {"size": 20, "degrees": 20, "factor": 0.3, "bits": 4, "padding": 3}


def picture(height=41, width=57, seed=0):
    rows = np.linspace(0, 255, height)[:, None, None]
    columns = np.linspace(255, 0, width)[None, :, None]
    noise = np.random.RandomState(seed).randint(0, 60, (height, width, 3))
    return np.clip(rows * 0.5 + columns * 0.4 + noise, 0, 255).astype(np.uint8)


def required(op):
    return {param["key"]: REQUIRED[param["key"]] for param in SCHEMA[op]["params"] if param.get("required")}


@pytest.mark.parametrize("op", SCHEMA)
def test_every_op_takes_every_kind_and_gives_it_back(op):
    function = getattr(ops, op)
    image = picture()
    before = image.copy()
    given = required(op)
    found = function(image, seed=4, sample=7, **given)
    assert (image == before).all(), "the caller's pixels were changed"
    assert found.dtype == np.uint8 and found.ndim == 3 and found.shape[2] == 3
    planes = function(np.ascontiguousarray(image.transpose(2, 0, 1)), seed=4, sample=7, layout="chw", **given)
    assert (planes.transpose(1, 2, 0) == found).all()
    grey = function(image[:, :, 0], seed=4, sample=7, **given)
    assert grey.shape == found.shape[:2]
    batch = function(np.stack([image, image]), seed=4, sample=7, **given)
    assert (batch[0] == found).all()
    assert (batch[1] == function(image, seed=4, sample=8, **given)).all()
    pil = pytest.importorskip("PIL.Image")
    shown = function(pil.fromarray(image), seed=4, sample=7, **given)
    assert isinstance(shown, pil.Image) and (np.asarray(shown) == found).all()


@pytest.mark.parametrize("op", SCHEMA)
def test_tensors_are_planes_and_stay_tensors(op):
    torch = pytest.importorskip("torch")
    image = picture()
    found = getattr(ops, op)(torch.from_numpy(image).permute(2, 0, 1), sample=3, **required(op))
    assert isinstance(found, torch.Tensor) and found.dtype == torch.uint8
    assert (found.permute(1, 2, 0).numpy() == getattr(ops, op)(image, sample=3, **required(op))).all()


@pytest.mark.parametrize("op", SCHEMA)
def test_signatures_and_texts_are_the_schemas(op):
    entry = SCHEMA[op]
    for callable_ in (getattr(ops, op), getattr(ops, headrace._schema.camel(op))):
        parameters = inspect.signature(callable_).parameters
        assert entry["doc"] in callable_.__doc__
        for param in entry["params"]:
            shown = parameters[param["key"]]
            if param.get("required"):
                assert shown.default is shown.empty
            else:
                assert shown.default == headrace._schema.frozen(param.get("default"))
            assert f"{param['key']}: {param['doc']}" in callable_.__doc__
        assert "p" in parameters


@pytest.mark.parametrize("op", sorted(set(SCHEMA) - {"object_zoom"}))
def test_a_written_default_changes_nothing(op):
    given = required(op)
    defaults = {param["key"]: param["default"] for param in SCHEMA[op]["params"] if "default" in param}
    image = picture()
    for sample in range(3):
        plain = getattr(ops, op)(image, sample=sample, **given)
        assert (plain == getattr(ops, op)(image, sample=sample, **given, **defaults)).all()


def test_draws_are_those_of_seed_epoch_and_sample():
    image = picture()
    first = ops.random_rotation(image, degrees=90, seed=3, epoch=2, sample=5)
    assert (first == ops.random_rotation(image, degrees=90, seed=3, epoch=2, sample=5)).all()
    for other in ({"seed": 4}, {"epoch": 3}, {"sample": 6}):
        which = {"seed": 3, "epoch": 2, "sample": 5, **other}
        assert (first != ops.random_rotation(image, degrees=90, **which)).any(), other
    flips = [bool((ops.random_horizontal_flip(image, sample=i) != image).any()) for i in range(200)]
    assert 60 < sum(flips) < 140


def test_objects_are_entries_of_a_configuration():
    op = ops.RandomResizedCrop(32, scale=(0.5, 1.0), p=0.25)
    assert op.to_config() == {"op": "random_resized_crop", "size": 32, "scale": (0.5, 1.0), "p": 0.25}
    assert repr(op) == "RandomResizedCrop(size=32, scale=(0.5, 1.0), p=0.25)"
    assert op == ops.RandomResizedCrop(size=32, scale=(0.5, 1.0), p=0.25) and op != ops.RandomResizedCrop(32)
    assert pickle.loads(pickle.dumps(op)) == op and len({op, ops.RandomResizedCrop(32)}) == 2
    assert ops.MixUp(0.2, weight=2).to_config() == {"op": "mixup", "alpha": 0.2, "weight": 2}
    text = headrace.to_toml(dataset="x", augment=[op], mix=[ops.CutMix(), ops.RMix(), ops.Ace()])
    assert 'op = "random_resized_crop"' in text and text.count("[[mix]]") == 3
    image = picture()
    assert (ops.RandAugment(num_ops=3)(image, seed=2) == ops.rand_augment(image, num_ops=3, seed=2)).all()


def test_unknown_names_come_with_a_suggestion():
    for call in (lambda: ops.Resize(siz=3), lambda: ops.resize(picture(), siz=3)):
        with pytest.raises(headrace.ConfigError, match="siz: unknown parameter; .*did you mean \"size\"") as caught:
            call()
        assert caught.value.suggestion == "size"
    with pytest.raises(headrace.ConfigError, match="missing a required argument: 'size'"):
        ops.Resize()
    with pytest.raises(headrace.ConfigError, match=r"size: found -3; allowed: a number from 1 to 65535"):
        ops.resize(picture(), -3)
    with pytest.raises(headrace.ConfigError, match="interpolation: found \"biliner\".*bilinear"):
        ops.rotate(picture(), 3, interpolation="biliner")
    with pytest.raises(AttributeError):
        ops.no_such_op


@pytest.mark.parametrize(
    "call, key, suggestion",
    [
        (lambda image: ops.rotate(image, angel=30), "rotate.angel", "angle"),
        (lambda image: ops.rotate(image), "rotate", None),
        (lambda image: ops.five_crop(image, sise=3), "five_crop.sise", "size"),
        (lambda image: ops.Resize(8)(image, sed=3), "Resize.sed", "seed"),
        (lambda image: headrace.Transform(outpt={}), "Transform.outpt", "output"),
        (lambda image: headrace.Transform()(image, sed=3), "Transform.sed", "seed"),
        (lambda image: headrace.Transform().crops(image, 8, sed=3), "Transform.crops.sed", "seed"),
        (lambda image: ops.normalize(image, 0.5, 0.5), "normalize.mean", None),
        (lambda image: ops.normalize(image, MEAN, ["a", 1, 1]), "normalize.std", None),
        (lambda image: ops.crop(image, "a", 0, 5, 5), "crop.top", None),
        (lambda image: ops.crop(image, 0, 1.5, 5, 5), "crop.left", None),
        (lambda image: ops.crop(image, 0, 0, None, 5), "crop.height", None),
        (lambda image: ops.rotate(image, "a"), "rotate.angle", None),
        (lambda image: ops.rotate(image, object()), "rotate.angle", None),
        (lambda image: ops.rotate(image, 3, center=5), "rotate.center", None),
        (lambda image: ops.resized_crop(image, 0, 0, "a", 2, 3), "resized_crop.height", None),
        (lambda image: ops.resized_crop(image, 0, None, 2, 2, 3), "resized_crop.left", None),
        (lambda image: ops.erase(image, 0, 0, 1.5, 2), "erase.h", None),
        (lambda image: ops.erase(image, [], 0, 1, 2), "erase.i", None),
        (lambda image: ops.adjust_hue(image, "a"), "adjust_hue.hue_factor", None),
        (lambda image: ops.adjust_contrast(image, [1, 2]), "adjust_contrast.contrast_factor", None),
        (lambda image: ops.affine(image, "a", (0, 0), 1, 0), "affine.angle", None),
        (lambda image: ops.affine(image, float("nan"), (0, 0), 1, 0), "affine.angle", None),
        (lambda image: ops.affine(image, 0, 3, 1, 0), "affine.translate", None),
        (lambda image: ops.affine(image, 0, (), 1, 0), "affine.translate", None),
        (lambda image: ops.affine(image, 0, (1, 2, 3), 1, 0), "affine.translate", None),
        (lambda image: ops.affine(image, 0, (0, 0), "a", 0), "affine.scale", None),
        (lambda image: ops.affine(image, 0, (0, 0), 1, None), "affine.shear", None),
        (lambda image: ops.affine(image, 0, (0, 0), 1, 0, center="ab"), "affine.center", None),
        (lambda image: ops.perspective(image, [1, 2, 3, 4], [1, 2, 3, 4]), "perspective.startpoints", None),
        (lambda image: ops.perspective(image, [(0, 0)] * 4, 3), "perspective.endpoints", None),
    ],
)
def test_names_and_types_that_cannot_be(call, key, suggestion):
    with pytest.raises(headrace.ConfigError, match=f"^{key.rsplit('.', 1)[0]}: ") as caught:
        call(picture())
    assert (caught.value.key, caught.value.suggestion) == (key, suggestion)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "call, key",
    [
        (lambda image: ops.crop(image, 0, 0, 0, 5), "crop.height"),
        (lambda image: ops.crop(image, 0, 0, 5, -1), "crop.width"),
        (lambda image: ops.affine(image, 0, (0, 0), 0, 0), "affine.scale"),
        (lambda image: ops.perspective(image, [(0, 0)] * 3, [(0, 0)] * 4), "perspective.startpoints"),
        (lambda image: ops.perspective(image, [(0, 0)] * 4, [(0, 0)] * 5), "perspective.endpoints"),
        (lambda image: ops.perspective(image, [(0, 0)] * 4, [(0, 0)] * 4), "perspective.endpoints"),
        (lambda image: ops.rgb_to_grayscale(image, 2), "num_output_channels"),
        (lambda image: ops.invert(image, layout="x"), "layout"),
    ],
)
def test_values_that_cannot_be_are_named(call, key):
    with pytest.raises(headrace.InvalidArgumentError, match=f"^{key.replace('.', ': ')}: ") as caught:
        call(picture())
    assert caught.value.key == key


def test_numbers_of_other_libraries_are_numbers():
    image = picture()
    assert (ops.rotate(image, np.float32(30), center=np.array([3, 4])) == ops.rotate(image, 30, center=(3, 4))).all()
    assert (ops.erase(image, np.int64(3), 4, np.uint8(5), 6) == ops.erase(image, 3, 4, 5, 6)).all()
    assert (ops.crop(image, np.int64(3), np.uint8(4), 5, 6) == image[3:8, 4:10]).all()
    plain = ops.affine(image, 10, (1, 2), 1.5, (3, 4))
    assert (ops.affine(image, np.float32(10), np.array([1, 2]), np.float64(1.5), range(3, 5)) == plain).all()
    assert (ops.affine(image, 10, (1, 2), 1, [5]) == ops.affine(image, 10, (1, 2), 1, (5, 0))).all()
    assert (ops.normalize(image, np.array(MEAN), np.array(STD)) == ops.normalize(image, MEAN, STD)).all()


def test_an_error_inside_of_a_function_stays_what_it_is():
    class Image:
        def __array__(self, dtype=None):
            raise TypeError("no picture today")

    with pytest.raises(TypeError, match="no picture today"):
        ops.hflip(Image())
    assert str(inspect.signature(ops.hflip)).startswith("(img: ")


@pytest.mark.parametrize(
    "image, text",
    [
        (picture().astype(np.float32), "float32; allowed: uint8 pixels from 0 to 255"),
        (np.zeros((4, 5, 4), np.uint8), "drop the alpha channel first"),
        (np.zeros((4, 5, 7), np.uint8), r"shape \(4, 5, 7\)"),
        (np.zeros((0, 5, 3), np.uint8), r"shape \(0, 5, 3\)"),
        (np.zeros(5, np.uint8), r"shape \(5,\)"),
        ([picture()], "found a list of images"),
        ("cat.jpg", "found str; allowed: a NumPy array"),
        (None, "found NoneType"),
    ],
)
def test_images_that_cannot_be(image, text):
    with pytest.raises(headrace.InvalidArgumentError, match=text):
        ops.hflip(image)


@pytest.mark.parametrize("mode, dtype", [("I;16", "<u2"), ("I;16B", ">u2"), ("I", "<i4"), ("F", "<f4")])
def test_pictures_of_more_than_8_bits_are_refused_before_they_lose_them(mode, dtype):
    pillow = pytest.importorskip("PIL.Image")
    image = pillow.frombytes(mode, (3, 2), np.full((2, 3), 20000, dtype).tobytes())
    for call in (ops.invert, headrace.Transform()):
        with pytest.raises(headrace.InvalidArgumentError, match=f'PIL image of mode "{mode}"; allowed: 8 bits a channel'):
            call(image)


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_pictures_of_8_bits_are_taken_as_pillow_converts_them(mode):
    pillow = pytest.importorskip("PIL.Image")
    image = pillow.fromarray(picture()).convert("L" if mode == "LA" else "RGB").convert(mode)
    assert (np.asarray(ops.invert(image)) == 255 - np.asarray(image.convert("RGB"))).all()


def test_numbers_that_cannot_be():
    for which in ({"seed": -1}, {"epoch": 1 << 24}, {"sample": 1.5}, {"seed": True}):
        with pytest.raises(headrace.InvalidArgumentError, match=f"{next(iter(which))}: found"):
            ops.invert(picture(), **which)
    with pytest.raises(headrace.InvalidArgumentError, match='layout: found "bgr"|layout: found \'bgr\''):
        ops.invert(picture(), layout="bgr")
    with pytest.raises(headrace.InvalidArgumentError, match="results of a batch have different shapes"):
        ops.random_rotation(np.stack([picture()] * 4), degrees=45, expand=True)


def test_the_stub_is_what_the_library_says():
    from headrace.ops import _stubs

    path = pathlib.Path(ops.__file__).with_name("__init__.pyi")
    assert path.read_text(encoding="utf-8") == _stubs.stub(), "run python -m headrace.ops._stubs > __init__.pyi"
    compile(_stubs.stub(), str(path), "exec", dont_inherit=True, flags=0)
    for name in ops.__all__:
        assert f"def {name}(" in _stubs.stub() or f"class {name}(" in _stubs.stub(), name


# -- torchvision ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def functional():
    return pytest.importorskip("torchvision.transforms.functional")


@pytest.fixture(scope="module")
def modes():
    modes = pytest.importorskip("torchvision.transforms").InterpolationMode
    return {name: getattr(modes, name.upper()) for name in ("nearest", "bilinear", "bicubic")}


@pytest.fixture(scope="module")
def pil():
    pillow = pytest.importorskip("PIL.Image")
    return pillow.fromarray(picture())


def same(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert (found == expected).all(), f"{(found != expected).sum()} of {found.size} differ"


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_warps_are_torchvisions_on_pil_pictures(functional, modes, pil, mode):
    how = {"interpolation": modes[mode]}
    same(ops.rotate(pil, 30, mode), functional.rotate(pil, 30, **how))
    same(ops.rotate(pil, -77.5, mode, expand=True), functional.rotate(pil, -77.5, expand=True, **how))
    same(ops.rotate(pil, 12, mode, center=(3, 9), fill=(9, 8, 7)),
         functional.rotate(pil, 12, center=[3, 9], fill=[9, 8, 7], **how))
    same(ops.affine(pil, 20, (5, -3), 1.2, (10, 4), mode),
         functional.affine(pil, 20, [5, -3], 1.2, [10, 4], **how))
    same(ops.affine(pil, -8, (0, 2), 0.7, 6, mode, fill=40, center=(10, 12)),
         functional.affine(pil, -8, [0, 2], 0.7, [6, 0], fill=40, center=[10, 12], **how))


def test_perspective_is_pillows(pil):
    start, end = [(0, 0), (56, 0), (56, 40), (0, 40)], [(4, 2), (50, 5), (55, 38), (1, 35)]
    found = np.asarray(ops.perspective(pil, start, end)).astype(int)
    transforms = pytest.importorskip("torchvision.transforms.functional")
    # torchvision solves in float32, so an edge may fall on another side.
    expected = np.asarray(transforms.perspective(pil, [list(p) for p in start], [list(p) for p in end])).astype(int)
    assert (abs(found - expected) > 1).mean() < 0.01
    with pytest.raises(headrace.InvalidArgumentError, match="on a line"):
        ops.perspective(pil, start, [(0, 0), (1, 1), (2, 2), (3, 3)])


def test_colours_are_torchvisions_on_pil_pictures(functional, pil):
    for factor in (0.0, 0.4, 1.0, 1.7):
        for name in ("brightness", "contrast", "saturation", "sharpness"):
            same(getattr(ops, f"adjust_{name}")(pil, factor), getattr(functional, f"adjust_{name}")(pil, factor))
    for shift in (-0.5, -0.1, 0.3):
        same(ops.adjust_hue(pil, shift), functional.adjust_hue(pil, shift))
    same(ops.posterize(pil, 3), functional.posterize(pil, 3))
    same(ops.solarize(pil, 100), functional.solarize(pil, 100))
    for name in ("equalize", "autocontrast", "invert", "hflip", "vflip"):
        same(getattr(ops, name)(pil), getattr(functional, name)(pil))
    for channels in (1, 3):
        same(ops.rgb_to_grayscale(pil, channels), functional.rgb_to_grayscale(pil, channels))


def test_crops_and_sizes_are_torchvisions_on_pil_pictures(functional, modes, pil):
    for top, left, height, width in ((3, 4, 20, 30), (-5, 2, 20, 20), (30, 40, 30, 30), (-4, -6, 60, 70)):
        same(ops.crop(pil, top, left, height, width), functional.crop(pil, top, left, height, width))
    same(ops.center_crop(pil, (20, 11)), functional.center_crop(pil, [20, 11]))
    same(ops.pad(pil, (1, 2, 3, 4), fill=9), functional.pad(pil, [1, 2, 3, 4], fill=9))
    for mode in ("nearest", "bilinear", "bicubic"):
        same(ops.resize(pil, 25, interpolation=mode), functional.resize(pil, 25, interpolation=modes[mode]))
        same(ops.resized_crop(pil, 3, 4, 20, 30, (16, 18), mode),
             functional.resized_crop(pil, 3, 4, 20, 30, [16, 18], interpolation=modes[mode]))
    for ours, theirs, count in ((ops.five_crop, functional.five_crop, 5), (ops.ten_crop, functional.ten_crop, 10)):
        found, expected = ours(np.asarray(pil), 15), theirs(pil, 15)
        assert len(found) == count
        for one, other in zip(found, expected):
            same(one, other)


def test_erase_and_blur_are_torchvisions(functional, pil):
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(np.asarray(pil).copy()).permute(2, 0, 1)
    found = ops.erase(tensor, 4, 5, 10, 12)
    assert (found == functional.erase(tensor, 4, 5, 10, 12, torch.zeros(3, 10, 12, dtype=torch.uint8))).all()
    blurred = ops.gaussian_blur(tensor, 5, sigma=1.5).int()
    assert (blurred - functional.gaussian_blur(tensor, [5, 5], [1.5, 1.5]).int()).abs().max() <= 1


def test_normalize_is_exact(functional, pil):
    image = np.asarray(pil)
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    found = ops.normalize(image, mean, std)
    exact = ((image / 255.0 - mean) / std).astype(np.float32).transpose(2, 0, 1)
    assert found.dtype == np.float32 and (found == exact).all()
    assert ops.normalize(image, mean, std, "f16", "nhwc").dtype == np.float16
    assert ops.normalize(image, [0.5], [0.5]).shape == (1, 41, 57)
    torch = pytest.importorskip("torch")
    assert isinstance(ops.normalize(torch.from_numpy(image.copy()), mean, std, layout="hwc"), torch.Tensor)


def test_erase_takes_values_of_pixels():
    image = picture()
    for value in (0, 1, 128.0, 255):
        assert (ops.erase(image, 4, 5, 10, 12, value)[4:14, 5:17] == value).all()
    assert (ops.erase(image, 4, 5, 10, 12, [1, 2, 3])[4, 5] == [1, 2, 3]).all()


def test_sizes_of_crops_and_texts_of_errors():
    image = picture()
    assert ops.five_crop(image, np.int64(20)).shape == ops.five_crop(image, (20,)).shape == (5, 20, 20, 3)
    assert ops.five_crop(image, (20, np.int32(10))).shape == (5, 20, 10, 3)
    for size in ("ab", (1, 2, 3), 1.5, None, -3):
        with pytest.raises(headrace.InvalidArgumentError, match="size"):
            ops.five_crop(image, size)
    with pytest.raises(headrace.ConfigError, match=r"^\[\[augment\]\] size: found a string"):
        ops.resize(image, "a")
