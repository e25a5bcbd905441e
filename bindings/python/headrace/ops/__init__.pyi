"""Made by headrace.ops._stubs from the library's own list of ops; do not edit."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

Image = TypeVar("Image")

class Entry:
    op: ClassVar[str]
    params: dict[str, Any]
    def to_config(self) -> dict[str, Any]: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

class Op(Entry):
    def __call__(
        self,
        image: Image,
        *,
        seed: int = 0,
        epoch: int = 0,
        sample: int = 0,
        view: int = 0,
        layout: str | None = None,
    ) -> Image: ...

class Mix(Entry): ...

def adjust_brightness(
    img: Image,
    brightness_factor: float,
    *,
    layout: str | None = None,
) -> Image:
    """Blends with black; 0 is black, 1 the picture itself, 2 twice as bright. From 0 to 1000."""

def adjust_contrast(
    img: Image,
    contrast_factor: float,
    *,
    layout: str | None = None,
) -> Image:
    """Blends with the mean grey; 0 is grey, 1 the picture itself. From 0 to 1000."""

def adjust_hue(
    img: Image,
    hue_factor: float,
    *,
    layout: str | None = None,
) -> Image:
    """Shifts the hue by `hue_factor` turns, from -0.5 to 0.5, in Pillow's HSV."""

def adjust_saturation(
    img: Image,
    saturation_factor: float,
    *,
    layout: str | None = None,
) -> Image:
    """Blends with its own grey; 0 is grey, 1 the picture itself. From 0 to 1000."""

def adjust_sharpness(
    img: Image,
    sharpness_factor: float,
    *,
    layout: str | None = None,
) -> Image:
    """Blends with the smoothed picture; 0 is smooth, 1 the picture itself. From 0 to 1000."""

def affine(
    img: Image,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: str = "nearest",
    fill: float | Sequence[float] = 0,
    center: Sequence[float] | None = None,
    *,
    layout: str | None = None,
) -> Image:
    """Rotates, shifts, zooms and shears.

    Args:
        img: uint8 pixels.
        angle: in degrees, clockwise.
        translate: (across, down) in pixels.
        scale: above 0.
        shear: angle in degrees of x, or (x, y).
        interpolation, fill, center, layout: as in rotate.
    """

def crop(
    img: Image,
    top: int,
    left: int,
    height: int,
    width: int,
    *,
    layout: str | None = None,
) -> Image:
    """The window [top, top + height) x [left, left + width), in pixels; what lies outside of the picture is 0."""

def erase(
    img: Image,
    i: int,
    j: int,
    h: int,
    w: int,
    v: float | Sequence[float] = 0,
    *,
    layout: str | None = None,
) -> Image:
    """Fills rows [i, i + h) of columns [j, j + w) with the value `v` of the pixels, from 0 to 255, or one a channel."""

def five_crop(
    img: Image,
    size: int | Sequence[int],
    *,
    layout: str | None = None,
) -> Any:
    """[5, ...]: top left, top right, bottom left, bottom right, centre; `size`: side of a square, or (height, width)."""

def hflip(
    img: Image,
    *,
    layout: str | None = None,
) -> Image:
    """Mirrors left and right."""

def normalize(
    img: Image,
    mean: Sequence[float],
    std: Sequence[float],
    dtype: str = "f32",
    output_layout: str = "nchw",
    *,
    layout: str | None = None,
) -> Any:
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

def perspective(
    img: Image,
    startpoints: Sequence[Sequence[float]],
    endpoints: Sequence[Sequence[float]],
    interpolation: str = "bilinear",
    fill: float | Sequence[float] = 0,
    *,
    layout: str | None = None,
) -> Image:
    """Moves the four points `startpoints`, each (x, y) in pixels, to `endpoints`."""

def resized_crop(
    img: Image,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: str = "bilinear",
    *,
    layout: str | None = None,
) -> Image:
    """The window (top, left, height, width) of the picture, resized to `size`: side of a square, or (height, width)."""

def rgb_to_grayscale(
    img: Image,
    num_output_channels: int = 1,
    *,
    layout: str | None = None,
) -> Image:
    """Grey as Pillow's convert("L"), in 1 channel or in 3 equal ones."""

def rotate(
    img: Image,
    angle: float,
    interpolation: str = "nearest",
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: float | Sequence[float] = 0,
    *,
    layout: str | None = None,
) -> Image:
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

def ten_crop(
    img: Image,
    size: int | Sequence[int],
    *,
    layout: str | None = None,
) -> Any:
    """[10, ...]: as five_crop, then those of the mirror image, in the same order."""

def vflip(
    img: Image,
    *,
    layout: str | None = None,
) -> Image:
    """Mirrors top and bottom."""

def random_horizontal_flip(
    img: Image,
    *,
    p: float = 0.5,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Mirrors left and right.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_vertical_flip(
    img: Image,
    *,
    p: float = 0.5,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Mirrors top and bottom.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_rotation(
    img: Image,
    degrees: float | Sequence[float],
    interpolation: str = "nearest",
    fill: float | Sequence[float] = 0,
    center: Sequence[float] | None = None,
    expand: bool = False,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Turns; above 0 is counter-clockwise.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        degrees: angle; d to draw from (-d, d), or (low, high), from -36000 to 36000.
        interpolation: resampling filter; "nearest", "bilinear", "bicubic".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        center: `[x, y]` of the centre of rotation; the middle of the picture when absent; two numbers, from -65535 to 65535.
        expand: grow the picture so that nothing is cut off; bool.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_affine(
    img: Image,
    degrees: float | Sequence[float],
    translate: Sequence[float] | None = None,
    scale: float | Sequence[float] | None = None,
    shear: float | Sequence[float] | None = None,
    interpolation: str = "nearest",
    fill: float | Sequence[float] = 0,
    center: Sequence[float] | None = None,
    matrix: Sequence[float] | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Rotates (above 0 is clockwise), shifts, zooms and shears.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        degrees: angle; d to draw from (-d, d), or (low, high), from -36000 to 36000.
        translate: largest shift as shares of width and height; two numbers, from 0 to 1.
        scale: zoom factor; a number, or (low, high) to draw from, above 0.
        shear: angles in degrees: x; x range; or x range and y range; 1, 2 or 4 numbers, from -89.9 to 89.9.
        interpolation: resampling filter; "nearest", "bilinear", "bicubic".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        center: `[x, y]` of the centre of rotation; the middle of the picture when absent; two numbers, from -65535 to 65535.
        matrix: this map from the result's places to the picture's instead of a drawn one, `[a, b, c, d, e, f]`: x = a x' + b y' + c, y = d x' + e y' + f; what `--explain` prints; 6 numbers.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_perspective(
    img: Image,
    distortion_scale: float = 0.5,
    interpolation: str = "bilinear",
    fill: float | Sequence[float] = 0,
    coefficients: Sequence[float] | None = None,
    *,
    p: float = 0.5,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Moves the four corners.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        distortion_scale: how far the corners move, as a share of half a side; a number, from 0 to 1.
        interpolation: resampling filter; "nearest", "bilinear", "bicubic".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        coefficients: this map instead of a drawn one, as Pillow's `PERSPECTIVE` takes it; what `--explain` prints; 8 numbers.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_zoom(
    img: Image,
    height_factor: float | Sequence[float] = (-0.2, 0.2),
    width_factor: float | Sequence[float] | None = None,
    fill_mode: str = "reflect",
    interpolation: str = "bilinear",
    fill: float | Sequence[float] = 0,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Zooms about the middle.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        height_factor: zoom is 1 + this; above 0 zooms out; d to draw from (-d, d), or (low, high), above -1 to 1000.
        width_factor: as `height_factor`; the same zoom when absent; d to draw from (-d, d), or (low, high), above -1 to 1000.
        fill_mode: what lies outside of the picture; "reflect", "constant", "wrap", "nearest".
        interpolation: resampling filter; "bilinear", "nearest".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_zoom_out(
    img: Image,
    side_range: float | Sequence[float] = (1, 4),
    fill: float | Sequence[float] = 0,
    keep_size: bool = True,
    interpolation: str = "bilinear",
    at: Sequence[float] | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Puts the picture somewhere on a larger canvas.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        side_range: canvas side over picture side; a number, or (low, high) to draw from, from 1 to 100.
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        keep_size: resize back to the size before; bool.
        interpolation: resampling filter; "bilinear", "bicubic", "lanczos", "box", "hamming", "nearest", "nearest_legacy".
        at: `[top, left]` of the picture on the canvas, instead of a drawn place; what `--explain` prints; two numbers, from 0 to 65535.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_crop(
    img: Image,
    size: int | Sequence[int],
    padding: int | Sequence[int] = 0,
    pad_if_needed: bool = False,
    mode: str = "constant",
    fill: float | Sequence[float] = 0,
    at: Sequence[int] | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Cuts a window of fixed size at a random place.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        size: result; one number is a square; side of a square, or (height, width), in pixels, from 1 to 65535.
        padding: one number, `[x, y]` or `[left, top, right, bottom]`; a number, (x, y) or (left, top, right, bottom), in pixels, from 0 to 65535.
        pad_if_needed: pad pictures smaller than `size`; bool.
        mode: what the border holds; "constant", "edge", "reflect", "symmetric".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        at: this window of the padded picture instead of a drawn one, `[top, left, height, width]`; what `--explain` prints; (top, left, height, width) in pixels, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def center_crop(
    img: Image,
    size: int | Sequence[int],
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Cuts a window of fixed size from the middle (offsets rounded half to even); pads with 0 where the picture is smaller.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        size: result; one number is a square; side of a square, or (height, width), in pixels, from 1 to 65535.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def resize(
    img: Image,
    size: int | Sequence[int],
    max_size: int | None = None,
    interpolation: str = "bilinear",
    antialias: bool = True,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Resizes, with Pillow's arithmetic to the last bit.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        size: result; one number is the short side, the other follows the aspect ratio, cut to whole pixels; the short side, or (height, width), in pixels, from 1 to 65535.
        max_size: upper bound of the long side when `size` is a short side; the short side then shrinks with it; an integer, from 1 to 65535.
        interpolation: resampling filter; "bilinear", "bicubic", "lanczos", "box", "hamming", "nearest", "nearest_legacy".
        antialias: widen the filter when shrinking; bool.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_resized_crop(
    img: Image,
    size: int | Sequence[int],
    scale: float | Sequence[float] = (0.08, 1.0),
    ratio: float | Sequence[float] = (0.75, 1.3333333333333333),
    interpolation: str = "bilinear",
    antialias: bool = True,
    at: Sequence[int] | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Cuts a window of random area and shape, then resizes it.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        size: result; one number is a square; side of a square, or (height, width), in pixels, from 1 to 65535.
        scale: share of the area that is kept; a number, or (low, high) to draw from, above 0 to 1.
        ratio: width over height of the crop, drawn on a logarithmic scale; a number, or (low, high) to draw from, above 0.
        interpolation: resampling filter; "bilinear", "bicubic", "lanczos", "box", "hamming", "nearest", "nearest_legacy", "random".
        antialias: widen the filter when shrinking; bool.
        at: this rectangle instead of a drawn one, `[top, left, height, width]`; what `--explain` prints; (top, left, height, width) in pixels, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def pad(
    img: Image,
    padding: int | Sequence[int],
    mode: str = "constant",
    fill: float | Sequence[float] = 0,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Adds a border; below 0 cuts.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        padding: one number, `[x, y]` or `[left, top, right, bottom]`; a number, (x, y) or (left, top, right, bottom), in pixels, from -65535 to 65535.
        mode: what the border holds; "constant", "edge", "reflect", "symmetric".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def brightness(
    img: Image,
    factor: float | Sequence[float],
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Blends with black.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        factor: strength; 1 leaves the picture as it is; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def contrast(
    img: Image,
    factor: float | Sequence[float],
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Blends with the mean grey, rounded half up; grey is (19595 r + 38470 g + 7471 b + 32768) >> 16 of each pixel.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        factor: strength; 1 leaves the picture as it is; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def saturation(
    img: Image,
    factor: float | Sequence[float],
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Blends each pixel with its grey.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        factor: strength; 1 leaves the picture as it is; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def hue(
    img: Image,
    factor: float | Sequence[float],
    space: str = "pil",
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Shifts the hue.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        factor: shift in turns; d to draw from (-d, d), or (low, high), from -0.5 to 0.5.
        space: arithmetic: 8-bit HSV as Pillow, or float HSV; "pil", "float".
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def color_jitter(
    img: Image,
    brightness: float | Sequence[float] = 0,
    contrast: float | Sequence[float] = 0,
    saturation: float | Sequence[float] = 0,
    hue: float | Sequence[float] = 0,
    space: str = "pil",
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Brightness, contrast, saturation and hue in random order, each as the op of that name; a part that cannot change the picture is left out.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        brightness: as the op of that name; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        contrast: as the op of that name; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        saturation: as the op of that name; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        hue: as the op of that name; d to draw from (-d, d), or (low, high), from -0.5 to 0.5.
        space: arithmetic: 8-bit HSV as Pillow, or float HSV; "pil", "float".
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_grayscale(
    img: Image,
    *,
    p: float = 0.1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Grey as in `contrast`, kept as three channels.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def gaussian_blur(
    img: Image,
    kernel_size: int | Sequence[int] = 5,
    sigma: float | Sequence[float] = (0.1, 2.0),
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Blurs.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        kernel_size: odd; one number or `[x, y]`; an odd integer, or two (x, y), from 1 to 255.
        sigma: standard deviation in pixels; a number, or (low, high) to draw from, above 0 to 100.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def gaussian_noise(
    img: Image,
    mean: float = 0,
    sigma: float | Sequence[float] = 0.1,
    clip: bool = True,
    per_channel: bool = True,
    trunc: bool = False,
    noise_key: int | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Adds normal noise.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        mean: mean of the noise, 1 is full scale; a number, from -1 to 1.
        sigma: standard deviation, 1 is full scale; a number, or (low, high) to draw from, from 0 to 100.
        clip: cut results to 0..255; bool.
        per_channel: draw for each channel by itself; bool.
        trunc: cut the noise to whole numbers towards 0 before it is added; bool.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def salt_pepper_noise(
    img: Image,
    amount: float | Sequence[float] = 0.05,
    salt_vs_pepper: float = 0.5,
    per_channel: bool = False,
    noise_key: int | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Sets pixels to white or black.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        amount: share of the pixels that change; a number, or (low, high) to draw from, from 0 to 1.
        salt_vs_pepper: share of white among them; a number, from 0 to 1.
        per_channel: draw for each channel by itself; bool.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def speckle_noise(
    img: Image,
    mean: float = 0,
    sigma: float | Sequence[float] = 0.1,
    noise_key: int | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Multiplies by normal noise.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        mean: mean of the noise, 1 is full scale; a number, from -1 to 1.
        sigma: standard deviation, 1 is full scale; a number, or (low, high) to draw from, from 0 to 100.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def poisson_noise(
    img: Image,
    peak: float | Sequence[float] = 255,
    noise_key: int | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Counts photons.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        peak: photons of a full-scale pixel; a number, or (low, high) to draw from, above 0 to 1e+06.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def posterize(
    img: Image,
    bits: int | Sequence[int],
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Keeps the upper bits.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        bits: bits kept; an integer, or (low, high) to draw from, from 0 to 8.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def solarize(
    img: Image,
    threshold: float | Sequence[float] = 128,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Inverts bright values: v becomes 255 - v from the threshold on.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        threshold: values from here on are changed; a number, or (low, high) to draw from, from 0 to 256.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def solarize_add(
    img: Image,
    add: int | Sequence[int] = 64,
    threshold: float | Sequence[float] = 128,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Adds to dark values, clamped to 0..255.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        add: added to values below `threshold`; an integer, or (low, high) to draw from, from -128 to 128.
        threshold: values from here on are changed; a number, or (low, high) to draw from, from 0 to 256.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def equalize(
    img: Image,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Equalises the histogram of each channel, as Pillow does to the last bit.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def autocontrast(
    img: Image,
    cutoff: float = 0,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Stretches each channel to 0..255, as Pillow does to the last bit.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        cutoff: percent of the darkest and of the brightest pixels to ignore; a number, from 0 to 50.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def invert(
    img: Image,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """255 less the value.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def sharpness(
    img: Image,
    factor: float | Sequence[float],
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Blends with the smoothed picture: the rounded mean of 3x3 pixels, the middle one counted five times; the border is kept.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        factor: strength; 1 leaves the picture as it is; a number, or (low, high) to draw from, from 0 to 1000.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_erasing(
    img: Image,
    scale: float | Sequence[float] = (0.02, 0.33),
    ratio: float | Sequence[float] = (0.3, 3.3),
    value: float | Sequence[float] | str = 0,
    at: Sequence[int] | None = None,
    noise_key: int | None = None,
    *,
    p: float = 0.5,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Erases one rectangle.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        scale: share of the area that is erased; a number, or (low, high) to draw from, above 0 to 1.
        ratio: aspect ratio of the rectangle, drawn on a logarithmic scale; a number, or (low, high) to draw from, above 0.
        value: one number, one a channel, or `"random"`; a value, one a channel, or a word, from -1e+06 to 1e+06.
        at: this box instead of a drawn one, `[top, left, height, width]`; what `--explain` prints; (top, left, height, width) in pixels, from 0 on.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def cutout(
    img: Image,
    length: int = 16,
    n_holes: int = 1,
    fill: float | Sequence[float] | str = 0,
    at: Sequence[float] | None = None,
    noise_key: int | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Erases squares.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        length: side of the hole in pixels; an integer, from 1 to 65535.
        n_holes: number of holes; an integer, from 1 to 1000.
        fill: colour of the hole; a value, one a channel, or a word, from 0 to 255.
        at: `[row, column]` of the centre of the one hole, instead of a drawn one; two numbers, from 0 to 65535.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def auto_augment(
    img: Image,
    policy: str = "imagenet",
    profile: str = "torchvision",
    interpolation: str = "nearest",
    fill: float | Sequence[float] = 0,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """One of the sub-policies of a learned policy, drawn for each sample.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        policy: `imagenet`, `cifar10`, `svhn`, `v0` (with profile `timm` or `tf`), or the path of a policy file, with a `.` or `/` in it; a text.
        profile: whose level maps; a policy file says its own; "torchvision", "timm", "tf".
        interpolation: resampling filter of the warps; `random`: bilinear or bicubic, drawn for each op. By default `random` with profile `timm`; "nearest", "bilinear", "bicubic", "random".
        fill: colour of what lies outside of the picture. By default `[124, 116, 104]` with profile `timm` and 128 with `tf`; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def rand_augment(
    img: Image,
    num_ops: int = 2,
    magnitude: float = 9,
    num_magnitude_bins: int = 31,
    profile: str = "torchvision",
    config: str | None = None,
    interpolation: str = "nearest",
    fill: float | Sequence[float] = 0,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Ops drawn from a fixed list, all at one magnitude.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        num_ops: ops in a row; an integer, from 0 to 16.
        magnitude: `torchvision`: bin of every op, a whole number below `num_magnitude_bins`; `timm`: level, 0 to 10; `tf`: level, 0 to 30; a number, from 0 to 999.
        num_magnitude_bins: number of bins; only with profile `torchvision`; an integer, from 2 to 1000.
        profile: whose op list and level maps; "torchvision", "timm", "tf".
        config: instead of the four above, timm's way to write them: `"rand-m9-mstd0.5-inc1"`; a text.
        interpolation: as in `auto_augment`; "nearest", "bilinear", "bicubic", "random".
        fill: as in `auto_augment`; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def trivial_augment_wide(
    img: Image,
    num_magnitude_bins: int = 31,
    interpolation: str = "nearest",
    fill: float | Sequence[float] = 0,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """One op at a random magnitude.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        num_magnitude_bins: number of bins; an integer, from 2 to 1000.
        interpolation: as in `auto_augment`; "nearest", "bilinear", "bicubic", "random".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def aug_mix(
    img: Image,
    severity: float = 3,
    mixture_width: int = 3,
    chain_depth: int = -1,
    alpha: float = 1,
    views: int = 1,
    all_ops: bool = False,
    profile: str = "reference",
    interpolation: str = "bilinear",
    fill: float | Sequence[float] = 0,
    replay: str | None = None,
    *,
    p: float = 1,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    view: int = 0,
    layout: str | None = None,
) -> Image:
    """Mixes several chains of ops: out = (1 - m) x + m (w1 chain1(x) + w2 chain2(x) + ...).

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        severity: largest level; `torchvision`: the number of bins, of ten, that are drawn from; a number, from 1 to 10.
        mixture_width: chains; an integer, from 1 to 16.
        chain_depth: ops a chain; -1 draws 1 to 3; an integer, from -1 to 16.
        alpha: of the Dirichlet and Beta draws; a number, from 1e-06 to 1000.
        views: results a sample; an integer, from 1 to 16.
        all_ops: also brightness, contrast, colour and sharpness, which overlap with the corruptions of ImageNet-C; bool.
        profile: whose level maps; "reference", "torchvision", "timm".
        interpolation: resampling filter; "nearest", "bilinear", "bicubic".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        replay: instead of drawing: m, then each chain behind a bar with its weight and its ops, `"0.5|0.25 rotate=8 equalize|0.75 shear_x=-0.03"`; what `--explain` prints; a text.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        view: of `views`, from 0; 0 is the clean one where there are several.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def random_color_filter(
    img: Image,
    family: str = "smooth",
    bound: float = 2,
    pieces: int = 64,
    channel_mix: float = 1,
    noise_key: int | None = None,
    *,
    p: float = 0.5,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """A random monotone curve a channel: the filter of adversarial colour enhancement without a model (ACE with one is a `[[mix]]` entry).

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        family: how curves are drawn; "smooth", "extreme", "iid".
        bound: largest slope of a curve against its smallest; a number, from 1 to 1000.
        pieces: pieces of a curve; an integer, from 2 to 256.
        channel_mix: 0: one curve for all channels; 1: one each; a number, from 0 to 1.
        noise_key: these curves instead of drawn ones; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def instaboost(
    img: Image,
    actions: Mapping[str, float] = {"normal": 1},
    scale: float | Sequence[float] = (0.8, 1.2),
    shift_div: Sequence[float] = (15, 15),
    rotate: float | Sequence[float] = 1,
    integer: bool = False,
    edge_margin: int = 10,
    heatmap: bool = False,
    heat_norm: str = "renorm",
    feather: int = 2,
    dilate: int = 2,
    fill: str = "pushpull",
    crowd: str = "static",
    occlusion: str = "resolve",
    min_visible: float = 0.1,
    max_groups: int = 100,
    key: int | None = None,
    *,
    p: float = 0.5,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Moves objects inside their picture (Fang et al., ICCV 2019), with their annotations.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        actions: weights of `normal`, `hflip`, `vflip`, `skip`; a dict of weights.
        scale: size of the moved object; a number, or (low, high) to draw from, above 0 to 100.
        shift_div: shift is at most width and height divided by these; two numbers, above 0.
        rotate: angle in degrees; d to draw from (-d, d), or (low, high), from -36000 to 36000.
        integer: whole pixels and degrees only; bool.
        edge_margin: pixels from a side within which an object counts as touching it; an integer, from 0 to 65535.
        heatmap: choose the place by appearance; bool.
        heat_norm: normalisation of the heat map; "renorm", "ref".
        feather: soft edge in pixels; an integer, from 0 to 64.
        dilate: pixels that the hole grows by; an integer, from 0 to 64.
        fill: how the hole is filled; "pushpull", "none".
        crowd: whether crowd objects move; "static", "moves".
        occlusion: whether masks lose what was covered; "resolve", "none".
        min_visible: objects less visible than this are dropped; a number, from 0 to 1.
        max_groups: objects that may move; an integer, from 1 to 1000.
        key: these draws instead of new ones; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

def object_zoom(
    img: Image,
    size: int | Sequence[int],
    box: str = "auto",
    modes: Mapping[str, float] = {"crop": 0.6, "rescale": 0.25, "lens": 0.15},
    share: float | Sequence[float] = (0.35, 0.9),
    ratio: float | Sequence[float] = (0.75, 1.3333333333333333),
    rescale: float | Sequence[float] = (0.7, 1.4),
    lens: float | Sequence[float] = (1.1, 1.8),
    interpolation: str = "bilinear",
    key: int | None = None,
    *,
    p: float = 0.5,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    layout: str | None = None,
) -> Image:
    """Zooms to the object of a picture, so that a classifier looks at it and not at what is around it.

    Args:
        img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch.
        size: result; one number is a square; side of a square, or (height, width), in pixels, from 1 to 65535.
        box: where the object comes from; "auto", "annotation", "saliency".
        modes: weights of `crop`, `rescale`, `lens`; a dict of weights.
        share: share of the crop that the object fills; a number, or (low, high) to draw from, above 0 to 1.
        ratio: width over height of the crop, drawn on a logarithmic scale; a number, or (low, high) to draw from, above 0.
        rescale: size of the object; a number, or (low, high) to draw from, above 0 to 100.
        lens: magnification in the middle; a number, or (low, high) to draw from, from 1 to 100.
        interpolation: resampling filter; "bilinear", "bicubic", "lanczos", "box", "hamming", "nearest", "nearest_legacy".
        key: these draws instead of new ones; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
        layout: "hwc" or "chw", where the shape leaves it open.

    Returns:
        uint8 pixels of the kind and layout of `img`.
    """

class RandomHorizontalFlip(Op):
    """Mirrors left and right.

    Args:
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
        remap: dict of class pairs: a flipped sample of one gets the label of the other.
    """
    def __init__(
        self,
        *,
        p: float = 0.5,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
        remap: Mapping[str, str] | None = None,
    ) -> None: ...

class RandomVerticalFlip(Op):
    """Mirrors top and bottom.

    Args:
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
        remap: dict of class pairs: a flipped sample of one gets the label of the other.
    """
    def __init__(
        self,
        *,
        p: float = 0.5,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
        remap: Mapping[str, str] | None = None,
    ) -> None: ...

class RandomRotation(Op):
    """Turns; above 0 is counter-clockwise.

    Args:
        degrees: angle; d to draw from (-d, d), or (low, high), from -36000 to 36000.
        interpolation: resampling filter; "nearest", "bilinear", "bicubic".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        center: `[x, y]` of the centre of rotation; the middle of the picture when absent; two numbers, from -65535 to 65535.
        expand: grow the picture so that nothing is cut off; bool.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: str = "nearest",
        fill: float | Sequence[float] = 0,
        center: Sequence[float] | None = None,
        expand: bool = False,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandomAffine(Op):
    """Rotates (above 0 is clockwise), shifts, zooms and shears.

    Args:
        degrees: angle; d to draw from (-d, d), or (low, high), from -36000 to 36000.
        translate: largest shift as shares of width and height; two numbers, from 0 to 1.
        scale: zoom factor; a number, or (low, high) to draw from, above 0.
        shear: angles in degrees: x; x range; or x range and y range; 1, 2 or 4 numbers, from -89.9 to 89.9.
        interpolation: resampling filter; "nearest", "bilinear", "bicubic".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        center: `[x, y]` of the centre of rotation; the middle of the picture when absent; two numbers, from -65535 to 65535.
        matrix: this map from the result's places to the picture's instead of a drawn one, `[a, b, c, d, e, f]`: x = a x' + b y' + c, y = d x' + e y' + f; what `--explain` prints; 6 numbers.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: float | Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: str = "nearest",
        fill: float | Sequence[float] = 0,
        center: Sequence[float] | None = None,
        matrix: Sequence[float] | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandomPerspective(Op):
    """Moves the four corners.

    Args:
        distortion_scale: how far the corners move, as a share of half a side; a number, from 0 to 1.
        interpolation: resampling filter; "nearest", "bilinear", "bicubic".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        coefficients: this map instead of a drawn one, as Pillow's `PERSPECTIVE` takes it; what `--explain` prints; 8 numbers.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        distortion_scale: float = 0.5,
        interpolation: str = "bilinear",
        fill: float | Sequence[float] = 0,
        coefficients: Sequence[float] | None = None,
        *,
        p: float = 0.5,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandomZoom(Op):
    """Zooms about the middle.

    Args:
        height_factor: zoom is 1 + this; above 0 zooms out; d to draw from (-d, d), or (low, high), above -1 to 1000.
        width_factor: as `height_factor`; the same zoom when absent; d to draw from (-d, d), or (low, high), above -1 to 1000.
        fill_mode: what lies outside of the picture; "reflect", "constant", "wrap", "nearest".
        interpolation: resampling filter; "bilinear", "nearest".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        height_factor: float | Sequence[float] = (-0.2, 0.2),
        width_factor: float | Sequence[float] | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill: float | Sequence[float] = 0,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandomZoomOut(Op):
    """Puts the picture somewhere on a larger canvas.

    Args:
        side_range: canvas side over picture side; a number, or (low, high) to draw from, from 1 to 100.
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        keep_size: resize back to the size before; bool.
        interpolation: resampling filter; "bilinear", "bicubic", "lanczos", "box", "hamming", "nearest", "nearest_legacy".
        at: `[top, left]` of the picture on the canvas, instead of a drawn place; what `--explain` prints; two numbers, from 0 to 65535.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        side_range: float | Sequence[float] = (1, 4),
        fill: float | Sequence[float] = 0,
        keep_size: bool = True,
        interpolation: str = "bilinear",
        at: Sequence[float] | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandomCrop(Op):
    """Cuts a window of fixed size at a random place.

    Args:
        size: result; one number is a square; side of a square, or (height, width), in pixels, from 1 to 65535.
        padding: one number, `[x, y]` or `[left, top, right, bottom]`; a number, (x, y) or (left, top, right, bottom), in pixels, from 0 to 65535.
        pad_if_needed: pad pictures smaller than `size`; bool.
        mode: what the border holds; "constant", "edge", "reflect", "symmetric".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        at: this window of the padded picture instead of a drawn one, `[top, left, height, width]`; what `--explain` prints; (top, left, height, width) in pixels, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] = 0,
        pad_if_needed: bool = False,
        mode: str = "constant",
        fill: float | Sequence[float] = 0,
        at: Sequence[int] | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class CenterCrop(Op):
    """Cuts a window of fixed size from the middle (offsets rounded half to even); pads with 0 where the picture is smaller.

    Args:
        size: result; one number is a square; side of a square, or (height, width), in pixels, from 1 to 65535.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        size: int | Sequence[int],
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Resize(Op):
    """Resizes, with Pillow's arithmetic to the last bit.

    Args:
        size: result; one number is the short side, the other follows the aspect ratio, cut to whole pixels; the short side, or (height, width), in pixels, from 1 to 65535.
        max_size: upper bound of the long side when `size` is a short side; the short side then shrinks with it; an integer, from 1 to 65535.
        interpolation: resampling filter; "bilinear", "bicubic", "lanczos", "box", "hamming", "nearest", "nearest_legacy".
        antialias: widen the filter when shrinking; bool.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        size: int | Sequence[int],
        max_size: int | None = None,
        interpolation: str = "bilinear",
        antialias: bool = True,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandomResizedCrop(Op):
    """Cuts a window of random area and shape, then resizes it.

    Args:
        size: result; one number is a square; side of a square, or (height, width), in pixels, from 1 to 65535.
        scale: share of the area that is kept; a number, or (low, high) to draw from, above 0 to 1.
        ratio: width over height of the crop, drawn on a logarithmic scale; a number, or (low, high) to draw from, above 0.
        interpolation: resampling filter; "bilinear", "bicubic", "lanczos", "box", "hamming", "nearest", "nearest_legacy", "random".
        antialias: widen the filter when shrinking; bool.
        at: this rectangle instead of a drawn one, `[top, left, height, width]`; what `--explain` prints; (top, left, height, width) in pixels, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        size: int | Sequence[int],
        scale: float | Sequence[float] = (0.08, 1.0),
        ratio: float | Sequence[float] = (0.75, 1.3333333333333333),
        interpolation: str = "bilinear",
        antialias: bool = True,
        at: Sequence[int] | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Pad(Op):
    """Adds a border; below 0 cuts.

    Args:
        padding: one number, `[x, y]` or `[left, top, right, bottom]`; a number, (x, y) or (left, top, right, bottom), in pixels, from -65535 to 65535.
        mode: what the border holds; "constant", "edge", "reflect", "symmetric".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        padding: int | Sequence[int],
        mode: str = "constant",
        fill: float | Sequence[float] = 0,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Brightness(Op):
    """Blends with black.

    Args:
        factor: strength; 1 leaves the picture as it is; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        factor: float | Sequence[float],
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Contrast(Op):
    """Blends with the mean grey, rounded half up; grey is (19595 r + 38470 g + 7471 b + 32768) >> 16 of each pixel.

    Args:
        factor: strength; 1 leaves the picture as it is; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        factor: float | Sequence[float],
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Saturation(Op):
    """Blends each pixel with its grey.

    Args:
        factor: strength; 1 leaves the picture as it is; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        factor: float | Sequence[float],
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Hue(Op):
    """Shifts the hue.

    Args:
        factor: shift in turns; d to draw from (-d, d), or (low, high), from -0.5 to 0.5.
        space: arithmetic: 8-bit HSV as Pillow, or float HSV; "pil", "float".
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        factor: float | Sequence[float],
        space: str = "pil",
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class ColorJitter(Op):
    """Brightness, contrast, saturation and hue in random order, each as the op of that name; a part that cannot change the picture is left out.

    Args:
        brightness: as the op of that name; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        contrast: as the op of that name; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        saturation: as the op of that name; x to draw from (max(0, 1 - x), 1 + x), or (low, high), from 0 to 1000.
        hue: as the op of that name; d to draw from (-d, d), or (low, high), from -0.5 to 0.5.
        space: arithmetic: 8-bit HSV as Pillow, or float HSV; "pil", "float".
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        brightness: float | Sequence[float] = 0,
        contrast: float | Sequence[float] = 0,
        saturation: float | Sequence[float] = 0,
        hue: float | Sequence[float] = 0,
        space: str = "pil",
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandomGrayscale(Op):
    """Grey as in `contrast`, kept as three channels.

    Args:
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        *,
        p: float = 0.1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class GaussianBlur(Op):
    """Blurs.

    Args:
        kernel_size: odd; one number or `[x, y]`; an odd integer, or two (x, y), from 1 to 255.
        sigma: standard deviation in pixels; a number, or (low, high) to draw from, above 0 to 100.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        kernel_size: int | Sequence[int] = 5,
        sigma: float | Sequence[float] = (0.1, 2.0),
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class GaussianNoise(Op):
    """Adds normal noise.

    Args:
        mean: mean of the noise, 1 is full scale; a number, from -1 to 1.
        sigma: standard deviation, 1 is full scale; a number, or (low, high) to draw from, from 0 to 100.
        clip: cut results to 0..255; bool.
        per_channel: draw for each channel by itself; bool.
        trunc: cut the noise to whole numbers towards 0 before it is added; bool.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        mean: float = 0,
        sigma: float | Sequence[float] = 0.1,
        clip: bool = True,
        per_channel: bool = True,
        trunc: bool = False,
        noise_key: int | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class SaltPepperNoise(Op):
    """Sets pixels to white or black.

    Args:
        amount: share of the pixels that change; a number, or (low, high) to draw from, from 0 to 1.
        salt_vs_pepper: share of white among them; a number, from 0 to 1.
        per_channel: draw for each channel by itself; bool.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        amount: float | Sequence[float] = 0.05,
        salt_vs_pepper: float = 0.5,
        per_channel: bool = False,
        noise_key: int | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class SpeckleNoise(Op):
    """Multiplies by normal noise.

    Args:
        mean: mean of the noise, 1 is full scale; a number, from -1 to 1.
        sigma: standard deviation, 1 is full scale; a number, or (low, high) to draw from, from 0 to 100.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        mean: float = 0,
        sigma: float | Sequence[float] = 0.1,
        noise_key: int | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class PoissonNoise(Op):
    """Counts photons.

    Args:
        peak: photons of a full-scale pixel; a number, or (low, high) to draw from, above 0 to 1e+06.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        peak: float | Sequence[float] = 255,
        noise_key: int | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Posterize(Op):
    """Keeps the upper bits.

    Args:
        bits: bits kept; an integer, or (low, high) to draw from, from 0 to 8.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        bits: int | Sequence[int],
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Solarize(Op):
    """Inverts bright values: v becomes 255 - v from the threshold on.

    Args:
        threshold: values from here on are changed; a number, or (low, high) to draw from, from 0 to 256.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        threshold: float | Sequence[float] = 128,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class SolarizeAdd(Op):
    """Adds to dark values, clamped to 0..255.

    Args:
        add: added to values below `threshold`; an integer, or (low, high) to draw from, from -128 to 128.
        threshold: values from here on are changed; a number, or (low, high) to draw from, from 0 to 256.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        add: int | Sequence[int] = 64,
        threshold: float | Sequence[float] = 128,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Equalize(Op):
    """Equalises the histogram of each channel, as Pillow does to the last bit.

    Args:
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Autocontrast(Op):
    """Stretches each channel to 0..255, as Pillow does to the last bit.

    Args:
        cutoff: percent of the darkest and of the brightest pixels to ignore; a number, from 0 to 50.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        cutoff: float = 0,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Invert(Op):
    """255 less the value.

    Args:
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Sharpness(Op):
    """Blends with the smoothed picture: the rounded mean of 3x3 pixels, the middle one counted five times; the border is kept.

    Args:
        factor: strength; 1 leaves the picture as it is; a number, or (low, high) to draw from, from 0 to 1000.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        factor: float | Sequence[float],
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandomErasing(Op):
    """Erases one rectangle.

    Args:
        scale: share of the area that is erased; a number, or (low, high) to draw from, above 0 to 1.
        ratio: aspect ratio of the rectangle, drawn on a logarithmic scale; a number, or (low, high) to draw from, above 0.
        value: one number, one a channel, or `"random"`; a value, one a channel, or a word, from -1e+06 to 1e+06.
        at: this box instead of a drawn one, `[top, left, height, width]`; what `--explain` prints; (top, left, height, width) in pixels, from 0 on.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        scale: float | Sequence[float] = (0.02, 0.33),
        ratio: float | Sequence[float] = (0.3, 3.3),
        value: float | Sequence[float] | str = 0,
        at: Sequence[int] | None = None,
        noise_key: int | None = None,
        *,
        p: float = 0.5,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Cutout(Op):
    """Erases squares.

    Args:
        length: side of the hole in pixels; an integer, from 1 to 65535.
        n_holes: number of holes; an integer, from 1 to 1000.
        fill: colour of the hole; a value, one a channel, or a word, from 0 to 255.
        at: `[row, column]` of the centre of the one hole, instead of a drawn one; two numbers, from 0 to 65535.
        noise_key: this random field instead of a drawn one; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        length: int = 16,
        n_holes: int = 1,
        fill: float | Sequence[float] | str = 0,
        at: Sequence[float] | None = None,
        noise_key: int | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class AutoAugment(Op):
    """One of the sub-policies of a learned policy, drawn for each sample.

    Args:
        policy: `imagenet`, `cifar10`, `svhn`, `v0` (with profile `timm` or `tf`), or the path of a policy file, with a `.` or `/` in it; a text.
        profile: whose level maps; a policy file says its own; "torchvision", "timm", "tf".
        interpolation: resampling filter of the warps; `random`: bilinear or bicubic, drawn for each op. By default `random` with profile `timm`; "nearest", "bilinear", "bicubic", "random".
        fill: colour of what lies outside of the picture. By default `[124, 116, 104]` with profile `timm` and 128 with `tf`; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        policy: str = "imagenet",
        profile: str = "torchvision",
        interpolation: str = "nearest",
        fill: float | Sequence[float] = 0,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandAugment(Op):
    """Ops drawn from a fixed list, all at one magnitude.

    Args:
        num_ops: ops in a row; an integer, from 0 to 16.
        magnitude: `torchvision`: bin of every op, a whole number below `num_magnitude_bins`; `timm`: level, 0 to 10; `tf`: level, 0 to 30; a number, from 0 to 999.
        num_magnitude_bins: number of bins; only with profile `torchvision`; an integer, from 2 to 1000.
        profile: whose op list and level maps; "torchvision", "timm", "tf".
        config: instead of the four above, timm's way to write them: `"rand-m9-mstd0.5-inc1"`; a text.
        interpolation: as in `auto_augment`; "nearest", "bilinear", "bicubic", "random".
        fill: as in `auto_augment`; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        num_ops: int = 2,
        magnitude: float = 9,
        num_magnitude_bins: int = 31,
        profile: str = "torchvision",
        config: str | None = None,
        interpolation: str = "nearest",
        fill: float | Sequence[float] = 0,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class TrivialAugmentWide(Op):
    """One op at a random magnitude.

    Args:
        num_magnitude_bins: number of bins; an integer, from 2 to 1000.
        interpolation: as in `auto_augment`; "nearest", "bilinear", "bicubic", "random".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: str = "nearest",
        fill: float | Sequence[float] = 0,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class AugMix(Op):
    """Mixes several chains of ops: out = (1 - m) x + m (w1 chain1(x) + w2 chain2(x) + ...).

    Args:
        severity: largest level; `torchvision`: the number of bins, of ten, that are drawn from; a number, from 1 to 10.
        mixture_width: chains; an integer, from 1 to 16.
        chain_depth: ops a chain; -1 draws 1 to 3; an integer, from -1 to 16.
        alpha: of the Dirichlet and Beta draws; a number, from 1e-06 to 1000.
        views: results a sample; an integer, from 1 to 16.
        all_ops: also brightness, contrast, colour and sharpness, which overlap with the corruptions of ImageNet-C; bool.
        profile: whose level maps; "reference", "torchvision", "timm".
        interpolation: resampling filter; "nearest", "bilinear", "bicubic".
        fill: colour of what lies outside of the picture; a value, or one a channel, from 0 to 255.
        replay: instead of drawing: m, then each chain behind a bar with its weight and its ops, `"0.5|0.25 rotate=8 equalize|0.75 shear_x=-0.03"`; what `--explain` prints; a text.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        severity: float = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1,
        views: int = 1,
        all_ops: bool = False,
        profile: str = "reference",
        interpolation: str = "bilinear",
        fill: float | Sequence[float] = 0,
        replay: str | None = None,
        *,
        p: float = 1,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class RandomColorFilter(Op):
    """A random monotone curve a channel: the filter of adversarial colour enhancement without a model (ACE with one is a `[[mix]]` entry).

    Args:
        family: how curves are drawn; "smooth", "extreme", "iid".
        bound: largest slope of a curve against its smallest; a number, from 1 to 1000.
        pieces: pieces of a curve; an integer, from 2 to 256.
        channel_mix: 0: one curve for all channels; 1: one each; a number, from 0 to 1.
        noise_key: these curves instead of drawn ones; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        family: str = "smooth",
        bound: float = 2,
        pieces: int = 64,
        channel_mix: float = 1,
        noise_key: int | None = None,
        *,
        p: float = 0.5,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class Instaboost(Op):
    """Moves objects inside their picture (Fang et al., ICCV 2019), with their annotations.

    Args:
        actions: weights of `normal`, `hflip`, `vflip`, `skip`; a dict of weights.
        scale: size of the moved object; a number, or (low, high) to draw from, above 0 to 100.
        shift_div: shift is at most width and height divided by these; two numbers, above 0.
        rotate: angle in degrees; d to draw from (-d, d), or (low, high), from -36000 to 36000.
        integer: whole pixels and degrees only; bool.
        edge_margin: pixels from a side within which an object counts as touching it; an integer, from 0 to 65535.
        heatmap: choose the place by appearance; bool.
        heat_norm: normalisation of the heat map; "renorm", "ref".
        feather: soft edge in pixels; an integer, from 0 to 64.
        dilate: pixels that the hole grows by; an integer, from 0 to 64.
        fill: how the hole is filled; "pushpull", "none".
        crowd: whether crowd objects move; "static", "moves".
        occlusion: whether masks lose what was covered; "resolve", "none".
        min_visible: objects less visible than this are dropped; a number, from 0 to 1.
        max_groups: objects that may move; an integer, from 1 to 1000.
        key: these draws instead of new ones; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        actions: Mapping[str, float] = {"normal": 1},
        scale: float | Sequence[float] = (0.8, 1.2),
        shift_div: Sequence[float] = (15, 15),
        rotate: float | Sequence[float] = 1,
        integer: bool = False,
        edge_margin: int = 10,
        heatmap: bool = False,
        heat_norm: str = "renorm",
        feather: int = 2,
        dilate: int = 2,
        fill: str = "pushpull",
        crowd: str = "static",
        occlusion: str = "resolve",
        min_visible: float = 0.1,
        max_groups: int = 100,
        key: int | None = None,
        *,
        p: float = 0.5,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class ObjectZoom(Op):
    """Zooms to the object of a picture, so that a classifier looks at it and not at what is around it.

    Args:
        size: result; one number is a square; side of a square, or (height, width), in pixels, from 1 to 65535.
        box: where the object comes from; "auto", "annotation", "saliency".
        modes: weights of `crop`, `rescale`, `lens`; a dict of weights.
        share: share of the crop that the object fills; a number, or (low, high) to draw from, above 0 to 1.
        ratio: width over height of the crop, drawn on a logarithmic scale; a number, or (low, high) to draw from, above 0.
        rescale: size of the object; a number, or (low, high) to draw from, above 0 to 100.
        lens: magnification in the middle; a number, or (low, high) to draw from, from 1 to 100.
        interpolation: resampling filter; "bilinear", "bicubic", "lanczos", "box", "hamming", "nearest", "nearest_legacy".
        key: these draws instead of new ones; what `--explain` prints; an integer, from 0 on.
        p: probability that the op fires, from 0 to 1.
        only_classes, except_classes: names of classes; samples of others (or of these) are left alone.
    """
    def __init__(
        self,
        size: int | Sequence[int],
        box: str = "auto",
        modes: Mapping[str, float] = {"crop": 0.6, "rescale": 0.25, "lens": 0.15},
        share: float | Sequence[float] = (0.35, 0.9),
        ratio: float | Sequence[float] = (0.75, 1.3333333333333333),
        rescale: float | Sequence[float] = (0.7, 1.4),
        lens: float | Sequence[float] = (1.1, 1.8),
        interpolation: str = "bilinear",
        key: int | None = None,
        *,
        p: float = 0.5,
        only_classes: Sequence[str] | None = None,
        except_classes: Sequence[str] | None = None,
    ) -> None: ...

class MixUp(Mix):
    """Blends two pictures and their labels by one lambda (Zhang et al., 2018).

    Args:
        alpha: of the Beta(alpha, alpha) that lambda is drawn from; a number, from 1e-06 to 1000.
        mode: one draw for all samples, one for each pair, or one for each sample; "batch", "pair", "element".
        partner: sample i takes i - 1, B - 1 - i, or by a random permutation; "roll", "flip", "perm".
        weight: share in the choice of one entry a batch.
        p: probability that the batch (or pair, or sample) is mixed, from 0 to 1.
        label_smoothing: share of a label that is spread over all classes, from 0 to 1.
    """
    def __init__(
        self,
        alpha: float = 0.2,
        mode: str = "batch",
        partner: str = "roll",
        *,
        weight: float = 1,
        p: float = 1,
        label_smoothing: float = 0,
    ) -> None: ...

class CutMix(Mix):
    """Pastes a box of one picture into another (Yun et al., 2019).

    Args:
        alpha: of the Beta(alpha, alpha) that lambda is drawn from; a number, from 1e-06 to 1000.
        mode: one draw for all samples, one for each pair, or one for each sample; "batch", "pair", "element".
        partner: sample i takes i - 1, B - 1 - i, or by a random permutation; "roll", "flip", "perm".
        correct_lam: lambda is corrected to the area that was really pasted; bool.
        minmax: `[low, high]`, sides of the box as shares of the picture's, instead of alpha; two numbers, from 0 to 1.
        weight: share in the choice of one entry a batch.
        p: probability that the batch (or pair, or sample) is mixed, from 0 to 1.
        label_smoothing: share of a label that is spread over all classes, from 0 to 1.
    """
    def __init__(
        self,
        alpha: float = 1,
        mode: str = "batch",
        partner: str = "roll",
        correct_lam: bool = True,
        minmax: Sequence[float] | None = None,
        *,
        weight: float = 1,
        p: float = 1,
        label_smoothing: float = 0,
    ) -> None: ...

class RMix(Mix):
    """Random Mixup with saliency: patches that matter are shown, the others blended.

    Args:
        alpha: of the Beta(alpha, alpha) that lambda is drawn from; a number, from 1e-06 to 1000.
        patches: patches a side; a batch draws one of the list; a list of numbers, from 1 to 64.
        quantiles: each sample draws one; by default 0, 0.11, ..., 0.99; a list of numbers, from 0 to 1.
        pairing: neighbours of a shuffle, the first with the last, or a random permutation; "matching", "reverse", "permute".
        lam_per_pair: each pair draws its own lambda; bool.
        saliency: where a picture counts: an estimate, the data set's maps, the gradients of the caller's model, or what the caller says; "sr", "sobel", "contrast", "center", "uniform", "model", "callback", "maps".
        centre_prior: the estimates count less far from the centre; bool.
        weight: share in the choice of one entry a batch.
        p: probability that the batch (or pair, or sample) is mixed, from 0 to 1.
        label_smoothing: share of a label that is spread over all classes, from 0 to 1.
    """
    def __init__(
        self,
        alpha: float = 0.2,
        patches: Sequence[float] = (2, 4),
        quantiles: Sequence[float] | None = None,
        pairing: str = "matching",
        lam_per_pair: bool = False,
        saliency: str = "sr",
        centre_prior: bool = True,
        *,
        weight: float = 1,
        p: float = 1,
        label_smoothing: float = 0,
    ) -> None: ...

class Ace(Mix):
    """Adversarial colour enhancement against the caller's model.

    Args:
        alpha: length of a step; 0 leaves it to bound, pieces and steps; a number, from 0 to 1000.
        pieces: pieces of a colour curve; an integer, from 2 to 256.
        bound: largest slope of a curve against its smallest; a number, from 1 to 1000.
        steps: calls of the model for each sample; an integer, from 1 to 10000.
        step: along the gradient, or along its signs; "l2", "sign".
        kappa: a sample is fooled when its margin is below -kappa; a number, from 0 on.
        freeze_on_success: samples that are fooled stay as they are; bool.
        random_start: begin at random curves instead of the identity; bool.
        chunk: samples a call of the model; an integer, from 1 to 65536.
        keep: the last curves, or those of the highest loss; "last", "best".
        final_eval: judge the last curves too, by one call more; bool.
        weight: share in the choice of one entry a batch.
        p: probability that the batch (or pair, or sample) is mixed, from 0 to 1.
        label_smoothing: share of a label that is spread over all classes, from 0 to 1.
    """
    def __init__(
        self,
        alpha: float = 0,
        pieces: int = 64,
        bound: float = 8,
        steps: int = 5,
        step: str = "l2",
        kappa: float = 0,
        freeze_on_success: bool = True,
        random_start: bool = False,
        chunk: int = 64,
        keep: str = "last",
        final_eval: bool = False,
        *,
        weight: float = 1,
        p: float = 1,
        label_smoothing: float = 0,
    ) -> None: ...
