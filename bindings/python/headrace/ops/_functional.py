"""Ops without a draw, under the names of torchvision.transforms.functional; the same bytes as its functions give
on PIL images."""

import math
import typing

import numpy as np

from .. import _images
from .._checks import as_float, entries_of, named
from .._errors import ConfigError, InvalidArgumentError, as_int, out_of_range, shown
from .._transform import Transform
from ._entries import apply

Numbers = typing.Union[float, typing.Sequence[float]]
Integers = typing.Union[int, typing.Sequence[int]]


def _refused(place: str, value: typing.Any, allowed: str) -> ConfigError:
    """The error for an argument of a wrong type; `place`: "crop.top"."""
    error = ConfigError(f"{place.replace('.', ': ')}: found {shown(value)}; allowed: {allowed}")
    error.key = place
    return error


def _outside(place: str, text: str) -> InvalidArgumentError:
    """The error for one of the right type that cannot be."""
    error = out_of_range(place.replace(".", ": "), text)
    error.key = place
    return error


def _integer(place: str, value: typing.Any) -> int:
    number = as_int(value)
    if number is None:
        raise _refused(place, value, "an integer")
    return number


def _window(name: str, **numbers: typing.Any) -> typing.List[int]:
    """Its four numbers, which the function `name` takes by these names."""
    return [_integer(f"{name}.{key}", value) for key, value in numbers.items()]


def _number(place: str, value: typing.Any) -> float:
    number = as_float(value)
    if number is None:
        raise _refused(place, value, "a finite number")
    return number


def _numbers(place: str, value: typing.Any, allowed: str, *counts: int) -> typing.List[float]:
    """The numbers of a list, a tuple, an array: one of `counts` of them, or any number where none is given."""
    entries = entries_of(value)
    found = [number for number in map(as_float, entries) if number is not None]
    if len(found) < len(entries) or counts and len(found) not in counts:
        raise _refused(place, value, allowed)
    return found


def _two(place: str, value: typing.Any, allowed: str) -> typing.Tuple[float, float]:
    first, second = _numbers(place, value, allowed, 2)
    return first, second


def _points(place: str, value: typing.Any) -> typing.List[typing.Tuple[float, float]]:
    allowed = "4 points, each (x, y) in pixels"
    try:
        points = list(value)
    except TypeError:
        raise _refused(place, value, allowed) from None
    return [_two(place, point, allowed) for point in points]


def _size(img: typing.Any, layout: typing.Optional[str]) -> typing.Tuple[int, int]:
    """(height, width)."""
    shape = _images.take(img, layout).items[0].shape
    return shape[0], shape[1]


@named
def rotate(
    img: typing.Any,
    angle: float,
    interpolation: str = "nearest",
    expand: bool = False,
    center: typing.Optional[typing.Sequence[float]] = None,
    fill: Numbers = 0,
    *,
    layout: typing.Optional[str] = None,
) -> typing.Any:
    """Turns by `angle` degrees, counter-clockwise.

    Args:
        img: uint8 pixels (an array, a tensor, a PIL image, or a batch).
        angle: in degrees.
        interpolation: "nearest", "bilinear", "bicubic".
        expand: grow the picture so that nothing is cut off.
        center: (x, y) in pixels; None: the middle.
        fill: value, or one a channel, of what lies outside, from 0 to 255.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """
    turn = _number("rotate.angle", angle)
    if center is not None:
        center = _two("rotate.center", center, "(x, y) in pixels, or None for the middle")
    op = {"op": "random_rotation", "degrees": [turn, turn], "interpolation": interpolation}
    return apply({**op, "expand": expand, "center": center, "fill": fill}, img, layout=layout)


@named
def hflip(img: typing.Any, *, layout: typing.Optional[str] = None) -> typing.Any:
    """Mirrors left and right."""
    return apply({"op": "random_horizontal_flip", "p": 1}, img, layout=layout)


@named
def vflip(img: typing.Any, *, layout: typing.Optional[str] = None) -> typing.Any:
    """Mirrors top and bottom."""
    return apply({"op": "random_vertical_flip", "p": 1}, img, layout=layout)


def _factor(op: str, img: typing.Any, factor: float, layout: typing.Optional[str]) -> typing.Any:
    number = _number(f"adjust_{op}.{op}_factor", factor)
    return apply({"op": op, "factor": [number, number]}, img, layout=layout)


@named
def adjust_brightness(img: typing.Any, brightness_factor: float, *, layout: typing.Optional[str] = None) -> typing.Any:
    """Blends with black; 0 is black, 1 the picture itself, 2 twice as bright. From 0 to 1000."""
    return _factor("brightness", img, brightness_factor, layout)


@named
def adjust_contrast(img: typing.Any, contrast_factor: float, *, layout: typing.Optional[str] = None) -> typing.Any:
    """Blends with the mean grey; 0 is grey, 1 the picture itself. From 0 to 1000."""
    return _factor("contrast", img, contrast_factor, layout)


@named
def adjust_saturation(img: typing.Any, saturation_factor: float, *, layout: typing.Optional[str] = None) -> typing.Any:
    """Blends with its own grey; 0 is grey, 1 the picture itself. From 0 to 1000."""
    return _factor("saturation", img, saturation_factor, layout)


@named
def adjust_sharpness(img: typing.Any, sharpness_factor: float, *, layout: typing.Optional[str] = None) -> typing.Any:
    """Blends with the smoothed picture; 0 is smooth, 1 the picture itself. From 0 to 1000."""
    return _factor("sharpness", img, sharpness_factor, layout)


@named
def adjust_hue(img: typing.Any, hue_factor: float, *, layout: typing.Optional[str] = None) -> typing.Any:
    """Shifts the hue by `hue_factor` turns, from -0.5 to 0.5, in Pillow's HSV."""
    return _factor("hue", img, hue_factor, layout)


@named
def rgb_to_grayscale(img: typing.Any, num_output_channels: int = 1, *, layout: typing.Optional[str] = None) -> typing.Any:
    """Grey as Pillow's convert("L"), in 1 channel or in 3 equal ones."""
    if num_output_channels not in (1, 3):
        raise out_of_range("num_output_channels", f"found {num_output_channels!r}; allowed: 1, 3")
    images = _images.take(img, layout)
    grey = [apply({"op": "random_grayscale", "p": 1}, item) for item in images.items]
    if num_output_channels == 1:
        grey = [item if item.ndim == 2 else np.ascontiguousarray(item[:, :, 0]) for item in grey]
    else:
        grey = [item if item.ndim == 3 else np.repeat(item[:, :, None], 3, axis=2) for item in grey]
    return (images._replace(layout="hwc") if images.layout == "hw" else images).give(grey)


@named
def crop(
    img: typing.Any, top: int, left: int, height: int, width: int, *, layout: typing.Optional[str] = None
) -> typing.Any:
    """The window [top, top + height) x [left, left + width), in pixels; what lies outside of the picture is 0."""
    rows, columns = _size(img, layout)
    top, left = _integer("crop.top", top), _integer("crop.left", left)
    height, width = _integer("crop.height", height), _integer("crop.width", width)
    for name, side in (("height", height), ("width", width)):
        if side < 1:
            raise _outside(f"crop.{name}", f"found {side}; allowed: at least 1")
    around = [max(0, -left), max(0, -top), max(0, left + width - columns), max(0, top + height - rows)]
    at = [top + around[1], left + around[0], height, width]
    return apply(
        {"op": "random_crop", "size": [height, width], "padding": around if any(around) else None, "at": at},
        img,
        layout=layout,
    )


@named
def resized_crop(
    img: typing.Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Integers,
    interpolation: str = "bilinear",
    *,
    layout: typing.Optional[str] = None,
) -> typing.Any:
    """The window (top, left, height, width) of the picture, resized to `size`: side of a square, or (height, width)."""
    window = _window("resized_crop", top=top, left=left, height=height, width=width)
    op = {"op": "random_resized_crop", "size": size, "at": window}
    return apply({**op, "interpolation": interpolation}, img, layout=layout)


@named
def five_crop(img: typing.Any, size: Integers, *, layout: typing.Optional[str] = None) -> typing.Any:
    """[5, ...]: top left, top right, bottom left, bottom right, centre; `size`: side of a square, or (height, width)."""
    return Transform().crops(img, size, 5, layout=layout)


@named
def ten_crop(img: typing.Any, size: Integers, *, layout: typing.Optional[str] = None) -> typing.Any:
    """[10, ...]: as five_crop, then those of the mirror image, in the same order."""
    crops = Transform().crops(img, size, 10, layout=layout)
    # The library has the mirror image of each of the first five.
    return crops[[0, 1, 2, 3, 4, 6, 5, 8, 7, 9]]


@named
def affine(
    img: typing.Any,
    angle: float,
    translate: typing.Sequence[float],
    scale: float,
    shear: Numbers,
    interpolation: str = "nearest",
    fill: Numbers = 0,
    center: typing.Optional[typing.Sequence[float]] = None,
    *,
    layout: typing.Optional[str] = None,
) -> typing.Any:
    """Rotates, shifts, zooms and shears.

    Args:
        img: uint8 pixels.
        angle: in degrees, clockwise.
        translate: (across, down) in pixels.
        scale: above 0.
        shear: angle in degrees of x, or (x, y).
        interpolation, fill, center, layout: as in rotate.
    """
    scale = _number("affine.scale", scale)
    if not scale > 0:
        raise _outside("affine.scale", f"found {scale!r}; allowed: above 0")
    height, width = _size(img, layout)
    middle = (width * 0.5, height * 0.5)
    cx, cy = middle if center is None else _two("affine.center", center, "(x, y) in pixels, or None for the middle")
    tx, ty = _two("affine.translate", translate, "(across, down) in pixels")
    sheared = [shear] if as_float(shear) is not None else shear
    shears = _numbers("affine.shear", sheared, "an angle in degrees, or two (x, y)", 1, 2)
    turn = math.radians(_number("affine.angle", angle))
    sx, sy = (math.radians(degrees) for degrees in (*shears, 0.0)[:2])
    a = math.cos(turn - sy) / math.cos(sy)
    b = -math.cos(turn - sy) * math.tan(sx) / math.cos(sy) - math.sin(turn)
    c = math.sin(turn - sy) / math.cos(sy)
    d = -math.sin(turn - sy) * math.tan(sx) / math.cos(sy) + math.cos(turn)
    # The inverse: from places of the result to those of the picture.
    matrix = [value / scale for value in (d, -b, 0.0, -c, a, 0.0)]
    matrix[2] += matrix[0] * (-cx - tx) + matrix[1] * (-cy - ty) + cx
    matrix[5] += matrix[3] * (-cx - tx) + matrix[4] * (-cy - ty) + cy
    op = {"op": "random_affine", "degrees": 0, "matrix": matrix, "interpolation": interpolation, "fill": fill}
    return apply(op, img, layout=layout)


@named
def perspective(
    img: typing.Any,
    startpoints: typing.Sequence[typing.Sequence[float]],
    endpoints: typing.Sequence[typing.Sequence[float]],
    interpolation: str = "bilinear",
    fill: Numbers = 0,
    *,
    layout: typing.Optional[str] = None,
) -> typing.Any:
    """Moves the four points `startpoints`, each (x, y) in pixels, to `endpoints`."""
    rows, goals = [], []
    starts, ends = _points("perspective.startpoints", startpoints), _points("perspective.endpoints", endpoints)
    for name, points in (("startpoints", starts), ("endpoints", ends)):
        if len(points) != 4:
            raise _outside(f"perspective.{name}", f"found {len(points)} points; allowed: 4")
    for (sx, sy), (ex, ey) in zip(starts, ends):
        rows.append([ex, ey, 1, 0, 0, 0, -sx * ex, -sx * ey])
        rows.append([0, 0, 0, ex, ey, 1, -sy * ex, -sy * ey])
        goals += [sx, sy]
    try:
        solved = np.linalg.solve(np.array(rows, float), np.array(goals, float))
    except np.linalg.LinAlgError:
        raise _outside("perspective.endpoints", "three of them lie on a line; no such map exists") from None
    op = {"op": "random_perspective", "p": 1, "coefficients": solved.tolist()}
    return apply({**op, "interpolation": interpolation, "fill": fill}, img, layout=layout)


@named
def erase(
    img: typing.Any, i: int, j: int, h: int, w: int, v: Numbers = 0, *, layout: typing.Optional[str] = None
) -> typing.Any:
    """Fills rows [i, i + h) of columns [j, j + w) with the value `v` of the pixels, from 0 to 255, or one a channel."""
    window = _window("erase", i=i, j=j, h=h, w=w)
    return apply({"op": "random_erasing", "p": 1, "at": window, "value": v}, img, layout=layout)


@named
def normalize(
    img: typing.Any,
    mean: typing.Sequence[float],
    std: typing.Sequence[float],
    dtype: str = "f32",
    output_layout: str = "nchw",
    *,
    layout: typing.Optional[str] = None,
) -> typing.Any:
    """(pixel / 255 - mean) / std, the very numbers that a loader writes.

    Args:
        img: uint8 pixels, or a batch.
        mean, std: one number a channel, of the 0..1 scale; one of each makes the result grey.
        dtype: "f32", "f16", "bf16".
        output_layout: "nchw" or "nhwc".
        layout: of `img`, where its shape leaves it open.

    Returns:
        [C, H, W], or [H, W, C], of that type: a tensor for a tensor, else a NumPy array.
    """
    channels = "a list of numbers, one a channel"
    means, stds = _numbers("normalize.mean", mean, channels), _numbers("normalize.std", std, channels)
    output = {"mean": means, "std": stds, "dtype": dtype, "layout": output_layout, "channels": len(means)}
    return Transform(output=output)(img, layout=layout)
