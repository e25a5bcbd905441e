"""from_torchvision: what becomes of each transform, which are refused, and whether pixels are the same."""

import pickle

import pytest

import headrace
from torch_support import all_of, folder, photographs, torch  # noqa: F401

pytest.importorskip("torchvision", reason="torchvision is what is translated")
import PIL  # noqa: E402
import torchvision.transforms as v1  # noqa: E402
from torchvision.datasets import ImageFolder  # noqa: E402
from torchvision.transforms import InterpolationMode as Mode  # noqa: E402

from headrace.torch import DataLoader, UnsupportedTransformError, from_torchvision  # noqa: E402

try:
    from torchvision.transforms import v2
except ImportError:
    v2 = None
FLAVOURS = [pytest.param(v1, id="v1"),
            pytest.param(v2, id="v2", marks=pytest.mark.skipif(v2 is None, reason="no transforms.v2"))]
needs_v2 = pytest.mark.skipif(v2 is None, reason="no transforms.v2")

# Transforms of both flavours, and the entry without `op`'s defaults.
ENTRIES = {
    "resize, short side": (
        lambda t: t.Resize(40), {"op": "resize", "size": 40, "interpolation": "bilinear"}),
    "resize, list of one": (
        lambda t: t.Resize([40], max_size=60),
        {"op": "resize", "size": 40, "max_size": 60, "interpolation": "bilinear"}),
    "resize, both sides": (
        lambda t: t.Resize((30, 40), Mode.BICUBIC),
        {"op": "resize", "size": [30, 40], "interpolation": "bicubic"}),
    "resize, lanczos": (
        lambda t: t.Resize((30, 40), Mode.LANCZOS),
        {"op": "resize", "size": [30, 40], "interpolation": "lanczos"}),
    "resize, nearest of Pillow": (
        lambda t: t.Resize((30, 40), Mode.NEAREST),
        {"op": "resize", "size": [30, 40], "interpolation": "nearest"}),
    "center crop": (lambda t: t.CenterCrop(20), {"op": "center_crop", "size": [20, 20]}),
    "random crop": (
        lambda t: t.RandomCrop((20, 30), padding=4, fill=7),
        {"op": "random_crop", "size": [20, 30], "padding": 4, "fill": 7}),
    "random crop, if needed": (
        lambda t: t.RandomCrop(20, pad_if_needed=True, padding_mode="reflect"),
        {"op": "random_crop", "size": [20, 20], "pad_if_needed": True, "mode": "reflect"}),
    "random resized crop": (
        lambda t: t.RandomResizedCrop(20, scale=(0.2, 0.9), ratio=(0.5, 2.0), interpolation=Mode.BICUBIC),
        {"op": "random_resized_crop", "size": [20, 20], "scale": [0.2, 0.9], "ratio": [0.5, 2.0],
         "interpolation": "bicubic"}),
    "pad": (lambda t: t.Pad((1, 2), fill=(1, 2, 3)), {"op": "pad", "padding": [1, 2], "fill": [1, 2, 3]}),
    "pad, symmetric": (
        lambda t: t.Pad([1, 2, 3, 4], padding_mode="symmetric"),
        {"op": "pad", "padding": [1, 2, 3, 4], "mode": "symmetric"}),
    "flip": (lambda t: t.RandomHorizontalFlip(0.3), {"op": "random_horizontal_flip", "p": 0.3}),
    "flip, vertical": (lambda t: t.RandomVerticalFlip(), {"op": "random_vertical_flip", "p": 0.5}),
    "rotation": (
        lambda t: t.RandomRotation(15, interpolation=Mode.BILINEAR, expand=True, center=(3, 4), fill=9),
        {"op": "random_rotation", "degrees": [-15.0, 15.0], "interpolation": "bilinear", "expand": True,
         "center": [3, 4], "fill": 9}),
    "affine": (
        lambda t: t.RandomAffine((-3, 8), translate=(0.1, 0.2), scale=(0.8, 1.1), shear=(-4, 5, -6, 7)),
        {"op": "random_affine", "degrees": [-3.0, 8.0], "translate": [0.1, 0.2], "scale": [0.8, 1.1],
         "shear": [-4.0, 5.0, -6.0, 7.0], "interpolation": "nearest"}),
    "affine, one shear": (
        lambda t: t.RandomAffine(0, shear=6),
        {"op": "random_affine", "degrees": [0.0, 0.0], "shear": [-6.0, 6.0], "interpolation": "nearest"}),
    "perspective": (
        lambda t: t.RandomPerspective(0.3, p=0.2),
        {"op": "random_perspective", "p": 0.2, "distortion_scale": 0.3, "interpolation": "bilinear"}),
    "color jitter": (
        lambda t: t.ColorJitter(0.4, (0.5, 2), 0, 0.1),
        {"op": "color_jitter", "brightness": [0.6, 1.4], "contrast": [0.5, 2.0], "hue": [-0.1, 0.1]}),
    "grayscale by chance": (lambda t: t.RandomGrayscale(0.2), {"op": "random_grayscale", "p": 0.2}),
    "posterize": (lambda t: t.RandomPosterize(3, p=0.1), {"op": "posterize", "p": 0.1, "bits": 3}),
    "solarize": (lambda t: t.RandomSolarize(99), {"op": "solarize", "p": 0.5, "threshold": 99}),
    "equalize": (lambda t: t.RandomEqualize(), {"op": "equalize", "p": 0.5}),
    "autocontrast": (lambda t: t.RandomAutocontrast(1.0), {"op": "autocontrast", "p": 1.0}),
    "invert": (lambda t: t.RandomInvert(), {"op": "invert", "p": 0.5}),
    "sharpness": (
        lambda t: t.RandomAdjustSharpness(2, p=0.7), {"op": "sharpness", "p": 0.7, "factor": 2}),
    "blur": (
        lambda t: t.GaussianBlur((5, 9), sigma=(0.2, 3.0)),
        {"op": "gaussian_blur", "kernel_size": [5, 9], "sigma": [0.2, 3.0]}),
    "blur, fixed": (
        lambda t: t.GaussianBlur(3, sigma=1.5),
        {"op": "gaussian_blur", "kernel_size": [3, 3], "sigma": [1.5, 1.5]}),
    "auto augment": (
        lambda t: t.AutoAugment(v1.AutoAugmentPolicy.SVHN),
        {"op": "auto_augment", "policy": "svhn", "interpolation": "nearest"}),
    "rand augment": (
        lambda t: t.RandAugment(3, 7, 11, Mode.BILINEAR, fill=[1, 2, 3]),
        {"op": "rand_augment", "num_ops": 3, "magnitude": 7, "num_magnitude_bins": 11,
         "interpolation": "bilinear", "fill": [1, 2, 3]}),
    "trivial augment": (
        lambda t: t.TrivialAugmentWide(),
        {"op": "trivial_augment_wide", "num_magnitude_bins": 31, "interpolation": "nearest"}),
    "aug mix": (
        lambda t: t.AugMix(severity=4, mixture_width=2, chain_depth=3, alpha=0.5, all_ops=False),
        {"op": "aug_mix", "profile": "torchvision", "severity": 4, "mixture_width": 2, "chain_depth": 3,
         "alpha": 0.5, "all_ops": False, "interpolation": "bilinear"}),
    "apply by chance": (
        lambda t: t.RandomApply([t.ColorJitter(0.5)], p=0.8),
        {"op": "color_jitter", "brightness": [0.5, 1.5], "p": 0.8}),
    "chance of a chance": (
        lambda t: t.RandomApply([t.RandomInvert(0.5)], p=0.5), {"op": "invert", "p": 0.25}),
}


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", ENTRIES)
def test_a_transform_becomes_its_entry_and_the_loader_takes_it(flavour, name, folder):  # noqa: F811
    make, wanted = ENTRIES[name]
    translated = from_torchvision(flavour.Compose([make(flavour)]))
    entry, = translated.augment
    assert _rounded(entry) == _rounded(wanted)
    sized = [{"op": "random_resized_crop", "size": 40}, *translated.augment, {"op": "resize", "size": [32, 32]}]
    with headrace.Loader(dataset=folder, batch_size=8, augment=sized, decode=translated.decode) as loader:
        assert next(iter(loader)).images.shape == (8, 3, 32, 32)


def _rounded(entry):
    def one(value):
        if isinstance(value, (list, tuple)):
            return [one(v) for v in value]
        return round(value, 9) if isinstance(value, float) else value
    return {key: one(value) for key, value in entry.items()}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_nothing_becomes_of_what_changes_nothing(flavour):
    assert from_torchvision(flavour.ColorJitter()).augment == []
    assert from_torchvision(flavour.RandomApply([flavour.RandomInvert()], p=0)).augment == []
    assert from_torchvision(torch.nn.Identity()).augment == []
    assert from_torchvision(None).augment == []


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_containers_are_walked_through(flavour):
    inner = flavour.Compose([flavour.RandomHorizontalFlip(), flavour.RandomVerticalFlip()])
    whole = flavour.Compose([inner, torch.nn.Sequential(flavour.RandomInvert()),
                             flavour.RandomApply(torch.nn.ModuleList([flavour.GaussianBlur(3)]), p=1.0)])
    assert [entry["op"] for entry in from_torchvision(whole).augment] == [
        "random_horizontal_flip", "random_vertical_flip", "invert", "gaussian_blur"]


# ----------------------------------------------------------------------------------------- output


MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def test_what_v1_ends_with_becomes_the_output():
    floats = from_torchvision([v1.ToTensor()])
    assert floats.output == {"dtype": "f32"}
    assert from_torchvision([v1.PILToTensor()]).output == {"dtype": "u8"}
    normal = from_torchvision([v1.ToTensor(), v1.Normalize(MEAN, STD)])
    assert normal.output == {"dtype": "f32", "mean": MEAN, "std": STD}
    half = from_torchvision([v1.PILToTensor(), v1.ConvertImageDtype(torch.float16)])
    assert half.output == {"dtype": "f16"} and half.notes
    gray = from_torchvision([v1.Grayscale(), v1.ToTensor(), v1.Normalize([0.5], [0.25])])
    assert gray.output == {"dtype": "f32", "channels": 1, "mean": [0.5], "std": [0.25]}
    assert normal.decode == {"jpeg": "exact", "exif": False}
    assert from_torchvision(v1.ToTensor(), jpeg="fast", exif=True).decode == {"jpeg": "fast", "exif": True}


@needs_v2
def test_what_v2_ends_with_becomes_the_output():
    ends = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD), v2.ToPureTensor()]
    assert from_torchvision(v2.Compose(ends)).output == {"dtype": "f32", "mean": MEAN, "std": STD}
    assert from_torchvision([v2.ToImage(), v2.ToDtype(torch.uint8, scale=True)]).output == {"dtype": "u8"}
    assert from_torchvision([v2.PILToTensor(), v2.ToDtype(torch.bfloat16, True)]).output == {"dtype": "bf16"}
    from torchvision import tv_tensors
    table = v2.ToDtype({tv_tensors.Image: torch.float32, "others": None}, scale=True)
    assert from_torchvision([v2.ToImage(), table]).output == {"dtype": "f32"}


def test_a_preset_of_weights_becomes_its_steps():
    from torchvision.transforms._presets import ImageClassification
    preset = from_torchvision(ImageClassification(crop_size=224, resize_size=232))
    assert preset.augment == [{"op": "resize", "size": 232, "interpolation": "bilinear"},
                              {"op": "center_crop", "size": [224, 224]}]
    assert preset.output == {"dtype": "f32", "mean": MEAN, "std": STD}


def test_numbers_behind_the_conversion_are_on_its_scale():
    def value(*parts):
        return from_torchvision(list(parts)).augment[-1]["value"]
    normalize = v1.Normalize([0.5, 0.5, 0.25], [0.5, 0.25, 0.25])
    assert value(v1.PILToTensor(), v1.RandomErasing(value=7)) == 7
    assert value(v1.ToTensor(), v1.RandomErasing(value=(1.0, 0.0, 0.2))) == [255, 0, 51]
    # 0 behind Normalize is the mean.
    assert value(v1.ToTensor(), normalize, v1.RandomErasing()) == [128, 128, 64]
    assert value(v1.ToTensor(), normalize, v1.RandomErasing(value="random")) == "random"
    behind = from_torchvision([v1.ToTensor(), normalize, v1.RandomCrop(20, padding=2)])
    assert behind.augment[-1]["fill"] == [128, 128, 64]


@needs_v2
def test_v2_keeps_fills_by_type():
    from torchvision import tv_tensors
    fill = {tv_tensors.Image: 3, tv_tensors.Mask: 0, "others": 9}
    assert from_torchvision([v2.ToImage(), v2.Pad(1, fill=fill)]).augment[0]["fill"] == 3
    assert from_torchvision([v2.Pad(1, fill=fill)]).augment[0]["fill"] == 9


@needs_v2
def test_ops_of_v2_alone():
    zoom, = from_torchvision(v2.RandomZoomOut(fill=5, side_range=(1.0, 2.0), p=0.4)).augment
    assert zoom == {"op": "random_zoom_out", "p": 0.4, "side_range": [1.0, 2.0], "keep_size": False, "fill": 5}
    tensor = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
    if hasattr(v2, "GaussianNoise"):
        noise = from_torchvision([*tensor, v2.GaussianNoise(sigma=0.2)])
        assert noise.augment == [{"op": "gaussian_noise", "sigma": 0.2}] and noise.notes
    jitter = from_torchvision([v2.ToImage(), v2.ColorJitter(hue=0.1)])
    assert jitter.augment[0]["space"] == "float"
    legacy = from_torchvision([v2.ToImage(), v2.Resize(40, Mode.NEAREST)])
    assert legacy.augment[0]["interpolation"] == "nearest_legacy"
    exact = from_torchvision([v2.ToImage(), v2.Resize(40, Mode.NEAREST_EXACT)])
    assert exact.augment[0]["interpolation"] == "nearest"


@needs_v2
def test_mixes_become_mix_entries():
    assert from_torchvision(None, mix=v2.MixUp(alpha=0.3, num_classes=7)).mix == [{"op": "mixup", "alpha": 0.3}]
    one_of = v2.RandomChoice([v2.CutMix(num_classes=7), v2.MixUp(num_classes=7)], p=[1, 3])
    both = from_torchvision([v2.ToImage()], mix=one_of)
    assert both.mix == [{"op": "cutmix", "alpha": 1.0, "weight": 0.25},
                        {"op": "mixup", "alpha": 1.0, "weight": 0.75}]
    assert both.num_classes == 7
    assert from_torchvision([v2.ToImage(), one_of]).mix == both.mix
    half = from_torchvision(None, mix=v2.RandomChoice([v2.CutMix(num_classes=7), v2.Identity()]))
    assert half.mix == [{"op": "cutmix", "alpha": 1.0, "weight": 0.5, "p": 0.5}]


def test_mixes_of_headraces_own_are_taken():
    entries = from_torchvision(None, mix=[headrace.ops.MixUp(alpha=0.3), "cutmix", {"op": "rmix"}])
    assert entries.mix == [{"op": "mixup", "alpha": 0.3}, {"op": "cutmix"}, {"op": "rmix"}]
    for mix in ({"op": "rmix"}, "rmix", headrace.ops.RMix()):
        assert from_torchvision(None, mix=mix).mix == [{"op": "rmix"}]
    with pytest.raises(UnsupportedTransformError, match="mix int: give v2.MixUp"):
        from_torchvision(None, mix=3)


# ---------------------------------------------------------------------------------------- refusals


class Mine(torch.nn.Module):
    """A transform of the user's own."""


REFUSED = {
    "elastic": (lambda: [v1.CenterCrop(9), v1.ElasticTransform()], "transforms[1]", "random_affine"),
    "lambda": (lambda: [v1.Lambda(lambda x: x)], "transforms[0]", "apply it to the batch"),
    "own": (lambda: [v1.ToTensor(), Mine()], "transforms[1]", "not torchvision's"),
    "nested": (lambda: [v1.Compose([v1.ToTensor(), v1.TenCrop(4)])], "transforms[0].transforms[1]",
               "headrace.Transform"),
    "two at once": (lambda: [v1.RandomApply([v1.GaussianBlur(3), v1.RandomInvert()], p=0.5)],
                    "transforms[0]", "all happen or none"),
    "choice": (lambda: [v1.RandomChoice([v1.GaussianBlur(3), v1.RandomInvert()])], "transforms[0]",
               "trivial_augment_wide"),
    "order": (lambda: [v1.RandomOrder([v1.GaussianBlur(3)])], "transforms[0]", "order of the list"),
    "twice": (lambda: [v1.ToTensor(), v1.ToTensor()], "transforms[1]", "already"),
    "no floats": (lambda: [v1.PILToTensor(), v1.Normalize(MEAN, STD)], "transforms[1]", "ToTensor"),
    "normalized twice": (lambda: [v1.ToTensor(), v1.Normalize(MEAN, STD), v1.Normalize(MEAN, STD)],
                         "transforms[2]", "once"),
    "colours behind": (lambda: [v1.ToTensor(), v1.Normalize(MEAN, STD), v1.ColorJitter(0.4)],
                       "transforms[2]", "before Normalize"),
    "erasing PIL": (lambda: [v1.RandomErasing()], "transforms[0]", "tensor"),
    "early noise": (lambda: [v1.ToTensor(), v1.RandomErasing(value="random"), v1.Normalize(MEAN, STD)],
                    "transforms[1]", "behind Normalize"),
    "warp filter": (lambda: [v1.RandomRotation(5, interpolation=Mode.BOX)], "transforms[0]", "bilinear"),
    "conversion by chance": (lambda: [v1.RandomApply([v1.ToTensor()], p=0.5)], "transforms[0]", "chance"),
    "wrong mean": (lambda: [v1.ToTensor(), v1.Normalize([0.5] * 4, [0.5] * 4)], "transforms[1]", "4 numbers"),
    "linear": (lambda: [v1.LinearTransformation(torch.eye(3), torch.zeros(3))], "transforms[0]", "batch"),
    "policy on floats": (lambda: [v1.ToTensor(), v1.RandAugment()], "transforms[1]", "8-bit"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_with_its_place(name):
    make, position, word = REFUSED[name]
    with pytest.raises(UnsupportedTransformError) as caught:
        from_torchvision(v1.Compose(make()))
    assert caught.value.position == position
    assert position in str(caught.value) and caught.value.op in str(caught.value)
    assert word in str(caught.value)
    assert isinstance(caught.value, headrace.ConfigError)


@needs_v2
@pytest.mark.parametrize("make, word", [
    (lambda: v2.Resize(40, antialias=False), "antialias=True"),
    (lambda: v2.ToDtype(torch.float32), "scale=True"),
    (lambda: v2.ToDtype(torch.float64, scale=True), "float64"),
    (lambda: v2.Resize(None, max_size=30), "longer edge"),
    (lambda: v2.RandomIoUCrop(), "object_zoom"),
    (lambda: v2.RandomPhotometricDistort(), "color_jitter"),
    (lambda: v2.SanitizeBoundingBoxes(), "batch.targets"),
])
def test_what_v2_has_beyond_is_refused(make, word):
    with pytest.raises(UnsupportedTransformError, match="transforms.1.") as caught:
        from_torchvision(v2.Compose([v2.ToImage(), make()]))
    assert word in str(caught.value)


def test_a_refusal_goes_from_process_to_process():
    with pytest.raises(UnsupportedTransformError) as caught:
        from_torchvision(v1.Lambda(abs))
    other = pickle.loads(pickle.dumps(caught.value))
    assert type(other) is UnsupportedTransformError and str(other) == str(caught.value)
    assert (other.op, other.position) == (caught.value.op, caught.value.position)


def test_a_class_that_inherits_from_torchvision_is_not_taken_for_it():
    class Other(v1.CenterCrop):
        def forward(self, image):
            return image

    with pytest.raises(UnsupportedTransformError, match="nothing is known"):
        from_torchvision(Other(9))


# ------------------------------------------------------------------------------------------ pixels


# Pillow 13 resizes down the columns first where that is cheaper, and so rounds at other places.
TOLERANCE = 0 if int(PIL.__version__.split(".")[0]) < 13 else 8

PIXELS = {
    "evaluation": lambda t: [t.Resize(72), t.CenterCrop(64)],
    "bicubic": lambda t: [t.Resize((50, 61), Mode.BICUBIC)],
    "lanczos": lambda t: [t.Resize((50, 61), Mode.LANCZOS)],
    "box": lambda t: [t.Resize((50, 61), Mode.BOX)],
    "hamming": lambda t: [t.Resize((50, 61), Mode.HAMMING)],
    "nearest": lambda t: [t.Resize((50, 61), Mode.NEAREST)],
    "bounded": lambda t: [t.Resize(60, max_size=64), t.Resize((32, 32))],
    "larger crop": lambda t: [t.Resize((40, 44)), t.CenterCrop(50)],
    "pad": lambda t: [t.Resize((40, 40)), t.Pad((3, 5), fill=(9, 8, 7)), t.Pad([1, 2, 3, 4], padding_mode="reflect")],
    "fixed rotation": lambda t: [t.Resize((40, 40)), t.RandomRotation((30, 30), Mode.BILINEAR, fill=50)],
    "fixed zoom": lambda t: [t.Resize((40, 40)), t.RandomAffine((0, 0), scale=(0.75, 0.75), interpolation=Mode.BICUBIC)],
    "certain ops": lambda t: [t.Resize((40, 40)), t.RandomEqualize(1.0), t.RandomSolarize(100, 1.0),
                              t.RandomPosterize(5, 1.0), t.RandomHorizontalFlip(1.0), t.RandomVerticalFlip(1.0),
                              t.RandomAutocontrast(1.0), t.RandomInvert(1.0), t.RandomAdjustSharpness(1.7, 1.0)],
    "fixed jitter": lambda t: [t.Resize((40, 40)), t.ColorJitter(brightness=(1.3, 1.3)),
                               t.ColorJitter(saturation=(0.4, 0.4)), t.ColorJitter(hue=(0.2, 0.2))],
    "three grays": lambda t: [t.Resize((40, 40)), t.Grayscale(3)],
    "one gray": lambda t: [t.Resize((40, 40)), t.Grayscale(1), t.CenterCrop(30)],
}


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", PIXELS)
def test_bytes_are_those_of_torchvision(flavour, name, folder):  # noqa: F811
    compare_bytes(folder, flavour.Compose([*PIXELS[name](flavour), v1.PILToTensor()]))


@pytest.mark.parametrize("name", ["evaluation", "bicubic", "certain ops"])
def test_bytes_are_those_of_torchvision_for_photographs(name, photographs):  # noqa: F811
    compare_bytes(photographs, v1.Compose([*PIXELS[name](v1), v1.PILToTensor()]), most=96)


CERTAIN = {
    "brightness": v1.ColorJitter(brightness=(1.3, 1.3)),
    "contrast": v1.ColorJitter(contrast=(1.3, 1.3)),
    "saturation": v1.ColorJitter(saturation=(0.4, 0.4)),
    "hue": v1.ColorJitter(hue=(0.2, 0.2)),
    "grayscale": v1.Grayscale(3),
    "grayscale by chance": v1.RandomGrayscale(1.0),
    "autocontrast": v1.RandomAutocontrast(1.0),
    "posterize": v1.RandomPosterize(3, 1.0),
    "invert": v1.RandomInvert(1.0),
    "blur": v1.GaussianBlur(5, (1.5, 1.5)),
}


@pytest.mark.parametrize("place", ["PIL image", "uint8 tensor"])
@pytest.mark.parametrize("name", CERTAIN)
def test_bytes_that_differ_are_in_the_notes(name, place, folder):  # noqa: F811
    last = [CERTAIN[name], v1.PILToTensor()] if place == "PIL image" else [v1.PILToTensor(), CERTAIN[name]]
    transform = v1.Compose([v1.Resize((40, 40)), *last])
    notes = from_torchvision(transform).notes
    assert all(" of 255" in note for note in notes)
    compare_bytes(folder, transform, tolerance=max(TOLERANCE, len(notes)))
    exact = {"brightness", "posterize", "invert"} if place == "uint8 tensor" else CERTAIN.keys() - {"blur"}
    assert (name in exact) == (notes == [])


def compare_bytes(root, transform, most=None, tolerance=TOLERANCE):
    dataset = ImageFolder(root, transform)
    count = len(dataset) if most is None else min(most, len(dataset))
    with DataLoader(torch.utils.data.Subset(dataset, range(count)) if most else dataset, batch_size=8) as loader:
        images, labels = all_of(loader)
    assert images.dtype == torch.uint8 and len(images) == count
    for i in range(count):
        wanted, label = dataset[i]
        assert label == labels[i]
        difference = (images[i].int() - wanted.int()).abs().max()
        assert difference <= tolerance, (i, dataset.samples[i], difference)


def test_normalized_floats_are_within_two_units_of_the_last_place(folder):  # noqa: F811
    transform = v1.Compose([v1.Resize(72), v1.CenterCrop(64), v1.ToTensor(), v1.Normalize(MEAN, STD)])
    dataset = ImageFolder(folder, transform)
    with DataLoader(dataset, batch_size=24) as loader:
        images, _ = all_of(loader)
    wanted = torch.stack([dataset[i][0] for i in range(len(dataset))])
    # 2 to 4, where most of the values are, have units of 2^-22.
    assert (images - wanted).abs().max() <= 2 * 2.0 ** -22


def test_random_crops_have_the_distribution_of_torchvision(folder):  # noqa: F811
    """Areas and ratios of 2,000 drawn boxes beside get_params: Kolmogorov and Smirnov's distance."""
    toml = pytest.importorskip("tomllib", reason="needs Python 3.11")
    transform = v1.RandomResizedCrop(32, scale=(0.1, 0.8), ratio=(0.5, 1.8))
    drawn = []
    with DataLoader(folder, batch_size=8, transform=transform) as loader:
        picture = v1.functional.to_tensor(_picture_of(loader, folder, 0))
        for epoch in range(2000):
            entry, = toml.loads(loader.loader.replay(0, epoch))["augment"]
            drawn.append(entry["at"][2:])
    torch.manual_seed(1)
    wanted = [v1.RandomResizedCrop.get_params(picture, [0.1, 0.8], [0.5, 1.8])[2:] for _ in range(2000)]
    for statistic in (lambda h, w: h * w, lambda h, w: w / h):
        one, other = (torch.tensor([float(statistic(h, w)) for h, w in boxes]).sort()[0]
                      for boxes in (drawn, wanted))
        points = torch.cat([one, other])
        distance = (torch.searchsorted(one, points, right=True) -
                    torch.searchsorted(other, points, right=True)).abs().max().item() / 2000
        assert distance < 1.95 * (2 / 2000) ** 0.5  # chance of passing this when equal: 0.001


def _picture_of(loader, root, sample_id):
    from PIL import Image
    return Image.open(root / loader.loader.sample_path(sample_id)).convert("RGB")
