"""What an [[augment]] entry with fixed parameters does, said by torchvision on PIL and Pillow.

Shared by tests/cli/torchvision_test.py, which runs the program beside it, and by
tests/golden/make_op_golden.py. Entries are tables as TOML gives them; a range stands for its value,
so it has to be [v, v]. Needs torchvision 0.14 and Pillow 9.4 or newer.
"""

import numpy
from PIL import Image, ImageOps
from torchvision.transforms import functional as F
from torchvision.transforms.functional import InterpolationMode

MODES = {
    "nearest": InterpolationMode.NEAREST,
    "bilinear": InterpolationMode.BILINEAR,
    "bicubic": InterpolationMode.BICUBIC,
    "lanczos": InterpolationMode.LANCZOS,
    "box": InterpolationMode.BOX,
    "hamming": InterpolationMode.HAMMING,
}
RESAMPLE = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


def fixed(value):
    """v of v or [v, v]."""
    if isinstance(value, list):
        low, high = value
        assert low == high, f"{value} is not fixed"
        return low
    return value


def factor(value):
    """Of brightness and the like, where a number would be a width: only a fixed range will do."""
    assert isinstance(value, list)
    return fixed(value)


def fill_of(entry):
    fill = entry.get("fill", 0)
    if isinstance(fill, list):
        return tuple(int(v) for v in fill)
    return (int(fill),) * 3


def square(size):
    return size if isinstance(size, list) else [size, size]


def four(padding):
    """[left, top, right, bottom]."""
    if not isinstance(padding, list):
        return [padding] * 4
    return padding * 2 if len(padding) == 2 else padding


def mirrored(n, before, after, mode):
    """Indices of numpy.pad's "reflect" and "symmetric" in its new versions. Those before 2 lose the
    period where a border is longer than the line."""
    if mode == "symmetric":
        period = 2 * n
        return [min(i % period, period - 1 - i % period) for i in range(-before, n + after)]
    period = max(1, 2 * (n - 1))
    return [min(i % period, period - i % period) for i in range(-before, n + after)]


def padded(image, padding, entry):
    """By numpy.pad, as torchvision does for a PIL image; a border below 0 cuts."""
    left, top, right, bottom = padding
    if any(padding):
        pixels = numpy.asarray(image)
        height, width = pixels.shape[:2]
        pixels = pixels[max(0, -top):height - max(0, -bottom), max(0, -left):width - max(0, -right)]
        around = [(max(0, top), max(0, bottom)), (max(0, left), max(0, right))]
        mode = entry.get("mode", "constant")
        if mode == "constant":
            planes = [numpy.pad(pixels[..., c], around, constant_values=v)
                      for c, v in enumerate(fill_of(entry))]
            pixels = numpy.stack(planes, -1)
        elif mode != "edge":
            rows, columns = (mirrored(n, *b, mode) for n, b in zip(pixels.shape, around))
            pixels = pixels[rows][:, columns]
        else:
            pixels = numpy.pad(pixels, [*around, (0, 0)], mode=mode)
        image = Image.fromarray(numpy.ascontiguousarray(pixels))
    return image


def resize(image, entry):
    mode = MODES[entry.get("interpolation", "bilinear")]
    return F.resize(image, entry["size"], mode, entry.get("max_size"))


def random_resized_crop(image, entry):
    top, left, height, width = entry["at"]
    mode = MODES[entry.get("interpolation", "bilinear")]
    return F.resized_crop(image, top, left, height, width, square(entry["size"]), mode)


def random_crop(image, entry):
    image = padded(image, four(entry.get("padding", 0)), entry)
    height, width = square(entry["size"])
    if entry.get("pad_if_needed"):
        if image.width < width:
            image = padded(image, [width - image.width, 0] * 2, entry)
        if image.height < height:
            image = padded(image, [0, height - image.height] * 2, entry)
    top, left = entry["at"][:2]
    return F.crop(image, top, left, height, width)


def random_rotation(image, entry):
    return F.rotate(image, fixed(entry["degrees"]), MODES[entry.get("interpolation", "nearest")],
                    entry.get("expand", False), entry.get("center"), fill_of(entry))


def random_affine(image, entry):
    mode = entry.get("interpolation", "nearest")
    if "matrix" in entry:
        return image.transform(image.size, Image.Transform.AFFINE, entry["matrix"], RESAMPLE[mode],
                               fillcolor=fill_of(entry))
    assert "translate" not in entry
    shear = entry.get("shear", [0, 0])
    shear = [fixed(shear[:2]), fixed(shear[2:]) if len(shear) == 4 else 0.0]
    return F.affine(image, float(fixed(entry["degrees"])), [0, 0], fixed(entry.get("scale", 1.0)),
                    shear, MODES[mode], fill_of(entry), entry.get("center"))


def random_perspective(image, entry):
    return image.transform(image.size, Image.Transform.PERSPECTIVE, entry["coefficients"],
                           RESAMPLE[entry.get("interpolation", "bilinear")],
                           fillcolor=fill_of(entry))


def posterize(image, entry):
    bits = int(fixed(entry["bits"]))
    # New versions of Pillow refuse 0, which used to give black.
    return image.point([0] * 768) if bits == 0 else F.posterize(image, bits)


def inside(place, n, mode):
    """Where a position outside of 0..n leads to. Positions are mapped, not the pixels beside them:
    over a seam of "wrap" nothing is blended."""
    if mode == "reflect":
        place = place - 2 * n * numpy.floor(place / (2 * n))
        return numpy.minimum(place, 2 * n - place)
    if mode == "wrap":
        return place - n * numpy.floor(place / n)
    return numpy.clip(place, 0, n)


def random_zoom(image, entry):
    """The formula in f64, as nobody else has this op for PIL images."""
    pixels = numpy.asarray(image)
    sides = pixels.shape[:2]
    mode = entry.get("fill_mode", "reflect")
    factors = [1 + fixed(entry[name]) for name in ("height_factor", "width_factor")]
    places = [z * (numpy.arange(n) + 0.5) + n / 2 * (1 - z) for z, n in zip(factors, sides)]
    covered = [(place >= 0) & (place < n) for place, n in zip(places, sides)]
    places = [inside(place, n, mode) for place, n in zip(places, sides)]

    def taps(axis, offset):
        return numpy.clip(low[axis] + offset, 0, sides[axis] - 1)

    if entry.get("interpolation", "bilinear") == "nearest":
        low = [numpy.floor(place).astype(int) for place in places]
        result = pixels[taps(0, 0)][:, taps(1, 0)]
    else:
        low = [numpy.floor(place - 0.5).astype(int) for place in places]
        part = [place - 0.5 - base for place, base in zip(places, low)]
        left, right = (pixels[:, taps(1, offset)].astype(float) for offset in (0, 1))
        lines = left + (right - left) * part[1][None, :, None]
        top, bottom = lines[taps(0, 0)], lines[taps(0, 1)]
        result = numpy.rint(top + (bottom - top) * part[0][:, None, None])
    if mode == "constant":
        both = covered[0][:, None] & covered[1][None]
        result = numpy.where(both[..., None], result, fill_of(entry))
    return Image.fromarray(result.astype(numpy.uint8))


def random_zoom_out(image, entry):
    side = fixed(entry["side_range"])
    top, left = entry["at"]
    canvas = Image.new("RGB", (int(image.width * side), int(image.height * side)), fill_of(entry))
    canvas.paste(image, (left, top))
    if not entry.get("keep_size", True):
        return canvas
    return F.resize(canvas, [image.height, image.width],
                    MODES[entry.get("interpolation", "bilinear")])


def solarize_add(image, entry):
    add, threshold = int(fixed(entry.get("add", 64))), fixed(entry.get("threshold", 128))
    table = [min(255, max(0, v + add)) if v < threshold else v for v in range(256)]
    return image.point(table * 3)


def erased(image, top, left, bottom, right, colour):
    pixels = numpy.array(image)
    pixels[max(0, top):max(0, bottom), max(0, left):max(0, right)] = colour
    return Image.fromarray(pixels)


def random_erasing(image, entry):
    if "at" not in entry:  # no try found a box
        return image
    top, left, height, width = entry["at"]
    value = entry.get("value", 0)
    assert value != "random"
    return erased(image, top, left, top + height, left + width, value)


def cutout(image, entry):
    """The one hole at `at`; several holes have places that only the program can draw."""
    assert entry.get("n_holes", 1) == 1
    (row, column), half = entry["at"], entry.get("length", 16) // 2
    return erased(image, row - half, column - half, row + half, column + half, fill_of(entry))


def gaussian_blur(image, entry):
    sizes, sigma = entry["kernel_size"], fixed(entry["sigma"])
    sizes = sizes if isinstance(sizes, list) else [sizes, sizes]
    return F.gaussian_blur(image, sizes, [sigma, sigma])


def chain_step(image, step, entry):
    """One op of aug_mix's `replay`, as torchvision's policies carry it out."""
    name, _, amount = step.partition("=")
    amount = float(amount or 0)
    mode = entry.get("interpolation", "bilinear")
    matrices = {
        "shear_x": [1, amount, 0, 0, 1, 0],
        "shear_y": [1, 0, 0, amount, 1, 0],
        "translate_x": [1, 0, -amount, 0, 1, 0],
        "translate_y": [1, 0, 0, 0, 1, -amount],
    }
    if name in matrices:
        return image.transform(image.size, Image.Transform.AFFINE, matrices[name], RESAMPLE[mode],
                               fillcolor=fill_of(entry))
    if name == "rotate":
        return F.rotate(image, amount, MODES[mode], fill=fill_of(entry))
    steps = {
        "identity": lambda: image,
        "autocontrast": lambda: F.autocontrast(image),
        "equalize": lambda: F.equalize(image),
        "posterize": lambda: posterize(image, {"bits": amount}),
        "solarize": lambda: F.solarize(image, amount),
        "brightness": lambda: F.adjust_brightness(image, amount),
        "color": lambda: F.adjust_saturation(image, amount),
        "contrast": lambda: F.adjust_contrast(image, amount),
        "sharpness": lambda: F.adjust_sharpness(image, amount),
    }
    return steps[name]()


def aug_mix(image, entry):
    """The chains of `replay`, added up in f32 in their order and rounded once."""
    f32 = numpy.float32
    share, *chains = entry["replay"].split("|")
    share, mixture = f32(share), f32(0)
    for chain in chains:
        weight, *steps = chain.split()
        result = image
        for step in steps:
            result = chain_step(result, step, entry)
        mixture = mixture + f32(weight) * numpy.asarray(result, f32)
    mixed = (f32(1) - share) * numpy.asarray(image, f32) + share * mixture
    return Image.fromarray(numpy.clip(numpy.rint(mixed), 0, 255).astype(numpy.uint8))


OPS = {
    "random_horizontal_flip": lambda image, entry: F.hflip(image),
    "random_vertical_flip": lambda image, entry: F.vflip(image),
    "center_crop": lambda image, entry: F.center_crop(image, square(entry["size"])),
    "random_crop": random_crop,
    "pad": lambda image, entry: padded(image, four(entry["padding"]), entry),
    "resize": resize,
    "random_resized_crop": random_resized_crop,
    "random_rotation": random_rotation,
    "random_affine": random_affine,
    "random_perspective": random_perspective,
    "random_zoom": random_zoom,
    "random_zoom_out": random_zoom_out,
    "brightness": lambda image, entry: F.adjust_brightness(image, factor(entry["factor"])),
    "contrast": lambda image, entry: F.adjust_contrast(image, factor(entry["factor"])),
    "saturation": lambda image, entry: F.adjust_saturation(image, factor(entry["factor"])),
    "hue": lambda image, entry: F.adjust_hue(image, factor(entry["factor"])),
    "random_grayscale": lambda image, entry: F.rgb_to_grayscale(image, 3),
    "posterize": posterize,
    "solarize": lambda image, entry: F.solarize(image, fixed(entry.get("threshold", 128))),
    "solarize_add": solarize_add,
    "equalize": lambda image, entry: F.equalize(image),
    "autocontrast": lambda image, entry: ImageOps.autocontrast(image, entry.get("cutoff", 0)),
    "invert": lambda image, entry: F.invert(image),
    "random_erasing": random_erasing,
    "aug_mix": aug_mix,
    "cutout": cutout,
    "gaussian_blur": gaussian_blur,
    "sharpness": lambda image, entry: F.adjust_sharpness(image, fixed(entry["factor"])),
}


def applied(image, entries):
    """All entries that fire (p is not 0), in order."""
    for entry in entries:
        if entry.get("p", 1) != 0:
            image = OPS[entry["op"]](image, entry)
    return image
